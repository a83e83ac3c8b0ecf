#include "kv/session.h"

#include <map>

#include <gtest/gtest.h>

#include "kv/kv_test_support.h"

namespace raft::kv {
namespace {

using Kind = Outcome::Kind;

struct Opened : testing::Test {
  Machine machine{{.sessions = 2, .outstanding = 3}};
  Opened() { replyTo(machine, "register"); }  // session 1
  Outcome outcome(std::string_view command) { return outcomeOf(machine, command); }
  std::string reply(std::string_view command) { return replyTo(machine, command); }
};

// RegisterClient.3 and RegisterClient.4: the session is allocated in log order, and is called by
// the log index of the command.
TEST_F(Opened, ASessionHasTheNumberOfItsEntry) {
  machine.apply(2, Entry::noop(1));
  const Outcome second = outcome("register");
  EXPECT_EQ(
      second,
      (Outcome{.kind = Kind::Applied, .reply = {Reply::Status::Registered, "3"}, .session = 3}));
  EXPECT_EQ(text(second.reply), "session 3");
  EXPECT_EQ(machine.sessions().all().size(), 2u);
}

// ClientRequest.4, ClientRequest.6: what was carried out is answered with the reply that was kept.
TEST_F(Opened, ARetriedCommandIsCarriedOutOnceAndAnsweredTheSame) {
  EXPECT_EQ(reply("@1#1 append x 1"), "1");
  const Outcome again = outcome("@1#1 append x 1");
  EXPECT_EQ(again, (Outcome{.kind = Kind::Repeated,
                            .reply = {Reply::Status::Value, "1"},
                            .session = 1,
                            .sequence = 1}));
  EXPECT_EQ(reply("get x"), "1");
  // Outside of a session each one counts.
  reply("append x 1");
  reply("append x 1");
  EXPECT_EQ(reply("get x"), "111");
}

// "Commands take effect instantaneously and exactly once according to their first appearance in
// the Raft log" (thesis §6.3): the reply is that of then, whatever has changed since.
TEST_F(Opened, TheReplyIsThatOfTheFirstTime) {
  reply("put x 1");
  EXPECT_EQ(reply("@1#1 cas x 1 2"), "ok");
  EXPECT_EQ(reply("@1#1 cas x 1 2"), "ok");  // it would be "it is 2" if it were carried out
  reply("@1#2<1 get x");
  reply("put x 9");
  EXPECT_EQ(reply("@1#2<1 get x"), "2");
  EXPECT_EQ(reply("@1#3<1 get x"), "9");
}

TEST_F(Opened, AMalformedRequestCountsAsOneToo) {
  EXPECT_EQ(reply("@1#1 put x"), "malformed: expected put KEY VALUE");
  EXPECT_EQ(reply("@1#1 put x 1"), "malformed: expected put KEY VALUE");
  EXPECT_EQ(outcome("@1#2 hello").kind, Kind::Applied);
  EXPECT_EQ(outcome("@1#2 hello").kind, Kind::Repeated);
}

// ClientRequest.3: a command of an unknown session is not carried out.
TEST_F(Opened, ACommandOfAnUnknownSessionIsRefused) {
  for (const char* command : {"@2#1 put x 1", "@9#1 put x 1", "@9 close"}) {
    const Outcome refused = outcome(command);
    EXPECT_EQ(refused.kind, Kind::Refused);
    EXPECT_EQ(refused.reply, Reply{Reply::Status::NoSession});
  }
  EXPECT_EQ(machine.find("x"), nullptr);
}

// ClientRequest.3, the second half: its response was discarded already.
TEST_F(Opened, ARequestWhoseReplyWasDiscardedIsNotCarriedOutAgain) {
  reply("@1#1 append x 1");
  reply("@1#2 append x 2");  // says that the reply to 1 has come
  const Outcome late = outcome("@1#1 append x 1");
  EXPECT_EQ(late.kind, Kind::Refused);
  EXPECT_EQ(late.reply, Reply{Reply::Status::Discarded});
  EXPECT_EQ(reply("@1#2 append x 2"), "12");
  ASSERT_EQ(machine.sessions().all().find(1)->kept.size(), 1u);
}

// "With each request, the client includes the lowest sequence number for which it has not yet
// received a response" (thesis §6.3).
TEST_F(Opened, RequestsOfOneClientMayOverlapAndOvertake) {
  EXPECT_EQ(reply("@1#2<1 append x b"), "b");
  EXPECT_EQ(reply("@1#3<1 append x c"), "bc");
  EXPECT_EQ(reply("@1#1 append x a"), "bca");  // it says nothing of 2 and 3
  EXPECT_EQ(outcome("@1#2<1 append x b").kind, Kind::Repeated);
  EXPECT_EQ(outcome("@1#1 append x a").kind, Kind::Repeated);
  EXPECT_EQ(machine.sessions().all().find(1)->kept.size(), 3u);
  EXPECT_EQ(reply("@1#4<3 append x d"), "bcad");
  EXPECT_EQ(machine.sessions().all().find(1)->kept.size(), 2u);  // of 3 and 4
  EXPECT_EQ(outcome("@1#3<1 append x c").kind, Kind::Repeated);
  EXPECT_EQ(reply("get x"), "bcad");
}

// What was skipped is not lost: it may come yet, until the client says that it has the reply.
TEST_F(Opened, ARequestThatWasOvertakenIsNotTakenForCarriedOut) {
  reply("@1#3<1 append x c");
  EXPECT_EQ(outcome("@1#2<1 append x b").kind, Kind::Applied);
  EXPECT_EQ(reply("get x"), "cb");
}

TEST_F(Opened, AClientMayNotBeTooFarAhead) {
  EXPECT_EQ(outcome("@1#3<1 append x c").kind, Kind::Applied);
  const Outcome ahead = outcome("@1#4<1 append x d");
  EXPECT_EQ(ahead.kind, Kind::Refused);
  EXPECT_EQ(ahead.reply, Reply{Reply::Status::TooMany});
  EXPECT_EQ(reply("get x"), "c");
  EXPECT_EQ(outcome("@1#4<2 append x d").kind, Kind::Applied);  // no refusal is kept
  EXPECT_EQ(outcome("@1#18446744073709551615 get x").kind, Kind::Applied);
  EXPECT_EQ(outcome("@1#18446744073709551615 get x").kind, Kind::Repeated);
}

// "One option is to set an upper bound on the number of sessions and remove entries using an LRU
// (least recently used) policy" (thesis §6.3).
TEST_F(Opened, OneSessionTooManyExpiresTheOneThatWasNotUsedForLongest) {
  reply("register");      // 2
  reply("@1#1 put x 1");  // 1 is the younger now
  const Outcome third = outcome("register");
  EXPECT_EQ(third.session, 4u);
  EXPECT_EQ(third.expired, 2u);
  EXPECT_EQ(outcome("@2#1 put x 2").kind, Kind::Refused);
  EXPECT_EQ(outcome("@1#1 put x 1").kind, Kind::Repeated);  // which is a use of it
  EXPECT_EQ(outcome("register").expired, 4u);
  EXPECT_EQ(machine.sessions().all().size(), 2u);
}

// A command that was carried out before its session expired is not carried out a second time, as it
// would be if a session came into being with the first command that names it.
TEST_F(Opened, ARetryAfterItsSessionExpiredIsRefused) {
  reply("@1#1 append x 1");
  reply("register");
  reply("register");
  EXPECT_EQ(outcome("@1#1 append x 1").reply, Reply{Reply::Status::NoSession});
  EXPECT_EQ(reply("get x"), "1");
}

TEST_F(Opened, AClosedSessionIsGone) {
  EXPECT_EQ(reply("@1 close"), "ok");
  EXPECT_EQ(reply("@1 close"), "refused: there is no such session");
  EXPECT_EQ(outcome("@1#1 put x 1").kind, Kind::Refused);
  EXPECT_EQ(outcome("register").expired, std::nullopt);
}

// Beside the machine, what each request did by the book: any order, any number of copies, and the
// bound on what is outstanding kept. Each takes effect once, and is answered the same ever after.
TEST(Sessions, CarryOutEachRequestOnceInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random chance{.seed = seed};
    Machine machine({.sessions = 4, .outstanding = 5});
    std::vector<std::uint64_t> first(4, 1);  // by session, which are 1 to 4
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> replies;
    for (int i = 0; i < 4; ++i) replyTo(machine, "register");
    std::uint64_t effects = 0;
    for (int round = 0; round < 2000; ++round) {
      const std::uint64_t session = 1 + chance.below(4);
      std::uint64_t& unanswered = first[session - 1];
      const std::uint64_t sequence = unanswered + chance.below(5);
      Request request{Append{"x", "y"}, session, sequence, unanswered};
      const Outcome outcome = outcomeOf(machine, text(request));
      const auto [at, isNew] = replies.try_emplace({session, sequence}, text(outcome.reply));
      EXPECT_EQ(outcome.kind, isNew ? Kind::Applied : Kind::Repeated);
      EXPECT_EQ(at->second, text(outcome.reply));
      effects += isNew ? 1 : 0;
      while (chance.below(2) == 0 && replies.contains({session, unanswered})) ++unanswered;
    }
    EXPECT_EQ(machine.find("x")->bytes().size(), effects);
  }
}

}  // namespace
}  // namespace raft::kv
