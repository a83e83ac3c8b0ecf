#include "sim/network.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sim/recorder_test_support.h"
#include "sim/world.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Link fixed(Duration latency) { return {.latencyMin = latency, .latencyMax = latency}; }

// How long each of so many messages from s1 to s2 is under way.
std::vector<Duration> latencies(Network& network, int messages) {
  std::vector<Duration> drawn;
  for (int i = 0; i < messages; ++i) drawn.push_back(network.carry(1, 2).latency);
  return drawn;
}

TEST(Network, AFixedLatencyIsThatOfEachMessage) {
  World world({.servers = 2, .link = fixed(milliseconds(3))});
  Recorder told;
  world.runUntil(seconds(2), told);
  for (const Recorder::Carried& sent : told.sent_) {
    if (sent.time + milliseconds(3) > world.now()) continue;
    EXPECT_TRUE(std::ranges::any_of(told.steps, [&](const Recorder::Stepped& step) {
      return step.time == sent.time + milliseconds(3) && step.input == Input(sent.message);
    }));
  }
  EXPECT_FALSE(told.sent_.empty());
}

TEST(Network, ALatencyInARangeTakesEachEndAndWhatLiesBetween) {
  Network network(2, {.latencyMin = Duration(5), .latencyMax = Duration(8)}, 1);
  const std::vector<Duration> drawn = latencies(network, 200);
  for (int us = 5; us <= 8; ++us) EXPECT_GT(std::ranges::count(drawn, Duration(us)), 20) << us;
  EXPECT_EQ(*std::ranges::min_element(drawn), Duration(5));
  EXPECT_EQ(*std::ranges::max_element(drawn), Duration(8));
}

TEST(Network, ARangeOfLatenciesReordersMessages) {
  Network network(2, {.latencyMin = Duration(0), .latencyMax = milliseconds(10)}, 1);
  const Duration first = network.carry(1, 2).latency;
  bool overtaken = false;
  for (int i = 1; i < 20; ++i)
    overtaken |= milliseconds(i) / 10 + network.carry(1, 2).latency < first;
  EXPECT_TRUE(overtaken) << "none of 20, sent 0.1 ms apart, arrived before the first";
}

