// Rules for Servers: timeouts, terms, commands, and what each role does with them.
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

// s2 in term 4 with the log 1^1 2^2, following s1.
Server follower() {
  return {.id = 2,
          .configuration = three,
          .settings = plain,
          .currentTerm = 4,
          .log = logOf({1, 2}),
          .role = Follower{.leaderId = 1, .electionDeadline = ms(50)},
          .durableIndex = 2};
}

// s2, candidate of term 4.
Server candidate() {
  Server s2 = follower();
  s2.votedFor = 2;
  s2.role = Candidate{.votesResponded = {2},
                      .votesGranted = {2},
                      .electionDeadline = ms(70),
                      .retryDeadline = ms(30)};
  return s2;
}

// s2, leader of term 4, whose peers have 1^1 and 2^2.
Server leader() {
  Server s2 = candidate();
  s2.role = Leader{.progress = std::vector<Progress>(3, {.nextIndex = 3, .matchIndex = 2}),
                   .heartbeatDeadline = ms(20)};
  return s2;
}

Send voteRequest(ServerId to, Term term, WriteId after = 0) {
  return {.envelope = {2, to, RequestVote::Request{term, 2, 2, 2}}, .after = after};
}

Send heartbeat(ServerId to, Index leaderCommit = 0) {
  return {.envelope = {2, to,
                       AppendEntries::Request{.term = 4,
                                              .leaderId = 2,
                                              .prevLogIndex = 2,
                                              .prevLogTerm = 2,
                                              .leaderCommit = leaderCommit}}};
}

// Figure 2, AllServers.1: "If commitIndex > lastApplied: increment lastApplied, apply
// log[lastApplied] to state machine"
TEST(AllServers, WhatIsCommittedIsAppliedOnceAndInOrder) {
  Server s2 = follower();
  const AppendEntries::Request commit{
      .term = 4, .leaderId = 1, .prevLogIndex = 2, .prevLogTerm = 2, .leaderCommit = 2};
  EXPECT_EQ(stepChecked(s2, ms(1), Envelope{1, 2, commit}).apply,
            (Apply{.first = 1, .entries = entriesFrom(1, {1, 2})}));
  EXPECT_EQ(s2.lastApplied, 2);
  EXPECT_EQ(stepChecked(s2, ms(2), Envelope{1, 2, commit}).apply, Apply{});
}

// Figure 2, AllServers.2: "If RPC request or response contains term T > currentTerm: set
// currentTerm = T, convert to follower"
TEST(AllServers, EachOfTheFourMessagesBringsANewerTermToEachRole) {
  const Message messages[] = {
      RequestVote::Request{.term = 9, .candidateId = 3, .lastLogIndex = 0, .lastLogTerm = 0},
      RequestVote::Response{.term = 9, .voteGranted = true},
      AppendEntries::Request{.term = 9, .leaderId = 3, .prevLogIndex = 0, .prevLogTerm = 0},
      AppendEntries::Response{.term = 9, .success = true}};
  for (const Server& before : {follower(), candidate(), leader()}) {
    for (const Message& message : messages) {
      Server s2 = before;
      const Effects fx = stepChecked(s2, ms(1), Envelope{3, 2, message});
      EXPECT_TRUE(s2.is<Follower>());
      EXPECT_EQ(s2.currentTerm, 9);
      EXPECT_EQ(s2.votedFor, std::nullopt);
      EXPECT_EQ(fx.write, (Write{.id = 1, .currentTerm = 9, .votedFor = std::nullopt}));
    }
  }
}

// The leader of the term before is not the leader of the new one.
TEST(AllServers, ANewTermHasNoLeaderYet) {
  Server s2 = follower();
  stepChecked(s2, ms(1), Envelope{3, 2, RequestVote::Response{.term = 9}});
  EXPECT_EQ(s2.leader(), std::nullopt);
}

