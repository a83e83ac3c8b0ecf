#include "cli/evidence.h"

#include <gtest/gtest.h>

namespace raft::cli {
namespace {

using namespace trace;

Fact fact(std::int64_t ms, ServerId server, What what) {
  return {.time = std::chrono::milliseconds(ms), .server = server, .what = std::move(what)};
}

check::Violation violation(std::int64_t ms, std::vector<ServerId> servers) {
  return {.property = check::Property::ElectionSafety,
          .time = std::chrono::milliseconds(ms),
          .servers = std::move(servers)};
}

TEST(Evidence, IsTheDeedsOfTheServersInQuestionAndOfTheNetwork) {
  Evidence evidence;
  const Fact candidate = fact(10, 1, BecameCandidate{});
  const Fact healed = fact(20, 0, Healed{});
  const Fact leader = fact(30, 1, BecameLeader{});
  evidence.told(candidate);
  evidence.told(fact(11, 1, MessageSent{}));
  evidence.told(fact(12, 2, BecameCandidate{}));
  evidence.told(healed);
  evidence.told(leader);
  evidence.told(fact(31, 1, Applied{}));
  EXPECT_EQ(evidence.of(violation(30, {1})), (std::vector<Fact>{candidate, healed, leader}));
}

TEST(Evidence, IsTheLatestAndEndsWithTheFirstViolation) {
  Evidence evidence;
  for (std::int64_t ms = 1; ms <= 1000; ++ms) evidence.told(fact(ms, 1, Applied{}));
  evidence.told(fact(1000, 0, PropertyViolated{}));
  evidence.told(fact(1000, 1, BecameLeader{}));
  const std::vector<Fact> found = evidence.of(violation(1000, {1}));
  ASSERT_EQ(found.size(), 12u);
  EXPECT_EQ(found.front(), fact(989, 1, Applied{}));
  EXPECT_EQ(found.back(), fact(1000, 1, Applied{}));
}

}  // namespace
}  // namespace raft::cli
