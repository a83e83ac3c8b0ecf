// Disks that fail, stall, are torn, spoilt or lost; and clocks that drift.
#include "sim/disk.h"

#include <gtest/gtest.h>

#include "sim/recorder_test_support.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using trace::MachineChange;

struct Told : Recorder {
  struct Change {
    Time time;
    ServerId server;
    MachineChange what;
    bool operator==(const Change&) const = default;
  };
  std::vector<Change> machine = {};
  void machineChanged(Time t, ServerId s, const MachineChange& c) override {
    machine.push_back({t, s, c});
  }
};

// s1 leads from 12 ms on; a message takes 1 ms, a write `disk`.
World ledWith(Duration disk, Duration writeTimeout = Duration(0)) {
  World world({.servers = 3,
               .raft = {{.noopAtElection = false, .writeTimeout = writeTimeout}},
               .disks = {{disk, disk}},
               .link = {.latencyMin = milliseconds(1), .latencyMax = milliseconds(1)},
               .firstTimeout = {milliseconds(10), seconds(1), seconds(2)}});
  Recorder told;
  world.runUntil(milliseconds(60), told);
  return world;
}

TEST(DiskFault, AWriteThatFailsIsToldAndWrittenAnewAMomentLater) {
  World world = ledWith(Duration(0));
  Told told;
  world.failWrites(2, {.next = 1}, told);
  world.propose(1, "x", told);
  world.runUntil(milliseconds(80), told);
  EXPECT_EQ(told.timesOf<WriteFailed>(2), std::vector<Time>{milliseconds(61)});
  EXPECT_EQ(told.timesOf<Written>(2), std::vector<Time>{milliseconds(61) + writeRetry});
  EXPECT_EQ(world.disk(2).log.lastIndex(), Index{1});
  EXPECT_EQ(told.machine,
            (std::vector<Told::Change>{{milliseconds(60), 2, trace::WritesFail{.next = 1}},
                                       {milliseconds(61), 2, trace::DiskWorks{}}}));
  EXPECT_TRUE(told.broken.empty());
}

// What waited for it leaves when the write that replaces it is durable, and not before.
TEST(DiskFault, WhatSpeaksOfAFailedWriteWaitsForTheNextOne) {
  World world = ledWith(milliseconds(2));
  Told told;
  world.failWrites(2, {.next = 2}, told);
  world.propose(1, "x", told);
  world.runUntil(milliseconds(100), told);
  // 61 it arrives; 63 fails; 73 + 2 fails; 85 + 2 is durable.
  EXPECT_EQ(told.timesOf<WriteFailed>(2), (std::vector<Time>{milliseconds(63), milliseconds(75)}));
  EXPECT_EQ(told.timesOf<Written>(2), std::vector<Time>{milliseconds(87)});
  for (const Recorder::Carried& sent : told.sent_) {
    if (sent.message.from == ServerId{2}) {
      EXPECT_GE(sent.time, milliseconds(87));
    }
  }
}

TEST(DiskFault, OfSeveralEachNthFails) {
  World world = ledWith(Duration(0));
  Told told;
  world.failWrites(3, {.every = 3}, told);
  for (int i = 0; i < 9; ++i) {
    world.propose(1, "x", told);
    world.runUntil(world.now() + milliseconds(20), told);
  }
  EXPECT_EQ(told.timesOf<WriteFailed>(3).size(), 4u) << "9 writes and those that replace these";
  world.mendDisk(3, told);
  EXPECT_EQ(told.machine.back().what, MachineChange(trace::DiskWorks{}));
  EXPECT_EQ(world.disk(3).log.lastIndex(), Index{9});
}

TEST(DiskFault, ALeaderWhoseWriteFailsGivesUpItsRoleAndAnotherIsElected) {
  World world = ledWith(Duration(0));
  Told told;
  world.failWrites(1, {.next = 1}, told);
  world.propose(1, "x", told);
  EXPECT_TRUE(world.server(1).is<Follower>());
  world.runUntil(seconds(3), told);
  ASSERT_TRUE(world.leader());
  EXPECT_GT(world.server(*world.leader()).currentTerm, Term{1});
  EXPECT_TRUE(told.broken.empty());
}

