#include "scenario/histories.h"

#include <gtest/gtest.h>

namespace raft::scenario {
namespace {

Time ms(int milliseconds) { return std::chrono::milliseconds(milliseconds); }

using trace::ClientAnswered;
using trace::ClientAsked;
using trace::ClientDeed;

// What clients 1 and 2 of server 1 did, one after another, a millisecond each.
struct Seen {
  Histories histories = {};
  int now = 0;

  void tell(const ClientDeed& deed) { histories.client(ms(++now), deed); }
  void ask(std::uint32_t client, std::uint64_t request, Command command,
           std::uint32_t attempt = 1) {
    tell(ClientAsked{client, request, 1, std::move(command), attempt});
  }
  void answer(std::uint32_t client, std::uint64_t request, Command reply) {
    tell(ClientAnswered{client, request, 1, 1, std::move(reply)});
  }
  void request(std::uint32_t client, std::uint64_t number, Command command, Command reply) {
    ask(client, number, std::move(command));
    answer(client, number, std::move(reply));
  }
  bool hasAnOrder() const { return !histories.judge(); }
};

TEST(Histories, OfOneAfterAnotherHaveAnOrder) {
  Seen seen;
  seen.request(1, 1, "get x", "nothing");
  seen.request(1, 2, "put x 1", "ok");
  seen.request(2, 1, "append x 2", "12");
  seen.request(2, 2, "cas x 12 3", "ok");
  seen.request(1, 3, "cas x 12 4", "it is 3");
  seen.request(1, 4, "delete x", "ok");
  seen.request(2, 3, "get x", "nothing");
  EXPECT_TRUE(seen.hasAnOrder());
}

TEST(Histories, OfAStaleReadHaveNone) {
  Seen seen;
  seen.request(1, 1, "put x 1", "ok");
  seen.request(1, 2, "put x 2", "ok");
  seen.request(2, 1, "get x", "1");
  const std::optional<check::Violation> found = seen.histories.judge();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->property, check::Property::Linearizability);
  EXPECT_EQ(found->time, ms(6));
  EXPECT_NE(found->sentence.find("client 2's"), std::string::npos) << found->sentence;
}

TEST(Histories, AValueThatLooksLikeAReplyIsOne) {
  Seen seen;
  seen.request(1, 1, "put x nothing", "ok");
  seen.request(1, 2, "get x", "\"nothing\"");
  EXPECT_TRUE(seen.hasAnOrder());
  seen.request(1, 3, "get x", "nothing");
  EXPECT_FALSE(seen.hasAnOrder());
}

// The first attempt may take effect behind another's request, and the second too.
TEST(Histories, WithoutASessionEachAttemptMayTakeEffect) {
  Seen seen;
  seen.request(2, 1, "put x 0", "ok");
  seen.ask(1, 1, "append x 1");
  seen.tell(trace::ClientTimedOut{1, 1, 1});
  seen.ask(1, 1, "append x 1", 2);
  seen.answer(1, 1, "011");
  seen.request(2, 2, "get x", "011");
  EXPECT_TRUE(seen.hasAnOrder());
}

TEST(Histories, InASessionARequestTakesEffectOnce) {
  Seen seen;
  seen.request(2, 1, "put x 0", "ok");
  seen.ask(1, 1, "@5#1 append x 1");
  seen.tell(trace::ClientTimedOut{1, 1, 1});
  seen.ask(1, 1, "@5#1 append x 1", 2);
  seen.answer(1, 1, "011");
  EXPECT_FALSE(seen.hasAnOrder());
}

TEST(Histories, WhatWasNotTakenDidNotHappen) {
  Seen seen;
  seen.ask(1, 1, "put x 1");
  seen.tell(trace::ClientRedirected{1, 1, 1, ServerId{2}});
  seen.ask(1, 1, "put x 1", 2);
  seen.tell(trace::ClientPutOff{1, 1, 2});
  seen.ask(1, 1, "put x 1", 3);
  seen.tell(trace::ClientTold{1, 1, 2, true});
  seen.request(2, 1, "get x", "1");
  EXPECT_FALSE(seen.hasAnOrder());
}

TEST(Histories, WhoDoesNotKnowMayHaveDoneIt) {
  Seen seen;
  seen.ask(1, 1, "put x 1");
  seen.tell(trace::ClientTold{1, 1, 2, false});
  seen.request(2, 1, "get x", "1");
  EXPECT_TRUE(seen.hasAnOrder());
}

// Of a request of a session that has expired nobody knows whether it was carried out before.
TEST(Histories, ARefusalMayComeAfterTheEffect) {
  Seen seen;
  seen.request(1, 1, "@5#1 put x 1", "refused: there is no such session");
  seen.request(2, 1, "get x", "1");
  EXPECT_TRUE(seen.hasAnOrder());
}

TEST(Histories, ProposalsFromOutsideMayHaveHappened) {
  Seen seen;
  const Input input = Propose{.commands = {"put x 7"}};
  Effects effects;
  effects.proposed = Accepted{.index = 1, .term = 1};
  const Server server;
  seen.histories.stepped(
      {.time = ms(0), .before = nullptr, .input = input, .effects = effects, .after = server});
  seen.request(2, 1, "get x", "7");
  EXPECT_TRUE(seen.hasAnOrder());
  seen.request(2, 2, "get x", "8");
  EXPECT_FALSE(seen.hasAnOrder());
}

// A client's own proposal is not told twice.
TEST(Histories, OfAClientsProposalAreItsOwn) {
  Seen seen;
  const Input input = Propose{.commands = {"append x 7"}};
  Effects effects;
  effects.proposed = Accepted{.index = 1, .term = 1};
  const Server server;
  seen.ask(1, 1, "append x 7");
  seen.histories.stepped(
      {.time = ms(1), .before = nullptr, .input = input, .effects = effects, .after = server});
  seen.answer(1, 1, "77");
  EXPECT_FALSE(seen.hasAnOrder());
}

TEST(Histories, OfReadsWithoutTheLogAreOfTheSameKeys) {
  Seen seen;
  seen.request(1, 1, "put x 1", "ok");
  seen.histories.read(ms(10), trace::ReadAsked{.read = 1, .server = 2, .key = "x", .local = true});
  seen.histories.read(
      ms(11), trace::ReadAnswered{.read = 1, .server = 2, .key = "x", .value = {}, .applied = 0});
  EXPECT_TRUE(seen.hasAnOrder()) << "a local read may be as old as it likes";
  seen.histories.read(ms(12), trace::ReadAsked{.read = 2, .server = 1, .key = "x", .local = false});
  seen.histories.read(
      ms(13), trace::ReadAnswered{.read = 2, .server = 1, .key = "x", .value = {}, .applied = 0});
  EXPECT_FALSE(seen.hasAnOrder());
}

TEST(Histories, OfALogThatBeganWithEntriesKnowThem) {
  Seen seen;
  Server server;
  server.log.append({1, "put x 3"});
  seen.histories.started(Time(0), server, false);
  seen.histories.started(Time(0), server, false);
  seen.request(1, 1, "get x", "3");
  EXPECT_TRUE(seen.hasAnOrder());
}

}  // namespace
}  // namespace raft::scenario
