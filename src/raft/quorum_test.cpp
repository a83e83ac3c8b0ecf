#include "raft/quorum.h"

#include <bit>
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

// Joint consensus, by its definition.

struct Joint {
  ServerSet old, next;
  Configuration configuration() const { return {.voters = old, .nextVoters = next}; }
};

ServerSet setOf(std::uint32_t bits) {
  ServerSet set;
  for (std::uint32_t i = 0; i < ServerSet::maxServers && bits >> i != 0; ++i) {
    if (bits >> i & 1) set.insert(i + 1);
  }
  return set;
}

// More than half of them, counted one by one.
bool mostOf(const ServerSet& all, const ServerSet& those) {
  int balance = 0;
  for (ServerId each : all) balance += those.contains(each) ? 1 : -1;
  return balance > 0;
}

bool bothHalves(const Joint& joint, const ServerSet& those) {
  return mostOf(joint.old, those) && (joint.next.empty() || mostOf(joint.next, those));
}

// Every pair of sets of up to four servers out of `servers` (so that they share all, some, or
// none), and every single set of up to seven.
template <class Check>
void forEachJoint(std::uint32_t servers, Check check) {
  for (std::uint32_t old = 1; old < 1u << servers; ++old) {
    if (std::popcount(old) > 4) continue;
    for (std::uint32_t next = 0; next < 1u << servers; ++next) {
      if (std::popcount(next) <= 4) check(Joint{setOf(old), setOf(next)}, old | next);
    }
  }
}

// The naive definition: whatever those do who have not answered, it is won; or it is lost.
Election naiveElection(const Joint& joint, const ServerSet& granted, const ServerSet& responded,
                       std::uint32_t voters) {
  bool alwaysWon = true;
  bool everWon = false;
  for (std::uint32_t more = 0; more <= voters; ++more) {
    ServerSet all = granted;
    bool possible = (more & ~voters) == 0;
    for (ServerId each : setOf(more)) {
      possible = possible && !responded.contains(each);
      all.insert(each);
    }
    if (!possible) continue;
    const bool won = bothHalves(joint, all);
    alwaysWon = alwaysWon && won;
    everWon = everWon || won;
  }
  return alwaysWon ? Election::Won : everWon ? Election::Pending : Election::Lost;
}

void checkElections(const Joint& joint, std::uint32_t voters) {
  for (std::uint32_t responded = 0; responded <= voters; ++responded) {
    if ((responded & ~voters) != 0) continue;
    for (std::uint32_t granted = responded;; granted = (granted - 1) & responded) {
      ASSERT_EQ(election(setOf(granted), setOf(responded), joint.configuration()),
                naiveElection(joint, setOf(granted), setOf(responded), voters))
          << testing::PrintToString(joint.configuration()) << " granted "
          << testing::PrintToString(setOf(granted)) << " of "
          << testing::PrintToString(setOf(responded));
      ASSERT_EQ(isMajority(setOf(granted), joint.configuration()),
                bothHalves(joint, setOf(granted)));
      if (granted == 0) break;
    }
  }
}

// §4.3: "Agreement (for elections and entry commitment) requires majorities from both the old and
// new configurations."
TEST(Quorum, AnElectionOfAJointConfigurationIsWhatTryingEachSays) {
  forEachJoint(5, checkElections);
}

// Of up to seven voters, each may have granted its vote, refused it, or not answered.
TEST(Quorum, AnElectionIsWhatTryingEachSays) {
  for (std::uint32_t count = 1; count <= 7; ++count) {
    checkElections({ServerSet::firstServers(count), {}}, (1u << count) - 1);
  }
}

// §4.3: disjoint halves of up to four, eight servers in all.
TEST(Quorum, AnElectionOfDisjointHalvesNeedsBoth) {
  for (std::uint32_t old = 1; old <= 4; ++old) {
    for (std::uint32_t next = 1; next <= 4; ++next) {
      const std::uint32_t voters = (1u << (old + next)) - 1;
      const std::uint32_t first = (1u << old) - 1;
      checkElections({setOf(first), setOf(voters & ~first)}, voters);
    }
  }
}