TEST(DiskFault, AStalledDiskFinishesNothingUntilItWorksAgain) {
  World world = ledWith(milliseconds(2));
  Told told;
  world.stallDisk(2, {}, told);
  world.propose(1, "x", told);
  world.runUntil(milliseconds(500), told);
  EXPECT_TRUE(told.timesOf<Written>(2).empty());
  EXPECT_EQ(world.server(2).log.lastIndex(), Index{1});
  EXPECT_EQ(world.disk(2).log.lastIndex(), Index{0});
  world.mendDisk(2, told);
  world.runUntil(milliseconds(501), told);
  EXPECT_EQ(told.timesOf<Written>(2), std::vector<Time>{milliseconds(500)});
}

TEST(DiskFault, AStallMayEndByItself) {
  World world = ledWith(milliseconds(2));
  Told told;
  world.stallDisk(2, milliseconds(300), told);
  world.propose(1, "x", told);
  world.runUntil(milliseconds(400), told);
  EXPECT_EQ(told.timesOf<Written>(2), std::vector<Time>{milliseconds(300)});
  EXPECT_EQ(told.machine.back(), (Told::Change{milliseconds(300), 2, trace::DiskWorks{}}));
}

// Even if nothing is to be written, and though the server crashed meanwhile.
TEST(DiskFault, AStallEndsThoughNothingIsToBeWritten) {
  World world = ledWith(milliseconds(2));
  Told told;
  world.stallDisk(2, milliseconds(300), told);
  world.stallDisk(3, milliseconds(200), told);
  world.crash(3, told);
  world.runUntil(milliseconds(250), told);
  world.restart(3, told);
  world.runUntil(milliseconds(400), told);
  EXPECT_FALSE(world.diskFaults(2).any());
  EXPECT_FALSE(world.diskFaults(3).any());
}

// The leader gives up its role when its write is overdue, so that another one can lead.
TEST(DiskFault, ALeaderWhoseDiskStallsMakesRoomInTime) {
  World world = ledWith(milliseconds(2), milliseconds(200));
  Told told;
  world.stallDisk(1, {}, told);
  world.propose(1, "x", told);
  world.runUntil(milliseconds(260) - Duration(1), told);
  EXPECT_TRUE(world.server(1).is<Leader>());
  world.runUntil(milliseconds(260), told);
  EXPECT_TRUE(world.server(1).is<Follower>());
  world.runUntil(seconds(3), told);
  ASSERT_TRUE(world.leader());
  EXPECT_NE(*world.leader(), ServerId{1});
  EXPECT_EQ(world.server(1).currentTerm, world.server(*world.leader()).currentTerm);
  EXPECT_TRUE(told.broken.empty());
}

// --- What a crash leaves on the disk ---

TEST(TornTail, ACrashMayLeaveTheFirstEntriesOfAWrite) {
  for (const std::uint64_t whole : {0, 1, 2, 3, 9}) {
    World world = ledWith(milliseconds(2));
    Told told;
    world.stallDisk(1, {}, told);
    for (const char* command : {"x", "y", "z"}) world.propose(1, command, told);
    world.crash(1, told, whole);
    EXPECT_EQ(world.disk(1).log.lastIndex(), Index{std::min<std::uint64_t>(whole, 3)});
    const MachineChange& last = told.machine.back().what;
    if (whole < 3) {
      EXPECT_EQ(last, MachineChange(trace::TailTorn{whole + 1}));
    } else {
      EXPECT_EQ(last, MachineChange(trace::DiskStalled{}));
    }
    world.restart(1, told);
    EXPECT_TRUE(world.isUp(1));
    EXPECT_EQ(told.machine.back().what,
              whole < 3 ? MachineChange(trace::TornTailDropped{whole + 1}) : last);
    EXPECT_EQ(world.server(1).log.lastIndex(), Index{std::min<std::uint64_t>(whole, 3)});
  }
}

TEST(TornTail, WithoutItACrashLeavesNothingOfAWriteUnderWay) {
  World world = ledWith(milliseconds(2));
  Told told;
  world.propose(1, "x", told);
  world.crash(1, told);
  EXPECT_EQ(world.disk(1).log.lastIndex(), Index{0});
}

// A failed write may be there after all.
TEST(TornTail, ACrashMayLeaveWhatHadFailed) {
  World world = ledWith(Duration(0));
  Told told;
  world.failWrites(2, {.next = 1}, told);
  world.propose(1, "x", told);
  world.runUntil(milliseconds(62), told);
  ASSERT_EQ(told.timesOf<WriteFailed>(2).size(), 1u);
  EXPECT_EQ(world.disk(2).log.lastIndex(), Index{0});
  world.crash(2, told, 1);
  EXPECT_EQ(world.disk(2).log.lastIndex(), Index{1});
}

// --- Bits that flip, disks that are lost ---