TEST(Network, LosesAllOrNothingOrTheShareItWasTold) {
  const auto lostOf1000 = [](std::uint32_t perMillion) {
    Network network(2, {.lossPerMillion = perMillion}, 1);
    int lost = 0;
    for (int i = 0; i < 1000; ++i) lost += network.carry(1, 2).lost == Lost::Chance;
    return lost;
  };
  EXPECT_EQ(lostOf1000(0), 0);
  EXPECT_EQ(lostOf1000(1'000'000), 1000);
  EXPECT_NEAR(lostOf1000(300'000), 300, 60);
}

TEST(Network, DoublesTheShareItWasToldAndEachCopyHasALatencyOfItsOwn) {
  Network network(2, {.duplicatePerMillion = 500'000}, 1);
  int doubled = 0, apart = 0;
  for (int i = 0; i < 1000; ++i) {
    const Carriage carriage = network.carry(1, 2);
    if (!carriage.copyLatency) continue;
    ++doubled;
    apart += *carriage.copyLatency != carriage.latency;
  }
  EXPECT_NEAR(doubled, 500, 80);
  EXPECT_GT(apart, doubled * 9 / 10);
}

TEST(Network, TakingAFaultAwayLeavesTheLatenciesAsTheyWere) {
  Network calm(2, {}, 9);
  Network wild(2, {.lossPerMillion = 200'000, .duplicatePerMillion = 400'000}, 9);
  for (int i = 0; i < 500; ++i) {
    const Carriage carriage = wild.carry(1, 2);
    const Duration latency = calm.carry(1, 2).latency;
    if (carriage.lost) continue;
    EXPECT_EQ(carriage.latency, latency);
  }
  // Nor does what is sent the other way, or while the link is down, change anything.
  Network cut(2, {}, 9);
  cut.setLink(1, 2, {.up = false});
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(cut.carry(1, 2).lost, Lost::LinkDown);
    cut.carry(2, 1);
  }
  cut.heal();
  EXPECT_EQ(cut.carry(1, 2).latency, calm.carry(1, 2).latency);
}

TEST(Network, WhatWasArrangedBefallsTheNextMessagesInOrderAndLeavesTheOthersAsTheyWere) {
  const Link link{.latencyMin = milliseconds(1), .latencyMax = milliseconds(9)};
  Network drawn(2, link, 7);
  Network network(2, link, 7);
  const Carriage twice{.latency = milliseconds(20), .copyLatency = milliseconds(30)};
  network.arrange(1, 2, {.lost = Lost::Chance});
  network.arrange(2, 1, {.latency = milliseconds(40)});
  network.arrange(1, 2, twice);
  EXPECT_NE(network, drawn);
  for (int i = 0; i < 2; ++i) drawn.carry(1, 2);
  EXPECT_EQ(network.next(1, 2), (Carriage{.lost = Lost::Chance}));
  EXPECT_EQ(network.carry(1, 2), (Carriage{.lost = Lost::Chance}));
  EXPECT_EQ(network.carry(1, 2), twice);
  EXPECT_EQ(network.next(1, 2), drawn.next(1, 2));
  EXPECT_EQ(network.carry(1, 2), drawn.carry(1, 2));
  EXPECT_EQ(network.carry(2, 1), (Carriage{.latency = milliseconds(40)}));
  drawn.carry(2, 1);
  EXPECT_EQ(network, drawn);
}

TEST(Network, WhatWasArrangedForALinkThatIsDownIsLostWithTheMessage) {
  Network network(2, {.up = false}, 7);
  network.arrange(1, 2, {.latency = milliseconds(40)});
  EXPECT_EQ(network.carry(1, 2).lost, Lost::LinkDown);
  network.heal();
  EXPECT_NE(network.carry(1, 2).latency, milliseconds(40));
}

TEST(Network, AClusterOfAnotherSizeHasTheSameLinks) {
  Network three(3, {}, 4);
  Network five(5, {}, 4);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(three.carry(2, 3).latency, five.carry(2, 3).latency);
}

TEST(Network, APartitionParts) {
  Network network(5, {}, 1);
  network.partition({{1, 2}, {3, 4}});
  EXPECT_TRUE(network.isUp(1, 2));
  EXPECT_FALSE(network.isUp(2, 3));
  EXPECT_FALSE(network.isUp(3, 2));
  EXPECT_FALSE(network.isUp(5, 1)) << "who is in no group is alone";
  EXPECT_FALSE(network.isUp(1, 5));
  network.partition({{1, 5}});
  EXPECT_TRUE(network.isUp(1, 5)) << "the partition before is over";
  EXPECT_FALSE(network.isUp(1, 2));
}

TEST(Network, ABridgeSeesBothSides) {
  Network network(5, {}, 1);
  network.partition({{1, 2, 3}, {3, 4, 5}});
  for (ServerId other : ServerSet{1, 2, 4, 5}) {
    EXPECT_TRUE(network.isUp(3, other));
    EXPECT_TRUE(network.isUp(other, 3));
  }
  EXPECT_FALSE(network.isUp(1, 4));
}

TEST(Network, HealingRestoresTheWayAndNotTheSpeed) {
  Network network(3, {}, 1);
  const Link slow{.up = false, .latencyMin = seconds(1), .latencyMax = seconds(2)};
  network.setLink(1, 2, slow);
  network.partition({{1, 3}, {2}});
  network.heal();
  EXPECT_TRUE(network.isUp(1, 2));
  EXPECT_TRUE(network.isUp(2, 3));
  EXPECT_EQ(network.link(1, 2).latencyMin, seconds(1));
  EXPECT_EQ(network.link(1, 2).latencyMax, seconds(2));
}

TEST(Network, APartitionLeavesCutsAsTheyAre) {
  Network network(3, {}, 1);
  network.setLink(1, 2, {.up = false});
  network.partition({{1, 2, 3}});
  EXPECT_FALSE(network.isUp(1, 2));
  EXPECT_TRUE(network.isUp(2, 1)) << "only one direction was cut";
}

}  // namespace
}  // namespace raft::sim
