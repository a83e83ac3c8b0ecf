#include "check/membership.h"

#include <gtest/gtest.h>

#include "check/check_test_support.h"

namespace raft::check {
namespace {

// The first server applies `all`, one after another, from index 1 on.
const Violation* verdict(Membership& check, const std::vector<Configuration>& all) {
  Server server{.id = 1, .configuration = {{1, 2, 3}}, .baseConfiguration = {{1, 2, 3}}};
  check.started(ms(0), server, false);
  const Input input = Timeout{};
  Index index = 1;
  for (const Configuration& each : all) {
    const Effects effects{
        .apply = {.first = index,
                  .entries = {{1, encode(each), EntryType::Configuration}, {1, "x"}}}};
    check.stepped({ms(7), &server, input, effects, server});
    check.stepped({ms(8), &server, input, effects, server});
    index = index + 2;
  }
  return check.violation();
}

TEST(Membership, OneServerAtATimeIsFine) {
  Membership check;
  EXPECT_EQ(verdict(check, {ServerSet{1, 2, 3, 4}, ServerSet{1, 2, 4}, ServerSet{1, 2, 4, 5}}),
            nullptr);
}

TEST(Membership, AJointConfigurationLeadsAnywhere) {
  Membership check;
  const Configuration joint{.voters = {1, 2, 3}, .nextVoters = {4, 5, 6}};
  EXPECT_EQ(verdict(check, {joint, ServerSet{4, 5, 6}}), nullptr);
}

// Figure 4.3
TEST(Membership, ADirectSwitchToFiveServersIsFound) {
  Membership check;
  const Violation* found = verdict(check, {ServerSet{1, 2, 3, 4, 5}});
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->property, Property::OverlappingMajorities);
  EXPECT_EQ(found->time, ms(7));
  EXPECT_EQ(tell(*found),
            "s1 applies 1^1, a configuration that can agree without any voter of the one before "
            "it");
}

TEST(Membership, AServersOwnBeginningCountsOnce) {
  Membership check;
  check.started(ms(0), Server{.id = 4, .configuration = {}}, false);  // it knows of no cluster
  EXPECT_EQ(verdict(check, {ServerSet{1, 2, 3, 4}}), nullptr);
  EXPECT_NE(verdict(check, {ServerSet{1, 2, 3, 4}, ServerSet{7}}), nullptr);
}

}  // namespace
}  // namespace raft::check
