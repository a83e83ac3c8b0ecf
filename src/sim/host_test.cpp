// Disks, crashes and pauses: what is durable, what waits, and what is gone.
#include "sim/host.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sim/recorder_test_support.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Nobody : Observer {};

// s1 stands for election at 10 ms; a message takes 1 ms, a write `disk`.
World slowDisks(Duration disk) {
  return World({.servers = 3,
                .raft = {{.noopAtElection = false}},
                .disks = {{disk, disk}},
                .link = {.latencyMin = milliseconds(1), .latencyMax = milliseconds(1)},
                .firstTimeout = {milliseconds(10), seconds(1), seconds(2)}});
}

TEST(Disk, WhatSpeaksOfAWriteLeavesWhenTheWriteIsDurable) {
  World world = slowDisks(milliseconds(4));
  Recorder told;
  world.runUntil(milliseconds(30), told);
  // s1 stands at 10, asks when its vote is durable at 14; s2 hears it at 15, votes, and says so at
  // 19 when that is durable; s1 is leader at 20.
  EXPECT_EQ(told.timesOf<Written>(1), (std::vector<Time>{milliseconds(14)}));
  EXPECT_EQ(told.timesOf<Written>(2), (std::vector<Time>{milliseconds(19)}));
  ASSERT_GE(told.sent_.size(), 4u);
  EXPECT_EQ(told.sent_[0].time, milliseconds(14));
  EXPECT_EQ(told.sent_[2].time, milliseconds(19));
  EXPECT_EQ(told.sent_[2].message.from, ServerId{2});
  EXPECT_EQ(world.leader(), ServerId{1});
}

