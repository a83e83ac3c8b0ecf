// What must be written before it is spoken of, and what need not wait (thesis §10.2.1).
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

Server follower() {
  return {.id = 2,
          .configuration = three,
          .settings = plain,
          .currentTerm = 2,
          .role = Follower{.electionDeadline = ms(100)}};
}

Envelope append(Term term, Index prevLogIndex, Term prevLogTerm, Entries entries) {
  return {1, 2,
          AppendEntries::Request{.term = term,
                                 .leaderId = 1,
                                 .prevLogIndex = prevLogIndex,
                                 .prevLogTerm = prevLogTerm,
                                 .entries = std::move(entries)}};
}

using Writing = Server::Writing;

Envelope success(ServerId from, Index matchIndex) {
  return {from, 1, AppendEntries::Response{2, true, 1, matchIndex}};
}

// Figure 2: "Updated on stable storage before responding to RPCs"
TEST(Durability, AResponseWaitsForTheWriteOfItsOwnStep) {
  Server s2 = follower();
  Effects fx = stepChecked(s2, ms(1), append(2, 0, 0, entriesFrom(1, {2})));
  ASSERT_EQ(fx.send.size(), 1u);
  EXPECT_EQ(fx.write->id, 1);
  EXPECT_EQ(fx.send[0].after, 1);
}

// A response speaks of all that the server knows, also of what an earlier step has not yet written.
TEST(Durability, AResponseWaitsForTheWritesOfEarlierSteps) {
  Server s2 = follower();
  stepChecked(s2, ms(1), append(2, 0, 0, entriesFrom(1, {2})));
  Effects fx = stepChecked(s2, ms(2), append(2, 0, 0, entriesFrom(1, {2})));  // doubled
  EXPECT_FALSE(fx.write);
  EXPECT_EQ(fx.send[0].after, 1);

  fx = stepChecked(s2, ms(3), Envelope{3, 2, RequestVote::Request{1, 3, 9, 1}});  // refused
  EXPECT_EQ(fx.send[0].after, 1);

  stepChecked(s2, ms(4), Written{1});
  fx = stepChecked(s2, ms(5), append(2, 0, 0, entriesFrom(1, {2})));
  EXPECT_EQ(fx.send[0].after, 0);
}

// A candidate's requests tell of its term and of its vote for itself.
TEST(Durability, ACandidatesRequestsWaitForItsVote) {
  Server s2 = follower();
  const Effects fx = stepChecked(s2, ms(100), Timeout{});
  EXPECT_EQ(fx.write, (Write{.id = 1, .currentTerm = 3, .votedFor = 2}));
  ASSERT_EQ(fx.send.size(), 2u);
  for (const Send& send : fx.send) EXPECT_EQ(send.after, 1);
}

// Thesis §10.2.1: "the leader can write to its disk in parallel with replicating to the followers"
TEST(Durability, ALeadersAppendEntriesLeaveAtOnce) {
  Server s1 = settledLeader();
  const Effects fx = stepChecked(s1, ms(1), Propose{{"2^2"}});
  EXPECT_EQ(
      fx.write,
      (Write{.id = 6, .currentTerm = 2, .votedFor = 1, .from = 2, .entries = entriesFrom(2, {2})}));
  ASSERT_EQ(fx.send.size(), 2u);
  for (const Send& send : fx.send) EXPECT_EQ(send.after, 0);
}

// A leader whose write is under way refuses votes only after it.
TEST(Durability, ALeadersResponsesDoWait) {
  Server s1 = settledLeader();
  stepChecked(s1, ms(1), Propose{{"2^2"}});
  const Effects fx = stepChecked(s1, ms(2), Envelope{3, 1, RequestVote::Request{2, 3, 9, 2}});
  EXPECT_EQ(fx.send[0].after, 6);
}

// Thesis §10.2.1: "the leader uses its own match index to indicate the latest entry to have been
// durably written to its disk"
TEST(Durability, ALeaderCountsItselfOnlyWhenItsWriteIsDurable) {
  Server s1 = settledLeader();
  stepChecked(s1, ms(1), Propose{{"2^2"}});
  EXPECT_EQ(stepChecked(s1, ms(2), success(2, 2)), Effects{});
  EXPECT_EQ(s1.commitIndex, 0);
  EXPECT_EQ(stepChecked(s1, ms(3), Written{6}).apply,
            (Apply{.first = 1, .entries = entriesFrom(1, {1, 2})}));
}

// Thesis §10.2.1: "The leader may even commit an entry before it has been written to its own disk"
TEST(Durability, AMajorityOfTheOthersCommitsBeforeTheLeadersOwnWrite) {
  Server s1 = settledLeader();
  stepChecked(s1, ms(1), Propose{{"2^2"}});
  stepChecked(s1, ms(2), success(2, 2));
  EXPECT_EQ(stepChecked(s1, ms(3), success(3, 2)).apply,
            (Apply{.first = 1, .entries = entriesFrom(1, {1, 2})}));
  EXPECT_EQ(stepChecked(s1, ms(4), Written{6}), Effects{});
  EXPECT_EQ(s1.durableIndex, 2);
}

