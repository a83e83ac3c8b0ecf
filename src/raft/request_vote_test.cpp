// RequestVote RPC: a server, a request or response, and all that follows from it.
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

const ServerSet five = ServerSet::firstServers(5);

// s2 in term 4 with the log 1^1 2^2 3^2, its election timeout due at 50 ms.
Server follower() {
  return {.id = 2,
          .configuration = three,
          .settings = plain,
          .currentTerm = 4,
          .log = logOf({1, 2, 2}),
          .role = Follower{.electionDeadline = ms(50)},
          .durableIndex = 3};
}

Envelope request(Term term, Index lastLogIndex, Term lastLogTerm) {
  return {1, 2,
          RequestVote::Request{.term = term,
                               .candidateId = 1,
                               .lastLogIndex = lastLogIndex,
                               .lastLogTerm = lastLogTerm}};
}

Effects answer(Term term, bool granted) {
  return {.send = {{.envelope = {2, 1, RequestVote::Response{term, granted}}}}};
}

// Figure 2, RequestVote.1: "Reply false if term < currentTerm"
TEST(RequestVoteReceiver, AnOldTermIsRefusedAndChangesNothing) {
  Server s2 = follower();
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(10), request(3, 9, 3)), answer(4, false));
  EXPECT_EQ(s2, before);
}

// Figure 2, RequestVote.2: "If votedFor is null or candidateId, and candidate's log is at least as
// up-to-date as receiver's log, grant vote"
TEST(RequestVoteReceiver, AFreeVoteGoesToAnUpToDateCandidateOnceItIsDurable) {
  Server s2 = follower();
  const Effects expected{
      .write = Write{.id = 1, .currentTerm = 4, .votedFor = 1},
      .send = {{.envelope = {2, 1, RequestVote::Response{4, true}}, .after = 1}}};
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 3, 2)), expected);
  EXPECT_EQ(s2.votedFor, 1);
  EXPECT_EQ(s2.deadline().count(), ms(110).count());
}

// Figure 2, RequestVote.2: "If votedFor is null or candidateId"
TEST(RequestVoteReceiver, AVoteGivenToAnotherIsNotGivenAgain) {
  Server s2 = follower();
  s2.votedFor = 3;
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 9, 4)), answer(4, false));
  EXPECT_EQ(s2, before);
}

// Figure 2, RequestVote.2: "If votedFor is null or candidateId"
TEST(RequestVoteReceiver, ACandidateThatAsksAgainIsToldAgainAndNothingIsWritten) {
  Server s2 = follower();
  s2.votedFor = 1;
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 3, 2)), answer(4, true));
}

// §5.4.1: "the log with the later term is more up-to-date"
TEST(RequestVoteReceiver, ALaterLastTermWinsOverALongerLog) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 99, 1)), answer(4, false));
  EXPECT_EQ(s2.votedFor, std::nullopt);
  EXPECT_EQ(s2.deadline().count(), ms(50).count());
  stepChecked(s2, ms(10), request(4, 1, 3));
  EXPECT_EQ(s2.votedFor, 1);
}

// §5.4.1: "If the logs end with the same term, then whichever log is longer is more up-to-date."
TEST(RequestVoteReceiver, WithEqualLastTermsTheLongerLogWins) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 2, 2)), answer(4, false));
  stepChecked(s2, ms(10), request(4, 4, 2));
  EXPECT_EQ(s2.votedFor, 1);
}

// Figure 2, AllServers.2: "set currentTerm = T, convert to follower"
TEST(RequestVoteReceiver, ARefusalInANewTermStillTakesThatTermAndForgetsTheVote) {
  Server s2 = follower();
  s2.votedFor = 3;
  const Effects expected{
      .write = Write{.id = 1, .currentTerm = 6, .votedFor = std::nullopt},
      .send = {{.envelope = {2, 1, RequestVote::Response{6, false}}, .after = 1}}};
  EXPECT_EQ(stepChecked(s2, ms(10), request(6, 2, 2)), expected);
  EXPECT_EQ(s2.deadline().count(), ms(50).count());  // only a vote that is granted resets it
}

// §5.2: "Each server will vote for at most one candidate in a given term"
TEST(RequestVoteReceiver, ANewTermBringsANewVote) {
  Server s2 = follower();
  s2.votedFor = 3;
  const Effects expected{
      .write = Write{.id = 1, .currentTerm = 5, .votedFor = 1},
      .send = {{.envelope = {2, 1, RequestVote::Response{5, true}}, .after = 1}}};
  EXPECT_EQ(stepChecked(s2, ms(10), request(5, 3, 2)), expected);
}

// §5.2: "Each server will vote for at most one candidate in a given term"
TEST(RequestVoteReceiver, ACandidateAndALeaderHaveVotedForThemselves) {
  Server s2 = follower();
  s2.votedFor = 2;
  s2.role = Candidate{.votesResponded = {2}, .votesGranted = {2}, .electionDeadline = ms(99)};
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 9, 4)), answer(4, false));
  EXPECT_TRUE(s2.is<Candidate>());

  s2.role = Leader{.progress = {{.nextIndex = 4}, {.nextIndex = 4}, {.nextIndex = 4}}};
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 9, 4)), answer(4, false));
  EXPECT_TRUE(s2.is<Leader>());
}

