// Our simulated cluster as the benchmarks run it, with every checker on or without any.
#pragma once
#include <cstdint>
#include <memory>

#include "bench/simulation.h"
#include "check/checkers.h"
#include "sim/world.h"

namespace bench {

class SimulatedCluster {
 public:
  explicit SimulatedCluster(const Simulation& simulation);  // there is a leader when this returns

  void run(std::uint64_t milliseconds);
  // The leader crashes, another is elected, and the first restarts from its disk.
  void changeLeader();

  std::uint64_t events() const { return world_.events(); }
  double seconds() const { return std::chrono::duration<double>(world_.now()).count(); }
  // Whether all went as it must, as far as it was checked.
  bool agrees();

 private:
  void awaitLeader();

  raft::sim::World world_;
  std::unique_ptr<raft::check::Checkers> checkers_;  // null: unchecked
  std::unique_ptr<raft::trace::Observer> nobody_;
  raft::trace::Observer& observer_;
};

}  // namespace bench
