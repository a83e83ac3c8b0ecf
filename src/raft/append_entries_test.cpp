// AppendEntries RPC: the receiver's five rules, and what a leader makes of a response.
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

// s2 in term 4 with the log 1^1 2^2 3^2, of which 1^1 is committed.
Server follower() {
  return {.id = 2,
          .configuration = three,
          .settings = plain,
          .currentTerm = 4,
          .log = logOf({1, 2, 2}),
          .commitIndex = 1,
          .lastApplied = 1,
          .role = Follower{.electionDeadline = ms(50)},
          .durableIndex = 3};
}

Envelope request(Term term, Index prevLogIndex, Term prevLogTerm, Entries entries = {},
                 Index leaderCommit = 0) {
  return {1, 2,
          AppendEntries::Request{.term = term,
                                 .leaderId = 1,
                                 .prevLogIndex = prevLogIndex,
                                 .prevLogTerm = prevLogTerm,
                                 .entries = std::move(entries),
                                 .leaderCommit = leaderCommit}};
}

Send success(Index prevLogIndex, Index matchIndex, WriteId after = 0) {
  return {.envelope = {2, 1, AppendEntries::Response{4, true, prevLogIndex, matchIndex}},
          .after = after};
}

Send refusal(Term term, Index prevLogIndex, WriteId after = 0) {
  return {.envelope = {2, 1, AppendEntries::Response{term, false, prevLogIndex, 0}},
          .after = after};
}

// Figure 2, AppendEntries.1: "Reply false if term < currentTerm"
TEST(AppendEntriesReceiver, AnOldTermIsRefusedAndChangesNothing) {
  Server s2 = follower();
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(10), request(3, 3, 2, entriesFrom(4, {3}), 4)),
            (Effects{.send = {refusal(4, 3)}}));
  EXPECT_EQ(s2, before);
}

// Figure 2, AppendEntries.2: "Reply false if log doesn't contain an entry at prevLogIndex whose
// term matches prevLogTerm"
TEST(AppendEntriesReceiver, AGapIsRefused) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 4, 2, entriesFrom(5, {4}), 4)),
            (Effects{.send = {refusal(4, 4)}}));
  EXPECT_EQ(s2.log, logOf({1, 2, 2}));
  EXPECT_EQ(s2.commitIndex, 1);
}

// Figure 2, AppendEntries.2: "whose term matches prevLogTerm"
TEST(AppendEntriesReceiver, AnotherTermAtPrevLogIndexIsRefusedAndNothingIsDeletedYet) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 3, 3, entriesFrom(4, {4}), 4)),
            (Effects{.send = {refusal(4, 3)}}));
  EXPECT_EQ(s2.log, logOf({1, 2, 2}));
  EXPECT_EQ(s2.commitIndex, 1);
}

// A refusal comes from a follower that has heard its leader.
TEST(AppendEntriesReceiver, ARefusalForTheLogStillResetsTheElectionTimer) {
  Server s2 = follower();
  stepChecked(s2, ms(10), request(4, 9, 4));
  EXPECT_EQ(s2.leader(), 1);
  EXPECT_EQ(s2.deadline().count(), ms(110).count());
}

// Figure 2, AppendEntries.3: "If an existing entry conflicts with a new one (same index but
// different terms), delete the existing entry and all that follow it"
TEST(AppendEntriesReceiver, AConflictDeletesTheEntryAndAllThatFollow) {
  Server s2 = follower();
  const Effects expected{.write = Write{.id = 1,
                                        .currentTerm = 4,
                                        .votedFor = std::nullopt,
                                        .from = 2,
                                        .entries = entriesFrom(2, {3})},
                         .send = {success(1, 2, 1)}};
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 1, 1, entriesFrom(2, {3}))), expected);
  EXPECT_EQ(s2.log.from(1), entriesFrom(1, {1, 3}));
  EXPECT_EQ(s2.durableIndex, 1);
}

