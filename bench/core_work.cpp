// Replicates entries through cores handed to each other, once, and prints what it took as a line of
// JSON. bench/run starts it; by hand: core_work --entries 1000000 --window 256 --batched
#include "bench/allocations.h"
#include "bench/direct_cluster.h"
#include "bench/work_program.h"

int main(int argc, char** argv) {
  return bench::runWork<bench::DirectCluster>(argc, argv, "raftlab");
}