// At each moment at which a message that speaks of a write is sent, the write is on the disk.
TEST(Disk, NothingIsSaidBeforeItIsDurable) {
  struct Witness : Observer {
    const World* world = nullptr;
    int said = 0;
    void sent(Time, const Envelope& e) override {
      const Persistent& disk = world->disk(e.from);
      if (const auto* vote = std::get_if<RequestVote::Response>(&e.message)) {
        ++said;
        EXPECT_GE(disk.currentTerm, vote->term);
        if (vote->voteGranted && disk.currentTerm == vote->term) {
          EXPECT_EQ(disk.votedFor, e.to);
        }
      }
      if (const auto* ask = std::get_if<RequestVote::Request>(&e.message)) {
        ++said;
        EXPECT_TRUE(disk.currentTerm > ask->term || disk.votedFor == e.from);
      }
      if (const auto* reply = std::get_if<AppendEntries::Response>(&e.message)) {
        ++said;
        EXPECT_TRUE(!reply->success || disk.log.lastIndex() >= reply->matchIndex);
      }
    }
  };
  World world({.servers = 3,
               .disks = {{Duration(0), milliseconds(30)}},
               .link = {.lossPerMillion = 50'000},
               .clients = {{.interval = milliseconds(3)}}});
  Witness witness;
  witness.world = &world;
  for (int round = 0; round < 10; ++round) {
    world.runUntil(world.now() + milliseconds(700), witness);
    const ServerId victim = round % 3 + 1;
    world.crash(victim, witness);
    world.runUntil(world.now() + milliseconds(100), witness);
    world.restart(victim, witness);
  }
  EXPECT_GT(witness.said, 500);
}

TEST(Disk, WritesNeverOvertakeEachOther) {
  Host host{.server = Server::start(1, ServerSet{1}, {}, 1, Time(0)),
            .base = ServerSet{1},
            .speed = {Duration(0), milliseconds(50)},
            .chance = {.seed = 3}};
  Time last(0);
  for (std::uint64_t id = 1; id <= 100; ++id) {
    if (host.begin({.id = id, .currentTerm = id}, Time(id)) != Host::Begun::UnderWay) continue;
    EXPECT_GE(host.writing.back().durableAt, last);
    last = host.writing.back().durableAt;
  }
  const std::uint64_t pending = host.writing.size();
  ASSERT_GT(pending, 50u);
  EXPECT_FALSE(host.finishWrites(host.writing.front().durableAt - Duration(1)).some);
  EXPECT_TRUE(host.finishWrites(host.writing[10].durableAt).some);
  EXPECT_LE(host.writing.size(), pending - 11);
  EXPECT_EQ(host.disk.currentTerm, Term{host.durable.value});
  EXPECT_TRUE(host.finishWrites(last).some);
  EXPECT_EQ(host.durable, WriteId{100});
}

TEST(Disk, HoldsWhatWasWrittenTruncationsAndAll) {
  Host host{.server = Server::start(1, ServerSet{1}, {}, 1, Time(0)), .base = ServerSet{1}};
  const auto write = [&](Write w) { return host.begin(std::move(w), Time(0)); };
  constexpr auto durable = Host::Begun::Durable;
  EXPECT_EQ(write({.id = 1, .currentTerm = 1, .from = 1, .entries = {{1, "a"}, {1, "b"}}}),
            durable);
  EXPECT_EQ(write({.id = 2, .currentTerm = 2, .votedFor = 3}), durable);
  EXPECT_EQ(host.disk.log, (Log{Entries{{1, "a"}, {1, "b"}}}));
  EXPECT_EQ(write({.id = 3, .currentTerm = 2, .from = 2, .entries = {{2, "c"}}}), durable);
  EXPECT_EQ(host.disk.log, (Log{Entries{{1, "a"}, {2, "c"}}}));
  EXPECT_EQ(host.disk.currentTerm, Term{2});
  EXPECT_EQ(host.disk.votedFor, std::nullopt);
}

TEST(Crash, LosesWhatIsNotDurableAndWhatWaitedForIt) {
  World world = slowDisks(milliseconds(4));
  Recorder told;
  world.runUntil(milliseconds(17), told);  // s2 has voted, and its write is under way
  ASSERT_EQ(world.server(2).votedFor, ServerId{1});
  world.crash(2, told);
  EXPECT_EQ(world.server(2).votedFor, ServerId{1}) << "a crashed server is seen as it was";
  world.runUntil(milliseconds(100), told);
  for (const Recorder::Carried& sent : told.sent_) EXPECT_NE(sent.message.from, ServerId{2});

  world.restart(2, told);
  EXPECT_EQ(world.server(2).currentTerm, Term{0});
  EXPECT_EQ(world.server(2).votedFor, std::nullopt);
  EXPECT_TRUE(world.server(2).is<Follower>());

  // Its next life writes, answers its leader, and says nothing of the vote that was lost.
  world.runUntil(milliseconds(300), told);
  int answers = 0;
  for (const Recorder::Carried& sent : told.sent_) {
    if (sent.message.from != ServerId{2}) continue;
    ++answers;
    EXPECT_TRUE(std::holds_alternative<AppendEntries::Response>(sent.message.message));
  }
  EXPECT_GT(answers, 0);
}

TEST(Crash, AServerRestartsFromItsDiskWithChanceOfItsOwn) {
  World world = slowDisks(Duration(0));
  Recorder told;
  world.runUntil(milliseconds(70), told);
  world.propose(1, "x", told);
  world.runUntil(milliseconds(200), told);
  const Server before = world.server(3);
  ASSERT_EQ(before.lastApplied, Index{1});
  world.crash(3, told);
  EXPECT_FALSE(world.isUp(3));
  world.restart(3, told);
  EXPECT_TRUE(world.isUp(3));
  const Server& after = world.server(3);
  EXPECT_EQ(after.currentTerm, before.currentTerm);
  EXPECT_EQ(after.log, before.log);
  EXPECT_EQ(after.settings, before.settings);
  EXPECT_EQ(after.lastApplied, Index{0}) << "it learns anew what is committed";
  EXPECT_NE(after.random.seed, before.random.seed);
  EXPECT_EQ(told.lives.back(), (Recorder::Life{milliseconds(200), 3, "restarted"}));
  world.runUntil(milliseconds(300), told);
  EXPECT_EQ(world.server(3).lastApplied, Index{1});
}

TEST(Crash, WhatArrivesWhileAServerIsDownIsLost) {
  World world = slowDisks(Duration(0));
  Recorder told;
  world.runUntil(milliseconds(70), told);
  world.crash(2, told);
  world.runUntil(milliseconds(113), told);
  ASSERT_EQ(told.missing.size(), 1u);
  EXPECT_EQ(told.missing[0].why, Lost::ReceiverDown);
  EXPECT_EQ(told.missing[0].message.to, ServerId{2});
  EXPECT_EQ(told.missing[0].time, milliseconds(113));
}

TEST(Crash, WhatItHadSentBeforeStillArrives) {
  World world = slowDisks(Duration(0));
  Recorder told;
  world.runUntil(milliseconds(10), told);
  world.crash(1, told);
  world.runUntil(milliseconds(11), told);
  EXPECT_EQ(world.server(2).votedFor, ServerId{1});
}

TEST(Crash, ACrashedServerHasNoTimeouts) {
  World world = slowDisks(Duration(0));
  Recorder told;
  for (std::uint32_t id = 1; id <= 3; ++id) world.crash(id, told);
  EXPECT_EQ(world.nextEvent(), std::nullopt);
  world.runUntil(seconds(9), told);
  EXPECT_EQ(world.now(), seconds(9));
  EXPECT_TRUE(told.steps.empty());
}

TEST(Pause, WhatArrivesWaitsInOrderAndIsTakenFirst) {
  World world = slowDisks(Duration(0));
  Recorder told;
  world.runUntil(milliseconds(70), told);
  world.pause(2, told);
  EXPECT_TRUE(world.isPaused(2));
  EXPECT_TRUE(world.isUp(2));
  world.propose(1, "x", told);
  world.runUntil(milliseconds(900), told);
  EXPECT_TRUE(told.timesOf<Envelope>(2).empty() ||
              told.timesOf<Envelope>(2).back() < milliseconds(70));
  const std::uint64_t stepsBefore = told.steps.size();
  std::vector<Input> forS2;
  for (const Recorder::Carried& sent : told.sent_) {
    if (sent.message.to == ServerId{2} && sent.time >= milliseconds(70) &&
        sent.time < milliseconds(900)) {
      forS2.push_back(sent.message);
    }
  }
  ASSERT_GT(forS2.size(), 10u);

  world.resume(2, told);
  EXPECT_FALSE(world.isPaused(2));
  world.runUntil(milliseconds(900), told);
  std::vector<Input> taken;
  for (std::uint64_t i = stepsBefore; i < told.steps.size(); ++i) {
    EXPECT_EQ(told.steps[i].time, milliseconds(900));
    if (!std::holds_alternative<Written>(told.steps[i].input)) taken.push_back(told.steps[i].input);
  }
  EXPECT_EQ(taken, forS2) << "its timeout was long due, and was put off by what it heard";
  EXPECT_EQ(world.server(2).log.lastIndex(), Index{1});
}

TEST(Pause, ATimeoutThatFellDueIsMetAtOnceIfNothingArrived) {
  World world = slowDisks(Duration(0));
  Recorder told;
  world.runUntil(milliseconds(70), told);
  world.partition({{1, 3}, {2}}, told);
  world.pause(2, told);
  world.runUntil(seconds(3), told);
  EXPECT_EQ(world.server(2).currentTerm, Term{1});
  world.resume(2, told);
  EXPECT_EQ(world.nextEvent(), seconds(3));
  world.step(told);
  EXPECT_EQ(world.server(2).currentTerm, Term{2});
}

TEST(Pause, ALeaderWakesInAnOldTermAndHearsOfTheNewOne) {
  World world = slowDisks(Duration(0));
  Nobody nobody;
  world.runUntil(milliseconds(70), nobody);
  world.pause(1, nobody);
  world.runUntil(seconds(3), nobody);
  ASSERT_NE(world.leader(), std::nullopt);
  EXPECT_TRUE(world.server(1).is<Leader>());
  world.resume(1, nobody);
  world.runUntil(seconds(3) + milliseconds(1), nobody);
  EXPECT_TRUE(world.server(1).is<Follower>());
  EXPECT_EQ(world.server(1).currentTerm, world.server(*world.leader()).currentTerm);
}

TEST(Pause, TheDiskStandsStillToo) {
  World world = slowDisks(milliseconds(4));
  Recorder told;
  world.runUntil(milliseconds(12), told);  // s1's vote for itself is being written
  world.pause(1, told);
  world.runUntil(milliseconds(50), told);
  EXPECT_EQ(world.disk(1).currentTerm, Term{0});
  EXPECT_TRUE(told.sent_.empty());
  world.resume(1, told);
  world.step(told);
  EXPECT_EQ(world.now(), milliseconds(50));
  EXPECT_EQ(world.disk(1).currentTerm, Term{1});
  EXPECT_EQ(told.sent_.size(), 2u);
}

TEST(Pause, ACrashLosesWhatHadArrivedMeanwhile) {
  World world = slowDisks(Duration(0));
  Recorder told;
  world.runUntil(milliseconds(70), told);
  world.pause(2, told);
  world.runUntil(milliseconds(170), told);
  EXPECT_TRUE(told.missing.empty());
  world.crash(2, told);
  ASSERT_EQ(told.missing.size(), 2u);
  EXPECT_EQ(told.missing[0].why, Lost::ReceiverDown);
  EXPECT_EQ(told.missing[0].time, milliseconds(170));
  world.restart(2, told);
  EXPECT_FALSE(world.isPaused(2));
}

TEST(Crash, WhatHadArrivedWhileItWasPausedDoesNotReachTheNextLife) {
  World world = slowDisks(Duration(0));
  Recorder told;
  world.runUntil(milliseconds(9), told);
  world.pause(2, told);
  world.runUntil(milliseconds(30), told);  // a RequestVote waits there, and heartbeats do
  told.clear();
  world.resume(2, told);
  world.crash(2, told);
  world.restart(2, told);
  world.runUntil(milliseconds(30), told);
  EXPECT_EQ(told.timesOf<Envelope>(2), std::vector<Time>{});
  ASSERT_FALSE(told.missing.empty());
  for (const auto& each : told.missing) {
    EXPECT_EQ(each.message.to, ServerId{2});
    EXPECT_EQ(each.why, Lost::ReceiverDown);
  }
}

TEST(Crash, EachLifeDrawsFromASeedOfItsOwn) {
  World world = slowDisks(Duration(0));
  Recorder told;
  std::vector<std::uint64_t> seeds{world.server(2).random.seed};
  for (int life = 0; life < 3; ++life) {
    world.crash(2, told);
    world.restart(2, told);
    EXPECT_EQ(std::ranges::count(seeds, world.server(2).random.seed), 0);
    seeds.push_back(world.server(2).random.seed);
  }
}

}  // namespace
}  // namespace raft::sim
