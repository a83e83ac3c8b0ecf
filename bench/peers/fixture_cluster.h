// libraft's raft_fixture, its simulated cluster: the same simulations as bench/simulated_cluster.h.
//
// What differs, in its favour but for the ticks: a latency is one number per sender; it checks
// election safety and that leaders append only; a killed server does not restart from its disk but
// stands still until it is revived. Each server ticks every 100 ms.
#pragma once
#include <cstdint>
#include <vector>

#include "bench/simulation.h"

extern "C" {
#include <raft.h>
#include <raft/fixture.h>
}

namespace bench {

class FixtureCluster {
 public:
  explicit FixtureCluster(const Simulation& simulation);  // one at a time in a process
  ~FixtureCluster();
  FixtureCluster(const FixtureCluster&) = delete;
  FixtureCluster& operator=(const FixtureCluster&) = delete;

  void run(std::uint64_t milliseconds);
  void changeLeader();

  std::uint64_t events() const;
  double seconds() { return static_cast<double>(raft_fixture_time(&fixture_)) / 1000; }
  bool agrees() const { return true; }  // it aborts if something is broken

 private:
  raft_fixture fixture_ = {};  // or it finds a tracer in what is left there, and prints
  std::vector<raft_fsm> machines_;
};

}  // namespace bench