// Figure 2, AppendEntries.3: "If an existing entry conflicts with a new one"
TEST(AppendEntriesReceiver, WhatDoesNotConflictStays) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 0, 0, entriesFrom(1, {1}))),
            (Effects{.send = {success(0, 1)}}));  // late: the log went on since
  EXPECT_EQ(s2.log, logOf({1, 2, 2}));
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 1, 1)), (Effects{.send = {success(1, 1)}}));
  EXPECT_EQ(s2.log, logOf({1, 2, 2}));
}

// Figure 2, AppendEntries.4: "Append any new entries not already in the log"
TEST(AppendEntriesReceiver, OnlyWhatIsNewIsAppendedAndWritten) {
  Server s2 = follower();
  const Effects expected{.write = Write{.id = 1,
                                        .currentTerm = 4,
                                        .votedFor = std::nullopt,
                                        .from = 4,
                                        .entries = entriesFrom(4, {4, 4})},
                         .send = {success(1, 5, 1)}};
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 1, 1, entriesFrom(2, {2, 2, 4, 4}))), expected);
  EXPECT_EQ(s2.log.from(1), entriesFrom(1, {1, 2, 2, 4, 4}));
  EXPECT_EQ(s2.durableIndex, 3);
}

// Figure 2, AppendEntries.4: "Append any new entries not already in the log"
TEST(AppendEntriesReceiver, TheFirstEntryOfAnEmptyLogFollowsIndexZero) {
  Server s2{.id = 2, .configuration = three, .settings = plain, .currentTerm = 4};
  const Effects expected{.write = Write{.id = 1,
                                        .currentTerm = 4,
                                        .votedFor = std::nullopt,
                                        .from = 1,
                                        .entries = entriesFrom(1, {4})},
                         .send = {success(0, 1, 1)}};
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 0, 0, entriesFrom(1, {4}))), expected);
}

// §5.5: "Raft RPCs are idempotent"
TEST(AppendEntriesReceiver, ADoubledRequestIsAnsweredAlikeAndWritesNothing) {
  Server s2 = follower();
  const Envelope twice = request(4, 3, 2, entriesFrom(4, {4}), 3);
  stepChecked(s2, ms(10), twice);
  stepChecked(s2, ms(11), Written{1});
  EXPECT_EQ(stepChecked(s2, ms(12), twice), (Effects{.send = {success(3, 4)}}));
}

// Figure 2, AppendEntries.5: "If leaderCommit > commitIndex, set commitIndex = min(leaderCommit,
// index of last new entry)"
TEST(AppendEntriesReceiver, CommitFollowsTheLeaderAndIsApplied) {
  Server s2 = follower();
  EXPECT_EQ(
      stepChecked(s2, ms(10), request(4, 3, 2, {}, 2)),
      (Effects{.send = {success(3, 3)}, .apply = {.first = 2, .entries = entriesFrom(2, {2})}}));
  EXPECT_EQ(s2.commitIndex, 2);
  EXPECT_EQ(s2.lastApplied, 2);
}

// Figure 2, AppendEntries.5: "index of last new entry"
TEST(AppendEntriesReceiver, CommitStopsAtTheLastNewEntryWhatFollowsMayBeWrong) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 1, 1, {}, 3)), (Effects{.send = {success(1, 1)}}));
  EXPECT_EQ(s2.commitIndex, 1);
  stepChecked(s2, ms(11), request(4, 1, 1, entriesFrom(2, {2}), 3));
  EXPECT_EQ(s2.commitIndex, 2);
}

// Figure 2, AppendEntries.5: "If leaderCommit > commitIndex"
TEST(AppendEntriesReceiver, ALateRequestDoesNotTakeCommitBack) {
  Server s2 = follower();
  stepChecked(s2, ms(10), request(4, 3, 2, {}, 3));
  EXPECT_EQ(stepChecked(s2, ms(11), request(4, 0, 0, {}, 1)), (Effects{.send = {success(0, 0)}}));
  EXPECT_EQ(s2.commitIndex, 3);
}

