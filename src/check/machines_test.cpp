#include "check/machines.h"

#include <gtest/gtest.h>

#include "check/check_test_support.h"
#include "check/checkers.h"

namespace raft::check {
namespace {

using Kind = trace::Replied::Kind;
using trace::Replied;

Replied reply(Index index, std::uint64_t digest, Command text = "ok") {
  return {.index = index,
          .entry = {1, "put x 1"},
          .kind = Kind::Applied,
          .reply = std::move(text),
          .digest = digest};
}

Replied ofSession(Index index, Kind kind, std::uint64_t sequence, Command text) {
  Replied out = reply(index, index.value, std::move(text));
  out.kind = kind;
  out.session = 7;
  out.sequence = sequence;
  return out;
}

std::string found(const Machines& machines) {
  if (machines.violations().empty()) return "nothing";
  const Violation& first = machines.violations().front();
  return std::string(nameOf(first.property)) + ": " + tell(first);
}

TEST(SameState, OfAllThatHaveAppliedTheSame) {
  Machines machines;
  for (ServerId id : {1, 2}) {
    machines.replied(ms(1), id, reply(1, 11));
    machines.replied(ms(2), id, reply(2, 12));
  }
  machines.replied(ms(3), 1, reply(1, 11));  // it has restarted
  EXPECT_EQ(found(machines), "nothing");
  machines.replied(ms(4), 3, reply(2, 13));
  EXPECT_EQ(found(machines),
            "SameState: the state machines of s3 and s1, which applied it at 2 ms, differ after "
            "2^1");
}

TEST(SameState, HasTheSameReplies) {
  Machines machines;
  machines.replied(ms(1), 1, reply(4, 11, "1"));
  machines.replied(ms(2), 2, reply(4, 11, "2"));
  EXPECT_EQ(found(machines), "SameState: s2 replies to 4^1 otherwise than s1 did at 1 ms");
}

TEST(SameState, IsNotOwedByThoseWhoAppliedOtherEntries) {
  Machines machines;
  machines.replied(ms(1), 1, reply(1, 11));
  machines.replied(ms(1), 1, reply(2, 12));
  machines.replied(ms(1), 1, reply(3, 13));
  Replied other = reply(2, 22);
  other.entry.term = 2;
  machines.replied(ms(2), 2, reply(1, 11));
  machines.replied(ms(2), 2, other);  // StateMachineSafety's business
  machines.replied(ms(2), 2, reply(3, 23));
  EXPECT_EQ(found(machines), "nothing");
  machines.replied(ms(3), 3, reply(1, 10));
  EXPECT_EQ(found(machines),
            "SameState: the state machines of s3 and s1, which applied it at 1 ms, differ after "
            "1^1");
}

TEST(ExactlyOnce, IsEachRequestOfASession) {
  Machines machines;
  for (ServerId id : {1, 2}) {
    machines.replied(ms(1), id, ofSession(1, Kind::Applied, 1, "1"));
    machines.replied(ms(1), id, ofSession(2, Kind::Repeated, 1, "1"));
    machines.replied(ms(1), id, ofSession(3, Kind::Applied, 2, "1"));
    machines.replied(ms(1), id, ofSession(4, Kind::Refused, 1, "refused: …"));
  }
  EXPECT_EQ(found(machines), "nothing");
  machines.replied(ms(2), 1, ofSession(5, Kind::Applied, 1, "11"));
  EXPECT_EQ(found(machines),
            "ExactlyOnce: s1 carries out request 1 of session 7 with 5^1, though it was with 1^1");
}

TEST(ExactlyOnce, IsNotWhatIsAnsweredAnew) {
  Machines machines;
  machines.replied(ms(1), 1, ofSession(1, Kind::Applied, 1, "1"));
  machines.replied(ms(1), 1, ofSession(2, Kind::Repeated, 1, "2"));
  EXPECT_EQ(found(machines),
            "ExactlyOnce: s1 replies to 2^1, a repetition of request 1 of session 7, otherwise "
            "than to 1^1");
}

TEST(ExactlyOnce, IsNotWhatNeverWas) {
  Machines machines;
  machines.replied(ms(1), 1, ofSession(1, Kind::Repeated, 1, "1"));
  EXPECT_EQ(found(machines),
            "ExactlyOnce: s1 takes 1^1 for a repetition of request 1 of session 7, which never "
            "was");
}

TEST(Machines, AreAmongTheCheckers) {
  Checkers checkers;
  checkers.replied(ms(1), 1, reply(1, 11));
  checkers.replied(ms(2), 2, reply(1, 12));
  ASSERT_NE(checkers.violation(), nullptr);
  EXPECT_EQ(checkers.violation()->property, Property::SameState);
  EXPECT_EQ(checkers.violations().size(), 1u);
}

}  // namespace
}  // namespace raft::check
