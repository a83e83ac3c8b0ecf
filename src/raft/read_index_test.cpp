// Reads without the log: ReadIndex and leases (thesis §6.4).
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

// s1 leads three servers in term 4, and knows that its log 1^1 2^4 is committed.
Server leader(bool leases = false) {
  Server s1 = leaderOf(1, 4, logOf({1, 4}), three);
  s1.settings.leases = leases;
  s1.commitIndex = s1.lastApplied = 2;
  for (ServerId peer : three) s1.as<Leader>()->of(peer) = {.nextIndex = 3, .matchIndex = 2};
  return s1;
}

// The peer's answer to what `effects` sends to it.
Envelope answer(ServerId from, const Effects& effects, bool success = true) {
  const auto request = sent<AppendEntries::Request>(effects, from);
  return {from, 1,
          AppendEntries::Response{.term = request.term,
                                  .success = success,
                                  .prevLogIndex = request.prevLogIndex,
                                  .matchIndex = success ? request.prevLogIndex : Index{0},
                                  .round = request.round}};
}

Send heartbeat(ServerId to, Round round) {
  return {.envelope = {1, to,
                       AppendEntries::Request{.term = 4,
                                              .leaderId = 1,
                                              .prevLogIndex = 2,
                                              .prevLogTerm = 4,
                                              .leaderCommit = 2,
                                              .round = round}}};
}

// Thesis §6.4, Reads.3: "the leader issues a new round of heartbeats and waits for their
// acknowledgments from a majority of the cluster"
TEST(ReadIndex, AReadIsAnsweredWhenAMajorityHasAnsweredARoundOfHeartbeats) {
  Server s1 = leader();
  const Effects fx = stepChecked(s1, ms(1), Read{});
  EXPECT_EQ(fx, (Effects{.send = {heartbeat(2, 1), heartbeat(3, 1)}, .read = ReadAccepted{1}}));
  EXPECT_EQ(stepChecked(s1, ms(2), answer(3, fx)), (Effects{.readable = 1}));
  EXPECT_EQ(stepChecked(s1, ms(3), answer(2, fx)), Effects{});
}

// It is no matter whether the logs match: who answers in this term has heard of no later one.
TEST(ReadIndex, ARefusalForTheLogConfirmsAsWell) {
  Server s1 = leader();
  const Effects fx = stepChecked(s1, ms(1), Read{});
  EXPECT_EQ(stepChecked(s1, ms(2), answer(2, fx, false)).readable, 1);
}

// An acknowledgement of what was sent before the read arrived proves nothing.
TEST(ReadIndex, AnswersToEarlierHeartbeatsDoNotConfirm) {
  Server s1 = leader();
  const Effects before = stepChecked(s1, ms(20), Timeout{});
  const Effects fx = stepChecked(s1, ms(21), Read{});
  EXPECT_EQ(stepChecked(s1, ms(22), answer(2, before)).readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(22), answer(3, before)).readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(23), answer(2, fx)).readable, 1);
}

// One answer, however often, is one server's; and one of another term is nobody's.
TEST(ReadIndex, AMajorityIsOfDifferentServersInThisTerm) {
  Server s1 = leaderOf(1, 4, logOf({1, 4}), ServerSet::firstServers(5));
  s1.commitIndex = s1.lastApplied = 2;
  const Effects fx = stepChecked(s1, ms(1), Read{});
  EXPECT_EQ(stepChecked(s1, ms(2), answer(2, fx)).readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(2), answer(2, fx)).readable, 0);
  Envelope old = answer(3, fx);
  std::get<AppendEntries::Response>(old.message).term = 3;
  EXPECT_EQ(stepChecked(s1, ms(2), old).readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(2), answer(3, fx)).readable, 1);
}

// Thesis §6.4, Reads.1: "If the leader has not yet marked an entry from its current term committed,
// it waits until it has done so."
TEST(ReadIndex, BeforeTheTermsFirstCommitReadsWait) {
  Server s1 = leaderOf(1, 4, logOf({1, 1, 4}), three);
  s1.as<Leader>()->of(2) = s1.as<Leader>()->of(3) = {.nextIndex = 4};
  s1.commitIndex = s1.lastApplied = 1;
  EXPECT_EQ(stepChecked(s1, ms(1), Read{}), (Effects{.read = ReadAccepted{1}}));
  const Envelope stored{2, 1, AppendEntries::Response{4, true, 2, 3}};
  const Effects fx = stepChecked(s1, ms(2), stored);
  EXPECT_EQ(fx.apply, (Apply{.first = 2, .entries = entriesFrom(2, {1, 4})}));
  EXPECT_EQ(fx.readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(3), answer(3, fx)).readable, 1);
}

