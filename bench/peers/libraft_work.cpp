// The work of bench/core_work.cpp done by libraft, with the same command line and output. Whatever
// libraft allocates is counted too.
#include <cstdlib>

#include "bench/allocations.h"
#include "bench/peers/libraft_cluster.h"
#include "bench/work_program.h"

namespace {

// libraft takes its memory from here.
void countAllocations() {
  static raft_heap heap = {.data = nullptr,
                           .malloc =
                               [](void*, size_t size) {
                                 bench::countAllocation(size);
                                 return std::malloc(size);
                               },
                           .free = [](void*, void* memory) { std::free(memory); },
                           .calloc =
                               [](void*, size_t count, size_t size) {
                                 bench::countAllocation(count * size);
                                 return std::calloc(count, size);
                               },
                           .realloc =
                               [](void*, void* memory, size_t size) {
                                 bench::countAllocation(size);
                                 return std::realloc(memory, size);
                               },
                           .aligned_alloc =
                               [](void*, size_t alignment, size_t size) {
                                 bench::countAllocation(size);
                                 return std::aligned_alloc(alignment, size);
                               },
                           .aligned_free = [](void*, size_t, void* memory) { std::free(memory); }};
  raft_heap_set(&heap);
}

}  // namespace

int main(int argc, char** argv) {
  countAllocations();
  return bench::runWork<bench::LibraftCluster>(argc, argv, "libraft");
}
