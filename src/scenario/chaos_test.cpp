// Runs in which everything goes wrong that can, with every checker on.
#include <gtest/gtest.h>

#include "check/checkers.h"
#include "raft/quorum.h"
#include "sim/chaos_test_support.h"

namespace raft::scenario {
namespace {

check::ProgressSettings settingsOf(const sim::WorldSettings& world) {
  check::ProgressSettings settings{.link = world.link};
  for (const sim::Disk& disk : world.disks) {
    settings.diskLatencyMax = std::max(settings.diskLatencyMax, disk.latencyMax);
  }
  return settings;
}

// The same with clients that have sessions and make operations up, more of them than sessions have
// room at times.
TEST(Chaos, NoSeedGivesACommandOfASessionASecondEffect) {
  std::uint64_t sessions = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    sim::WorldSettings settings = sim::chaoticSettings(seed);
    const sim::ClientSettings client{
        .timeout = std::chrono::milliseconds(150), .session = true, .keys = 3};
    settings.clients = {client, client, client};
    if (seed % 3 == 0) settings.sessions.sessions = 2;
    sim::World world(settings);
    check::Checkers checkers(settingsOf(settings));
    sim::makeChaos(world, seed, checkers);
    sim::mend(world, checkers);
    checkers.finish(world.now());
    if (const check::Violation* found = checkers.violation()) {
      ADD_FAILURE() << "seed " << seed << ": " << check::nameOf(found->property) << " at "
                    << trace::text(found->time) << ": " << check::tell(*found);
    }
    sessions += world.machine(1).sessions().all().size();
  }
  EXPECT_GT(sessions, 300u);
}

TEST(Chaos, NoSeedBreaksAnyProperty) {
  std::uint64_t owed = 0;
  std::uint64_t committed = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const sim::WorldSettings settings = sim::chaoticSettings(seed);
    sim::World world(settings);
    check::Checkers checkers(settingsOf(settings));
    sim::makeChaos(world, seed, checkers);
    sim::mend(world, checkers);
    // Long enough for progress to be judged: it is owed in most of these runs, but not to clusters
    // whose disks and links are too slow for their settings: pre-votes and quorums take time.
    const std::optional<Duration> bound = checkers.progress.bound();
    owed += bound.has_value();
    world.runUntil(world.now() + bound.value_or(Duration(0)) * 2, checkers);
    checkers.finish(world.now());
    if (const check::Violation* found = checkers.violation()) {
      ADD_FAILURE() << "seed " << seed << ": " << check::nameOf(found->property) << " at "
                    << trace::text(found->time) << ": " << check::tell(*found);
    }
    std::uint64_t most = 0;
    for (std::uint32_t id = 1; id <= world.size(); ++id) {
      most = std::max(most, world.server(id).commitIndex.value);
    }
    committed += most;
  }
  EXPECT_GT(owed, 150u);
  EXPECT_GT(committed, 10'000u);
}

}  // namespace
}  // namespace raft::scenario
