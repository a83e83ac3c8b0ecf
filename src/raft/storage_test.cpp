// Storage that fails, is slow or stalls: an input each (effects.h, durability.cpp).
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

using Writing = Server::Writing;

constexpr Time never = Time::max();

// s2, a follower of term 2 with an empty log.
Server follower(const Settings& settings = plain) {
  return {.id = 2,
          .configuration = three,
          .settings = settings,
          .currentTerm = 2,
          .role = Follower{.electionDeadline = ms(100)}};
}

// Timeouts without chance; a leader bears a write of 50 ms.
Settings impatient() {
  Settings settings = plain;
  settings.writeTimeout = ms(50);
  return settings;
}

Envelope append(Term term, Index prevLogIndex, Term prevLogTerm, Entries entries) {
  return {1, 2,
          AppendEntries::Request{.term = term,
                                 .leaderId = 1,
                                 .prevLogIndex = prevLogIndex,
                                 .prevLogTerm = prevLogTerm,
                                 .entries = std::move(entries)}};
}

// --- A write that fails ---

TEST(FailedWrite, IsAskedForAgainUnderANewId) {
  Server s2 = follower();
  stepChecked(s2, ms(1), append(2, 0, 0, entriesFrom(1, {1, 2})));
  EXPECT_EQ(stepChecked(s2, ms(2), WriteFailed{1}),
            (Effects{.write = Write{.id = 2,
                                    .currentTerm = 2,
                                    .votedFor = std::nullopt,
                                    .from = 1,
                                    .entries = entriesFrom(1, {1, 2})}}));
  EXPECT_EQ(s2.writing, (std::vector<Writing>{{2, 2}}));
  EXPECT_EQ(s2.durableIndex, 0);
  EXPECT_EQ(s2.log, logOf({1, 2})) << "nothing is taken back";
  stepChecked(s2, ms(3), Written{2});
  EXPECT_EQ(s2.durableIndex, 2);
}

// "The write `id` has failed, and with it each one after it": one write says all that they said.
TEST(FailedWrite, TakesThoseAfterItAlong) {
  Server s2 = follower();
  stepChecked(s2, ms(1), append(2, 0, 0, entriesFrom(1, {1})));
  stepChecked(s2, ms(1), append(2, 1, 1, entriesFrom(2, {2})));
  stepChecked(s2, ms(1), append(2, 2, 2, entriesFrom(3, {2})));
  EXPECT_EQ(stepChecked(s2, ms(2), WriteFailed{2}),
            (Effects{.write = Write{.id = 4,
                                    .currentTerm = 2,
                                    .votedFor = std::nullopt,
                                    .from = 2,
                                    .entries = entriesFrom(2, {2, 2})}}));
  EXPECT_EQ(s2.writing, (std::vector<Writing>{{1, 1}, {4, 3}})) << "the first is still under way";
  stepChecked(s2, ms(3), Written{4});
  EXPECT_EQ(s2.durableIndex, 3);
}

// A host may tell of each of them, and late: only the first one counts, and none but what it names.
TEST(FailedWrite, ToldTwiceOrOfWhatIsDurableChangesNothing) {
  Server s2 = follower();
  stepChecked(s2, ms(1), append(2, 0, 0, entriesFrom(1, {1})));
  stepChecked(s2, ms(1), append(2, 1, 1, entriesFrom(2, {2})));
  stepChecked(s2, ms(1), append(2, 2, 2, entriesFrom(3, {2})));
  stepChecked(s2, ms(2), Written{1});
  stepChecked(s2, ms(2), WriteFailed{2});
  const Server before = s2;
  for (WriteId id : {WriteId{0}, WriteId{1}, WriteId{2}, WriteId{3}, WriteId{5}, WriteId{99}}) {
    EXPECT_EQ(stepChecked(s2, ms(3), WriteFailed{id}), Effects{}) << id.value;
    EXPECT_EQ(s2, before);
  }
  EXPECT_EQ(stepChecked(s2, ms(3), Written{3}), Effects{}) << "nor that one of them is durable";
  EXPECT_EQ(s2, before);
}