// The highest n so that more than half of both sets have reached it, by trying each.
std::uint64_t reachedByBoth(const Joint& joint, const std::vector<std::uint64_t>& indexes) {
  std::uint64_t best = 0;
  for (std::uint64_t n = 0; n <= 4; ++n) {
    ServerSet reached;
    for (std::uint32_t i = 0; i < indexes.size(); ++i) {
      if (indexes[i] >= n) reached.insert(i + 1);
    }
    if (bothHalves(joint, reached)) best = n;
  }
  return best;
}

// Every vector of indexes 0 to 3 of five servers, for each joint pair of up to four of them.
TEST(Quorum, TheIndexOfBothMajoritiesIsWhatTryingEachSays) {
  forEachJoint(5, [](const Joint& joint, std::uint32_t) {
    for (std::uint32_t code = 0; code < 1u << 10; ++code) {
      std::vector<std::uint64_t> indexes;
      for (std::uint32_t i = 0; i < 5; ++i) indexes.push_back(code >> 2 * i & 3);
      ASSERT_EQ(
          majorityIndex(joint.configuration(), [&](ServerId i) { return indexes[i.value - 1]; }),
          reachedByBoth(joint, indexes))
          << testing::PrintToString(joint.configuration()) << testing::PrintToString(indexes);
    }
  });
}

// §4.1: "any majority of the old cluster overlaps with any majority of the new cluster", by trying
// each pair of sets of five servers.
TEST(Quorum, MajoritiesOverlapAsTryingEachPairSays) {
  for (std::uint32_t a = 1; a < 32; ++a) {
    for (std::uint32_t b = 1; b < 32; ++b) {
      bool overlap = true;
      for (std::uint32_t one = 0; one < 32; ++one) {
        for (std::uint32_t other = 0; other < 32; ++other) {
          const bool disjoint = (one & other) == 0;
          const bool majorities =
              mostOf(setOf(a), setOf(one & a)) && mostOf(setOf(b), setOf(other & b));
          if (disjoint && majorities) overlap = false;
        }
      }
      ASSERT_EQ(alwaysOverlap(setOf(a), setOf(b)), overlap) << a << ' ' << b;
    }
  }
}

// Figure 4.3: three servers and five have disjoint majorities; through the joint configuration they
// never do.
TEST(Quorum, AJointConfigurationOverlapsWithBothItsHalves) {
  const Configuration three{.voters = {1, 2, 3}};
  const Configuration five{.voters = {1, 2, 3, 4, 5}};
  const Configuration joint{.voters = {1, 2, 3}, .nextVoters = {1, 2, 3, 4, 5}};
  EXPECT_FALSE(alwaysOverlap(three, five));
  EXPECT_TRUE(alwaysOverlap(three, joint));
  EXPECT_TRUE(alwaysOverlap(joint, five));
  EXPECT_TRUE(alwaysOverlap(three, Configuration{.voters = {1, 2, 3, 4}}));
  EXPECT_FALSE(alwaysOverlap(three, Configuration{.voters = {3, 4, 5}}));
}

// Who is a learner neither helps nor hinders (§4.2.1).
TEST(Quorum, LearnersNeverCount) {
  const Configuration learning{.voters = {1, 2, 3}, .learners = {4, 5}};
  EXPECT_FALSE(isMajority({1, 4, 5}, learning));
  EXPECT_EQ(election({1}, {1, 4, 5}, learning), Election::Pending);
  EXPECT_EQ(election({1, 4, 5}, {1, 2, 3, 4, 5}, learning), Election::Lost);
  EXPECT_EQ(majorityIndex(learning, [](ServerId i) { return Index(i.value); }), 2);
}

TEST(Quorum, OfNoVotersNoneIsAMajority) {
  EXPECT_FALSE(isMajority({1, 2}, Configuration{}));
  EXPECT_EQ(election({1, 2}, {1, 2}, Configuration{}), Election::Lost);
}

TEST(Quorum, AClusterMayHaveAsManyServersAsASet) {
  const ServerSet all = ServerSet::firstServers(256);
  EXPECT_EQ(majorityIndex(all, [](ServerId i) { return Index(i.value); }), 128);
}

}  // namespace
}  // namespace raft
