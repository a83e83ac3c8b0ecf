#include "bench/simulated_cluster.h"

#include <chrono>

#include "raft/assert.h"

namespace bench {

namespace {

using std::chrono::milliseconds;

// The same cluster as peers/fixture.cpp makes: messages take 1 to 4 ms, writes 1 ms.
raft::sim::WorldSettings settingsOf(const Simulation& simulation) {
  raft::sim::WorldSettings settings;
  settings.servers = simulation.servers;
  settings.seed = simulation.seed;
  settings.link = {.latencyMin = milliseconds(1), .latencyMax = milliseconds(4)};
  settings.disks = {{.latencyMin = milliseconds(1), .latencyMax = milliseconds(1)}};
  for (std::uint32_t i = 0; i < simulation.clients; ++i) {
    settings.clients.push_back({.interval = milliseconds(1)});
  }
  return settings;
}

raft::check::ProgressSettings progressOf(const raft::sim::WorldSettings& settings) {
  return {.link = settings.link, .diskLatencyMax = settings.disks.back().latencyMax};
}

class Nobody : public raft::trace::Observer {};

}  // namespace

SimulatedCluster::SimulatedCluster(const Simulation& simulation)
    : world_(settingsOf(simulation)),
      checkers_(simulation.checked
                    ? std::make_unique<raft::check::Checkers>(progressOf(settingsOf(simulation)))
                    : nullptr),
      nobody_(std::make_unique<Nobody>()),
      observer_(checkers_ ? *checkers_ : *nobody_) {
  awaitLeader();
}

void SimulatedCluster::run(std::uint64_t ms) {
  world_.runUntil(world_.now() + milliseconds(ms), observer_);
}

void SimulatedCluster::changeLeader() {
  awaitLeader();
  const raft::ServerId old = *world_.leader();
  world_.crash(old, observer_);
  awaitLeader();
  world_.restart(old, observer_);
  run(60);
}

void SimulatedCluster::awaitLeader() {
  const auto elected = [](const raft::sim::World& world) { return world.leader().has_value(); };
  if (elected(world_)) return;
  const bool came = world_.runUntil(world_.now() + std::chrono::minutes(1), observer_, elected);
  RAFT_ASSERT(came, "somebody is elected within a minute");
}

bool SimulatedCluster::agrees() {
  if (!checkers_) return true;
  checkers_->finish(world_.now());
  return checkers_->violation() == nullptr;
}

}  // namespace bench
