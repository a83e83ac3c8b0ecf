#include <gtest/gtest.h>

#include "sim/recorder_test_support.h"
#include "sim/world.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using trace::ClientAnswered;
using trace::ClientAsked;
using trace::ClientPutOff;
using trace::ClientRedirected;
using trace::ClientTimedOut;
using trace::ClientTold;

// s1 leads from 12 ms on; a client's turn comes at 100 ms.
WorldSettings withClients(std::vector<ClientSettings> clients) {
  for (ClientSettings& client : clients) client.start = milliseconds(100);
  return {.servers = 3,
          .raft = {{.noopAtElection = false}},
          .link = {.latencyMin = milliseconds(1), .latencyMax = milliseconds(1)},
          .clients = std::move(clients),
          .firstTimeout = {milliseconds(10), seconds(1), seconds(2)}};
}

TEST(Client, MakesItsRequestsOneAfterAnotherAndStops) {
  World world(withClients({{.interval = milliseconds(30), .requests = 3}}));
  Recorder told;
  world.runUntil(seconds(5), told);
  const auto answered = told.deedsOf<ClientAnswered>();
  ASSERT_EQ(answered.size(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(answered[i],
              (ClientAnswered{.client = 1, .request = i + 1, .server = 1, .index = i + 1}));
  }
  EXPECT_EQ(world.server(2).log, (Log{Entries{{1, "c1.1"}, {1, "c1.2"}, {1, "c1.3"}}}));
  EXPECT_EQ(world.clients()[0].state, Client::State::Done);
  // There and back again is 2 ms; then 30 ms until the next.
  EXPECT_EQ(told.deeds.back().time, milliseconds(100 + 2 + 30 + 2 + 30 + 2));
}

TEST(Client, FollowsTheHintToTheLeader) {
  // Some seed lets it begin with another server than the leader.
  bool redirected = false;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    WorldSettings settings = withClients({{.requests = 1}});
    settings.seed = seed;
    World world(settings);
    Recorder told;
    world.runUntil(milliseconds(100), told);
    const auto asked = told.deedsOf<ClientAsked>();
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked.back().server, ServerId{1});
    EXPECT_EQ(asked.back().attempt, asked.size());
    if (asked.size() == 1) continue;
    redirected = true;
    const auto hints = told.deedsOf<ClientRedirected>();
    ASSERT_EQ(hints.size(), 1u);
    EXPECT_EQ(hints[0], (ClientRedirected{1, 1, asked[0].server, ServerId{1}}));
  }
  EXPECT_TRUE(redirected);
}

TEST(Client, ThatIsTurnedAwayWithoutAHintAsksAnotherAfterAWhile) {
  WorldSettings settings = withClients({{.retry = milliseconds(40), .requests = 1}});
  settings.firstTimeout = {milliseconds(300), seconds(1), seconds(2)};
  World world(settings);
  Recorder told;
  world.runUntil(seconds(1), told);
  ServerId last = 0;
  for (const Recorder::Deed& each : told.deeds) {
    const ClientAsked* asked = std::get_if<ClientAsked>(&each.deed);
    if (!asked || each.time >= milliseconds(300)) continue;
    EXPECT_EQ((each.time - milliseconds(100)) % milliseconds(40), Duration(0));
    EXPECT_NE(asked->server, last);
    last = asked->server;
  }
  EXPECT_EQ(told.deedsOf<ClientAnswered>().size(), 1u);
}

TEST(Client, ThatHearsNothingTimesOutAndAsksAnother) {
  for (const bool paused : {false, true}) {
    World world(withClients({{.timeout = milliseconds(200), .requests = 1}}));
    Recorder told;
    world.runUntil(milliseconds(99), told);
    for (std::uint32_t id = 1; id <= 3; ++id) {
      paused ? world.pause(id, told) : world.crash(id, told);
    }
    world.runUntil(milliseconds(750), told);
    EXPECT_EQ(told.deedsOf<ClientTimedOut>().size(), 3u);
    const auto asked = told.deedsOf<ClientAsked>();
    ASSERT_EQ(asked.size(), 4u);
    EXPECT_EQ(asked[3].command, Command("c1.1"));
    EXPECT_EQ(asked[3].attempt, 4u);
    for (int i = 1; i < 4; ++i) EXPECT_NE(asked[i].server, asked[i - 1].server);
    for (std::uint32_t id = 1; id <= 3; ++id) {
      paused ? world.resume(id, told) : world.restart(id, told);
    }
    world.runUntil(seconds(5), told);
    EXPECT_EQ(told.deedsOf<ClientAnswered>().size(), 1u);
  }
}

TEST(Client, IsAnsweredOnlyForTheEntryThatWasAccepted) {
  // The leader accepts a command and is cut off; its entry is overwritten by another's.
  World world(withClients({{.timeout = milliseconds(500), .requests = 1}}));
  Recorder told;
  world.runUntil(milliseconds(99), told);
  world.partition({{1}, {2, 3}}, told);
  world.runUntil(milliseconds(100), told);
  ASSERT_EQ(world.clients()[0].accepted, (Accepted{.index = 1, .term = 1}));
  world.runUntil(milliseconds(100), told);
  EXPECT_TRUE(world.runUntil(seconds(9), told, [](const World& w) { return w.leader() != 1; }));
  world.propose(*world.leader(), "another", told);
  world.heal(told);
  told.clear();
  world.runUntil(world.now() + seconds(20), told);
  const auto answered = told.deedsOf<ClientAnswered>();
  ASSERT_EQ(answered.size(), 1u);
  const Server& s2 = world.server(2);
  EXPECT_EQ(s2.log[1].command, Command("another"));
  EXPECT_EQ(s2.log[answered[0].index].command, Command("c1.1"));
}

