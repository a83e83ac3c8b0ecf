#include "kv/machine.h"

#include <gtest/gtest.h>

#include "kv/kv_test_support.h"
#include "raft/assert.h"

namespace raft::kv {
namespace {

using Kind = Outcome::Kind;

// ClientRequest.5 and ClientRequest.7: applied in log order, and answered with the output.
TEST(Machine, SetsAndGets) {
  Machine machine;
  EXPECT_EQ(replyTo(machine, "get x"), "nothing");
  EXPECT_EQ(replyTo(machine, "put x 1"), "ok");
  EXPECT_EQ(replyTo(machine, "get x"), "1");
  EXPECT_EQ(replyTo(machine, "SetX=10"), "ok");
  EXPECT_EQ(replyTo(machine, "get X"), "10");
  EXPECT_EQ(replyTo(machine, "get x"), "1");
  ASSERT_NE(machine.find("X"), nullptr);
  EXPECT_EQ(*machine.find("X"), Command("10"));
  EXPECT_EQ(machine.find("y"), nullptr);
}

TEST(Machine, Appends) {
  Machine machine;
  EXPECT_EQ(replyTo(machine, "append x ab"), "ab");
  EXPECT_EQ(replyTo(machine, "append x \"\""), "ab");
  EXPECT_EQ(replyTo(machine, "append x cd"), "abcd");
}

TEST(Machine, ComparesAndSets) {
  Machine machine;
  EXPECT_EQ(replyTo(machine, "cas x 1 2"), "nothing");
  replyTo(machine, "put x 1");
  EXPECT_EQ(replyTo(machine, "cas x 2 3"), "it is 1");
  EXPECT_EQ(replyTo(machine, "cas x 1 2"), "ok");
  EXPECT_EQ(replyTo(machine, "get x"), "2");
}

TEST(Machine, Deletes) {
  Machine machine;
  EXPECT_EQ(replyTo(machine, "delete x"), "nothing");
  replyTo(machine, "put x 1");
  EXPECT_EQ(replyTo(machine, "delete x"), "ok");
  EXPECT_EQ(replyTo(machine, "get x"), "nothing");
  EXPECT_EQ(machine.digest(), Machine().digest());
}

TEST(Machine, AnswersWhatItDoesNotUnderstand) {
  Machine machine;
  EXPECT_EQ(outcomeOf(machine, "c1.1"), Outcome{});
  EXPECT_EQ(outcomeOf(machine, ""), Outcome{});
  const Outcome malformed = outcomeOf(machine, "put x");
  EXPECT_EQ(malformed.kind, Kind::Applied);
  EXPECT_EQ(text(malformed.reply), "malformed: expected put KEY VALUE");
  EXPECT_EQ(machine.lastApplied(), Index{3});
  EXPECT_EQ(machine.digest(), Machine().digest());
}

TEST(Machine, PassesOverEntriesThatAreNoCommands) {
  Machine machine;
  EXPECT_EQ(machine.apply(1, Entry::noop(1)), Outcome{});
  EXPECT_EQ(machine.lastApplied(), Index{1});
}

TEST(Machine, RepliesThatDifferHaveDifferentTexts) {
  EXPECT_EQ(text({Reply::Status::Value, "ok"}), "\"ok\"");
  EXPECT_EQ(text({Reply::Status::Value, "nothing"}), "\"nothing\"");
  EXPECT_EQ(text({Reply::Status::Value, ""}), "\"\"");
  EXPECT_EQ(text({Reply::Status::Value, "session 1"}), "\"session 1\"");
  EXPECT_EQ(text({Reply::Status::Different, "a b"}), "it is \"a b\"");
  EXPECT_EQ(text(Reply{}), "");
}

TEST(Machine, IsAValueAndItsCopiesGoTheirOwnWays) {
  Machine machine;
  replyTo(machine, "put x 1");
  replyTo(machine, "register");
  Machine copy = machine;
  EXPECT_EQ(copy, machine);
  replyTo(copy, "put x 2");
  EXPECT_NE(copy, machine);
  EXPECT_NE(copy.digest(), machine.digest());
  replyTo(machine, "put x 2");
  EXPECT_EQ(copy, machine);
  replyTo(copy, "@2#1 get x");
  replyTo(machine, "get x");
  EXPECT_NE(copy, machine);  // the session was used
  EXPECT_NE(copy.digest(), machine.digest());
}

TEST(Machine, TakesEntriesInOrderAlone) {
  const auto refuses = [](const BrokenAssertion& broken) { throw broken; };
  const AssertionHandler before = setAssertionHandler(refuses);
  Machine machine;
  EXPECT_THROW(machine.apply(2, Entry::noop(1)), BrokenAssertion);
  machine.apply(1, Entry::noop(1));
  EXPECT_THROW(machine.apply(1, Entry::noop(1)), BrokenAssertion);
  setAssertionHandler(before);
}

}  // namespace
}  // namespace raft::kv
