// Majorities, as pure arithmetic.
#pragma once
#include <array>
#include <cstdint>

#include "raft/server_set.h"
#include "raft/types.h"

namespace raft {

// How many servers of `voters` are a majority of them.
constexpr std::uint32_t majority(std::uint32_t voters) { return voters / 2 + 1; }

// Whether those of `servers` that may vote are a majority of `voters`.
constexpr bool isMajority(const ServerSet& servers, const ServerSet& voters) {
  return (servers & voters).size() >= majority(voters.size());
}

// The highest index that a majority of `voters` has reached; `indexOf(server)` is where each
// stands. `voters` must not be empty.
template <class IndexOf>
Index majorityIndex(const ServerSet& voters, IndexOf indexOf) {
  std::array<std::uint64_t, ServerSet::maxServers> sorted;  // falling; only [0, count) is set
  std::uint32_t count = 0;
  for (ServerId voter : voters) {
    const std::uint64_t index = Index(indexOf(voter)).value;
    std::uint32_t at = count++;
    for (; at > 0 && sorted[at - 1] < index; --at) sorted[at] = sorted[at - 1];
    sorted[at] = index;
  }
  return sorted[majority(count) - 1];
}

}  // namespace raft
