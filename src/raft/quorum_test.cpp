#include "raft/quorum.h"

#include <vector>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

TEST(Quorum, AMajorityIsMoreThanHalf) {
  const std::uint32_t expected[] = {1, 2, 2, 3, 3, 4, 4, 5};
  for (std::uint32_t voters = 1; voters <= 8; ++voters) {
    EXPECT_EQ(majority(voters), expected[voters - 1]);
  }
  EXPECT_EQ(majority(256), 129u);
}

// Every set of answers, for up to seven voters.
TEST(Quorum, IsWhatCountingSays) {
  for (std::uint32_t voters = 1; voters <= 7; ++voters) {
    for (std::uint32_t bits = 0; bits < 1u << voters; ++bits) {
      ServerSet granted;
      std::uint32_t count = 0;
      for (std::uint32_t i = 0; i < voters; ++i) {
        if (bits >> i & 1) {
          granted.insert(i + 1);
          ++count;
        }
      }
      EXPECT_EQ(isMajority(granted, ServerSet::firstServers(voters)), 2 * count > voters);
    }
  }
}

// §5.2: "a majority of the servers in the full cluster"
TEST(Quorum, WhoIsNoVoterDoesNotCount) {
  EXPECT_FALSE(isMajority({1, 4, 5}, {1, 2, 3}));
  EXPECT_TRUE(isMajority({1, 3, 5}, {1, 2, 3}));
  EXPECT_TRUE(isMajority({200, 256}, {1, 200, 256}));
}

// The highest n that more than half of `indexes` have reached, by trying each.
std::uint64_t reachedByMajority(const std::vector<std::uint64_t>& indexes) {
  std::uint64_t best = 0;
  for (std::uint64_t n = 0; n <= 4; ++n) {
    std::uint64_t count = 0;
    for (std::uint64_t index : indexes) count += index >= n;
    if (2 * count > indexes.size()) best = n;
  }
  return best;
}

// Every vector of indexes 0 to 4 (0 to 3 for many), for up to seven voters.
TEST(Quorum, TheMajoritysIndexIsWhatTryingEachSays) {
  for (std::uint32_t voters = 1; voters <= 7; ++voters) {
    const std::uint64_t values = voters <= 5 ? 5 : 4;
    std::vector<std::uint64_t> indexes(voters, 0);
    for (bool more = true; more;) {
      const Index n = majorityIndex(ServerSet::firstServers(voters),
                                    [&](ServerId i) { return indexes[i.value - 1]; });
      ASSERT_EQ(n, reachedByMajority(indexes)) << testing::PrintToString(indexes);
      more = false;
      for (std::uint64_t& index : indexes) {
        if (++index < values) {
          more = true;
          break;
        }
        index = 0;
      }
    }
  }
}

TEST(Quorum, ServersNeedNotBeTheFirstOnes) {
  const ServerSet voters{3, 70, 256};
  EXPECT_EQ(majorityIndex(voters, [](ServerId i) { return Index(i.value); }), 70);
}

TEST(Quorum, AClusterMayHaveAsManyServersAsASet) {
  const ServerSet all = ServerSet::firstServers(256);
  EXPECT_EQ(majorityIndex(all, [](ServerId i) { return Index(i.value); }), 128);
}

}  // namespace
}  // namespace raft
