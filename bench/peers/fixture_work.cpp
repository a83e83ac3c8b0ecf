// The simulations of bench/sim_work.cpp by libraft's raft_fixture, with the same command line.
#include "bench/peers/fixture_cluster.h"
#include "bench/sim_program.h"

int main(int argc, char** argv) {
  return bench::runSimulation<bench::FixtureCluster>(argc, argv, "raft_fixture");
}