// Only a heartbeat or a granted vote resets the election timer; a leader has none and begins one.
TEST(AllServers, ANewTermAloneLeavesTheElectionTimerAsItWas) {
  const Envelope news{3, 2, RequestVote::Response{.term = 9}};
  Server s2 = follower();
  stepChecked(s2, ms(10), news);
  EXPECT_EQ(s2.deadline().count(), ms(50).count());
  s2 = candidate();
  stepChecked(s2, ms(10), news);
  EXPECT_EQ(s2.deadline().count(), ms(70).count());
  s2 = leader();
  stepChecked(s2, ms(10), news);
  EXPECT_EQ(s2.deadline().count(), ms(110).count());
}

// Figure 2, Followers.1: "Respond to RPCs from candidates and leaders"
TEST(Followers, AnswerRequestsAndNothingElse) {
  Server s2 = follower();
  s2.role = Follower{.electionDeadline = ms(50)};
  EXPECT_EQ(stepChecked(s2, ms(1), Envelope{1, 2, RequestVote::Request{4, 1, 2, 2}}).send.size(),
            1u);
  EXPECT_EQ(stepChecked(s2, ms(1), Envelope{1, 2, AppendEntries::Request{4, 1, 2, 2}}).send.size(),
            1u);
  EXPECT_TRUE(stepChecked(s2, ms(1), Envelope{1, 2, RequestVote::Response{4, true}}).send.empty());
  EXPECT_TRUE(
      stepChecked(s2, ms(1), Envelope{1, 2, AppendEntries::Response{4, true, 2, 2}}).send.empty());
}

// Figure 2, Followers.2: "If election timeout elapses without receiving AppendEntries RPC from
// current leader or granting vote to candidate: convert to candidate"
TEST(Followers, BecomeCandidatesWhenTheirTimeoutElapsesAndNotBefore) {
  Server s2 = follower();
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(50) - Duration(1), Timeout{}), Effects{});
  EXPECT_EQ(s2, before);
  stepChecked(s2, ms(50), Timeout{});
  EXPECT_TRUE(s2.is<Candidate>());
}

// Figure 2, Followers.2: "without receiving AppendEntries RPC from current leader"
TEST(Followers, AMessageOfAnOldLeaderDoesNotResetTheTimer) {
  Server s2 = follower();
  stepChecked(s2, ms(10), Envelope{3, 2, AppendEntries::Request{3, 3, 2, 2}});
  EXPECT_EQ(s2.deadline().count(), ms(50).count());
  stepChecked(s2, ms(10), Envelope{1, 2, AppendEntries::Request{4, 1, 2, 2}});
  EXPECT_EQ(s2.deadline().count(), ms(110).count());
}

// Figure 2, Candidates.1: "On conversion to candidate, start election: Increment currentTerm, Vote
// for self, Reset election timer, Send RequestVote RPCs to all other servers"
TEST(Candidates, StartAnElection) {
  Server s2 = follower();
  const Effects expected{.write = Write{.id = 1, .currentTerm = 5, .votedFor = 2},
                         .send = {voteRequest(1, 5, 1), voteRequest(3, 5, 1)}};
  EXPECT_EQ(stepChecked(s2, ms(50), Timeout{}), expected);
  EXPECT_EQ(s2.currentTerm, 5);
  EXPECT_EQ(s2.role, Role(Candidate{.votesResponded = {2},
                                    .votesGranted = {2},
                                    .electionDeadline = ms(150),
                                    .retryDeadline = ms(70)}));
}

// Figure 2, Candidates.2: "If votes received from majority of servers: become leader"
TEST(Candidates, BecomeLeaderWithAMajorityOfVotes) {
  Server s2 = candidate();
  stepChecked(s2, ms(1), Envelope{3, 2, RequestVote::Response{4, true}});
  EXPECT_TRUE(s2.is<Leader>());
  EXPECT_EQ(s2.leader(), 2);
}

