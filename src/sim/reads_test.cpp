// Reads of the state machine without the log (thesis §6.4), in a world.
#include <gtest/gtest.h>

#include "sim/recorder_test_support.h"
#include "sim/world.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using trace::ReadAnswered;
using trace::ReadAsked;
using trace::ReadDeed;
using trace::ReadUnanswered;

struct Nobody : Observer {};

struct Reads : Observer {
  std::vector<ReadDeed> deeds;
  void read(Time, const ReadDeed& deed) override { deeds.push_back(deed); }
};

// s1 leads three servers, each message takes 1 ms, and x is 1 on all of them.
World withX() {
  Nobody nobody;
  World world({.servers = 3,
               .link = {.latencyMin = milliseconds(1), .latencyMax = milliseconds(1)},
               .firstTimeout = {milliseconds(10), seconds(1), seconds(2)}});
  world.runUntil(milliseconds(50), nobody);
  (void)world.propose(1, "put x 1", nobody);
  world.runUntil(milliseconds(200), nobody);
  return world;
}

ReadDeed answered(std::uint64_t read, ServerId server, std::optional<Command> value, Index applied,
                  Command key = "x") {
  return ReadAnswered{
      .read = read, .server = server, .key = key, .value = std::move(value), .applied = applied};
}

TEST(Reads, TheLeaderAnswersOnceAMajorityHasConfirmedThatItLeads) {
  World world = withX();
  Reads told;
  EXPECT_EQ(world.read(1, "x", false, told), 1u);
  const ReadDeed asked = ReadAsked{.read = 1, .server = 1, .key = "x", .local = false};
  EXPECT_EQ(world.lastRead(), asked);
  world.runUntil(world.now() + milliseconds(2), told);
  EXPECT_EQ(told.deeds, (std::vector<ReadDeed>{asked, answered(1, 1, Command("1"), 2)}));
  EXPECT_EQ(world.lastRead(), told.deeds.back());
}

TEST(Reads, AKeyThatIsNotThereIsNoValue) {
  World world = withX();
  Nobody nobody;
  world.read(2, "y", true, nobody);
  EXPECT_EQ(world.lastRead(), answered(1, 2, std::nullopt, 2, "y"));
}

TEST(Reads, AServersOwnStateMayBeOld) {
  World world = withX();
  Reads told;
  (void)world.propose(1, "put x 2", told);
  world.runUntil(world.now() + milliseconds(3), told);
  world.read(1, "x", true, told);
  world.read(2, "x", true, told);
  EXPECT_EQ(told.deeds[1], answered(1, 1, Command("2"), 3));
  EXPECT_EQ(told.deeds[3], answered(2, 2, Command("1"), 2));
}

TEST(Reads, OthersNameTheLeader) {
  World world = withX();
  Nobody nobody;
  world.read(3, "x", false, nobody);
  EXPECT_EQ(world.lastRead(),
            (ReadDeed{ReadUnanswered{1, 3, ReadUnanswered::Why::NotLeader, ServerId{1}}}));
}

TEST(Reads, WhoIsDownOrCrashesDoesNotAnswer) {
  World world = withX();
  Nobody nobody;
  world.read(1, "x", false, nobody);
  world.crash(1, nobody);
  const auto down = [](std::uint64_t read) {
    return ReadDeed{ReadUnanswered{read, 1, ReadUnanswered::Why::Down}};
  };
  EXPECT_EQ(world.lastRead(), down(1));
  world.read(1, "x", false, nobody);
  EXPECT_EQ(world.lastRead(), down(2));
}

TEST(Reads, ALeaderThatIsReplacedSaysThatTheyAreLost) {
  World world = withX();
  Reads told;
  world.partition({{1}, {2, 3}}, told);
  world.read(1, "x", false, told);
  world.read(1, "x", false, told);
  world.runUntil(seconds(3), told);
  EXPECT_EQ(told.deeds.size(), 2u);
  world.heal(told);
  world.runUntil(seconds(4), told);
  ASSERT_EQ(told.deeds.size(), 4u);
  EXPECT_EQ(std::get<ReadUnanswered>(told.deeds[2]).why, ReadUnanswered::Why::LeadershipLost);
  EXPECT_EQ(std::get<ReadUnanswered>(told.deeds[3]).read, 2u);
}

// A paused leader takes what arrived, the answers to its round among it, when it goes on.
TEST(Reads, WaitWhileTheLeaderIsPaused) {
  World world = withX();
  Nobody nobody;
  world.read(1, "x", false, nobody);
  world.pause(1, nobody);
  world.runUntil(world.now() + milliseconds(50), nobody);
  EXPECT_TRUE(std::holds_alternative<ReadAsked>(*world.lastRead()));
  world.resume(1, nobody);
  world.runUntil(world.now(), nobody);
  EXPECT_EQ(world.lastRead(), answered(1, 1, Command("1"), 2));
}

}  // namespace
}  // namespace raft::sim
