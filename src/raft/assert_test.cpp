#include "raft/assert.h"

#include <string>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

[[noreturn]] void throwIt(const BrokenAssertion& broken) { throw broken; }

struct ThrowingHandler {
  ThrowingHandler() : previous(setAssertionHandler(throwIt)) {}
  ~ThrowingHandler() { setAssertionHandler(previous); }
  AssertionHandler previous;
};

TEST(Assert, NothingHappensWhileTheConditionHolds) {
  const ThrowingHandler handler;
  int evaluated = 0;
  RAFT_ASSERT(++evaluated == 1, "it is evaluated once");
  EXPECT_EQ(evaluated, 1);
}

TEST(Assert, TheHandlerIsToldWhatWasFalseWhereAndWhatItMeans) {
  const ThrowingHandler handler;
  const int line = __LINE__ + 2;
  try {
    RAFT_ASSERT(1 + 1 == 3, "sums are right");
    FAIL() << "it went on";
  } catch (const BrokenAssertion& broken) {
    EXPECT_STREQ(broken.condition, "1 + 1 == 3");
    EXPECT_STREQ(broken.meaning, "sums are right");
    EXPECT_NE(std::string(broken.file).find("assert_test.cpp"), std::string::npos);
    EXPECT_EQ(broken.line, line);
  }
}

TEST(Assert, SettingAHandlerReturnsTheOneBefore) {
  const ThrowingHandler outer;
  {
    const ThrowingHandler inner;
    EXPECT_EQ(inner.previous, &throwIt);
  }
  EXPECT_EQ(setAssertionHandler(outer.previous), &throwIt);
}

using AssertDeathTest = testing::Test;

TEST(AssertDeathTest, WithoutAHandlerOrAfterOneThatReturnsTheProcessTraps) {
  EXPECT_DEATH(RAFT_ASSERT(false, "never"), "");
  EXPECT_DEATH(
      {
        setAssertionHandler([](const BrokenAssertion&) {});
        RAFT_ASSERT(false, "never");
      },
      "");
}

// What a caller must not ask of a log is refused, in every build.
TEST(Assert, TheLogRefusesWhatItDoesNotHave) {
  const ThrowingHandler handler;
  Log log = logOf({1, 1});
  EXPECT_THROW(log[0], BrokenAssertion);
  EXPECT_THROW(log[3], BrokenAssertion);
  EXPECT_THROW(log.term(3), BrokenAssertion);
  EXPECT_THROW(log.from(0), BrokenAssertion);
  EXPECT_THROW(log.between(1, 3), BrokenAssertion);
  EXPECT_THROW(log.truncateFrom(0), BrokenAssertion);
  EXPECT_THROW(Log()[1], BrokenAssertion);
}

}  // namespace
}  // namespace raft
