#include "bench/allocations.h"

#include <cstdlib>
#include <new>

namespace bench {

namespace {
Allocations total;  // the programs have one thread
}  // namespace

Allocations Allocations::now() { return total; }

void countAllocation(std::size_t size) {
  ++total.all;
  total.large += size > 4096;
  total.bytes += size;
}

}  // namespace bench

void* operator new(std::size_t size) {
  bench::countAllocation(size);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
