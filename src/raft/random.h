// Chance, drawn from seeds in the state: one seed gives one run, under every compiler.
//
// A draw is a function of (seed, counter) alone, so a stream can be copied, compared and written
// down; and a stream for each purpose leaves the others as they were when one of them is not used.
#pragma once
#include <cstdint>

#include "raft/types.h"

namespace raft {

// A bijection of 64 bits in which every input bit moves every output bit (splitmix64's finaliser).
constexpr std::uint64_t mixBits(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

struct Random {
  std::uint64_t seed = 0;
  std::uint64_t counter = 0;  // draws taken so far

  // A stream for one purpose: (seed, purpose, entity) differing in anything gives unrelated draws.
  static constexpr Random stream(std::uint64_t seed, std::uint64_t purpose, std::uint64_t entity) {
    return {.seed = mixBits(mixBits(mixBits(seed) + purpose) + entity)};
  }

  constexpr std::uint64_t next() { return mixBits(seed + ++counter * 0x9e3779b97f4a7c15); }

  // A number in [0, bound). `bound` must not be 0. Exact for bounds of 32 bits but for a bias
  // below 2^-32; larger bounds are reduced by a division.
  constexpr std::uint64_t below(std::uint64_t bound) {
    if (bound > 0xffffffff) [[unlikely]]
      return next() % bound;
    return ((next() >> 32) * bound) >> 32;
  }

  // A duration in [least, most], both included. Requires least <= most.
  constexpr Duration between(Duration least, Duration most) {
    return least + Duration(below(static_cast<std::uint64_t>((most - least).count()) + 1));
  }

  // True in `parts` of a million draws. Draws nothing when it cannot be.
  constexpr bool chance(std::uint32_t partsPerMillion) {
    return partsPerMillion != 0 && below(1'000'000) < partsPerMillion;
  }

  bool operator==(const Random&) const = default;
};

}  // namespace raft
