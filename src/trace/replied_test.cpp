// What is told of a state machine's replies.
#include <gtest/gtest.h>

#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::trace {
namespace {

const Names abc({"A", "B", "C"});

// The sentences told of replies, each by server A unless it is said otherwise.
struct Told {
  FactList list;
  Narrator narrator{list, abc};

  Told& operator()(Replied reply, ServerId server = 1) {
    narrator.replied(Time(0), server, reply);
    return *this;
  }
  std::vector<std::string> sentences() const {
    std::vector<std::string> out;
    for (const Fact& fact : list.facts) out.push_back(sentence(fact, abc));
    return out;
  }
};

using Sentences = std::vector<std::string>;
using Kind = Replied::Kind;

TEST(Replied, IsToldOfTheFirstServerAlone) {
  const Replied get{.index = 4, .entry = {1, "get x"}, .kind = Kind::Applied, .reply = "10"};
  EXPECT_EQ(Told()(get)(get, 2)(get, 1).sentences(), Sentences{"A answers 4^1 (get x) with 10"});
}

TEST(Replied, IsNotToldIfThereIsNoMoreToSayThanThatItIsApplied) {
  const Replied put{.index = 1, .entry = {1, "put x 1"}, .kind = Kind::Applied, .reply = "ok"};
  const Replied other{.index = 2, .entry = {1, "c1.1"}, .kind = Kind::Nothing};
  // Its client will have it: that is told.
  const Replied awaited{
      .index = 3, .entry = {1, "get x"}, .kind = Kind::Applied, .reply = "10", .awaited = true};
  EXPECT_EQ(Told()(put)(other)(awaited).sentences(), Sentences{});
}

TEST(Replied, SaysWhyACommandIsNotCarriedOut) {
  EXPECT_EQ(
      Told()({.index = 5,
              .entry = {2, "@1#3 append x 1"},
              .kind = Kind::Repeated,
              .reply = "1",
              .session = 1,
              .sequence = 3,
              .awaited = true})
          .sentences(),
      Sentences{"A answers 5^2 (@1#3 append x 1) with 1, as before, and does not carry it out "
                "again: request 3 of session 1 was carried out before (thesis §6.3)"});
  EXPECT_EQ(Told()({.index = 5,
                    .entry = {2, "@1#3 put x 1"},
                    .kind = Kind::Refused,
                    .reply = "refused: there is no such session",
                    .session = 1,
                    .sequence = 3})
                .sentences(),
            Sentences{"A does not carry out 5^2 (@1#3 put x 1), refused: there is no such session: "
                      "it is of request 3 of session 1 (thesis §6.3)"});
}

TEST(Replied, SaysWhichSessionMadeRoom) {
  EXPECT_EQ(
      Told()({.index = 7,
              .entry = {1, "register"},
              .kind = Kind::Applied,
              .reply = "session 7",
              .session = 7,
              .expired = 3,
              .awaited = true})
          .sentences(),
      Sentences{"A answers 7^1 (register) with session 7: to make room, session 3, which was not "
                "used for longest, expires (thesis §6.3)"});
}

}  // namespace
}  // namespace raft::trace
