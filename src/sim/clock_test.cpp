#include "sim/clock.h"

#include <gtest/gtest.h>

#include "raft/random.h"

namespace raft::sim {
namespace {

using std::chrono::seconds;

TEST(Clock, RunsAsItDrifts) {
  EXPECT_EQ(Clock{}.read(seconds(10)), seconds(10));
  EXPECT_EQ(Clock{50'000}.read(seconds(10)), Time(10'500'000)) << "5 % fast";
  EXPECT_EQ(Clock{-50'000}.read(seconds(10)), Time(9'500'000));
  EXPECT_EQ(Clock{1}.read(Time(999'999)), Time(999'999));
  EXPECT_EQ(Clock{1}.read(seconds(1)), Time(1'000'001));
}

// A timer that waits until when(local) finds its deadline passed; a moment before it does not.
TEST(Clock, KnowsTheVeryFirstMomentAtWhichItSaysSo) {
  Random chance{.seed = 4};
  const std::int64_t year = 366ll * 24 * 3600 * 1'000'000;
  for (int i = 0; i < 20'000; ++i) {
    const auto drift = static_cast<std::int32_t>(chance.below(2 * Clock::mostDrift + 1));
    const Clock clock{drift - Clock::mostDrift};
    const Time local(chance.below(i % 2 == 0 ? 5'000 : year) + 1);
    const Time when = clock.when(local);
    ASSERT_GE(clock.read(when), local) << clock.driftPerMillion;
    ASSERT_LT(clock.read(when - Duration(1)), local) << clock.driftPerMillion;
    ASSERT_LE(clock.read(when - Duration(1)), clock.read(when)) << "it does not run backwards";
  }
}

TEST(Clock, NeverIsNever) {
  EXPECT_EQ(Clock{7}.when(Time::max()), Time::max());
  EXPECT_EQ(Clock{7}.when(Time(0)), Time(0));
}

}  // namespace
}  // namespace raft::sim