// Nobody knows whether the vote is on the disk. It stands in memory, so nobody else gets it; and it
// is told when the write that says so again is durable.
TEST(FailedWrite, AVoteIsNeitherTakenBackNorTold) {
  Server s2 = follower();
  Effects fx = stepChecked(s2, ms(1), Envelope{3, 2, RequestVote::Request{2, 3, 0, 0}});
  EXPECT_EQ(fx.send[0].after, 1);
  EXPECT_EQ(stepChecked(s2, ms(2), WriteFailed{1}),
            (Effects{.write = Write{.id = 2, .currentTerm = 2, .votedFor = 3, .from = 1}}));
  fx = stepChecked(s2, ms(3), Envelope{1, 2, RequestVote::Request{2, 1, 9, 2}});
  EXPECT_EQ(
      fx.send,
      (std::vector<Send>{{.envelope = {2, 1, RequestVote::Response{.term = 2}}, .after = 2}}));
  fx = stepChecked(s2, ms(4), Envelope{3, 2, RequestVote::Request{2, 3, 0, 0}});
  EXPECT_EQ(fx.send,
            (std::vector<Send>{{.envelope = {2, 3, RequestVote::Response{2, true}}, .after = 2}}));
}

// The entries that the first write would have replaced may still be on the disk, or half of each.
TEST(FailedWrite, ATruncationThatFailedIsWrittenAgain) {
  Server s2 = follower();
  s2.log = logOf({1, 1, 1});
  s2.durableIndex = 3;
  stepChecked(s2, ms(1), append(3, 1, 1, entriesFrom(2, {3})));
  EXPECT_EQ(s2.durableIndex, 1);
  EXPECT_EQ(stepChecked(s2, ms(2), WriteFailed{1}).write, (Write{.id = 2,
                                                                 .currentTerm = 3,
                                                                 .votedFor = std::nullopt,
                                                                 .from = 2,
                                                                 .entries = entriesFrom(2, {3})}));
}

// A leader that took back what it could not write, and went on, would number a second entry 2^2,
// which a follower that holds the first one acknowledges without a look.
TEST(FailedWrite, ALeaderGivesUpItsRoleAndNumbersNothingAnew) {
  Server s1 = settledLeader();
  stepChecked(s1, ms(1), Propose{{"2^2"}});
  const Effects fx = stepChecked(s1, ms(2), WriteFailed{6});
  EXPECT_EQ(fx, (Effects{.write = Write{.id = 7,
                                        .currentTerm = 2,
                                        .votedFor = 1,
                                        .from = 2,
                                        .entries = entriesFrom(2, {2})}}));
  EXPECT_EQ(s1.role, Role(Follower{.electionDeadline = ms(102)}));
  EXPECT_EQ(s1.log, logOf({1, 2}));
  EXPECT_EQ(stepChecked(s1, ms(3), Propose{{"another 2^2"}}).proposed, Proposed{NotLeader{}});
  // What its followers acknowledge now is theirs to tell the next leader.
  EXPECT_EQ(stepChecked(s1, ms(4), Envelope{2, 1, AppendEntries::Response{2, true, 1, 2}}),
            Effects{});
}

// What it committed by its followers alone stays committed, and is written again as well.
TEST(FailedWrite, WhatWasCommittedWithoutTheLeadersDiskStaysSo) {
  Server s1 = settledLeader();
  stepChecked(s1, ms(1), Propose{{"2^2"}});
  for (ServerId peer : {2, 3}) {
    stepChecked(s1, ms(2), Envelope{peer, 1, AppendEntries::Response{2, true, 1, 2}});
  }
  ASSERT_EQ(s1.commitIndex, 2);
  EXPECT_EQ(stepChecked(s1, ms(3), WriteFailed{6}).write->from, 2);
  EXPECT_EQ(s1.commitIndex, 2);
}

