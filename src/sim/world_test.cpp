#include "sim/world.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sim/led_test_support.h"
#include "sim/recorder_test_support.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(World, TellsOfItsServersBeforeAllElse) {
  World world(s1Leads());
  Recorder told;
  world.crash(2, told);
  EXPECT_EQ(told.lives, (std::vector<Recorder::Life>{{Time(0), 1, "started"},
                                                     {Time(0), 2, "started"},
                                                     {Time(0), 3, "started"},
                                                     {Time(0), 2, "crashed"}}));
}

TEST(World, FirstTimeoutsMayBeSetByHandAndTheOthersAreDrawn) {
  World world({.servers = 3, .firstTimeout = {{}, milliseconds(7)}});
  EXPECT_EQ(world.server(2).deadline(), milliseconds(7));
  EXPECT_GE(world.server(1).deadline(), milliseconds(150));
  EXPECT_LE(world.server(1).deadline(), milliseconds(300));
  EXPECT_NE(world.server(1).deadline(), world.server(3).deadline());
  EXPECT_EQ(world.nextEvent(), milliseconds(7));
}

TEST(World, AnElectionTakesAsLongAsItsMessages) {
  World world(s1Leads());
  Recorder told;
  EXPECT_TRUE(world.runUntil(seconds(1), told, [](const World& w) { return w.leader() == 1; }));
  EXPECT_EQ(world.now(), milliseconds(12));
  EXPECT_EQ(told.timesOf<Timeout>(1), std::vector<Time>{milliseconds(10)});
  EXPECT_EQ(told.timesOf<Envelope>(2), std::vector<Time>{milliseconds(11)});
  EXPECT_EQ(told.timesOf<Envelope>(3), std::vector<Time>{milliseconds(11)});
}

TEST(World, RunningUntilATimeLeavesNothingUndoneAndNothingDoneBeyond) {
  World world(s1Leads());
  Recorder told;
  world.runUntil(milliseconds(11), told);
  EXPECT_EQ(world.now(), milliseconds(11));
  EXPECT_EQ(told.steps.back().time, milliseconds(11));
  EXPECT_EQ(world.nextEvent(), milliseconds(12));
  EXPECT_FALSE(world.runUntil(milliseconds(11), told, [](const World&) { return true; }));
  world.runUntil(milliseconds(5), told);
  EXPECT_EQ(world.now(), milliseconds(11)) << "time does not run backwards";
}

TEST(World, EqualTimesGoInTheOrderOfTheirCauses) {
  // All stand for election at one time: in the order of their ids, which is that of their starts.
  World world({.servers = 3, .firstTimeout = {milliseconds(5), milliseconds(5), milliseconds(5)}});
  Recorder told;
  for (int i = 0; i < 3; ++i) world.step(told);
  std::vector<ServerId> order;
  for (const Recorder::Stepped& step : told.steps) {
    if (std::holds_alternative<Timeout>(step.input)) order.push_back(step.after.id);
  }
  EXPECT_EQ(order, (std::vector<ServerId>{1, 2, 3}));
  EXPECT_EQ(world.now(), milliseconds(5));
}

