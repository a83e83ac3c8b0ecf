// Clients with sessions, and the state machines that they speak to (thesis §6.3).
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "sim/chaos_test_support.h"
#include "sim/recorder_test_support.h"
#include "sim/world.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using trace::ClientAnswered;
using trace::ClientAsked;
using Kind = trace::Replied::Kind;

// s1 leads from 12 ms on; a client's turn comes at 100 ms.
WorldSettings withClients(std::vector<ClientSettings> clients) {
  for (ClientSettings& client : clients) client.start = milliseconds(100);
  return {.servers = 3,
          .link = {.latencyMin = milliseconds(1), .latencyMax = milliseconds(1)},
          .clients = std::move(clients),
          .firstTimeout = {milliseconds(10), seconds(1), seconds(2)}};
}

std::string valueOf(const World& world, ServerId server, const char* key) {
  const Command* value = world.machine(server).find(key);
  return value ? std::string(value->bytes()) : "nothing";
}

TEST(Sessions, AClientOpensOneAndMakesItsRequestsInIt) {
  World world(withClients({{.requests = 2, .session = true, .commands = {"append x 1", "get x"}}}));
  Recorder told;
  world.runUntil(seconds(1), told);
  std::vector<std::string> asked;
  for (const ClientAsked& each : told.deedsOf<ClientAsked>()) {
    if (each.server == ServerId{1}) asked.emplace_back(each.command.bytes());
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"register", "@2#1 append x 1", "@2#2 get x"}));
  const auto answered = told.deedsOf<ClientAnswered>();
  ASSERT_EQ(answered.size(), 3u);
  EXPECT_EQ(answered[0], (ClientAnswered{1, 0, 1, 2, "session 2"}));
  EXPECT_EQ(answered[1], (ClientAnswered{1, 1, 1, 3, "1"}));
  EXPECT_EQ(answered[2], (ClientAnswered{1, 2, 1, 4, "1"}));
  EXPECT_EQ(world.clients()[0].state, Client::State::Done);
  for (ServerId id : {1, 2, 3}) {
    EXPECT_EQ(world.machine(id), world.machine(1));
    EXPECT_EQ(valueOf(world, id, "x"), "1");
  }
}

// The leader has replicated the command when it is cut off: the client hears nothing, and asks the
// next leader again.
std::string afterALostAnswer(bool session, std::vector<Kind>& outcomes) {
  World world(withClients({{.timeout = milliseconds(400),
                            .requests = 1,
                            .session = session,
                            .commands = {"append x 1"}}}));
  Recorder told;
  const auto appended = [](const World& w) {
    const Log& log = w.server(2).log;
    return log.lastIndex() > Index{0} &&
           log[log.lastIndex()].command.bytes().find("append") != std::string_view::npos;
  };
  EXPECT_TRUE(world.runUntil(seconds(1), told, appended));
  world.crash(1, told);
  world.runUntil(seconds(5), told);
  EXPECT_EQ(world.clients()[0].state, Client::State::Done);
  for (const Recorder::Reply& each : told.replies) {
    const bool ours = each.replied.entry.command.bytes().find("append") != std::string_view::npos;
    if (ours && each.server == ServerId{2}) outcomes.push_back(each.replied.kind);
  }
  EXPECT_EQ(valueOf(world, 2, "x"), valueOf(world, 3, "x"));
  EXPECT_EQ(valueOf(world, 1, "x"), "nothing");  // it is down: what it had applied is gone
  world.restart(1, told);
  world.runUntil(seconds(6), told);
  EXPECT_EQ(world.machine(1), world.machine(2));
  return valueOf(world, 2, "x");
}

TEST(Sessions, ARetriedCommandIsCarriedOutOnce) {
  std::vector<Kind> outcomes;
  EXPECT_EQ(afterALostAnswer(true, outcomes), "1");
  EXPECT_EQ(outcomes, (std::vector{Kind::Applied, Kind::Repeated}));
}

TEST(Sessions, WithoutOneARetriedCommandIsCarriedOutTwice) {
  std::vector<Kind> outcomes;
  EXPECT_EQ(afterALostAnswer(false, outcomes), "11");
  EXPECT_EQ(outcomes, (std::vector{Kind::Applied, Kind::Applied}));
}

