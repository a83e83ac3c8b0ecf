// Counts what is allocated with operator new. A program that links allocations.cpp has its operator
// new replaced by one that counts and calls malloc.
#pragma once
#include <cstddef>
#include <cstdint>

namespace bench {

struct Allocations {
  std::uint64_t all = 0;
  std::uint64_t large = 0;  // of more than 4 KiB: a log that grows, a queue
  std::uint64_t bytes = 0;

  // Since the program began.
  static Allocations now();

  friend Allocations operator-(const Allocations& a, const Allocations& b) {
    return {a.all - b.all, a.large - b.large, a.bytes - b.bytes};
  }
};

// For other ways to allocate: counts one of `size` bytes.
void countAllocation(std::size_t size);

}  // namespace bench
