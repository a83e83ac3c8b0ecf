// Majorities, as pure arithmetic: of one set of voters, and of both halves of a joint configuration
// (thesis §4.3).
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "raft/configuration.h"
#include "raft/server_set.h"
#include "raft/types.h"

namespace raft {

// How many servers of `voters` are a majority of them.
constexpr std::uint32_t majority(std::uint32_t voters) { return voters / 2 + 1; }

// Whether those of `servers` that may vote are a majority of `voters`. Of no voters none is.
constexpr bool isMajority(const ServerSet& servers, const ServerSet& voters) {
  return (servers & voters).size() >= majority(voters.size());
}
// Agreement requires majorities from both the old and new configurations (§4.3).
constexpr bool isMajority(const ServerSet& servers, const Configuration& configuration) {
  return isMajority(servers, configuration.voters) &&
         (!configuration.isJoint() || isMajority(servers, configuration.nextVoters));
}

enum class Election : std::uint8_t { Pending, Won, Lost };

// How an election stands when those in `responded` have answered, and of these those in `granted`
// gave their vote. It is lost when those who are left can no longer make it won.
constexpr Election election(const ServerSet& granted, const ServerSet& responded,
                            const Configuration& configuration) {
  if (isMajority(granted, configuration)) return Election::Won;
  ServerSet best = granted;  // as if all who have not answered were to grant their votes
  for (ServerId voter : configuration.members()) {
    if (!responded.contains(voter)) best.insert(voter);
  }
  return isMajority(best, configuration) ? Election::Pending : Election::Lost;
}

// The highest index that a majority of `voters` has reached; `indexOf(server)` is where each
// stands. `voters` must not be empty.
template <class IndexOf>
Index majorityIndex(const ServerSet& voters, IndexOf indexOf) {
  std::array<std::uint64_t, ServerSet::maxServers> sorted;  // falling; only [first, end) is set
  std::uint64_t* const first = sorted.data();
  std::uint64_t* end = first;
  for (ServerId voter : voters) {
    const std::uint64_t index = Index(indexOf(voter)).value;
    std::uint64_t* at = end++;
    for (; at != first && at[-1] < index; --at) *at = at[-1];
    *at = index;
  }
  return first[majority(static_cast<std::uint32_t>(end - first)) - 1];
}
// The same of both halves.
template <class IndexOf>
Index majorityIndex(const Configuration& configuration, IndexOf indexOf) {
  const Index index = majorityIndex(configuration.voters, indexOf);
  if (!configuration.isJoint()) return index;
  return std::min(index, majorityIndex(configuration.nextVoters, indexOf));
}

// Whether any majority of `a` and any of `b` share a server: no two disjoint ones can be picked,
// for together they need more of the servers that both have than there are.
constexpr bool alwaysOverlap(const ServerSet& a, const ServerSet& b) {
  const std::uint32_t both = (a & b).size();
  const auto needsOfBoth = [&](const ServerSet& voters) {
    const std::uint32_t own = voters.size() - both;
    const std::uint32_t most = majority(voters.size());
    return most > own ? most - own : 0;
  };
  return needsOfBoth(a) + needsOfBoth(b) > both;
}
// The same of what two configurations take to agree: one pair of halves is enough (§4.3).
constexpr bool alwaysOverlap(const Configuration& a, const Configuration& b) {
  const auto meets = [&](const ServerSet& half) {
    return !half.empty() &&
           (alwaysOverlap(half, b.voters) || (b.isJoint() && alwaysOverlap(half, b.nextVoters)));
  };
  return meets(a.voters) || meets(a.nextVoters);
}

}  // namespace raft
