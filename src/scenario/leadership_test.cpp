// Pre-vote, stickiness, check quorum, transfers and priorities in the language of scenarios.
#include <gtest/gtest.h>

#include "scenario/run.h"
#include "scenario/yaml.h"

namespace raft::scenario {
namespace {

const std::string cluster =
    "servers: [A, B, C]\nno-op: off\nfirst election timeout: {A: 10 ms}\nnetwork: 2 ms\n";

Result play(const std::string& text) {
  const Read read = readYaml(text);
  for (const Mistake& mistake : read.mistakes) ADD_FAILURE() << mistake.message << "\n" << text;
  if (!read.scenario) return {};
  scenario::Run run(*read.scenario, {});
  run.finish();
  EXPECT_TRUE(run.result().violations.empty()) << text;
  return run.result();
}

std::string failuresOf(const std::string& text) {
  std::string out;
  for (const Failure& failure : play(text).failures) {
    out += failure.expected + " | " + failure.instead + "\n";
  }
  return out;
}

TEST(Leadership, SettingsAreForAllOrForEach) {
  const Read read = readYaml(cluster +
                             "pre-vote: on\ncheck quorum: {A: on, others: off}\n"
                             "leader stickiness: {B: yes}\npriority: {A: 2, C: 1}\n");
  ASSERT_TRUE(read.scenario);
  const std::vector<Settings>& raft = read.scenario->world.raft;
  for (const Settings& each : raft) EXPECT_TRUE(each.preVote);
  EXPECT_TRUE(raft[0].checkQuorum && !raft[1].checkQuorum && !raft[2].checkQuorum);
  EXPECT_TRUE(!raft[0].leaderStickiness && raft[1].leaderStickiness && !raft[2].leaderStickiness);
  EXPECT_EQ(raft[0].priority, 2u);
  EXPECT_EQ(raft[1].priority, 0u);
  EXPECT_EQ(raft[2].priority, 1u);
}

TEST(Leadership, ATransferIsDoneAtOnceAndItsHeirCanBeNamed) {
  EXPECT_EQ(failuresOf(cluster + R"(
steps:
  - when: A is leader
  - at: 100 ms
    transfer: B
    as: heir
    expect: [A hands over to B, A sends TimeoutNow to B]
  - at: 102 ms
    expect: [B receives TimeoutNow from A, B becomes candidate, heir is candidate in term 2]
  - at: 106 ms
    expect: {leader: B, terms: 2}
)"),
            "");
}

TEST(Leadership, ATransferThatCannotBeSaidToAnybodyEndsTheRun) {
  const std::string failures = failuresOf(cluster + R"(
steps:
  - when: A is leader
    pause: B
  - after: 10 ms
    transfer: {from: B, to: C}
)");
  EXPECT_EQ(failures,
            "this can be done: transfer: {from: B, to: C} | B is paused: it hands over "
            "to nobody\n");
}

TEST(Leadership, TimeoutsOfThoseWhoAskFirstAreTimeouts) {
  EXPECT_EQ(failuresOf(cluster + R"(
pre-vote: on
steps:
  - at: 10 ms
    expect: [A times out, A sends PreVote to B, A is follower in term 0]
  - at: 12 ms
    expect: [B receives PreVote from A, B sends pre-vote to A]
  - at: 14 ms
    expect: [A becomes candidate, A is in term 1]
never: A is candidate in term 2
)"),
            "");
}

TEST(Leadership, AStepDownIsAHappening) {
  EXPECT_EQ(failuresOf(cluster + R"(
check quorum: on
steps:
  - when: A is leader
    cut: B and C -> A
  - when: A steps down
    within: 300 ms
    expect: [A becomes follower, A is in term 1, A follows nobody]
)"),
            "");
}

}  // namespace
}  // namespace raft::scenario