TEST(World, ATimerThatWasPutOffDoesNotRing) {
  Recorder told;
  World world(s1Leads());
  world.runUntil(seconds(30), told);
  EXPECT_EQ(world.leader(), ServerId{1});
  EXPECT_TRUE(told.timesOf<Timeout>(2).empty());
  EXPECT_TRUE(told.timesOf<Timeout>(3).empty());
  // The leader's: the election at 10 ms, then heartbeats every 50 ms from 12 ms on.
  EXPECT_EQ(told.timesOf<Timeout>(1).size(), 1u + (30'000 - 12) / 50);
  // Of its events each led to a step: no stale timer is an event.
  std::uint64_t ofDisks = 0;
  for (const Recorder::Stepped& step : told.steps) {
    ofDisks += std::holds_alternative<Written>(step.input);
  }
  EXPECT_EQ(world.events(), told.steps.size() - ofDisks);
}

TEST(World, AServerThatDoesNotMoveItsDeadlineDoesNotStopTime) {
  WorldSettings alone{.servers = 1};
  alone.raft = {{.electionTimeoutMin = Duration(1), .electionTimeoutMax = Duration(1)}};
  alone.raft[0].heartbeatInterval = Duration(1);
  World world(alone);
  Nobody nobody;
  world.runUntil(milliseconds(1), nobody);
  EXPECT_EQ(world.now(), milliseconds(1));
  EXPECT_EQ(world.leader(), ServerId{1});
}

TEST(World, AClusterOfOneCommitsWithinTheStepThatProposes) {
  World world({.servers = 1, .raft = {{.noopAtElection = false}}});
  Recorder told;
  world.runUntil(seconds(1), told);
  ASSERT_EQ(world.leader(), ServerId{1});
  EXPECT_EQ(world.propose(1, "x", told), (Proposed{Accepted{.index = 1, .term = 1}}));
  EXPECT_EQ(world.server(1).lastApplied, Index{1});
  EXPECT_EQ(world.disk(1), (Persistent{.currentTerm = 1, .votedFor = 1, .log = {{{1, "x"}}}}))
      << "at once, since this disk has no latency";
}

TEST(World, AClusterOfManyElects) {
  for (std::uint32_t servers : {2u, 4u, 101u, ServerSet::maxServers}) {
    World world({.servers = servers});
    Nobody nobody;
    EXPECT_TRUE(world.runUntil(seconds(20), nobody, [](const World& w) {
      return w.leader() && w.server(*w.leader()).commitIndex == Index{1};
    })) << servers;
  }
}

TEST(World, ServersFindWhatTheirDisksHold) {
  const Persistent old{.currentTerm = 4, .votedFor = 2, .log = {{3, "a"}, {4, "b"}}};
  World world({.servers = 3, .disksHold = {{}, old}});
  EXPECT_EQ(world.server(1).log.lastIndex(), Index{0});
  EXPECT_EQ(world.server(2).currentTerm, Term{4});
  EXPECT_EQ(world.server(3).log.lastIndex(), Index{2}) << "the last one stands for the rest";
  EXPECT_EQ(world.server(3).durableIndex, Index{2});
}

TEST(World, ACommandGoesToAServerAndWhoDoesNotLeadNamesTheLeader) {
  World world = led();
  Recorder told;
  EXPECT_EQ(world.propose(2, "x", told), (Proposed{NotLeader{.leaderId = 1}}));
  EXPECT_EQ(world.propose(1, "x", told), (Proposed{Accepted{.index = 2, .term = 1}}));
  world.crash(1, told);
  EXPECT_EQ(world.propose(1, "y", told), Proposed{NotLeader{}});
  world.pause(2, told);
  EXPECT_EQ(world.propose(2, "y", told), Proposed{NotLeader{}});
}

TEST(World, TheLeaderIsOneThatRunsAndOfTheHighestTerm) {
  World world = led();
  Nobody nobody;
  EXPECT_EQ(world.leader(), ServerId{1});
  world.partition({{1}, {2, 3}}, nobody);
  world.runUntil(seconds(5), nobody);
  ASSERT_TRUE(world.server(1).is<Leader>()) << "it has not heard that it was replaced";
  const ServerId next = *world.leader();
  EXPECT_NE(next, ServerId{1});
  world.pause(next, nobody);
  EXPECT_EQ(world.leader(), ServerId{1});
  world.crash(1, nobody);
  EXPECT_EQ(world.leader(), std::nullopt);
}

// --- The network, as the servers see it ---

TEST(World, WhatIsSentOverALinkThatIsDownIsLost) {
  World world = led();
  Recorder told;
  world.setLink(1, 2, {.up = false}, told);
  world.runUntil(milliseconds(125), told);
  ASSERT_FALSE(told.missing.empty());
  for (const Recorder::Missing& missing : told.missing) {
    EXPECT_EQ(missing.why, Lost::LinkDown);
    EXPECT_EQ(missing.message.to, ServerId{2});
    EXPECT_EQ(missing.time, milliseconds(112));
  }
  EXPECT_TRUE(told.timesOf<Envelope>(2).empty());
  EXPECT_FALSE(told.timesOf<Envelope>(3).empty());
}

TEST(World, WhatIsUnderWayWhenItsLinkGoesDownIsLostUnlessTheLinkIsBackInTime) {
  for (const bool back : {false, true}) {
    World world = led();
    Recorder told;
    world.runUntil(milliseconds(112), told);  // heartbeats to s2 and s3 are under way
    world.partition({{1, 3}, {2}}, told);
    world.runUntil(milliseconds(112) + Duration(999), told);
    if (back) world.heal(told);
    world.runUntil(milliseconds(113), told);
    EXPECT_EQ(told.missing.size(), back ? 0u : 1u);
    EXPECT_EQ(told.timesOf<Envelope>(2).size(), back ? 1u : 0u);
    EXPECT_EQ(told.timesOf<Envelope>(3).size(), 1u);
  }
}

TEST(World, ACutOfOneDirectionLeavesTheOther) {
  World world = led();
  Recorder told;
  world.setLink(1, 2, {.up = false}, told);
  world.setLink(1, 3, {.up = false}, told);
  world.runUntil(seconds(3), told);
  EXPECT_NE(world.leader(), ServerId{1}) << "its followers hear nothing of it and elect another";
  EXPECT_GE(world.server(1).currentTerm, Term{2}) << "and it hears of that";
}

TEST(World, ABridgeIsLedByOneSide) {
  World world({.servers = 5});
  Nobody nobody;
  world.runUntil(seconds(2), nobody);
  world.partition({{1, 2, 3}, {3, 4, 5}}, nobody);
  world.runUntil(seconds(10), nobody);
  ASSERT_TRUE(world.leader());
  ASSERT_TRUE(std::holds_alternative<Accepted>(world.propose(*world.leader(), "x", nobody)));
  const Index index = world.server(*world.leader()).log.lastIndex();
  EXPECT_TRUE(world.runUntil(seconds(60), nobody, [&](const World& w) {
    return w.leader() && w.server(*w.leader()).commitIndex >= index;
  }));
}

TEST(World, NetworkChangesAreTold) {
  World world = led();
  Recorder told;
  const Link before = world.network().link(1, 2);
  const Link slow{.latencyMin = seconds(1), .latencyMax = seconds(1)};
  world.setLink(1, 2, slow, told);
  world.partition({{1, 2}, {3}}, told);
  world.heal(told);
  ASSERT_EQ(told.changes.size(), 3u);
  EXPECT_EQ(told.changes[0].second, trace::NetworkChange(trace::LinkChanged{1, 2, before, slow}));
  EXPECT_EQ(told.changes[1].second, trace::NetworkChange(trace::Partitioned{{{1, 2}, {3}}}));
  EXPECT_EQ(told.changes[2].second, trace::NetworkChange(trace::Healed{}));
  EXPECT_EQ(told.changes[0].first, milliseconds(70));
}

// --- Assertions ---

TEST(WorldDeathTest, WhatIsAskedForMustBePossible) {
  World world = led();
  Nobody nobody;
  EXPECT_DEATH(world.restart(1, nobody), "");
  EXPECT_DEATH(world.resume(1, nobody), "");
  EXPECT_DEATH(world.crash(4, nobody), "");
  EXPECT_DEATH(world.server(0), "");
  EXPECT_DEATH(world.setLink(1, 1, {}, nobody), "");
  EXPECT_DEATH(world.setLink(1, 2, {.latencyMin = seconds(1)}, nobody), "");
  world.crash(1, nobody);
  EXPECT_DEATH(world.crash(1, nobody), "");
  EXPECT_DEATH(world.pause(1, nobody), "");
  world.pause(2, nobody);
  EXPECT_DEATH(world.pause(2, nobody), "");
  EXPECT_DEATH(World({.servers = 0}), "");
  EXPECT_DEATH(World({.servers = 257}), "");
  EXPECT_DEATH(World({.raft = {{.heartbeatInterval = Duration(0)}}}), "");
}

}  // namespace
}  // namespace raft::sim
