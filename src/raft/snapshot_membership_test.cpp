// The configuration in a snapshot (thesis §5.1): what a server falls back to when its log has none.
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

Entry configured(Term term, const Configuration& configuration) {
  return {.term = term, .command = encode(configuration), .type = EntryType::Configuration};
}

const Configuration learner{.voters = {1, 2, 3}, .learners = {4}};
const Configuration four{.voters = {1, 2, 3, 4}};

// s2 in term 2 with 1^1, a configuration at 2 and another at 4, and then one more entry.
Server twiceConfigured(Index applied) {
  Server s2 = followerOf(2, 2, logOf({1}), three);
  const Entries entries{configured(2, learner), {2, "x"}, configured(2, four), {2, "y"}};
  stepChecked(s2, ms(1), Envelope{1, 2, AppendEntries::Request{2, 1, 1, 1, entries, applied}});
  stepChecked(s2, ms(2), Written{1});
  EXPECT_EQ(s2.configurationIndex, 4);
  return s2;
}

// Figure 12: "the latest configuration in the log as of last included index"
TEST(SnapshotMembership, ASnapshotHasTheConfigurationOfItsLastIncludedEntry) {
  Server s2 = twiceConfigured(4);
  stepChecked(s2, ms(3), Compact{1, "s"});
  EXPECT_EQ(s2.snapshot.configuration, Configuration(three));
  EXPECT_EQ(s2.configuration, four);
  EXPECT_EQ(s2.configurationIndex, 4);
  stepChecked(s2, ms(4), Compact{3, "s"});
  EXPECT_EQ(s2.snapshot.configuration, learner);
  EXPECT_EQ(s2.configurationIndex, 4);
  stepChecked(s2, ms(5), Compact{4, "s"});
  EXPECT_EQ(s2.snapshot.configuration, four);
  EXPECT_EQ(s2.configuration, four);
  EXPECT_EQ(s2.configurationIndex, 0);
}

TEST(SnapshotMembership, ATruncationFallsBackToTheConfigurationOfTheSnapshot) {
  Server s2 = twiceConfigured(3);
  stepChecked(s2, ms(3), Compact{3, "s"});
  stepChecked(s2, ms(4), Envelope{3, 2, AppendEntries::Request{3, 3, 3, 2, {{3, "z"}}}});
  EXPECT_EQ(s2.configuration, learner);
  EXPECT_EQ(s2.configurationIndex, 0);
}

// Figure 13, InstallSnapshot.8: "(and load snapshot's cluster configuration)"
TEST(SnapshotMembership, AnInstalledSnapshotBringsItsConfiguration) {
  Server s2 = twiceConfigured(4);
  const InstallSnapshot::Request whole{2, 1, 9, 2, learner, 0, "s", true};
  stepChecked(s2, ms(3), Envelope{1, 2, whole});
  EXPECT_EQ(s2.configuration, learner);
  EXPECT_EQ(s2.baseConfiguration, learner);
  EXPECT_EQ(s2.configurationIndex, 0);
}

TEST(SnapshotMembership, ARestartedServerBeginsWithTheConfigurationOfItsSnapshot) {
  const Server s2 = Server::start(
      2, three, plain, 1, ms(0),
      {.currentTerm = 2, .log = logAfter(3, 2, {2}), .snapshot = {3, 2, learner, "s"}});
  EXPECT_EQ(s2.configuration, learner);
  EXPECT_EQ(s2.configurationIndex, 0);
}

// A server that is to join has no configuration, and learns it with the snapshot.
TEST(SnapshotMembership, AServerThatJoinsLearnsItsClusterFromASnapshot) {
  Server s4 = followerOf(4, 0, {}, {});
  stepChecked(s4, ms(3),
              Envelope{1, 4, InstallSnapshot::Request{2, 1, 9, 2, learner, 0, "s", true}});
  EXPECT_EQ(s4.configuration, learner);
}

// Thesis §4.2.1: answers from before a server was added do not count.
TEST(SnapshotMembership, AnAnswerOfAnEarlierRoundDoesNotCount) {
  Server s1 = leaderOf(1, 4, logAfter(3, 2, {4}), three);
  s1.snapshot = {3, 2, three, "abc"};
  s1.commitIndex = s1.lastApplied = 3;
  s1.as<Leader>()->round = 5;
  s1.as<Leader>()->of(2) = {.nextIndex = 2, .since = 4};
  const Server before = s1;
  stepChecked(s1, ms(1), Envelope{2, 1, InstallSnapshot::Response{4, 3, 0, 3, 3, 3}});
  EXPECT_EQ(s1, before);
  stepChecked(s1, ms(1), Envelope{2, 1, InstallSnapshot::Response{4, 3, 0, 3, 3, 4}});
  EXPECT_EQ(s1.as<Leader>()->of(2).matchIndex, 3);
  EXPECT_EQ(s1.as<Leader>()->of(2).round, 4);
}

// What was sent to a server before it was removed does not go on, also if it is added again.
TEST(SnapshotMembership, ASnapshotIsNotSentOnToWhoIsRemoved) {
  Server s1 = leaderOf(1, 4, logAfter(3, 2, {4}), three);
  s1.snapshot = {3, 2, three, "abc"};
  s1.commitIndex = s1.lastApplied = 4;
  s1.as<Leader>()->of(3) = {.nextIndex = 2, .waiting = true};
  s1.as<Leader>()->transfers = {{.to = 3, .snapshot = s1.snapshot, .offset = 2}};
  stepChecked(s1, ms(1), ChangeConfiguration{.removed = {3}});
  EXPECT_EQ(s1.configuration, Configuration(ServerSet{1, 2}));
  EXPECT_TRUE(s1.as<Leader>()->transfers.empty());
}

}  // namespace
}  // namespace raft