TEST(Durability, WriteIdsRiseByOneAndALaterWriteIncludesTheEarlier) {
  Server s1 = settledLeader();
  for (const char* command : {"2^2", "3^2", "4^2"}) stepChecked(s1, ms(1), Propose{{command}});
  EXPECT_EQ(s1.writing, (std::vector<Writing>{{6, 2}, {7, 3}, {8, 4}}));
  stepChecked(s1, ms(2), Written{7});
  EXPECT_EQ(s1.writing, (std::vector<Writing>{{8, 4}}));
  EXPECT_EQ(s1.durableIndex, 3);
  EXPECT_EQ(s1.as<Leader>()->of(1).matchIndex, 3);
}

TEST(Durability, ADoubledOrEarlierCompletionChangesNothing) {
  Server s1 = settledLeader();
  for (const char* command : {"2^2", "3^2"}) stepChecked(s1, ms(1), Propose{{command}});
  stepChecked(s1, ms(2), Written{7});
  const Server before = s1;
  for (WriteId id : {WriteId{7}, WriteId{6}, WriteId{1}, WriteId{0}}) {
    EXPECT_EQ(stepChecked(s1, ms(3), Written{id}), Effects{});
    EXPECT_EQ(s1, before);
  }
}

TEST(Durability, ACompletionThatNothingWaitsForIsIgnored) {
  Server s2 = follower();
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(3), Written{99}), Effects{});
  EXPECT_EQ(s2, before);
}

// The entry that the first write made durable is no longer in the log when the disk says so.
TEST(Durability, ACompletionAfterATruncationDoesNotCountWhatWasDeleted) {
  Server s2 = follower();
  stepChecked(s2, ms(1), append(2, 0, 0, entriesFrom(1, {1, 2, 2})));
  const Effects fx = stepChecked(s2, ms(2), append(3, 1, 1, entriesFrom(2, {3})));
  EXPECT_EQ(fx.write, (Write{.id = 2,
                             .currentTerm = 3,
                             .votedFor = std::nullopt,
                             .from = 2,
                             .entries = entriesFrom(2, {3})}));
  EXPECT_EQ(s2.writing, (std::vector<Writing>{{1, 1}, {2, 2}}));
  stepChecked(s2, ms(3), Written{1});
  EXPECT_EQ(s2.durableIndex, 1);
  stepChecked(s2, ms(4), Written{2});
  EXPECT_EQ(s2.durableIndex, 2);
}

// Two truncations under way: each completion counts what still stands of it.
TEST(Durability, TruncationsThatFollowEachOtherLowerAllEarlierWrites) {
  Server s2 = follower();
  stepChecked(s2, ms(1), append(2, 0, 0, entriesFrom(1, {1, 1, 1, 1})));
  stepChecked(s2, ms(2), append(3, 2, 1, entriesFrom(3, {3, 3, 3})));
  stepChecked(s2, ms(3), append(4, 1, 1, entriesFrom(2, {4})));
  EXPECT_EQ(s2.writing, (std::vector<Writing>{{1, 1}, {2, 1}, {3, 2}}));
  stepChecked(s2, ms(4), Written{2});
  EXPECT_EQ(s2.durableIndex, 1);
}

// One write carries the new term, the forgotten vote, the truncation and the entries together.
TEST(Durability, ATermAVoteATruncationAndEntriesAreOneWrite) {
  Server s2 = follower();
  s2.votedFor = 3;
  s2.log = logOf({1, 1});
  s2.durableIndex = 2;
  const Effects fx = stepChecked(s2, ms(1), append(5, 1, 1, entriesFrom(2, {4, 5})));
  EXPECT_EQ(fx.write, (Write{.id = 1,
                             .currentTerm = 5,
                             .votedFor = std::nullopt,
                             .from = 2,
                             .entries = entriesFrom(2, {4, 5})}));
}

// What is as it was is not written: a term alone leaves the log alone on the disk.
TEST(Durability, ANewTermAloneDoesNotWriteTheLog) {
  Server s2 = follower();
  s2.log = logOf({1, 1});
  s2.durableIndex = 2;
  const Effects fx = stepChecked(s2, ms(1), Envelope{1, 2, RequestVote::Response{7, false}});
  EXPECT_EQ(fx, (Effects{.write = Write{.id = 1, .currentTerm = 7, .votedFor = std::nullopt}}));
  stepChecked(s2, ms(2), Written{1});
  EXPECT_EQ(s2.durableIndex, 2);
}

