// A run in which everything goes wrong that can: for tests that hold in any run.
//
// All of it is drawn from the seed, most runs leave most faults out, and in the end all is mended.
#pragma once
#include "sim/world.h"

namespace raft::sim {

// A cluster of 1 to 7 servers with 0 to 3 clients; its disks, clocks, links and timeouts by chance,
// and what lies beyond Figure 2 on or off at each server.
WorldSettings chaoticSettings(std::uint64_t seed);

// About four seconds of crashes, restarts, pauses, partitions, cuts, changed links and transfers,
// and of disks that fail, stall and are torn.
void makeChaos(World& world, std::uint64_t seed, Observer& observer);

// Every server runs, every disk works, every link is up and loses nothing; then some quiet seconds,
// in which whoever is removed from the cluster is stopped.
void mend(World& world, Observer& observer);

}  // namespace raft::sim
