#include "raft/random.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

// These values never change: each published seed stands for one run.
TEST(Random, DrawsTheseNumbersForever) {
  Random random{.seed = 0};
  EXPECT_EQ(random.next(), 0xe220a8397b1dcdafu);  // as splitmix64 does from 0
  EXPECT_EQ(random.next(), 0x6e789e6aa1b965f4u);
  EXPECT_EQ(random.next(), 0x06c45d188009454fu);
  random = {.seed = 7};
  EXPECT_EQ(random.next(), 0x63cbe1e459320dd7u);
  EXPECT_EQ(random.between(ms(150), ms(300)).count(), 152518);
  EXPECT_EQ(random.below(1000), 900u);
  EXPECT_EQ(Random::stream(1, 2, 3).seed, 0x6ea43fa50cdbd352u);
}

TEST(Random, IsAValue) {
  Random random{.seed = 42};
  random.next();
  Random copy = random;
  EXPECT_EQ(copy, random);
  const std::uint64_t drawn = random.next();
  EXPECT_NE(copy, random);
  EXPECT_EQ(copy.next(), drawn);
  EXPECT_EQ((Random{.seed = 42, .counter = 1}.next()), drawn);
}

TEST(Random, StreamsThatDifferInAnythingAreUnrelated) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t purpose = 0; purpose < 10; ++purpose) {
      for (std::uint64_t entity = 0; entity < 10; ++entity) {
        first.insert(Random::stream(seed, purpose, entity).next());
      }
    }
  }
  EXPECT_EQ(first.size(), 1000u);
}

TEST(Random, StaysBelowItsBoundAndReachesAllOfIt) {
  Random random{.seed = 3};
  for (std::uint64_t bound : {1ull, 2ull, 3ull, 7ull, 0xffffffffull, 0x100000000ull, ~0ull}) {
    for (int i = 0; i < 1000; ++i) ASSERT_LT(random.below(bound), bound);
  }
  std::array<int, 10> count{};
  for (int i = 0; i < 10'000; ++i) ++count[random.below(10)];
  for (int n : count) {
    EXPECT_GT(n, 850);
    EXPECT_LT(n, 1150);
  }
}

TEST(Random, ADurationMayBeEitherEndOfItsRange) {
  Random random{.seed = 3};
  std::set<std::int64_t> drawn;
  for (int i = 0; i < 200; ++i) drawn.insert(random.between(Duration(-1), Duration(2)).count());
  EXPECT_EQ(drawn, (std::set<std::int64_t>{-1, 0, 1, 2}));
  EXPECT_EQ(random.between(ms(5), ms(5)), ms(5));
}

TEST(Random, AChanceOfAMillionPartsIsCertainAndOfNoneDrawsNothing) {
  Random random{.seed = 3};
  const Random before = random;
  EXPECT_FALSE(random.chance(0));
  EXPECT_EQ(random, before);
  int count = 0;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(random.chance(1'000'000));
    count += random.chance(250'000);
  }
  EXPECT_NEAR(count, 2500, 200);
}

}  // namespace
}  // namespace raft
