// Hosts whose servers take snapshots: their machines, their disks, and runs in which logs forget.
#include <gtest/gtest.h>

#include "sim/chaos_test_support.h"
#include "sim/led_test_support.h"
#include "sim/recorder_test_support.h"
#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Snapshot, IsTakenOfWhatWasAppliedAndWritten) {
  Nobody nobody;
  World world = led();
  EXPECT_EQ(world.takeSnapshot(1, nobody), Compaction::Done);
  EXPECT_EQ(world.disk(1).snapshot, world.server(1).snapshot);
  EXPECT_EQ(world.disk(1).snapshot.lastIncludedIndex, 1);
  EXPECT_EQ(world.disk(1).log.baseIndex(), 1);
  EXPECT_EQ(world.takeSnapshot(1, nobody), Compaction::Already);
}

TEST(Snapshot, IsTakenByTheHostWhenTheServerAsks) {
  WorldSettings settings = s1Leads();
  settings.raft = {Settings{.compactAfter = 4}};
  settings.clients = {{.start = milliseconds(100), .interval = milliseconds(1), .requests = 20}};
  World world(settings);
  Recorder told;
  world.runUntil(seconds(2), told);
  for (ServerId id : {1, 2, 3}) {
    EXPECT_EQ(world.server(id).lastApplied, 21);
    EXPECT_GE(world.server(id).log.baseIndex(), 18);
    EXPECT_EQ(world.disk(id).log.baseIndex(), world.server(id).log.baseIndex());
  }
  EXPECT_TRUE(told.broken.empty());
}

TEST(Snapshot, ThatIsNotDurableIsLostWithTheCrash) {
  Nobody nobody;
  WorldSettings settings = s1Leads();
  settings.disks = {{milliseconds(5), milliseconds(5)}};
  World world = led(settings);
  world.runUntil(milliseconds(200), nobody);
  world.takeSnapshot(2, nobody);
  world.crash(2, nobody);
  world.restart(2, nobody);
  EXPECT_FALSE(world.server(2).snapshot.exists());
  EXPECT_EQ(world.server(2).log.lastIndex(), 1);
  EXPECT_EQ(world.server(2).lastApplied, 0);
  world.runUntil(milliseconds(400), nobody);
  world.takeSnapshot(2, nobody);
  world.runUntil(milliseconds(410), nobody);
  world.crash(2, nobody);
  world.restart(2, nobody);
  EXPECT_EQ(world.server(2).snapshot.lastIncludedIndex, 1);
  EXPECT_EQ(world.server(2).lastApplied, 1);
}

// Whatever goes wrong, the machines of servers that have applied as much are equal, and no deed is
// without a reason.
TEST(Snapshot, ChaosLeavesEqualMachinesAndNoFindings) {
  std::uint64_t installed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    WorldSettings settings = chaoticSettings(seed);
    settings.raft[0].compactAfter = seed % 7 + 1;
    settings.raft[0].snapshotChunkBytes = static_cast<std::uint32_t>(seed % 11 + 1);
    World world(settings);
    trace::FactList facts;
    trace::Narrator narrator(facts);
    makeChaos(world, seed, narrator);
    mend(world, narrator);
    world.runUntil(world.now() + seconds(5), narrator);
    for (std::uint32_t id = 2; id <= world.size(); ++id) {
      if (world.server(id).lastApplied != world.server(1).lastApplied) continue;
      EXPECT_EQ(world.machine(id), world.machine(1)) << "seed " << seed << ", s" << id;
    }
    for (const trace::Fact& fact : facts.facts) {
      installed += fact.is<trace::SnapshotInstalled>();
      if (isFinding(fact)) FAIL() << "seed " << seed << ": " << sentence(fact, {});
    }
  }
  EXPECT_GT(installed, 20u);
}

}  // namespace
}  // namespace raft::sim