// Thesis §6.4, Reads.4: "The leader waits for its state machine to advance at least as far as the
// readIndex"
TEST(ReadIndex, WhatIsCommittedIsAppliedBeforeAReadIsAnswered) {
  Server s1 = leader();
  const Effects proposed = stepChecked(s1, ms(1), Propose{.commands = {"x"}});
  stepChecked(s1, ms(1), Written{proposed.write->id});
  stepChecked(s1, ms(2), Read{});
  const AppendEntries::Response stored{
      .term = 4, .success = true, .prevLogIndex = 2, .matchIndex = 3, .round = 1};
  const Effects fx = stepChecked(s1, ms(3), Envelope{2, 1, stored});
  EXPECT_EQ(fx.apply.first, 3);
  EXPECT_EQ(fx.readable, 1);
  EXPECT_EQ(s1.lastApplied, 3);
}

// [thesis §6.4] "the leader can accumulate … read-only queries" and confirm them together.
TEST(ReadIndex, ReadsThatArriveDuringARoundShareTheNext) {
  Server s1 = leader();
  const Effects first = stepChecked(s1, ms(1), Read{});
  EXPECT_EQ(stepChecked(s1, ms(2), Read{}), (Effects{.read = ReadAccepted{2}}));
  EXPECT_EQ(stepChecked(s1, ms(2), Read{}), (Effects{.read = ReadAccepted{3}}));
  const Effects second = stepChecked(s1, ms(3), answer(2, first));
  EXPECT_EQ(second, (Effects{.send = {heartbeat(2, 2), heartbeat(3, 2)}, .readable = 1}));
  EXPECT_EQ(stepChecked(s1, ms(4), answer(3, first)).readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(5), answer(3, second)).readable, 3);
}

// The round's own heartbeats may be lost: the next regular ones confirm it as well.
TEST(ReadIndex, ALaterHeartbeatMakesUpForALostOne) {
  Server s1 = leader();
  stepChecked(s1, ms(1), Read{});
  const Effects later = stepChecked(s1, s1.deadline(), Timeout{});
  EXPECT_EQ(stepChecked(s1, ms(30), answer(2, later)).readable, 1);
}

TEST(ReadIndex, WhoDoesNotLeadSaysWhoDoes) {
  Server s2 = followerOf(2, 4, logOf({1}), three);
  EXPECT_EQ(stepChecked(s2, ms(1), Read{}), (Effects{.read = NotLeader{}}));
  stepChecked(s2, ms(1), Envelope{1, 2, AppendEntries::Request{4, 1, 1, 1}});
  EXPECT_EQ(stepChecked(s2, ms(2), Read{}), (Effects{.read = NotLeader{1}}));
}

// A read that was not confirmed when the leader lost its role never is, and its number is not given
// to another.
TEST(ReadIndex, ReadsAreLostWithTheRole) {
  Server s1 = leader();
  const Effects fx = stepChecked(s1, ms(1), Read{});
  stepChecked(s1, ms(1), Read{});
  const Effects lost = stepChecked(s1, ms(2), Envelope{3, 1, AppendEntries::Request{5, 3, 2, 4}});
  EXPECT_EQ(lost.readsLost, 2);
  EXPECT_EQ(stepChecked(s1, ms(3), answer(2, fx)), Effects{});
  Server again = leaderOf(1, 6, s1.log, three);
  again.lastRead = s1.lastRead;
  again.readsEnded = s1.readsEnded;
  EXPECT_EQ(stepChecked(again, ms(4), Read{}).read, (ReadAnswer{ReadAccepted{3}}));
}