// Thesis §10.2.1: "the leader uses its own match index to indicate the latest entry to have been
// durably written to its disk" — also of what it was still writing when it was elected.
TEST(Durability, ANewLeaderCountsItselfOnlyForWhatWasDurableWhenItWon) {
  Server s1{.id = 1,
            .configuration = three,
            .settings = plain,
            .currentTerm = 4,
            .votedFor = 1,
            .log = logOf({1, 3, 3}),
            .role = Candidate{.votesResponded = {1}, .votesGranted = {1}},
            .lastWrite = 6,
            .writing = {{.id = 5, .lastIndex = 2}, {.id = 6, .lastIndex = 3}},
            .durableIndex = 1};
  stepChecked(s1, ms(1), Envelope{2, 1, RequestVote::Response{4, true}});
  ASSERT_TRUE(s1.is<Leader>());
  EXPECT_EQ(s1.as<Leader>()->of(1), (Progress{.nextIndex = 4, .matchIndex = 1}));
  stepChecked(s1, ms(2), Written{5});
  EXPECT_EQ(s1.as<Leader>()->of(1).matchIndex, 2);
  stepChecked(s1, ms(2), Written{6});
  EXPECT_EQ(s1.as<Leader>()->of(1).matchIndex, 3);
}

// A cluster of one: its majority is itself, once its vote and its entry are durable.
TEST(Durability, AClusterOfOneWaitsForItsOwnDisk) {
  Server s1 = Server::start(1, ServerSet{1}, plain, 7, ms(0));
  EXPECT_EQ(stepChecked(s1, ms(100), Timeout{}),
            (Effects{.write = Write{.id = 1, .currentTerm = 1, .votedFor = 1}}));
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(stepChecked(s1, ms(101), Written{1}), Effects{});
  ASSERT_TRUE(s1.is<Leader>());

  Effects fx = stepChecked(s1, ms(102), Propose{{"1^1"}});
  EXPECT_EQ(fx.proposed, Proposed{(Accepted{.index = 1, .term = 1})});
  EXPECT_EQ(fx.apply, Apply{});
  fx = stepChecked(s1, ms(103), Written{2});
  EXPECT_EQ(fx.apply, (Apply{.first = 1, .entries = entriesFrom(1, {1})}));
}

// A cluster of one whose vote is not durable is not elected by what others tell it.
TEST(Durability, AClusterOfOneIsNotElectedByAForgedVoteBeforeItsOwnIsDurable) {
  Server s1 = Server::start(1, ServerSet{1}, plain, 7, ms(0));
  stepChecked(s1, ms(100), Timeout{});
  EXPECT_EQ(stepChecked(s1, ms(101), Envelope{9, 1, RequestVote::Response{1, true}}), Effects{});
  EXPECT_TRUE(s1.is<Candidate>());
}

// A disk slower than the election timeout: the vote of the later term has to be durable too.
TEST(Durability, AClusterOfOneIsElectedOnlyWhenNothingIsLeftToWrite) {
  Server s1 = Server::start(1, ServerSet{1}, plain, 7, ms(0));
  stepChecked(s1, ms(100), Timeout{});
  stepChecked(s1, ms(200), Timeout{});
  stepChecked(s1, ms(201), Written{1});
  EXPECT_TRUE(s1.is<Candidate>());
  stepChecked(s1, ms(202), Written{2});
  EXPECT_TRUE(s1.is<Leader>());
  EXPECT_EQ(s1.currentTerm, 2);
}

// The log of a restarted server is durable: it was read from the disk.
TEST(Durability, ARestartedServerHasWhatWasDurableAndNothingToWrite) {
  const Persistent disk{.currentTerm = 4, .votedFor = 3, .log = logOf({1, 2, 4})};
  const Server s1 = Server::start(1, three, plain, 8, ms(50), disk);
  const Server expected{.id = 1,
                        .configuration = three,
                        .settings = plain,
                        .random = {.seed = 8, .counter = 1},
                        .currentTerm = 4,
                        .votedFor = 3,
                        .log = logOf({1, 2, 4}),
                        .role = Follower{.electionDeadline = ms(150)},
                        .durableIndex = 3,
                        .baseConfiguration = three};
  EXPECT_EQ(s1, expected);
}

// A host may read its log entry by entry: what it appends then is not to be written once more.
TEST(Durability, ARestartFromALogThatWasBuiltByAppendingWritesNothing) {
  Persistent disk{.currentTerm = 4, .votedFor = 3};
  for (std::uint64_t index = 1; index <= 3; ++index) disk.log.append(entryAt(index, 2));
  Server s1 = Server::start(1, three, plain, 8, ms(50), disk);
  EXPECT_EQ(stepChecked(s1, ms(51), Timeout{}), Effects{});
  EXPECT_EQ(stepChecked(s1, ms(150), Timeout{}).write,
            (Write{.id = 1, .currentTerm = 5, .votedFor = 1}));
}

}  // namespace
}  // namespace raft
