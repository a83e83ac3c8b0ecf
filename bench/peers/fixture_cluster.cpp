#include "bench/peers/fixture_cluster.h"

#include <cstdio>
#include <cstdlib>

namespace bench {

namespace {

constexpr unsigned electionTimeoutMin = 150;
constexpr unsigned heartbeatInterval = 50;
constexpr unsigned patience = 60'000;  // milliseconds

// The fixture's hook takes no argument of ours.
std::uint64_t eventCount = 0;
std::uint64_t chance = 0;

// The fixture has no chance of its own: timeouts are from electionTimeoutMin to twice that.
void drawTimeout(raft_fixture* fixture, unsigned server) {
  chance = chance * 6364136223846793005 + 1442695040888963407;
  const auto more = static_cast<unsigned>((chance >> 33) % electionTimeoutMin);
  raft_fixture_set_randomized_election_timeout(fixture, server, electionTimeoutMin + more);
}

// Without new timeouts, those who once split a vote would do so for ever.
void hook(raft_fixture* fixture, raft_fixture_event* event) {
  ++eventCount;
  if (event->type == RAFT_FIXTURE_TICK) drawTimeout(fixture, event->server_index);
}

void must(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "raft_fixture: %s failed\n", what);
  std::exit(1);
}

raft_fsm machineWithoutState() {
  raft_fsm machine = {};
  machine.version = 1;
  machine.apply = [](raft_fsm*, const raft_buffer*, void** result) {
    *result = nullptr;
    return 0;
  };
  machine.snapshot = [](raft_fsm*, raft_buffer* buffers[], unsigned* count) {
    *count = 1;
    *buffers = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
    **buffers = {.base = raft_malloc(8), .len = 8};
    return 0;
  };
  machine.restore = [](raft_fsm*, raft_buffer*) { return 0; };
  return machine;
}

}  // namespace

FixtureCluster::FixtureCluster(const Simulation& simulation)
    : machines_(simulation.servers, machineWithoutState()) {
  chance = simulation.seed;
  const unsigned count = simulation.servers;
  must(count <= RAFT_FIXTURE_MAX_SERVERS, "so many servers");
  must(raft_fixture_initialize(&fixture_) == 0, "raft_fixture_initialize");
  for (raft_fsm& machine : machines_) {
    must(raft_fixture_grow(&fixture_, &machine) == 0, "raft_fixture_grow");
  }
  raft_configuration configuration;
  raft_configuration_init(&configuration);
  must(raft_fixture_configuration(&fixture_, count, &configuration) == 0, "configuration");
  must(raft_fixture_bootstrap(&fixture_, &configuration) == 0, "bootstrap");
  raft_configuration_close(&configuration);
  for (unsigned i = 0; i < count; ++i) {
    raft_set_election_timeout(raft_fixture_get(&fixture_, i), electionTimeoutMin);
    raft_set_heartbeat_timeout(raft_fixture_get(&fixture_, i), heartbeatInterval);
    raft_fixture_set_network_latency(&fixture_, i, 1 + i % 4);
    raft_fixture_set_disk_latency(&fixture_, i, 1);
    drawTimeout(&fixture_, i);
  }
  must(raft_fixture_start(&fixture_) == 0, "start");
  raft_fixture_hook(&fixture_, hook);
  must(raft_fixture_step_until_has_leader(&fixture_, patience), "the first election");
}

FixtureCluster::~FixtureCluster() { raft_fixture_close(&fixture_); }

void FixtureCluster::run(std::uint64_t milliseconds) {
  raft_fixture_step_until_elapsed(&fixture_, static_cast<unsigned>(milliseconds));
}

void FixtureCluster::changeLeader() {
  must(raft_fixture_step_until_has_leader(&fixture_, patience), "an election");
  const unsigned old = raft_fixture_leader_index(&fixture_);
  raft_fixture_kill(&fixture_, old);
  must(raft_fixture_step_until_has_no_leader(&fixture_, patience), "a leader's end");
  must(raft_fixture_step_until_has_leader(&fixture_, patience), "an election");
  raft_fixture_revive(&fixture_, old);
  run(60);
}

std::uint64_t FixtureCluster::events() const { return eventCount; }

}  // namespace bench