TEST(FlippedBit, IsFoundByItsChecksumAndTheServerDoesNotStart) {
  World world = ledWith(Duration(0));
  Told told;
  for (const char* command : {"x", "y"}) world.propose(1, command, told);
  world.runUntil(milliseconds(200), told);
  world.flipBit(2, 1, told);
  EXPECT_EQ(world.server(2).log[1].command.bytes(), "x") << "it was read long ago";
  EXPECT_EQ(world.disk(2).log[1].command.bytes(), "y");
  EXPECT_EQ(world.disk(2).log[2].command.bytes(), "y");
  world.crash(2, told);
  world.restart(2, told);
  EXPECT_FALSE(world.isUp(2));
  EXPECT_EQ(told.machine.back().what, MachineChange(trace::StartRefused{1}));
  world.flipBit(2, 1, told);
  world.restart(2, told);
  EXPECT_TRUE(world.isUp(2)) << "that is what was written";
}

TEST(FlippedBit, OfAnEntryThatIsOverwrittenDoesNoHarm) {
  World world = ledWith(Duration(0));
  Told told;
  world.partition({{1}, {2, 3}}, told);
  world.propose(1, "lost", told);
  world.flipBit(1, 1, told);
  world.runUntil(seconds(3), told);
  ASSERT_NE(*world.leader(), ServerId{1});
  world.propose(*world.leader(), "x", told);
  world.heal(told);
  world.runUntil(seconds(4), told);
  world.crash(1, told);
  world.restart(1, told);
  EXPECT_TRUE(world.isUp(1));
}

TEST(FlippedBit, ChecksumsTellEntriesApart) {
  const Entry one{3, "x=1"};
  EXPECT_EQ(checksumOf(one), checksumOf(Entry{3, "x=1"}));
  for (const Entry& other : {Entry{2, "x=1"}, Entry{3, "x=0"}, Entry{3, "x=1 "}, Entry{3, ""},
                             Entry{3, std::string_view("x=1\0", 4)}, Entry::noop(3)}) {
    EXPECT_NE(checksumOf(one), checksumOf(other));
  }
}

TEST(LostDisk, TakesEverythingAlongAndIsReplacedByOneThatWorks) {
  World world = ledWith(Duration(0));
  Told told;
  world.propose(1, "x", told);
  world.runUntil(milliseconds(200), told);
  world.flipBit(2, 1, told);
  world.stallDisk(2, {}, told);
  world.crash(2, told);
  world.loseDisk(2, told);
  EXPECT_EQ(world.disk(2), Persistent{});
  world.restart(2, told);
  EXPECT_TRUE(world.isUp(2));
  EXPECT_EQ(world.server(2).currentTerm, Term{0});
  EXPECT_FALSE(world.diskFaults(2).any());
}

// --- Clocks ---

TEST(Drift, TimersRunByTheServersOwnClock) {
  Told told;
  World world({.servers = 2,
               .clocks = {{500'000}, {-500'000}},
               .firstTimeout = {milliseconds(30), milliseconds(30)}});
  world.runUntil(milliseconds(20), told);
  EXPECT_EQ(told.timesOf<Timeout>(1), std::vector<Time>{milliseconds(20)});
  EXPECT_EQ(world.deadline(2), milliseconds(60));
  EXPECT_EQ(told.machine, (std::vector<Told::Change>{{Time(0), 1, trace::ClockDrifts{500'000}},
                                                     {Time(0), 2, trace::ClockDrifts{-500'000}}}));
  world.runUntil(seconds(5), told);
  EXPECT_TRUE(told.broken.empty());
}

// A fast follower deposes nobody as long as heartbeats come in time by its clock.
TEST(Drift, AFewPercentDisturbNobody) {
  Told told;
  World world({.servers = 3, .clocks = {{0}, {100'000}, {-100'000}}});
  world.runUntil(seconds(2), told);
  const Term term = world.server(*world.leader()).currentTerm;
  world.runUntil(seconds(20), told);
  EXPECT_EQ(world.server(*world.leader()).currentTerm, term);
}

TEST(DiskDeathTest, WhatIsAskedForMustBePossible) {
  World world = ledWith(Duration(0));
  Recorder nobody;
  EXPECT_DEATH(world.loseDisk(1, nobody), "");
  EXPECT_DEATH(world.flipBit(1, 1, nobody), "");
  EXPECT_DEATH(world.failWrites(1, {.every = 0}, nobody), "");
  EXPECT_DEATH(World({.clocks = {{1'000'000}}}), "");
}

}  // namespace
}  // namespace raft::sim