// Figure 2, Candidates.3: "If AppendEntries RPC received from new leader: convert to follower"
TEST(Candidates, FollowALeaderOfTheirOwnTerm) {
  Server s2 = candidate();
  const Effects fx = stepChecked(s2, ms(1), Envelope{3, 2, AppendEntries::Request{4, 3, 2, 2}});
  EXPECT_EQ(fx, (Effects{.send = {{.envelope = {2, 3, AppendEntries::Response{4, true, 2, 2}}}}}));
  EXPECT_EQ(s2.role, Role(Follower{.leaderId = 3, .electionDeadline = ms(101)}));
  EXPECT_EQ(s2.votedFor, 2);
}

// Figure 2, Candidates.4: "If election timeout elapses: start new election"
TEST(Candidates, StartANewElectionWhenTheirTimeoutElapses) {
  Server s2 = candidate();
  s2.as<Candidate>()->votesGranted = s2.as<Candidate>()->votesResponded = {2};
  const Effects expected{.write = Write{.id = 1, .currentTerm = 5, .votedFor = 2},
                         .send = {voteRequest(1, 5, 1), voteRequest(3, 5, 1)}};
  EXPECT_EQ(stepChecked(s2, ms(70), Timeout{}), expected);
  EXPECT_EQ(s2.deadline().count(), ms(90).count());
}

// A server that is no voter of its cluster does not stand for election: it waits on.
TEST(Candidates, AreVoters) {
  Server s2 = follower();
  s2.configuration = {{1, 3}};
  EXPECT_EQ(stepChecked(s2, ms(50), Timeout{}), Effects{});
  EXPECT_TRUE(s2.is<Follower>());
  EXPECT_EQ(s2.currentTerm, 4);
  EXPECT_EQ(s2.deadline().count(), ms(150).count());
}

// Figure 2, Leaders.1: "Upon election: send initial empty AppendEntries RPCs (heartbeat) to each
// server; repeat during idle periods to prevent election timeouts"
TEST(Leaders, SendHeartbeatsUponElectionAndAgainInIdlePeriods) {
  Server s2 = candidate();
  const Effects heartbeats{.send = {heartbeat(1), heartbeat(3)}};
  EXPECT_EQ(stepChecked(s2, ms(5), Envelope{3, 2, RequestVote::Response{4, true}}), heartbeats);
  EXPECT_EQ(s2.deadline().count(), ms(25).count());
  EXPECT_EQ(stepChecked(s2, ms(25) - Duration(1), Timeout{}), Effects{});
  EXPECT_EQ(stepChecked(s2, ms(25), Timeout{}), heartbeats);
  EXPECT_EQ(s2.deadline().count(), ms(45).count());
}

// A heartbeat that is late, as after a pause, is followed by the next an interval later.
TEST(Leaders, DoNotMakeUpForALateHeartbeat) {
  Server s2 = leader();
  stepChecked(s2, ms(50), Timeout{});  // due at 20 ms
  EXPECT_EQ(s2.deadline().count(), ms(70).count());
}

// §8: "having each leader commit a blank no-op entry into the log at the start of its term"
TEST(Leaders, AppendANoopUponElectionIfTheirSettingsSaySo) {
  Server s2 = candidate();
  s2.settings.noopAtElection = true;
  const Effects fx = stepChecked(s2, ms(5), Envelope{3, 2, RequestVote::Response{4, true}});
  EXPECT_EQ(
      fx.write,
      (Write{.id = 1, .currentTerm = 4, .votedFor = 2, .from = 3, .entries = {Entry::noop(4)}}));
  const auto* request = sentTo<AppendEntries::Request>(fx, 1);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->entries, Entries{Entry::noop(4)});
  EXPECT_EQ(s2.as<Leader>()->of(1), (Progress{.nextIndex = 3, .waiting = true}));
}

