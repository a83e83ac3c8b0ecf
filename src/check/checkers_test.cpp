#include "check/checkers.h"

#include <gtest/gtest.h>

#include "check/check_test_support.h"

namespace raft::check {
namespace {

Server leader(ServerId id, Term term) {
  return {
      .id = id, .configuration = {{1, 2, 3}}, .currentTerm = term, .role = Leader{{{}, {}, {}}}};
}

TEST(Checkers, TellTheFirstOfAllViolations) {
  Checkers checkers({.bound = ms(1000)});
  for (ServerId id : {1, 2, 3}) {
    checkers.started(ms(0), Server{.id = id, .configuration = {{1, 2, 3}}}, false);
  }
  EXPECT_EQ(checkers.violation(), nullptr);
  checkers.finish(ms(2000));  // nobody leads
  ASSERT_NE(checkers.violation(), nullptr);
  EXPECT_EQ(checkers.violation()->property, Property::Progress);

  checkers.invariantBroken(ms(500), leader(1, 2), "any");
  for (ServerId id : {1, 2}) tellStep(checkers, ms(3000), leader(id, 2));
  std::vector<Property> found;
  for (const Violation& each : checkers.violations()) found.push_back(each.property);
  EXPECT_EQ(found,
            (std::vector{Property::Invariant, Property::Progress, Property::ElectionSafety}));
  EXPECT_EQ(checkers.violation()->property, Property::Invariant);
}

TEST(Checkers, HaveNothingToSayOfAHealthyRun) {
  Checkers checkers;
  MiniCluster cluster(3, checkers);
  for (std::uint32_t round = 0; round < 5; ++round) {
    cluster.runUntil(cluster.now + ms(20'000));
    cluster.propose(cluster.leader(), "a");
    cluster.runUntil(cluster.now + ms(1));
    cluster.crash(cluster.leader());
    cluster.runUntil(cluster.now + ms(20'000));
    for (const Server& server : cluster.servers) {
      if (server.id != cluster.leader() && cluster.isDown(server.id)) cluster.restart(server.id);
    }
  }
  checkers.finish(cluster.now);
  EXPECT_EQ(checkers.violation(), nullptr) << tell(*checkers.violation());
  const Checkers copy = checkers;
  EXPECT_EQ(copy, checkers);
}

}  // namespace
}  // namespace raft::check