TEST(ReadIndex, AClusterOfOneIsItsOwnMajority) {
  Server s1 = leaderOf(1, 4, logOf({4}), ServerSet{1});
  s1.commitIndex = s1.lastApplied = 1;
  EXPECT_EQ(stepChecked(s1, ms(1), Read{}), (Effects{.read = ReadAccepted{1}, .readable = 1}));
}

// "Only voters count, in both halves of a joint configuration."
TEST(ReadIndex, BothHalvesOfAJointConfigurationConfirm) {
  Server s1 = leaderOf(1, 4, logOf({4}), ServerSet::firstServers(6));
  s1.configuration = {.voters = {1, 2, 3}, .nextVoters = {1, 4, 5}, .learners = {6}};
  s1.commitIndex = s1.lastApplied = 1;
  const Effects fx = stepChecked(s1, ms(1), Read{});
  EXPECT_EQ(stepChecked(s1, ms(2), answer(2, fx)).readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(2), answer(6, fx)).readable, 0);
  EXPECT_EQ(stepChecked(s1, ms(2), answer(5, fx)).readable, 1);
}

// s1 with a lease since 20 ms: its heartbeats of then were answered.
Server withLease() {
  Server s1 = leader(true);
  const Effects fx = stepChecked(s1, ms(20), Timeout{});
  stepChecked(s1, ms(21), answer(2, fx));
  return s1;
}

// [thesis §6.4.1] "During the lease period, it's pretty safe for the leader to reply to read-only
// queries without … communication."
TEST(Lease, AReadWithinItIsAnsweredAtOnce) {
  Server s1 = withLease();
  EXPECT_EQ(stepChecked(s1, ms(22), Read{}), (Effects{.read = ReadAccepted{1}, .readable = 1}));
}

// Thesis §6.4.1, Reads.5: "Once the leader's heartbeats were acknowledged by a majority of the
// cluster, the leader would extend its lease to start + election timeout / clock drift bound"
TEST(Lease, ItEndsAnElectionTimeoutLessTheDriftAfterTheRoundBegan) {
  Server s1 = withLease();
  s1.settings.clockDriftBound = 100'000;  // a tenth: 100 ms · 0.9 / 1.1
  const Duration lease(81'818);
  EXPECT_EQ(leaseDuration(s1.settings).count(), lease.count());
  Server late = s1;
  EXPECT_EQ(stepChecked(s1, ms(20) + lease - Duration(1), Read{}).readable, 1);
  const Effects fx = stepChecked(late, ms(20) + lease, Read{});
  EXPECT_EQ(fx.readable, 0);
  EXPECT_EQ(fx.send.size(), 2u);
}

// It is counted from when the heartbeats were sent, not from when they were answered.
TEST(Lease, ALateAnswerGivesALeaseFromTheBeginning) {
  Server s1 = leader(true);
  s1.settings.clockDriftBound = 0;
  const Effects fx = stepChecked(s1, ms(20), Timeout{});
  stepChecked(s1, ms(40), Timeout{});
  stepChecked(s1, ms(119), answer(2, fx));
  EXPECT_EQ(stepChecked(s1, ms(119), Read{}).readable, 1);
  EXPECT_EQ(stepChecked(s1, ms(120), Read{}).readable, 0);
}

TEST(Lease, EachRoundOfHeartbeatsThatIsAnsweredExtendsIt) {
  Server s1 = withLease();
  const Effects fx = stepChecked(s1, ms(40), Timeout{});
  stepChecked(s1, ms(41), answer(3, fx));
  EXPECT_EQ(stepChecked(s1, ms(130), Read{}).readable, 1);
}

TEST(Lease, ThereIsNoneBeforeTheTermsFirstCommit) {
  Server s1 = withLease();
  s1.currentTerm = 5;
  EXPECT_EQ(stepChecked(s1, ms(22), Read{}), (Effects{.read = ReadAccepted{1}}));
}

// Time that runs backwards must not make it longer.
TEST(Lease, ItDoesNotHoldBeforeItBegan) {
  Server s1 = withLease();
  EXPECT_EQ(stepChecked(s1, ms(19), Read{}).readable, 0);
}

TEST(Lease, WithoutTheSettingThereIsNone) {
  Server s1 = withLease();
  s1.settings.leases = false;
  EXPECT_EQ(stepChecked(s1, ms(22), Read{}).readable, 0);
}

}  // namespace
}  // namespace raft
