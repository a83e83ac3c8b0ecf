// Worlds whose servers replicate a state machine that somebody brought along.
#include "sim/rules.h"

#include <gtest/gtest.h>

#include "sim/led_test_support.h"
#include "sim/recorder_test_support.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Counts what it is told.
struct Counter {
  std::uint64_t count = 0;
  std::string apply(std::string_view) { return "it is " + std::to_string(++count); }
  std::string save() const { return std::string(count, 'x'); }
  void load(std::string_view bytes) { count = bytes.size(); }
};

class Counting : public Rules {
 public:
  OwnMachine machine() const override { return Counter{}; }
  std::string command(Random& chance) const override {
    return "put x " + std::to_string(chance.below(100));
  }
};
const Counting counting;

WorldSettings countsTwenty() {
  WorldSettings settings = s1Leads();
  settings.rules = &counting;
  settings.clients = {{.start = milliseconds(100),
                       .interval = milliseconds(1),
                       .requests = 20,
                       .session = true,
                       .keys = 2}};
  return settings;
}

std::uint64_t countOf(const World& world, ServerId id) {
  return world.own(id).as<Counter>()->count;
}

TEST(OwnMachine, IsAValue) {
  OwnMachine one = Counter{};
  const OwnMachine other = one;
  EXPECT_EQ(one, other);
  const Entry entry{.term = 1, .command = std::string_view("any")};
  EXPECT_EQ(kv::text(one.apply(1, entry).reply), "\"it is 1\"");
  EXPECT_NE(one, other);
  EXPECT_EQ(other.as<Counter>()->count, 0u);
  EXPECT_NE(one.digest(), other.digest());
  EXPECT_EQ(OwnMachine().as<Counter>(), nullptr);
  EXPECT_NE(one, OwnMachine());
}

TEST(Rules, AreWhatServersReplicateAndClientsAskFor) {
  World world(countsTwenty());
  Recorder told;
  world.runUntil(seconds(2), told);
  for (ServerId id : {1, 2, 3}) {
    EXPECT_EQ(countOf(world, id), 20u);  // no session was opened
    EXPECT_TRUE(world.machine(id).values().empty());
  }
  EXPECT_TRUE(world.clients()[0].command.bytes().starts_with("put x "));
}

TEST(Rules, MakeWorldsThatCanBeCopied) {
  Nobody nobody;
  World world(countsTwenty());
  world.runUntil(milliseconds(110), nobody);
  World copy = world;
  EXPECT_EQ(copy, world);
  world.runUntil(milliseconds(120), nobody);
  EXPECT_NE(copy, world);
  EXPECT_LT(countOf(copy, 1), countOf(world, 1));
  copy.runUntil(milliseconds(120), nobody);
  EXPECT_EQ(copy, world);
}

TEST(Rules, HaveSnapshotsAndCrashes) {
  WorldSettings settings = countsTwenty();
  settings.raft = {Settings{.compactAfter = 4}};
  Recorder told;
  World world(settings);
  world.runUntil(milliseconds(105), told);
  world.crash(3, told);
  EXPECT_EQ(countOf(world, 3), 0u);
  world.runUntil(seconds(1), told);
  world.restart(3, told);  // and is sent a snapshot, for what it lacks is not in any log
  world.crash(2, told);
  world.restart(2, told);
  EXPECT_GE(countOf(world, 2), 15u);  // what the snapshot on its disk says
  world.runUntil(seconds(2), told);
  for (ServerId id : {1, 2, 3}) EXPECT_EQ(countOf(world, id), 20u);
}

}  // namespace
}  // namespace raft::sim
