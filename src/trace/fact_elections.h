// Facts of elections: who stands, who votes, who asks first, who leads, and who hands over.
#pragma once
#include <cstdint>
#include <optional>

#include "raft/server.h"

namespace raft::trace {

enum class RoleName : std::uint8_t { Follower, Candidate, Leader };  // as Role::index()

// Elections (§5.2).

struct ElectionTimedOut {  // nothing was heard of a leader, or no majority was found
  RoleName role = {};
  std::optional<Duration> waited = {};  // since the timer was set, if that was seen
  bool operator==(const ElectionTimedOut&) const = default;
};
struct BecameCandidate {  // in Fact::term, with its own vote
  Term termBefore = {};
  bool operator==(const BecameCandidate&) const = default;
};
struct VotesRequested {
  ServerSet from = {};
  Index lastLogIndex = {};
  Term lastLogTerm = {};
  bool again = false;  // of those who have not answered
  bool operator==(const VotesRequested&) const = default;
};
struct VoteGranted {
  ServerId candidate = {};
  bool again = false;  // it had this vote already: its answer may have been lost
  bool operator==(const VoteGranted&) const = default;
};
enum class VoteRefusal : std::uint8_t {
  OldTerm,       // the candidate's term is over
  AlreadyVoted,  // for somebody else, or for itself
  OldLog,        // the voter's log is more up-to-date
  Forged,        // the request names somebody else than its sender
  HearsLeader,   // it has heard its leader just now, and leaves its term as it is
};
struct VoteRefused {
  ServerId candidate = {};
  VoteRefusal why = {};
  bool operator==(const VoteRefused&) const = default;
};
struct VoteCounted {  // the candidate has its answer
  ServerId voter = {};
  bool granted = {};
  std::uint32_t have = {};  // votes granted so far, its own included
  std::uint32_t need = {};  // a majority
  std::uint32_t of = {};    // how many vote
  bool joint = {};          // both halves must agree: the reason says how it stands
  bool operator==(const VoteCounted&) const = default;
};
struct BecameLeader {
  ServerSet votes = {};
  std::uint32_t need = {};
  std::uint32_t of = {};
  bool joint = {};
  bool operator==(const BecameLeader&) const = default;
};
struct TermAdopted {  // Fact::term was seen in a message
  Term before = {};
  ServerId from = {};
  bool operator==(const TermAdopted&) const = default;
};
struct BecameFollower {  // after being candidate or leader
  RoleName was = {};
  bool newerTerm = {};  // true: it saw one; false: it heard the leader of the term that it ran in
  ServerId from = {};
  bool operator==(const BecameFollower&) const = default;
};
enum class StepDownCause : std::uint8_t {
  WriteFailed,
  DiskStalls,
  NoMajority,  // answers the leader
  Removed,     // from the cluster
};
struct SteppedDown {  // within its term; as a follower: it does not stand for election
  RoleName was = {};
  StepDownCause why = {};
  bool operator==(const SteppedDown&) const = default;
};
struct LeaderHeard {  // for the first time in this term, or after it was missed
  ServerId leader = {};
  bool operator==(const LeaderHeard&) const = default;
};

// Asking before an election (thesis §9.6): who asks is a follower.

struct PreVotesRequested {
  ServerSet from = {};
  Term standing = {};  // the term that it would stand in
  Index lastLogIndex = {};
  Term lastLogTerm = {};
  bool again = false;  // of those who have not answered
  bool operator==(const PreVotesRequested&) const = default;
};
struct PreVoteGranted {  // it would vote for that server
  ServerId candidate = {};
  Term standing = {};
  bool operator==(const PreVoteGranted&) const = default;
};
struct PreVoteRefused {
  ServerId candidate = {};
  VoteRefusal why = {};
  bool operator==(const PreVoteRefused&) const = default;
};
struct PreVoteCounted {  // the server that asked has its answer
  ServerId voter = {};
  bool granted = {};
  ServerSet granters = {};  // who would vote for it so far, itself included
  std::uint32_t need = {};  // a majority
  std::uint32_t of = {};    // how many vote
  bool joint = {};          // both halves must agree: the reason says how it stands
  bool operator==(const PreVoteCounted&) const = default;
};

// Leadership transfer (thesis §3.10).

struct TransferBegun {
  ServerId to = {};
  bool forPriority = false;  // nobody asked for it
  bool operator==(const TransferBegun&) const = default;
};
struct TransferRefused {
  ServerId to = {};
  Transferred why = {};
  bool operator==(const TransferRefused&) const = default;
};
struct TransferGivenUp {  // the leader goes on
  ServerId to = {};
  bool operator==(const TransferGivenUp&) const = default;
};
struct ToldToStand {  // the leader has told `to`
  ServerId to = {};
  bool askFirst = false;
  bool operator==(const ToldToStand&) const = default;
};
struct HeardToStand {  // that server has heard it
  ServerId leader = {};
  bool askFirst = false;
  bool operator==(const HeardToStand&) const = default;
};

}  // namespace raft::trace