TEST(Sessions, WhoseSessionExpiresGivesItsRequestUpAndOpensAnother) {
  WorldSettings settings = withClients(
      {{.interval = milliseconds(100), .requests = 2, .session = true, .commands = {"append x 1"}},
       {.interval = milliseconds(100),
        .requests = 1,
        .session = true,
        .commands = {"append x 2"}}});
  settings.clients[1].start = milliseconds(150);
  settings.sessions.sessions = 1;
  World world(settings);
  Recorder told;
  world.runUntil(seconds(3), told);
  std::vector<std::string> replies;
  for (const ClientAnswered& each : told.deedsOf<ClientAnswered>()) {
    if (each.client == 1) replies.emplace_back(each.reply.bytes());
  }
  ASSERT_EQ(replies.size(), 4u);
  EXPECT_EQ(replies[0], "session 2");
  EXPECT_EQ(replies[1], "refused: there is no such session");
  EXPECT_EQ(replies[2].substr(0, 8), "session ");
  EXPECT_EQ(world.clients()[0].state, Client::State::Done);
  EXPECT_EQ(world.machine(1).sessions().all().size(), 1u);
}

TEST(Sessions, MadeUpOperationsAreOfEveryKindAndWriteEachValueOnce) {
  World world(withClients({{.requests = 300, .session = true, .keys = 2}}));
  Recorder told;
  world.runUntil(seconds(10), told);
  ASSERT_EQ(world.clients()[0].state, Client::State::Done);
  std::vector<std::uint64_t> kinds(std::variant_size_v<kv::Operation>);
  for (const ClientAsked& each : told.deedsOf<ClientAsked>()) {
    if (each.attempt == 1) ++kinds[kv::parse(each.command.bytes()).operation.index()];
  }
  EXPECT_EQ(kinds[0], 0u);  // each one is an operation
  EXPECT_EQ(kinds[1], 0u);
  for (std::size_t kind = 2; kind <= 6; ++kind) EXPECT_GT(kinds[kind], 5u) << kind;
}

TEST(Sessions, AWorldIsAValueWithThemToo) {
  World world(withClients({{.session = true, .keys = 3}}));
  Recorder nobody;
  world.runUntil(milliseconds(500), nobody);
  World copy = world;
  EXPECT_EQ(copy, world);
  world.runUntil(seconds(1), nobody);
  EXPECT_NE(copy, world);
  copy.runUntil(seconds(1), nobody);
  EXPECT_EQ(copy, world);
}

TEST(Sessions, NoFaultGivesARequestASecondEffect) {
  std::uint64_t repeated = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    WorldSettings settings = chaoticSettings(seed);
    settings.clients = {
        {.timeout = milliseconds(150), .session = true, .commands = {"append x y"}}};
    World world(settings);
    Recorder told;
    makeChaos(world, seed, told);
    mend(world, told);
    // By index: what was carried out, and each request of a session once.
    std::map<std::uint64_t, Kind> outcomes;
    std::map<std::pair<std::uint64_t, std::uint64_t>, Index> effects;
    for (const Recorder::Reply& each : told.replies) {
      outcomes[each.replied.index.value] = each.replied.kind;
      if (each.replied.kind != Kind::Applied || each.replied.sequence == 0) continue;
      const auto [at, isNew] =
          effects.try_emplace({each.replied.session, each.replied.sequence}, each.replied.index);
      EXPECT_EQ(at->second, each.replied.index) << "seed " << seed;
    }
    for (const auto& [index, kind] : outcomes) repeated += kind == Kind::Repeated;
    const auto applied = [&](const auto& effect) {
      return effect.second <= world.machine(1).lastApplied();
    };
    const Command* value = world.machine(1).find("x");
    EXPECT_EQ(static_cast<std::int64_t>(value ? value->bytes().size() : 0),
              std::ranges::count_if(effects, applied))
        << "seed " << seed;
  }
  EXPECT_GT(repeated, 5u);  // or the runs would show nothing
}

}  // namespace
}  // namespace raft::sim