// In the term that it led it has voted for itself: it neither votes for another nor leads again.
TEST(FailedWrite, WhoGaveUpItsRoleNeitherVotesInThatTermNorLeadsItAgain) {
  Server s1 = settledLeader();
  stepChecked(s1, ms(1), Propose{{"2^2"}});
  stepChecked(s1, ms(2), WriteFailed{6});
  stepChecked(s1, ms(3), Written{7});
  const Effects fx = stepChecked(s1, ms(4), Envelope{3, 1, RequestVote::Request{2, 3, 9, 2}});
  EXPECT_EQ(sent<RequestVote::Response>(fx, 3), (RequestVote::Response{.term = 2}));
  EXPECT_EQ(stepChecked(s1, ms(5), Envelope{3, 1, RequestVote::Response{2, true}}), Effects{});
  EXPECT_TRUE(s1.is<Follower>());
  // When its timeout elapses it stands in a new term, as anybody does.
  stepChecked(s1, ms(102), Timeout{});
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(s1.currentTerm, 3);
}

// Its requests wait for its vote, whichever write brings that to the disk.
TEST(FailedWrite, ACandidateGoesOnWaitingForItsVote) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(100), Timeout{}).send[0].after, 1);
  EXPECT_EQ(stepChecked(s2, ms(101), WriteFailed{1}),
            (Effects{.write = Write{.id = 2, .currentTerm = 3, .votedFor = 2, .from = 1}}));
  EXPECT_TRUE(s2.is<Candidate>());
  for (const Send& send : stepChecked(s2, ms(120), Timeout{}).send) EXPECT_EQ(send.after, 2);
}

TEST(FailedWrite, AClusterOfOneIsElectedWhenItsVoteIsDurableAtLast) {
  Server s1 = Server::start(1, ServerSet{1}, plain, 7, ms(0));
  stepChecked(s1, ms(100), Timeout{});
  stepChecked(s1, ms(101), WriteFailed{1});
  EXPECT_TRUE(s1.is<Candidate>());
  stepChecked(s1, ms(102), WriteFailed{2});
  EXPECT_TRUE(s1.is<Candidate>());
  stepChecked(s1, ms(103), Written{3});
  EXPECT_TRUE(s1.is<Leader>());
}

// --- A slow disk, and one that stalls ---

// Off unless it is set: a leader waits for its disk as long as that takes.
TEST(StalledDisk, ALeaderBearsItWithoutAWriteTimeout) {
  Server s1 = settledLeader();
  stepChecked(s1, ms(1), Propose{{"2^2"}});
  EXPECT_EQ(s1.writing, (std::vector<Writing>{{6, 2, never}}));
  stepChecked(s1, ms(1'000'000), Timeout{});
  EXPECT_TRUE(s1.is<Leader>());
  EXPECT_FALSE(s1.diskStalls(ms(1'000'000)));
}

// It must be asked for a step by then, though its heartbeats are due at other times.
TEST(StalledDisk, ALeadersDeadlineNamesWhenItsOldestWriteIsOverdue) {
  Server s1 = settledLeader(impatient());
  EXPECT_EQ(s1.deadline(), ms(20));
  stepChecked(s1, ms(7), Propose{{"2^2"}});
  EXPECT_EQ(s1.writing, (std::vector<Writing>{{6, 2, ms(57)}}));
  stepChecked(s1, ms(20), Timeout{});
  EXPECT_EQ(s1.deadline(), ms(40));
  stepChecked(s1, ms(30), Propose{{"3^2"}});
  stepChecked(s1, ms(40), Timeout{});
  EXPECT_EQ(s1.deadline(), ms(57)) << "before the heartbeat of 60 ms";
  stepChecked(s1, ms(50), Written{6});
  EXPECT_EQ(s1.deadline(), ms(60));
  stepChecked(s1, ms(60), Timeout{});
  EXPECT_EQ(s1.deadline(), ms(80)) << "both at once";
  stepChecked(s1, ms(61), Written{7});
  EXPECT_EQ(s1.deadline(), ms(80));
}