TEST(Client, IsNotAnsweredByAServerThatHasCrashedSinceAndItsCommandMayBeAppliedTwice) {
  World world(withClients({{.timeout = milliseconds(500), .requests = 1}}));
  Recorder told;
  world.runUntil(milliseconds(101), told);  // s2 and s3 have the entry
  ASSERT_EQ(world.server(2).log.lastIndex(), Index{1});
  world.crash(1, told);
  EXPECT_EQ(world.clients()[0].accepted, std::nullopt);
  world.restart(1, told);
  world.runUntil(seconds(9), told);
  EXPECT_EQ(told.deedsOf<ClientTimedOut>().size(), 1u);
  EXPECT_EQ(told.deedsOf<ClientAnswered>().size(), 1u);
  EXPECT_EQ(world.server(2).log,
            (Log{Entries{{1, "c1.1"}, {world.server(2).currentTerm, "c1.1"}}}));
}

// The leader accepts a command and is cut off; another leads and commits in its place.
TEST(Client, IsToldThatItsCommandIsLostAndAsksAgainAtOnce) {
  WorldSettings settings = withClients({{.timeout = seconds(30), .requests = 1}});
  settings.raft[0].tellFates = true;
  World world(settings);
  Recorder told;
  world.runUntil(milliseconds(99), told);
  world.partition({{1}, {2, 3}}, told);
  EXPECT_TRUE(world.runUntil(seconds(9), told, [](const World& w) {
    return w.leader() && w.leader() != 1 && w.server(*w.leader()).is<Leader>();
  }));
  world.propose(*world.leader(), "another", told);
  world.runUntil(world.now() + milliseconds(10), told);
  ASSERT_EQ(world.clients()[0].accepted, (Accepted{.index = 1, .term = 1}));
  world.heal(told);
  world.runUntil(world.now() + seconds(1), told);
  EXPECT_EQ(told.deedsOf<ClientTold>(),
            (std::vector<ClientTold>{{1, 1, 1, false}, {1, 1, 1, true}}));
  EXPECT_EQ(told.deedsOf<ClientTimedOut>().size(), 0u);
  EXPECT_EQ(told.deedsOf<ClientAnswered>().size(), 1u);
  EXPECT_EQ(world.server(2).log[2].command, Command("c1.1"));
  EXPECT_EQ(world.server(2).log.lastIndex(), Index{2});  // it is carried out once
}

TEST(Client, ThatIsPutOffAsksTheSameServerAgainAfterAWhile) {
  WorldSettings settings = withClients({{.retry = milliseconds(40), .requests = 1}});
  settings.raft[0].maxUncommittedBytes = 5;
  World world(settings);
  Recorder told;
  world.runUntil(milliseconds(50), told);
  world.crash(2, told);
  world.crash(3, told);
  world.propose(1, "12345", told);
  world.runUntil(milliseconds(250), told);
  const auto putOff = told.deedsOf<ClientPutOff>();
  ASSERT_EQ(putOff.size(), 4u);  // at 100, 140, 180 and 220 ms
  for (const ClientPutOff& each : putOff) EXPECT_EQ(each, (ClientPutOff{1, 1, 1}));
  world.restart(2, told);
  world.runUntil(milliseconds(400), told);
  EXPECT_EQ(told.deedsOf<ClientAnswered>().size(), 1u);
}

TEST(Client, OfAClusterOfOneIsAnsweredAtOnce) {
  WorldSettings settings = withClients({{.interval = milliseconds(10), .requests = 5}});
  settings.servers = 1;
  World world(settings);
  Recorder told;
  world.runUntil(seconds(1), told);
  EXPECT_EQ(told.deedsOf<ClientAnswered>().size(), 5u);
  EXPECT_EQ(told.deeds.back().time, milliseconds(140));
}

TEST(Client, AHintThatIsOutdatedLeadsToOneWhoKnowsNoLeader) {
  World world(withClients({{.requests = 1}}));
  Recorder told;
  world.runUntil(milliseconds(90), told);
  ASSERT_EQ(world.server(2).leader(), ServerId{1});
  world.partition({{2, 3}}, told);
  world.crash(1, told);
  world.restart(1, told);
  world.runUntil(milliseconds(100), told);
  EXPECT_LE(told.deedsOf<ClientAsked>().size(), 4u);
  EXPECT_EQ(world.now(), milliseconds(100));
}

TEST(Client, DrawsFromAStreamOfItsOwn) {
  // A second client leaves the first one's choices, and all else that is drawn, as they were.
  const auto firstTargets = [](std::vector<ClientSettings> clients) {
    World world(withClients(std::move(clients)));
    Recorder told;
    for (std::uint32_t id = 1; id <= 3; ++id) world.crash(id, told);
    world.runUntil(seconds(10), told);
    std::vector<ServerId> targets;
    for (const ClientAsked& asked : told.deedsOf<ClientAsked>()) {
      if (asked.client == 1) targets.push_back(asked.server);
    }
    return targets;
  };
  EXPECT_EQ(firstTargets({{}}), firstTargets({{}, {}}));
}

}  // namespace
}  // namespace raft::sim
