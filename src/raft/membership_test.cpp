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

// Thesis §4.2.2: who may be needed was a voter, and no learner, of what is committed.
TEST(Membership, WhoWasNoVoterBeforeDoesNotStandEither) {
  Log log = logOf({1, 1});
  for (const Configuration& next :
       {Configuration{.voters = {1, 2}, .learners = {3}}, {.voters = {1}, .learners = {3}}}) {
    log.append({.term = 1, .command = encode(next), .type = EntryType::Configuration});
  }
  Server server = Server::start(3, {}, plain, 1, ms(0), {1, {}, std::move(log)});
  EXPECT_FALSE(server.mayStand());
  EXPECT_TRUE(stepChecked(server, server.deadline(), Timeout{}).send.empty());
  EXPECT_TRUE(server.is<Follower>());
}

// Thesis §4.2.2: a server's vote may be needed by candidates that do not have the configuration
// that it is not part of.
TEST(Membership, AServerOutsideOfItsConfigurationStillVotes) {
  Log log = logOf({1, 1});
  log.append({.term = 1, .command = encode(ServerSet{1, 2}), .type = EntryType::Configuration});
  Server server = Server::start(3, three, plain, 1, ms(0), {1, {}, std::move(log)});
  const Effects effects = stepChecked(
      server, ms(1),
      Envelope{
          2, 3,
          RequestVote::Request{.term = 3, .candidateId = 2, .lastLogIndex = 3, .lastLogTerm = 2}});
  ASSERT_EQ(effects.send.size(), 1u);
  EXPECT_TRUE(std::get<RequestVote::Response>(effects.send[0].envelope.message).voteGranted);
}

// Thesis §4.3: a new leader goes on to C_new at once if it knows C_old,new to be committed.
TEST(Thesis43, ANewLeaderLeavesAJointConfigurationThatItKnowsToBeCommitted) {
  const Configuration joint{.voters = {1}, .nextVoters = {2}};
  Log log = logOf({1, 2});
  log.append({.term = 2, .command = encode(joint), .type = EntryType::Configuration});
  TestCluster s;
  for (ServerId id : {1, 2}) {
    s.servers.push_back(
        Server::start(id, ServerSet{1}, plain, 1, ms(0), {2, {}, Log(log.from(1))}));
  }
  s.of(2).commitIndex = s.of(2).lastApplied = 3;
  s.stand(2);
  EXPECT_TRUE(s.of(2).is<Leader>());
  EXPECT_EQ(s.of(2).configuration, Configuration(ServerSet{2}));
}

// Thesis §3.10: nothing is appended while the leader hands over; who takes over carries on.
TEST(Thesis43, TheJointConfigurationIsNotLeftWhileTheLeaderHandsOver) {
  TestCluster s;
  Log log = logOf({1, 2});
  log.append({.term = 2,
              .command = encode({.voters = {1, 2, 3}, .nextVoters = {1, 4, 5}}),
              .type = EntryType::Configuration});
  for (ServerId id : {1, 2, 3, 4, 5}) {
    s.servers.push_back(Server::start(id, three, plain, 1, ms(0), {2, {}, Log(log.from(1))}));
  }
  s.stand(4);
  s.reached = {4};
  s.run(4, Propose{{"x"}});
  s.run(4, TransferLeadership{.to = 5});
  s.reached = {1, 2, 3, 4, 5};
  s.timeOut(4);
  ASSERT_TRUE(s.of(5).is<Leader>());
  EXPECT_EQ(s.of(5).log.term(4), 3);  // "x", and after it nothing from s4
  for (const Entry& entry : s.of(5).log.from(5)) EXPECT_EQ(entry.term, s.of(5).currentTerm);
}

// Thesis §3.10, §4.2.2: one answer may complete both. Found by chaos, of seed 430.
TEST(Membership, ALeaderThatIsRemovedHandsOverAndStepsDownInOneStep) {
  Log log = logOf({1, 2});
  log.append(configured(2, ServerSet{2, 3}));
  Server s1 = leaderOf(1, 2, log, three);
  s1.configuration = ServerSet{2, 3};
  s1.configurationIndex = 3;
  Leader& leader = *s1.as<Leader>();
  leader.changing = true;
  leader.of(2) = leader.of(3) = {.nextIndex = 4};
  leader.of(3).matchIndex = 3;
  leader.transfer = Transfer{.to = 2, .deadline = ms(99)};
  const AppendEntries::Response response{
      .term = 2, .success = true, .prevLogIndex = 2, .matchIndex = 3};
  const Effects effects = stepChecked(s1, ms(1), Envelope{2, 1, response});
  ASSERT_EQ(effects.send.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<TimeoutNow::Request>(effects.send[0].envelope.message));
  EXPECT_TRUE(s1.is<Follower>());
}

}  // namespace
}  // namespace raft
