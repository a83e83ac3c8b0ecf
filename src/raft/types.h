// The small values that everything else is made of: terms, indexes, server names, time.
// Each is a type of its own, so that log[currentTerm] does not compile.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>

namespace raft {

// A counter that cannot be mistaken for another one. `Tag` tells them apart, `Rep` is its width.
template <class Tag, class Rep = std::uint64_t>
struct Number {
  Rep value = 0;

  constexpr Number() = default;
  constexpr Number(Rep v) : value(v) {}  // implicit, so that tests can be written as literals

  friend constexpr auto operator<=>(Number, Number) = default;
  friend constexpr Number operator+(Number a, Rep n) { return Number(a.value + n); }
  friend constexpr Number operator-(Number a, Rep n) { return Number(a.value - n); }
  constexpr Number& operator++() {
    ++value;
    return *this;
  }
};

using Term = Number<struct TermTag>;        // 0 before the first election, then rising (§5.1)
using Index = Number<struct IndexTag>;      // a position in a log; the first entry has index 1
using WriteId = Number<struct WriteIdTag>;  // a write that a server asked for; 0: none
using ReadId = Number<struct ReadIdTag>;    // a read that a leader has taken; 0: none

using Round = Number<struct RoundTag>;  // of a leader's requests: rises within its term

// A server inside its cluster: 1, 2, 3 … without gaps. Names live outside of the core.
using ServerId = Number<struct ServerIdTag, std::uint32_t>;

// Microseconds since some origin of the host's choosing, and between two such moments.
using Time = std::chrono::microseconds;
using Duration = std::chrono::microseconds;

}  // namespace raft
