// Who belongs to the cluster (thesis ch. 4), as the log of each server says it.
//
// A literal of voters alone is short: a ServerSet is a Configuration too.
#pragma once
#include <optional>

#include "raft/command.h"
#include "raft/server_set.h"
#include "raft/types.h"

namespace raft {

// Its sets may overlap while it is joint: a voter that becomes a learner is in `voters` and in
// `learners`, and votes until the joint configuration is left.
struct Configuration {
  ServerSet voters = {};
  // Joint consensus (§4.3): elections and commits need a majority of `voters` (C_old) and one of
  // these (C_new). Empty: the configuration is not joint.
  ServerSet nextVoters = {};
  ServerSet learners = {};  // they receive entries, and never count (§4.2.1)

  constexpr bool isJoint() const { return !nextVoters.empty(); }
  constexpr bool isVoter(ServerId server) const {
    return voters.contains(server) || nextVoters.contains(server);
  }
  constexpr bool contains(ServerId server) const {
    return isVoter(server) || learners.contains(server);
  }
  // All whom a leader sends entries to, itself among them.
  constexpr ServerSet members() const { return voters | nextVoters | learners; }

  // Whether a log may hold it: it has voters, and no learner votes when it is left.
  constexpr bool isPossible() const {
    const ServerSet& last = isJoint() ? nextVoters : voters;
    return !voters.empty() && (last & learners).empty();
  }

  bool operator==(const Configuration&) const = default;
};

constexpr ServerSet::operator Configuration() const { return {.voters = *this}; }

// The command of a log entry that says `configuration`, and back. Equal configurations have equal
// bytes. Nothing: no server that follows the rules wrote these bytes, or isPossible() is false.
Command encode(const Configuration& configuration);
[[gnu::noinline]] std::optional<Configuration> decode(const Command& command);

}  // namespace raft
