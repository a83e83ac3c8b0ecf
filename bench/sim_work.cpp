// Simulates a cluster once and prints what it took as a line of JSON. bench/run starts it; by hand:
// sim_work --servers 3 --seconds 1000, or --elections 1000, or --clients 4 --unchecked.
#include "bench/sim_program.h"
#include "bench/simulated_cluster.h"

int main(int argc, char** argv) {
  return bench::runSimulation<bench::SimulatedCluster>(argc, argv, "raftlab");
}