// A leader never contradicts what is committed, so this is no leader.
TEST(AppendEntriesReceiver, WhatIsCommittedIsNeverDeleted) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), request(4, 0, 0, entriesFrom(1, {4}), 1)), Effects{});
  EXPECT_EQ(s2.log, logOf({1, 2, 2}));
}

// A request that names another leader than its sender: neither of them is followed.
TEST(AppendEntriesReceiver, NobodyLeadsOnBehalfOfAnother) {
  Server s2 = follower();
  const Server before = s2;
  Envelope forged = request(4, 3, 2, entriesFrom(4, {4}), 3);
  forged.from = 3;
  EXPECT_EQ(stepChecked(s2, ms(10), forged), Effects{});
  EXPECT_EQ(s2, before);
}

// s1, leader of term 4 with the log 1^1 2^2 3^4 4^4; it has sent nothing that is not answered.
Server leader() {
  return {.id = 1,
          .configuration = three,
          .settings = plain,
          .currentTerm = 4,
          .votedFor = 1,
          .log = logOf({1, 2, 4, 4}),
          .role = Leader{.progress = {{.nextIndex = 5, .matchIndex = 4},
                                      {.nextIndex = 5},
                                      {.nextIndex = 5}},
                         .heartbeatDeadline = ms(20)},
          .durableIndex = 4};
}

Envelope response(ServerId from, bool success, Index prevLogIndex, Index matchIndex) {
  return {from, 1, AppendEntries::Response{4, success, prevLogIndex, matchIndex}};
}

Send entriesTo(ServerId to, Index prevLogIndex, Term prevLogTerm, Entries entries,
               Index leaderCommit = 0) {
  return {.envelope = {1, to,
                       AppendEntries::Request{.term = 4,
                                              .leaderId = 1,
                                              .prevLogIndex = prevLogIndex,
                                              .prevLogTerm = prevLogTerm,
                                              .entries = std::move(entries),
                                              .leaderCommit = leaderCommit}}};
}

// Figure 2, Leaders.3a: "If successful: update nextIndex and matchIndex for follower"
TEST(AppendEntriesSender, ASuccessMovesMatchIndexAndCommits) {
  Server s1 = leader();
  s1.as<Leader>()->of(2) = {.nextIndex = 3, .matchIndex = 0, .waiting = true};
  EXPECT_EQ(stepChecked(s1, ms(5), response(2, true, 2, 4)),
            (Effects{.apply = {.first = 1, .entries = entriesFrom(1, {1, 2, 4, 4})}}));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 4}));
  EXPECT_EQ(s1.commitIndex, 4);
}

// Figure 2, Leaders.3b: "If AppendEntries fails because of log inconsistency: decrement nextIndex
// and retry"
TEST(AppendEntriesSender, ARefusalMovesNextIndexBackByOneAndIsTriedAgain) {
  Server s1 = leader();
  EXPECT_EQ(stepChecked(s1, ms(5), response(2, false, 4, 0)),
            (Effects{.send = {entriesTo(2, 3, 4, entriesFrom(4, {4}))}}));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 4, .waiting = true}));
  EXPECT_EQ(stepChecked(s1, ms(6), response(2, false, 3, 0)),
            (Effects{.send = {entriesTo(2, 2, 2, entriesFrom(3, {4, 4}))}}));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 3, .waiting = true}));
}

// A refusal counts for the request that was refused, once.
TEST(AppendEntriesSender, AStaleOrDoubledRefusalDoesNotMoveNextIndex) {
  Server s1 = leader();
  stepChecked(s1, ms(5), response(2, false, 4, 0));
  const Server before = s1;
  EXPECT_EQ(stepChecked(s1, ms(6), response(2, false, 4, 0)), Effects{});
  EXPECT_EQ(s1, before);
}