// Figure 2, Leaders.2: "If command received from client: append entry to local log, respond after
// entry applied to state machine"
TEST(Leaders, AppendACommandAndApplyItWhenItIsCommitted) {
  Server s2 = leader();
  Effects fx = stepChecked(s2, ms(1), Propose{{"3^4"}});
  EXPECT_EQ(fx.proposed, Proposed{(Accepted{.index = 3, .term = 4})});
  EXPECT_EQ(
      fx.write,
      (Write{.id = 1, .currentTerm = 4, .votedFor = 2, .from = 3, .entries = entriesFrom(3, {4})}));
  EXPECT_EQ(fx.apply, Apply{});
  stepChecked(s2, ms(2), Written{1});
  fx = stepChecked(s2, ms(3), Envelope{1, 2, AppendEntries::Response{4, true, 2, 3}});
  EXPECT_EQ(fx.apply, (Apply{.first = 1, .entries = entriesFrom(1, {1, 2, 4})}));
}

// The commands of one proposal stand one after another, and are one write and one request.
TEST(Leaders, TakeSeveralCommandsAtOnce) {
  Server s2 = leader();
  const Effects fx = stepChecked(s2, ms(1), Propose{{"3^4", "4^4", "5^4"}});
  EXPECT_EQ(fx.proposed, Proposed{(Accepted{.index = 3, .term = 4})});
  EXPECT_EQ(fx.write->entries, entriesFrom(3, {4, 4, 4}));
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 1).entries, entriesFrom(3, {4, 4, 4}));
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).entries, entriesFrom(3, {4, 4, 4}));
}

TEST(Leaders, AProposalOfNothingChangesNothing) {
  Server s2 = leader();
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(1), Propose{}),
            (Effects{.proposed = Accepted{.index = 3, .term = 4}}));
  EXPECT_EQ(s2, before);
}

// §5.1: "if a client contacts a follower, the follower redirects it to the leader"
TEST(Leaders, AloneTakeCommandsOthersSayWhoLeads) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(1), Propose{{"x"}}), (Effects{.proposed = NotLeader{1}}));
  EXPECT_EQ(s2, follower());
  s2 = candidate();
  EXPECT_EQ(stepChecked(s2, ms(1), Propose{{"x"}}), (Effects{.proposed = NotLeader{}}));
  EXPECT_EQ(s2, candidate());
}

// Figure 2, Leaders.3: "If last log index ≥ nextIndex for a follower: send AppendEntries RPC with
// log entries starting at nextIndex"
TEST(Leaders, SendEachFollowerWhatItLacks) {
  Server s2 = leader();
  s2.as<Leader>()->of(3) = {.nextIndex = 1, .matchIndex = 0};
  const Effects fx = stepChecked(s2, ms(1), Propose{{"3^4"}});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 1),
            (AppendEntries::Request{4, 2, 2, 2, entriesFrom(3, {4}), 0}));
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3),
            (AppendEntries::Request{4, 2, 0, 0, entriesFrom(1, {1, 2, 4}), 0}));
}

// Figure 2, Leaders.4: "If there exists an N such that N > commitIndex, a majority of
// matchIndex[i] ≥ N, and log[N].term == currentTerm: set commitIndex = N"
TEST(Leaders, CommitByCountingEntriesOfTheirOwnTermAlone) {
  Server s2 = leader();
  stepChecked(s2, ms(1), Envelope{1, 2, AppendEntries::Response{4, true, 2, 2}});
  EXPECT_EQ(s2.commitIndex, 0);  // 2^2 is on every server
  stepChecked(s2, ms(2), Propose{{"3^4"}});
  stepChecked(s2, ms(3), Written{1});
  stepChecked(s2, ms(4), Envelope{3, 2, AppendEntries::Response{4, true, 2, 3}});
  EXPECT_EQ(s2.commitIndex, 3);
}

// Time that runs backwards makes timeouts late, no more.
TEST(AllServers, ATimeBeforeTheDeadlineIsNoTimeout) {
  for (const Server& before : {follower(), candidate(), leader()}) {
    Server s2 = before;
    EXPECT_EQ(stepChecked(s2, ms(-1000), Timeout{}), Effects{});
    EXPECT_EQ(s2, before);
  }
}

}  // namespace
}  // namespace raft