// A request that names another candidate than its sender: neither of them gets the vote.
TEST(RequestVoteReceiver, AVoteIsNotAskedForOnBehalfOfAnother) {
  Server s2 = follower();
  Envelope forged = request(4, 3, 2);
  forged.from = 3;
  const Effects expected{.send = {{.envelope = {2, 3, RequestVote::Response{4, false}}}}};
  EXPECT_EQ(stepChecked(s2, ms(10), forged), expected);
}

// s1, candidate of five servers in term 4 with the log 1^1 2^2.
Server candidate() {
  return {.id = 1,
          .configuration = five,
          .settings = plain,
          .currentTerm = 4,
          .votedFor = 1,
          .log = logOf({1, 2}),
          .role = Candidate{.votesResponded = {1},
                            .votesGranted = {1},
                            .electionDeadline = ms(100),
                            .retryDeadline = ms(20)},
          .durableIndex = 2};
}

Envelope vote(ServerId from, Term term, bool granted) {
  return {from, 1, RequestVote::Response{.term = term, .voteGranted = granted}};
}

// Figure 2, Candidates.2: "If votes received from majority of servers: become leader"
TEST(RequestVoteSender, ThreeOfFiveVotesMakeALeaderAndTwoDoNot) {
  Server s1 = candidate();
  EXPECT_EQ(stepChecked(s1, ms(5), vote(4, 4, true)), Effects{});
  EXPECT_TRUE(s1.is<Candidate>());

  const auto heartbeat = [](ServerId to) {
    return Send{.envelope = {1, to,
                             AppendEntries::Request{.term = 4,
                                                    .leaderId = 1,
                                                    .prevLogIndex = 2,
                                                    .prevLogTerm = 2,
                                                    .entries = {},
                                                    .leaderCommit = 0}}};
  };
  EXPECT_EQ(stepChecked(s1, ms(6), vote(2, 4, true)),
            (Effects{.send = {heartbeat(2), heartbeat(3), heartbeat(4), heartbeat(5)}}));
  const Leader expected{.progress = {{.nextIndex = 3, .matchIndex = 2},
                                     {.nextIndex = 3},
                                     {.nextIndex = 3},
                                     {.nextIndex = 3},
                                     {.nextIndex = 3}},
                        .heartbeatDeadline = ms(26)};
  EXPECT_EQ(s1.role, Role{expected});
}

// §5.2: "if it receives votes from a majority of the servers in the full cluster"
TEST(RequestVoteSender, OneVoterCountsOnceHoweverOftenItAnswers) {
  Server s1 = candidate();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stepChecked(s1, ms(5), vote(4, 4, true)), Effects{});
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(s1.as<Candidate>()->votesGranted, (ServerSet{1, 4}));
}

// §5.2: "if it receives votes from a majority of the servers in the full cluster"
TEST(RequestVoteSender, RefusalsAreNotVotes) {
  Server s1 = candidate();
  for (ServerId from : {2, 3, 4, 5}) stepChecked(s1, ms(5), vote(from, 4, false));
  ASSERT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(s1.as<Candidate>()->votesGranted, ServerSet{1});
  EXPECT_EQ(s1.as<Candidate>()->votesResponded, five);
}

// §5.2: "for the same term"
TEST(RequestVoteSender, VotesOfAnEarlierTermDoNotCount) {
  Server s1 = candidate();
  const Server before = s1;
  for (ServerId from : {2, 3, 4, 5}) {
    EXPECT_EQ(stepChecked(s1, ms(5), vote(from, 3, true)), Effects{});
  }
  EXPECT_EQ(s1, before);
}

// Votes that arrive when the election is over change nothing.
TEST(RequestVoteSender, LateVotesAreIgnoredByLeadersAndFollowers) {
  Server s1 = candidate();
  for (ServerId from : {2, 3}) stepChecked(s1, ms(5), vote(from, 4, true));
  ASSERT_TRUE(s1.is<Leader>());
  const Server leader = s1;
  EXPECT_EQ(stepChecked(s1, ms(6), vote(4, 4, true)), Effects{});
  EXPECT_EQ(s1, leader);

  Server s2 = follower();
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(6), Envelope{1, 2, RequestVote::Response{4, true}}), Effects{});
  EXPECT_EQ(s2, before);
}

// §5.1: "Servers retry RPCs if they do not receive a response in a timely manner"
TEST(RequestVoteSender, WhoHasNotAnsweredIsAskedAgain) {
  Server s1 = candidate();
  stepChecked(s1, ms(5), vote(2, 4, true));
  stepChecked(s1, ms(5), vote(4, 4, false));
  EXPECT_EQ(stepChecked(s1, ms(19), Timeout{}), Effects{});
  const RequestVote::Request again{
      .term = 4, .candidateId = 1, .lastLogIndex = 2, .lastLogTerm = 2};
  EXPECT_EQ(stepChecked(s1, ms(20), Timeout{}),
            (Effects{.send = {{.envelope = {1, 3, again}}, {.envelope = {1, 5, again}}}}));
  EXPECT_EQ(s1.deadline().count(), ms(40).count());
}

}  // namespace
}  // namespace raft