// Figure 2: "index of highest log entry known to be replicated on server (initialized to 0,
// increases monotonically)"
TEST(AppendEntriesSender, MatchIndexNeverFallsAndNextIndexStaysAboveIt) {
  Server s1 = leader();
  stepChecked(s1, ms(5), response(2, true, 2, 3));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 3}));
  stepChecked(s1, ms(6), response(2, true, 0, 1));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 3}));
  stepChecked(s1, ms(7), response(2, false, 4, 0));  // it may lack 4^4 …
  EXPECT_EQ(s1.as<Leader>()->of(2).nextIndex, 4);
  stepChecked(s1, ms(8), response(2, false, 3, 0));  // … but 3^4 it has said to have
  EXPECT_EQ(s1.as<Leader>()->of(2).nextIndex, 4);
}

TEST(AppendEntriesSender, NextIndexNeverFallsBelowOne) {
  Server s1 = leader();
  s1.as<Leader>()->of(2).nextIndex = 1;
  stepChecked(s1, ms(5), response(2, false, 0, 0));
  EXPECT_EQ(s1.as<Leader>()->of(2).nextIndex, 1);
}

// Figure 2, Leaders.3: "If last log index ≥ nextIndex for a follower: send AppendEntries RPC with
// log entries starting at nextIndex"
TEST(AppendEntriesSender, AResponseBringsTheNextEntriesAndTheCommitIndex) {
  Server s1 = leader();
  s1.as<Leader>()->of(2) = {.nextIndex = 3, .waiting = true};
  const Effects expected{.send = {entriesTo(2, 3, 4, entriesFrom(4, {4}), 3)},
                         .apply = {.first = 1, .entries = entriesFrom(1, {1, 2, 4})}};
  EXPECT_EQ(stepChecked(s1, ms(5), response(2, true, 2, 3)), expected);
}

// While entries are on their way, more wait for the response, and a heartbeat sends them all.
TEST(AppendEntriesSender, OneRequestWithEntriesIsUnderWayToAPeer) {
  Server s1 = leader();
  EXPECT_EQ(stepChecked(s1, ms(5), Propose{{"5^4"}}).send,
            (std::vector<Send>{entriesTo(2, 4, 4, entriesFrom(5, {4})),
                               entriesTo(3, 4, 4, entriesFrom(5, {4}))}));
  EXPECT_EQ(stepChecked(s1, ms(6), Propose{{"6^4"}}).send, std::vector<Send>{});
  stepChecked(s1, ms(6), Written{2});
  EXPECT_EQ(stepChecked(s1, ms(7), response(2, true, 4, 5)).send,
            std::vector<Send>{entriesTo(2, 5, 4, entriesFrom(6, {4}), 5)});
  EXPECT_EQ(stepChecked(s1, ms(20), Timeout{}).send,
            (std::vector<Send>{entriesTo(2, 5, 4, entriesFrom(6, {4}), 5),
                               entriesTo(3, 4, 4, entriesFrom(5, {4, 4}), 5)}));
}

// The answer to an empty heartbeat says nothing of the entries that were sent after it.
TEST(AppendEntriesSender, AHeartbeatsAnswerDoesNotEndTheWait) {
  Server s1 = leader();
  stepChecked(s1, ms(5), Propose{{"5^4"}});
  EXPECT_EQ(stepChecked(s1, ms(6), response(2, true, 4, 4)).send, std::vector<Send>{});
  EXPECT_TRUE(s1.as<Leader>()->of(2).waiting);
}

// Figure 2, Leaders.4: "a majority of matchIndex[i] ≥ N, and log[N].term == currentTerm: set
// commitIndex = N"
TEST(AppendEntriesSender, CommitIsWhatAMajorityHasAndNoMore) {
  Server s1 = leader();
  s1.configuration = ServerSet::firstServers(5);
  s1.as<Leader>()->progress.resize(5, Progress{.nextIndex = 5});
  stepChecked(s1, ms(5), response(2, true, 2, 3));
  EXPECT_EQ(s1.commitIndex, 0);
  stepChecked(s1, ms(5), response(3, true, 2, 4));
  EXPECT_EQ(s1.commitIndex, 3);  // s3 has 4^4, a majority only 3^4
  stepChecked(s1, ms(5), response(5, true, 2, 4));
  EXPECT_EQ(s1.commitIndex, 4);
}

}  // namespace
}  // namespace raft