TEST(StalledDisk, ALeaderGivesUpItsRoleInTime) {
  Server s1 = settledLeader(impatient());
  stepChecked(s1, ms(7), Propose{{"2^2"}});
  stepChecked(s1, ms(20), Timeout{});
  stepChecked(s1, ms(40), Timeout{});
  EXPECT_EQ(stepChecked(s1, ms(57) - Duration(1), Timeout{}), Effects{});
  EXPECT_TRUE(s1.is<Leader>());
  EXPECT_TRUE(s1.diskStalls(ms(57)));
  EXPECT_EQ(stepChecked(s1, ms(57), Timeout{}), Effects{}) << "no heartbeat any more";
  EXPECT_EQ(s1.role, Role(Follower{.electionDeadline = ms(157)}));
  EXPECT_EQ(s1.currentTerm, 2);
  EXPECT_EQ(s1.votedFor, ServerId{1});
  EXPECT_EQ(s1.log, logOf({1, 2}));
}

// A disk that is quick enough costs nobody the lead.
TEST(StalledDisk, ASlowDiskIsBorneUpToTheTimeout) {
  Server s1 = settledLeader(impatient());
  Time now = ms(0);
  for (std::uint64_t i = 0; i < 10; ++i) {
    stepChecked(s1, now, Propose{{"x"}});
    now += ms(50) - Duration(1);
    stepChecked(s1, now, Timeout{});
    stepChecked(s1, now, Written{6 + i});
  }
  EXPECT_TRUE(s1.is<Leader>());
}

// Its vote for itself would not become durable, so it could not even ask for others; but its term
// would rise with each attempt, and depose the leader when the disk goes on at last.
TEST(StalledDisk, AFollowerDoesNotStandForElection) {
  Server s2 = follower(impatient());
  stepChecked(s2, ms(10), append(2, 0, 0, entriesFrom(1, {1})));
  ASSERT_EQ(s2.deadline(), ms(110));
  EXPECT_EQ(stepChecked(s2, ms(110), Timeout{}), Effects{});
  EXPECT_EQ(s2.role, Role(Follower{.electionDeadline = ms(210)}));
  EXPECT_EQ(s2.currentTerm, 2);
  stepChecked(s2, ms(200), Written{1});
  stepChecked(s2, ms(210), Timeout{});
  EXPECT_TRUE(s2.is<Candidate>());
}

// What it answers waits for its disk: it acknowledges nothing, refuses nothing, votes for nobody.
TEST(StalledDisk, AFollowerTakesEntriesAndAcknowledgesNone) {
  Server s2 = follower(impatient());
  stepChecked(s2, ms(10), append(2, 0, 0, entriesFrom(1, {1})));
  const Effects fx = stepChecked(s2, ms(90), append(2, 1, 1, entriesFrom(2, {2})));
  ASSERT_EQ(fx.send.size(), 1u);
  EXPECT_EQ(fx.send[0].after, 2);
  EXPECT_EQ(s2.log, logOf({1, 2}));
}

// A candidate whose vote for itself is not durable in time has asked nobody. It stands again when
// its disk works, not in ever higher terms before.
TEST(StalledDisk, ACandidateGivesUpUntilItsDiskWorks) {
  Server s2 = follower(impatient());
  stepChecked(s2, ms(100), Timeout{});
  stepChecked(s2, ms(120), Timeout{});
  ASSERT_TRUE(s2.is<Candidate>());
  EXPECT_EQ(stepChecked(s2, ms(160), Timeout{}), Effects{});
  EXPECT_EQ(s2.role, Role(Follower{.electionDeadline = ms(260)}));
  for (int i = 0; i < 10; ++i) stepChecked(s2, s2.deadline(), Timeout{});
  EXPECT_EQ(s2.currentTerm, 3);
}

// A write that is asked for again lasts since it was first asked for.
TEST(StalledDisk, ADiskThatFailsAgainAndAgainStalls) {
  Server s2 = follower(impatient());
  stepChecked(s2, ms(100), Timeout{});
  stepChecked(s2, ms(110), WriteFailed{1});
  stepChecked(s2, ms(120), WriteFailed{2});
  EXPECT_EQ(s2.writing, (std::vector<Writing>{{3, 0, ms(150)}}));
  stepChecked(s2, ms(130), Written{3});
  stepChecked(s2, ms(131), append(3, 0, 0, entriesFrom(1, {3})));
  EXPECT_EQ(s2.writing, (std::vector<Writing>{{4, 1, ms(181)}})) << "the next one begins anew";
}

}  // namespace
}  // namespace raft
