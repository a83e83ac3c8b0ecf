#include "check/progress.h"

#include <gtest/gtest.h>

#include "check/check_test_support.h"

namespace raft::check {
namespace {

constexpr ProgressSettings quick{.link = {.latencyMin = ms(1), .latencyMax = ms(1)}};
constexpr ProgressSettings within(Duration bound) { return {.link = quick.link, .bound = bound}; }
constexpr Settings randomised{};  // 150 to 300 ms, heartbeats each 50 ms

Server follower(ServerId id, Term term, const Settings& settings = randomised) {
  return {.id = id, .configuration = {{1, 2, 3}}, .settings = settings, .currentTerm = term};
}

Server leader(ServerId id, Term term, Index commitIndex = 0, Log log = {}) {
  Server server = follower(id, term);
  server.votedFor = id;
  server.log = std::move(log);
  server.commitIndex = server.lastApplied = commitIndex;
  Leader role;
  role.progress.assign(3, {.nextIndex = server.log.lastIndex() + 1});
  for (ServerId each : server.configuration.voters)
    role.of(each).matchIndex = server.log.lastIndex();
  server.role = role;
  return server;
}

// Three servers that start at 0 ms, and then have `bound` of peace.
Progress began(const ProgressSettings& settings, const Settings& raft = randomised) {
  Progress progress(settings);
  for (ServerId id : {1, 2, 3}) progress.started(ms(0), follower(id, 0, raft), false);
  return progress;
}

trace::LinkChanged linkUp(ServerId from, ServerId to, bool up) {
  trace::Link link = quick.link;
  link.up = up;
  return {.from = from, .to = to, .before = quick.link, .after = link};
}

bool finds(Progress progress, Time end) {
  progress.finish(end);
  return progress.violation() != nullptr;
}

TEST(Progress, AConnectedMajorityWithoutALeaderIsFound) {
  Progress progress = began(within(ms(1000)));
  progress.finish(ms(1001));
  EXPECT_EQ(progress.violation(), nullptr);  // peace began when the first message could arrive
  progress.finish(ms(1002));
  ASSERT_NE(progress.violation(), nullptr);
  const Violation& v = *progress.violation();
  EXPECT_EQ(v.property, Property::Progress);
  EXPECT_EQ(v.time, ms(1001));
  EXPECT_EQ(v.servers, (std::vector<ServerId>{1, 2, 3}));
  EXPECT_EQ(tell(v, trace::Names({"A", "B", "C"})),
            "A, B and C are a majority, all connected and undisturbed since 1 ms, and none of them "
            "leads");
}

TEST(Progress, ALeaderIsEnoughIfThereIsNothingToCommit) {
  Progress progress = began(within(ms(1000)));
  tellStep(progress, ms(900), leader(1, 1));
  EXPECT_FALSE(finds(progress, ms(100'000)));
}

TEST(Progress, ALeaderThatDoesNotCommitIsFound) {
  Progress progress = began(within(ms(1000)));
  tellStep(progress, ms(900), leader(1, 1));
  tellStep(progress, ms(5000), leader(1, 1, 0, logOf({1})));
  tellStep(progress, ms(5500), leader(1, 1, 0, logOf({1, 1})));
  EXPECT_FALSE(finds(progress, ms(6000)));
  progress.finish(ms(6001));
  ASSERT_NE(progress.violation(), nullptr);
  EXPECT_EQ(progress.violation()->time, ms(6000));
  EXPECT_EQ(progress.violation()->servers.front(), ServerId{1});
  EXPECT_EQ(progress.violation()->entries, (std::vector<Position>{{1, 1}}));
  EXPECT_EQ(tell(*progress.violation()),
            "s1 leads term 1 and does not commit 1^1, though s1, s2 and s3 are a majority, all "
            "connected and undisturbed since 1 ms");
}

TEST(Progress, AFollowerThatDoesNotCommitWhatItsLeaderDidIsFound) {
  Progress progress = began(within(ms(1000)));
  const Server s1 = leader(1, 1, 1, {{1, "x"}});
  tellStep(progress, ms(500), s1);
  tellStep(progress, ms(1100), s1);  // by now the peace has lasted, and a leader is expected
  Server s2 = follower(2, 1), s3 = follower(3, 1);
  s2.log = s3.log = s1.log;
  s2.commitIndex = s3.commitIndex = 1;
  tellStep(progress, ms(1200), s2);
  Progress both = progress;
  tellStep(both, ms(1300), s3);
  EXPECT_FALSE(finds(both, ms(100'000)));
  EXPECT_FALSE(finds(progress, ms(2100)));
  progress.finish(ms(2101));
  ASSERT_NE(progress.violation(), nullptr);
  EXPECT_EQ(tell(*progress.violation(), trace::Names({"A", "B", "C"})),
            "C does not commit 1^1, as the leader of term 1 did, though A, B and C are a majority, "
            "all connected and undisturbed since 1 ms");
}

TEST(Progress, AFollowerThatGoesOnCommittingIsGivenTime) {
  Progress progress = began(within(ms(1000)));
  Server s1 = leader(1, 1, 0, {{1, "x"}, {1, "y"}, {1, "z"}});
  tellStep(progress, ms(500), s1);
  for (Index i = 1; i <= Index{3}; ++i) {  // a step behind all the time
    s1.commitIndex = s1.lastApplied = i;
    tellStep(progress, ms(900 * static_cast<std::int64_t>(i.value) + 200), s1);
    Server s2 = follower(2, 1), s3 = follower(3, 1);
    s2.log = s3.log = s1.log;
    s2.commitIndex = i;
    s3.commitIndex = i - 1;
    for (const Server& each : {s2, s3}) {
      tellStep(progress, ms(900 * static_cast<std::int64_t>(i.value) + 300), each);
    }
  }
  EXPECT_FALSE(finds(progress, ms(3900)));
  EXPECT_TRUE(finds(progress, ms(4001)));
}

TEST(Progress, AFirstTimeoutThatWasChosenByHandIsWaitedFor) {
  Progress progress(within(ms(1000)));
  Server server = follower(1, 0);
  server.as<Follower>()->electionDeadline = ms(30'000);
  for (ServerId id : {1, 2, 3}) {
    server.id = id;
    progress.started(ms(0), server, false);
  }
  EXPECT_FALSE(finds(progress, ms(30'700)));
  EXPECT_TRUE(finds(progress, ms(30'701)));
}

TEST(Progress, ALeaderThatGoesOnCommittingIsGivenTime) {
  Progress progress = began(within(ms(1000)));
  tellStep(progress, ms(900), leader(1, 1, 0, logOf({1})));
  for (std::uint64_t n = 1; n <= 5; ++n) {
    tellStep(progress, ms(900 + 900 * n), leader(1, 1, n, logOf({1, 1, 1, 1, 1, 1})));
    for (ServerId id : {2, 3}) {
      Server each = follower(id, 1);
      each.commitIndex = n;
      tellStep(progress, ms(910 + 900 * n), each);
    }
  }
  EXPECT_EQ(progress.violation(), nullptr);
  tellStep(progress, ms(6000), leader(1, 1, 6, logOf({1, 1, 1, 1, 1, 1})));
  for (ServerId id : {2, 3}) {
    Server each = follower(id, 1);
    each.commitIndex = 6;
    tellStep(progress, ms(6010), each);
  }
  EXPECT_FALSE(finds(progress, ms(100'000)));
}

// A leader cannot conclude that an entry of a previous term is committed (§5.4.2).
TEST(Progress, EntriesOfEarlierTermsNeedNotCommit) {
  Progress progress = began(within(ms(1000)));
  tellStep(progress, ms(900), leader(1, 2, 0, logOf({1})));
  EXPECT_FALSE(finds(progress, ms(100'000)));
}

TEST(Progress, AskingForEachEntryThatAFollowerLacksTakesTime) {
  Progress progress = began(within(ms(1000)));
  Server s1 = leader(1, 2, 0, logOf({1, 1, 1, 1, 1, 1, 1, 1, 1, 2}));
  s1.as<Leader>()->of(2) = {.nextIndex = 10, .matchIndex = 0};
  tellStep(progress, ms(900), s1);
  EXPECT_FALSE(finds(progress, ms(1900 + 9 * 2)));
  EXPECT_TRUE(finds(progress, ms(1900 + 9 * 2 + 1)));
}

TEST(Progress, InPeaceALeaderStays) {
  Progress progress = began(within(ms(1000)));
  tellStep(progress, ms(500), leader(1, 1));
  tellStep(progress, ms(700), leader(2, 2));  // before the bound elections may go on
  tellStep(progress, ms(701), follower(1, 2));
  tellStep(progress, ms(2000), leader(2, 2));
  EXPECT_EQ(progress.violation(), nullptr);

  Progress deposed = progress;
  tellStep(deposed, ms(2500), follower(2, 3));
  ASSERT_NE(deposed.violation(), nullptr);
  EXPECT_EQ(deposed.violation()->time, ms(2500));
  EXPECT_EQ(tell(*deposed.violation()),
            "s2 gives up the lead of term 2, though s1, s2 and s3 are all connected and "
            "undisturbed since 1 ms");

  tellStep(progress, ms(2500), leader(3, 3));
  ASSERT_NE(progress.violation(), nullptr);
  EXPECT_EQ(progress.violation()->servers.front(), ServerId{3});
}

TEST(Progress, EachFaultBeginsThePeaceAnew) {
  Progress progress = began(within(ms(1000)));
  const auto faultAt = [&](Time time, auto fault) {
    EXPECT_FALSE(finds(progress, time));
    fault(time);
    EXPECT_FALSE(finds(progress, time + ms(1001)));
    EXPECT_TRUE(finds(progress, time + ms(1002)));
  };
  faultAt(ms(500), [&](Time t) { progress.paused(t, 1); });
  faultAt(ms(1000), [&](Time t) { progress.resumed(t, 1); });
  faultAt(ms(1500), [&](Time t) { progress.crashed(t, follower(2, 0)); });
  faultAt(ms(2000), [&](Time t) { progress.started(t, follower(2, 0), true); });
  faultAt(ms(2500), [&](Time t) { progress.networkChanged(t, trace::Healed{}); });
}

TEST(Progress, AMinorityOwesNothing) {
  Progress crashed = began(within(ms(1000)));
  for (ServerId id : {1, 2}) crashed.crashed(ms(10), follower(id, 0));
  EXPECT_FALSE(finds(crashed, ms(100'000)));

  Progress paused = began(within(ms(1000)));
  for (ServerId id : {1, 2}) paused.paused(ms(10), id);
  EXPECT_FALSE(finds(paused, ms(100'000)));

  Progress apart = began(within(ms(1000)));
  apart.networkChanged(ms(10), trace::Partitioned{{{1}, {2}, {3}}});
  EXPECT_FALSE(finds(apart, ms(100'000)));
  apart.networkChanged(ms(100'000), trace::Healed{});
  EXPECT_TRUE(finds(apart, ms(101'100)));
}

TEST(Progress, AMajorityApartFromTheRestOwesProgress) {
  Progress progress = began(within(ms(1000)));
  tellStep(progress, ms(10), leader(3, 1));
  progress.networkChanged(ms(10), trace::Partitioned{{{1, 2}, {3}}});
  progress.finish(ms(2000));
  ASSERT_NE(progress.violation(), nullptr);
  EXPECT_EQ(progress.violation()->servers, (std::vector<ServerId>{1, 2}));
}

// Not so with pre-vote; but Figure 2 lets any server that times out disturb whom it can reach.
TEST(Progress, AMajorityThatSomebodyElseCanReachOwesNothing) {
  Progress bridge = began(within(ms(1000)));
  bridge.networkChanged(ms(10), trace::Partitioned{{{1, 2}, {2, 3}}});
  EXPECT_FALSE(finds(bridge, ms(100'000)));

  Progress deaf = began(within(ms(1000)));  // s3 hears nobody and is heard
  for (ServerId from : {1, 2}) deaf.networkChanged(ms(10), linkUp(from, 3, false));
  EXPECT_FALSE(finds(deaf, ms(100'000)));

  Progress mute = began(within(ms(1000)));  // s3 hears the others and cannot disturb them
  for (ServerId to : {1, 2}) mute.networkChanged(ms(10), linkUp(3, to, false));
  EXPECT_TRUE(finds(mute, ms(100'000)));
}

TEST(Progress, ACutLinkStaysCutWhenAPartitionEndsInAnother) {
  Progress progress = began(within(ms(1000)));
  progress.networkChanged(ms(10), linkUp(1, 2, false));
  progress.networkChanged(ms(20), trace::Partitioned{{{1, 2}, {3}}});
  EXPECT_FALSE(finds(progress, ms(100'000)));
  progress.networkChanged(ms(30), linkUp(1, 2, true));
  EXPECT_TRUE(finds(progress, ms(100'000)));
}

// broadcastTime << electionTimeout << MTBF (§5.6).
TEST(Progress, NothingIsOwedWhereTimingPromisesNothing) {
  struct Case {
    const char* what;
    Settings raft;
    ProgressSettings settings;
  };
  const trace::Link lossy{.latencyMax = ms(1), .lossPerMillion = 1};
  const trace::Link slow{.latencyMax = ms(60)};
  const Settings fixed{.electionTimeoutMin = ms(150), .electionTimeoutMax = ms(150)};
  const Settings narrow{.electionTimeoutMin = ms(150), .electionTimeoutMax = ms(152)};
  const Settings rare{.heartbeatInterval = ms(150)};
  for (const Case& each :
       {Case{"loss", randomised, {.link = lossy, .bound = ms(1000)}},
        Case{"slow links", randomised, {.link = slow, .bound = ms(1000)}},
        Case{"fixed timeouts", fixed, within(ms(1000))},
        Case{"hardly random timeouts", narrow, within(ms(1000))},
        Case{"rare heartbeats", rare, within(ms(1000))},
        Case{"slow disks",
             randomised,
             {.link = quick.link, .diskLatencyMax = ms(80), .bound = ms(1000)}}}) {
    const Progress progress = began(each.settings, each.raft);
    EXPECT_FALSE(finds(progress, ms(100'000))) << each.what;
    EXPECT_EQ(progress.bound(), std::nullopt) << each.what;
  }
}

TEST(Progress, TheBoundGrowsWithWhatMaySpoilAnElection) {
  const auto boundOf = [](Duration latency, std::uint32_t count) {
    Progress progress({.link = {.latencyMin = ms(0), .latencyMax = latency}});
    const ServerSet voters = ServerSet::firstServers(count);
    for (ServerId id : voters) progress.started(ms(0), {.id = id, .configuration = voters}, false);
    return progress.bound();
  };
  EXPECT_EQ(boundOf(ms(5), 1), ms(900));  // three timeouts of at most 300 ms
  // 1 - 2 * 5 * 2 / 150 is .867, for two others .751: 20 attempts, and 2.
  EXPECT_EQ(boundOf(ms(5), 3), 22 * ms(305) + ms(15));
  EXPECT_LT(boundOf(ms(1), 3), boundOf(ms(5), 3));
  EXPECT_LT(boundOf(ms(5), 3), boundOf(ms(5), 5));
  EXPECT_EQ(boundOf(ms(5), 101), std::nullopt);  // more elections than anybody waits for
}

TEST(Progress, WhatWasSentByASlowLinkMayStillDisturb) {
  Progress progress = began(within(ms(1000)));
  trace::Link slow = quick.link;
  slow.latencyMax = ms(5000);
  progress.networkChanged(ms(0), trace::LinkChanged{1, 2, quick.link, slow});
  progress.networkChanged(ms(10), trace::LinkChanged{1, 2, slow, quick.link});
  EXPECT_FALSE(finds(progress, ms(6010)));
  EXPECT_TRUE(finds(progress, ms(6011)));
}

TEST(Progress, IsAValue) {
  const Progress progress = began(quick);
  Progress copy = progress;
  EXPECT_EQ(copy, progress);
  copy.crashed(ms(10), follower(1, 0));
  EXPECT_NE(copy, progress);
}

TEST(Progress, AHealthyRunWithFaultsHasNoViolation) {
  for (std::uint32_t count : {1, 3, 5}) {
    Progress progress(within(ms(3000)));
    MiniCluster cluster(count, progress);
    for (std::uint32_t round = 0; round < 10; ++round) {
      cluster.runUntil(cluster.now + ms(7000));
      ASSERT_NE(cluster.leader(), ServerId{0});
      cluster.propose(cluster.leader(), "a");
      cluster.runUntil(cluster.now + ms(7000));
      const ServerId victim = round % 2 == 0 ? cluster.leader() : ServerId{1 + round % count};
      cluster.crash(victim);
      cluster.runUntil(cluster.now + ms(7000));
      cluster.restart(victim);
    }
    progress.finish(cluster.now);
    EXPECT_EQ(progress.violation(), nullptr) << tell(*progress.violation());
    EXPECT_NE(progress.bound(), std::nullopt);
  }
}

TEST(Progress, VotesThatNeverArriveAreFound) {
  Progress progress(quick);
  MiniCluster cluster(3, progress);
  cluster.delivers = [](const Envelope& e) {
    return !std::holds_alternative<RequestVote::Response>(e.message);
  };
  cluster.runUntil(*progress.bound() + ms(10));
  progress.finish(cluster.now);
  EXPECT_NE(progress.violation(), nullptr);
}

TEST(Progress, AcknowledgementsThatNeverArriveAreFound) {
  Progress progress(quick);
  MiniCluster cluster(3, progress);
  cluster.delivers = [](const Envelope& e) {
    return !std::holds_alternative<AppendEntries::Response>(e.message);
  };
  cluster.runUntil(2 * *progress.bound() + ms(1000));
  progress.finish(cluster.now);
  ASSERT_NE(progress.violation(), nullptr);
  EXPECT_EQ(progress.violation()->entries, (std::vector<Position>{{1, 1}}));
}

TEST(Progress, HeartbeatsThatNeverArriveAreFound) {
  Progress progress(quick);
  MiniCluster cluster(3, progress);
  cluster.delivers = [](const Envelope& e) {
    return !std::holds_alternative<AppendEntries::Request>(e.message);
  };
  cluster.runUntil(2 * *progress.bound());
  progress.finish(cluster.now);
  EXPECT_NE(progress.violation(), nullptr);
}

}  // namespace
}  // namespace raft::check
