// Cluster membership changes (thesis ch. 4), step by step.
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

Entry configured(Term term, const Configuration& configuration) {
  return {.term = term, .command = encode(configuration), .type = EntryType::Configuration};
}

const Configuration oneMore{.voters = {1, 2, 3}, .learners = {4}};
const Configuration four{.voters = {1, 2, 3, 4}};

AppendEntries::Request from1(Term term, Index prevLogIndex, Term prevLogTerm, Entries entries) {
  return {.term = term,
          .leaderId = 1,
          .prevLogIndex = prevLogIndex,
          .prevLogTerm = prevLogTerm,
          .entries = std::move(entries)};
}

// s2, a follower of term 2 with 1^1 2^2 and then two configurations, each of them not committed.
Server twiceConfigured() {
  Server s2 = followerOf(2, 2, logOf({1, 2}), three);
  stepChecked(s2, ms(1),
              Envelope{1, 2, from1(2, 2, 2, {configured(2, oneMore), configured(2, four)})});
  return s2;
}

// §4.1: "The new configuration takes effect on each server as soon as it is added to that server's
// log"
TEST(Membership, AConfigurationTakesEffectWhenItIsAppended) {
  Server s2 = followerOf(2, 2, logOf({1, 2}), three);
  const Entries entries{configured(2, oneMore), {2, "x"}};
  stepChecked(s2, ms(1), Envelope{1, 2, from1(2, 2, 2, entries)});
  EXPECT_EQ(s2.configuration, oneMore);
  EXPECT_EQ(s2.configurationIndex, 3);
  EXPECT_EQ(s2.commitIndex, 0);
}

TEST(Membership, OfSeveralInOneMessageTheLastIsInForce) {
  const Server s2 = twiceConfigured();
  EXPECT_EQ(s2.configuration, four);
  EXPECT_EQ(s2.configurationIndex, 4);
}

// §4.1: "a server must be prepared to fall back to the previous configuration in its log"
TEST(Membership, ATruncationFallsBackToTheConfigurationBefore) {
  Server s2 = twiceConfigured();
  stepChecked(s2, ms(2), Envelope{3, 2, {AppendEntries::Request{3, 3, 3, 2, {{3, "y"}}}}});
  EXPECT_EQ(s2.configuration, oneMore);
  EXPECT_EQ(s2.configurationIndex, 3);
  stepChecked(s2, ms(3), Envelope{1, 2, from1(4, 2, 2, {{4, "z"}})});
  EXPECT_EQ(s2.configuration, Configuration(three));
  EXPECT_EQ(s2.configurationIndex, 0);
}

TEST(Membership, ATruncationBeyondItLeavesTheConfigurationAsItIs) {
  Server s2 = twiceConfigured();
  stepChecked(s2, ms(2), Envelope{1, 2, from1(2, 4, 2, {{2, "x"}, {2, "y"}})});
  stepChecked(s2, ms(3), Envelope{3, 2, {AppendEntries::Request{3, 3, 5, 2, {{3, "z"}}}}});
  EXPECT_EQ(s2.configuration, four);
  EXPECT_EQ(s2.configurationIndex, 4);
}

TEST(Membership, ATruncationMayBringAnotherConfigurationInItsPlace) {
  Server s2 = twiceConfigured();
  const Entries entries{configured(3, ServerSet{1, 2})};
  stepChecked(s2, ms(2), Envelope{3, 2, {AppendEntries::Request{3, 3, 3, 2, entries}}});
  EXPECT_EQ(s2.configuration, (Configuration{.voters = {1, 2}}));
  EXPECT_EQ(s2.configurationIndex, 4);
}

TEST(Membership, ARestartedServerFindsTheLatestConfigurationInItsLog) {
  const Server s2 = twiceConfigured();
  const Server again = Server::start(2, three, plain, 1, ms(9), {2, ServerId{1}, s2.log});
  EXPECT_EQ(again.configuration, four);
  EXPECT_EQ(again.configurationIndex, 4);
  EXPECT_EQ(again.baseConfiguration, Configuration(three));
}

TEST(Membership, AServerWithoutAConfigurationOnlyFollows) {
  Server s4 = Server::start(4, {}, plain, 1, ms(0));
  EXPECT_EQ(stepChecked(s4, s4.deadline(), Timeout{}), Effects{});
  EXPECT_TRUE(s4.is<Follower>());
  stepChecked(s4, ms(101), Envelope{1, 4, from1(2, 0, 0, {configured(2, oneMore)})});
  EXPECT_EQ(s4.leader(), 1);
  EXPECT_EQ(s4.configuration, oneMore);
}

// §4.2.2: a server may need votes from one that is not, or not yet, in its own configuration: the
// vote is given all the same.
TEST(Membership, AServerVotesThoughItIsNoMemberByItsOwnLog) {
  Server s4 = Server::start(4, {}, plain, 1, ms(0));
  const Effects effects = stepChecked(s4, ms(1), Envelope{1, 4, RequestVote::Request{1, 1, 1, 1}});
  EXPECT_TRUE(sent<RequestVote::Response>(effects, 1).voteGranted);
}

// A configuration that nobody can read is of no server that follows the rules.
TEST(Membership, AConfigurationThatCannotBeReadIsIgnored) {
  Server s2 = followerOf(2, 2, logOf({1, 2}), three);
  const Entries entries{{2, "x", EntryType::Configuration}};
  EXPECT_TRUE(stepChecked(s2, ms(1), Envelope{1, 2, from1(2, 2, 2, entries)}).send.empty());
  EXPECT_EQ(s2.log, logOf({1, 2}));
}

// Each request says its round, and each answer says it again, a refusal too.
TEST(Membership, AnAnswerEchoesTheRoundOfItsRequest) {
  Server s1 = leaderOf(1, 2, logOf({1, 2}), three);
  s1.as<Leader>()->round = 7;
  const Effects beat = stepChecked(s1, s1.deadline(), Timeout{});
  AppendEntries::Request request = sent<AppendEntries::Request>(beat, 2);
  EXPECT_EQ(request.round, 7);
  Server s2 = followerOf(2, 2, logOf({1, 2}), three);
  const Effects yes = stepChecked(s2, ms(1), Envelope{1, 2, request});
  EXPECT_EQ(sent<AppendEntries::Response>(yes, 1).round, 7);
  request.prevLogIndex = 9;
  const Effects no = stepChecked(s2, ms(2), Envelope{1, 2, request});
  EXPECT_EQ(sent<AppendEntries::Response>(no, 1).round, 7);
}

// A server that was removed and is added again in the same term: what it acknowledged in its first
// time may be gone by now.
TEST(Membership, WhatAnswersARequestFromBeforeTheServerWasAddedDoesNotCount) {
  Server s1 = leaderOf(1, 2, logOf({1, 2}), three);
  s1.as<Leader>()->round = 2;
  s1.as<Leader>()->of(2).since = 2;
  const Server before = s1;
  const AppendEntries::Response old{.term = 2, .success = true, .matchIndex = 2, .round = 1};
  EXPECT_EQ(stepChecked(s1, ms(1), Envelope{2, 1, old}), Effects{});
  EXPECT_EQ(s1, before);
  const AppendEntries::Response fresh{.term = 2, .success = true, .matchIndex = 2, .round = 2};
  stepChecked(s1, ms(1), Envelope{2, 1, fresh});
  EXPECT_EQ(s1.commitIndex, 2);
}

}  // namespace
}  // namespace raft
