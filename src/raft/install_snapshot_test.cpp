// Snapshots: what a server makes of a Compact, and InstallSnapshot, rule by rule (Figure 13).
#include <string>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

const Snapshot upTo3{3, 2, three, "abcdefgh"};

// s2 in term 4 with the log 1^1 2^2 3^2, of which 2^2 is applied.
Server follower() {
  Server s2 = followerOf(2, 4, logOf({1, 2, 2}), three);
  s2.commitIndex = s2.lastApplied = 2;
  return s2;
}

// s2 in term 4 with the log 1^1, of which nothing is committed.
Server lagging() { return followerOf(2, 4, logOf({1}), three); }

InstallSnapshot::Request chunk(std::uint64_t offset, const char* data, bool done = false,
                               const Snapshot& of = upTo3) {
  return {.term = 4,
          .leaderId = 1,
          .lastIncludedIndex = of.lastIncludedIndex,
          .lastIncludedTerm = of.lastIncludedTerm,
          .configuration = of.configuration,
          .offset = offset,
          .data = data,
          .done = done};
}

Effects receive(Server& s2, const InstallSnapshot::Request& m) {
  return stepChecked(s2, ms(10), Envelope{1, 2, m});
}

// That the chunk at `offset` arrived, and what s2 has now.
Send reply(std::uint64_t offset, std::uint64_t stored, Index matchIndex = 0, WriteId after = 0) {
  return {.envelope = {2, 1,
                       InstallSnapshot::Response{.term = 4,
                                                 .lastIncludedIndex = 3,
                                                 .offset = offset,
                                                 .stored = stored,
                                                 .matchIndex = matchIndex}},
          .after = after};
}

// §7: "the entire current system state is written to a snapshot on stable storage, then the entire
// log up to that point is discarded."
TEST(Compact, PutsTheHostsBytesInThePlaceOfTheEntries) {
  Server s2 = follower();
  const Effects fx = stepChecked(s2, ms(10), Compact{2, "state"});
  const Snapshot expected{2, 2, three, "state"};
  EXPECT_EQ(fx, (Effects{.write = Write{.id = 1, .currentTerm = 4, .snapshot = expected},
                         .compaction = Compaction::Done}));
  EXPECT_EQ(s2.snapshot, expected);
  EXPECT_EQ(s2.log, logAfter(2, 2, {2}));
  EXPECT_EQ(s2.lastApplied, 2);

  stepChecked(s2, ms(11), Written{1});
  EXPECT_EQ(s2.durableIndex, 3);
}

// §7: "covering just the committed entries in its log."
TEST(Compact, OfWhatIsNotAppliedIsRefused) {
  Server s2 = follower();
  const Server before = s2;
  EXPECT_EQ(stepChecked(s2, ms(10), Compact{3, "x"}),
            (Effects{.compaction = Compaction::NotApplied}));
  EXPECT_EQ(stepChecked(s2, ms(10), Compact{Index(~0ull), "x"}),
            (Effects{.compaction = Compaction::NotApplied}));
  EXPECT_EQ(s2, before);
}

TEST(Compact, OfWhatASnapshotStandsForIsRefused) {
  Server s2 = follower();
  EXPECT_EQ(stepChecked(s2, ms(10), Compact{0, "x"}), (Effects{.compaction = Compaction::Already}));
  stepChecked(s2, ms(10), Compact{2, "state"});
  stepChecked(s2, ms(10), Written{1});
  const Server before = s2;
  for (Index index : {0, 1, 2}) {
    EXPECT_EQ(stepChecked(s2, ms(10), Compact{index, "x"}),
              (Effects{.compaction = Compaction::Already}));
  }
  EXPECT_EQ(s2, before);
}

// §7: "as well as any prior snapshot."
TEST(Compact, ALaterSnapshotReplacesTheOneBefore) {
  Server s2 = follower();
  stepChecked(s2, ms(10), Compact{1, "one"});
  const Effects fx = stepChecked(s2, ms(10), Compact{2, "two"});
  EXPECT_EQ(fx.write->snapshot, (Snapshot{2, 2, three, "two"}));
  EXPECT_EQ(s2.snapshot.data, Command("two"));
}

// §7: "One simple strategy is to take a snapshot when the log reaches a fixed size".
TEST(Compact, IsAskedForWhenAsMuchWasAppliedAsTheSettingsSay) {
  Server s2 = followerOf(2, 4, logOf({1, 1, 1, 1, 1, 1, 1, 4}), three);
  s2.settings.compactAfter = 3;
  const auto commit = [&](Index index) {
    return stepChecked(s2, ms(10), Envelope{1, 2, AppendEntries::Request{4, 1, 8, 4, {}, index}})
        .compaction;
  };
  EXPECT_EQ(commit(2), Compaction::None);
  EXPECT_EQ(commit(3), Compaction::Wanted);
  EXPECT_EQ(commit(5), Compaction::None);    // asked once …
  EXPECT_EQ(commit(6), Compaction::Wanted);  // … and again
  stepChecked(s2, ms(10), Compact{6, "state"});
  EXPECT_EQ(commit(8), Compaction::None);
}

// §7: the snapshot and the log after it are what a server restarts from.
TEST(Compact, AServerRestartsFromItsSnapshotAndTheTail) {
  const Server s2 = Server::start(
      2, three, plain, 1, ms(0), {.currentTerm = 4, .log = logAfter(3, 2, {4}), .snapshot = upTo3});
  EXPECT_EQ(s2.commitIndex, 3);
  EXPECT_EQ(s2.lastApplied, 3);
  EXPECT_EQ(s2.durableIndex, 4);
  EXPECT_EQ(s2.snapshot, upTo3);

  Server next = s2;
  const Effects fx =
      stepChecked(next, ms(1), Envelope{1, 2, AppendEntries::Request{4, 1, 4, 4, {}, 4}});
  EXPECT_EQ(fx.apply, (Apply{.first = 4, .entries = entriesFrom(4, {4})}));
}

// What a failed write said is written anew, a snapshot among it, or the log would have a gap.
TEST(Compact, ASnapshotWhoseWriteFailsIsWrittenAgain) {
  Server s2 = lagging();
  receive(s2, chunk(0, "abcdefgh", true));
  const Effects fx = stepChecked(s2, ms(11), WriteFailed{1});
  EXPECT_EQ(fx.write, (Write{.id = 2, .currentTerm = 4, .from = 4, .snapshot = upTo3}));
  stepChecked(s2, ms(12), Envelope{1, 2, AppendEntries::Request{4, 1, 3, 2, {{4}}}});
  EXPECT_EQ(stepChecked(s2, ms(13), WriteFailed{3}).write->snapshot, std::nullopt);
  EXPECT_EQ(stepChecked(s2, ms(14), WriteFailed{2}).write->snapshot, upTo3);
}

// Figure 13, InstallSnapshot.1: "Reply immediately if term < currentTerm"
TEST(InstallSnapshotReceiver, AnOldTermIsAnsweredAndChangesNothing) {
  Server s2 = lagging();
  const Server before = s2;
  InstallSnapshot::Request old = chunk(0, "abc");
  old.term = 3;
  EXPECT_EQ(receive(s2, old), (Effects{.send = {reply(0, 0)}}));
  EXPECT_EQ(s2, before);
}

// Figure 13, InstallSnapshot.2, InstallSnapshot.3, InstallSnapshot.4: the first chunk begins a
// snapshot, each is put at its offset, and more are waited for.
TEST(InstallSnapshotReceiver, ChunksAreKeptUntilTheLastHasCome) {
  Server s2 = lagging();
  EXPECT_EQ(receive(s2, chunk(0, "abc")), (Effects{.send = {reply(0, 3)}}));
  EXPECT_EQ(receive(s2, chunk(3, "def")), (Effects{.send = {reply(3, 6)}}));
  EXPECT_EQ(s2.receiving, (PartialSnapshot{3, 2, {"abc", "def"}, 6}));
  EXPECT_EQ(s2.log, logOf({1}));
  EXPECT_EQ(s2.commitIndex, 0);
}

// Figure 13, InstallSnapshot.5, InstallSnapshot.7, InstallSnapshot.8: it is saved, the log
// discarded, the state machine reset.
TEST(InstallSnapshotReceiver, TheLastChunkInstallsTheSnapshot) {
  Server s2 = lagging();
  receive(s2, chunk(0, "abc"));
  receive(s2, chunk(3, "def"));
  const Effects fx = receive(s2, chunk(6, "gh", true));
  EXPECT_EQ(fx, (Effects{.write = Write{.id = 1, .currentTerm = 4, .from = 4, .snapshot = upTo3},
                         .send = {reply(6, 8, 3, 1)},
                         .restore = upTo3}));
  EXPECT_EQ(s2.snapshot, upTo3);
  EXPECT_EQ(s2.log, logAfter(3, 2, {}));
  EXPECT_EQ(s2.commitIndex, 3);
  EXPECT_EQ(s2.lastApplied, 3);
  EXPECT_FALSE(s2.receiving);
  EXPECT_EQ(s2.durableIndex, 1);
  stepChecked(s2, ms(11), Written{1});
  EXPECT_EQ(s2.durableIndex, 3);
}

TEST(InstallSnapshotReceiver, ASnapshotMayFitIntoOneChunkOrBeEmpty) {
  Server s2 = lagging();
  EXPECT_EQ(receive(s2, chunk(0, "abcdefgh", true)).restore, upTo3);
  Server other = lagging();
  EXPECT_EQ(receive(other, chunk(0, "", true)).restore, (Snapshot{3, 2, three, ""}));
}

// Figure 13, InstallSnapshot.7: the log has another entry there, and what follows that.
TEST(InstallSnapshotReceiver, AConflictingLogIsDiscardedAsAWhole) {
  Server s2 = followerOf(2, 4, logOf({1, 1, 1, 1, 1}), three);
  s2.commitIndex = s2.lastApplied = 1;
  const Effects fx = receive(s2, chunk(0, "abcdefgh", true));
  EXPECT_EQ(s2.log, logAfter(3, 2, {}));
  EXPECT_EQ(fx.write->from, 4);
  EXPECT_TRUE(fx.write->entries.empty());
  EXPECT_EQ(fx.restore, upTo3);
  EXPECT_EQ(s2.durableIndex, 3);  // 4^1 and 5^1 are on the disk until the write is done
}

// What waited for the disk is of a log that is no more.
TEST(InstallSnapshotReceiver, WritesUnderWayCountOnlyUpToTheSnapshot) {
  Server s2 = lagging();
  stepChecked(s2, ms(1), Envelope{1, 2, AppendEntries::Request{4, 1, 1, 1, {{2}, {2}, {2}, {2}}}});
  s2.log.truncateFrom(2);
  s2.log.append(entryAt(2, 3));
  s2.log.append(entryAt(3, 3));
  s2.log.append(entryAt(4, 3));
  s2.log.append(entryAt(5, 3));
  s2.log.takeChange();
  receive(s2, chunk(0, "abcdefgh", true));
  EXPECT_EQ(s2.writing[0].lastIndex, 3);
  stepChecked(s2, ms(2), Written{1});
  EXPECT_EQ(s2.durableIndex, 3);
}

// Figure 13, InstallSnapshot.6: "If existing log entry has same index and term as snapshot's last
// included entry, retain log entries following it and reply"
TEST(InstallSnapshotReceiver, ALogThatHasTheLastIncludedEntryIsRetainedAndTheBytesNotAwaited) {
  Server s2 = followerOf(2, 4, logOf({1, 2, 2, 4}), three);
  const Effects fx = receive(s2, chunk(0, "abc"));
  EXPECT_EQ(fx, (Effects{.send = {reply(0, 0, 3)},
                         .apply = {.first = 1, .entries = entriesFrom(1, {1, 2, 2})}}));
  EXPECT_EQ(s2.log, logOf({1, 2, 2, 4}));
  EXPECT_EQ(s2.commitIndex, 3);
  EXPECT_FALSE(s2.receiving);
}

// A snapshot that is older than what the follower has: the leader goes on from there.
TEST(InstallSnapshotReceiver, AnOlderSnapshotIsAnsweredWithWhatIsCommitted) {
  Server s2 = followerOf(2, 4, logOf({1, 2, 2, 4, 4}), three);
  s2.commitIndex = s2.lastApplied = 4;
  EXPECT_EQ(receive(s2, chunk(3, "def")), (Effects{.send = {reply(3, 0, 4)}}));

  Server compacted = followerOf(2, 4, logAfter(5, 4, {4}), three);
  compacted.snapshot = {5, 4, three, "newer"};
  compacted.commitIndex = compacted.lastApplied = 5;
  EXPECT_EQ(receive(compacted, chunk(6, "gh", true)), (Effects{.send = {reply(6, 0, 5)}}));
  EXPECT_EQ(compacted.snapshot.data, Command("newer"));
}

TEST(InstallSnapshotReceiver, ADoubledChunkChangesNothing) {
  Server s2 = lagging();
  receive(s2, chunk(0, "abc"));
  receive(s2, chunk(3, "def"));
  const auto before = s2.receiving;
  EXPECT_EQ(receive(s2, chunk(0, "abc")), (Effects{.send = {reply(0, 6)}}));
  EXPECT_EQ(receive(s2, chunk(3, "def")), (Effects{.send = {reply(3, 6)}}));
  EXPECT_EQ(s2.receiving, before);
  receive(s2, chunk(6, "gh", true));
  EXPECT_EQ(receive(s2, chunk(6, "gh", true)), (Effects{.send = {reply(6, 0, 3, 1)}}));
}

TEST(InstallSnapshotReceiver, AChunkThatCameTooEarlyIsNotTaken) {
  Server s2 = lagging();
  EXPECT_EQ(receive(s2, chunk(3, "def")), (Effects{.send = {reply(3, 0)}}));
  EXPECT_FALSE(s2.receiving);
  receive(s2, chunk(0, "abc"));
  EXPECT_EQ(receive(s2, chunk(6, "gh", true)), (Effects{.send = {reply(6, 3)}}));
  EXPECT_EQ(s2.receiving->size, 3u);
}

// Figure 13, InstallSnapshot.5: "discard any existing or partial snapshot with a smaller index"
TEST(InstallSnapshotReceiver, ANewerSnapshotTakesThePlaceOfAPartialOne) {
  const Snapshot newer{7, 4, three, "xyz"};
  Server s2 = lagging();
  receive(s2, chunk(0, "abc"));
  receive(s2, chunk(0, "x", false, newer));
  EXPECT_EQ(s2.receiving, (PartialSnapshot{7, 4, {"x"}, 1}));
  EXPECT_EQ(receive(s2, chunk(3, "def")), Effects{});  // a late one of the older
  EXPECT_EQ(s2.receiving, (PartialSnapshot{7, 4, {"x"}, 1}));
  EXPECT_EQ(receive(s2, chunk(1, "yz", true, newer)).restore, newer);
}

// Two leaders may have made different bytes of the same entries.
TEST(InstallSnapshotReceiver, ANewLeadersChunksBeginAnew) {
  Server s2 = lagging();
  receive(s2, chunk(0, "abc"));
  InstallSnapshot::Request second = chunk(3, "DEF");
  second.term = 5;
  second.leaderId = 3;
  const Effects fx = stepChecked(s2, ms(11), Envelope{3, 2, second});
  EXPECT_EQ(sent<InstallSnapshot::Response>(fx, 3).stored, 0u);
  EXPECT_FALSE(s2.receiving);
}

TEST(InstallSnapshotReceiver, ACandidateForgetsWhatItHasOfASnapshot) {
  Server s2 = lagging();
  receive(s2, chunk(0, "abc"));
  stepChecked(s2, ms(500), Timeout{});
  EXPECT_TRUE(s2.is<Candidate>());
  EXPECT_FALSE(s2.receiving);
}

// §5.2: chunks are heartbeats, too.
TEST(InstallSnapshotReceiver, AChunkResetsTheElectionTimerAndNamesTheLeader) {
  Server s2 = lagging();
  receive(s2, chunk(0, "abc"));
  EXPECT_EQ(s2.deadline(), ms(110));
  EXPECT_EQ(s2.leader(), ServerId(1));
  Server candidate = lagging();
  candidate.votedFor = 2;
  candidate.role = Candidate{.votesResponded = {2}, .votesGranted = {2}};
  receive(candidate, chunk(0, "abc"));
  EXPECT_TRUE(candidate.is<Follower>());
}

TEST(InstallSnapshotReceiver, WhatNoLeaderSendsIsIgnored) {
  InstallSnapshot::Request forged[5];
  forged[0] = forged[1] = forged[2] = forged[3] = forged[4] = chunk(0, "abc", true);
  forged[0].lastIncludedIndex = 0;
  forged[1].lastIncludedTerm = 0;
  forged[2].lastIncludedTerm = 5;
  forged[3].configuration = {};
  forged[4].leaderId = 3;
  for (const InstallSnapshot::Request& m : forged) {
    Server s2 = lagging();
    EXPECT_EQ(receive(s2, m), Effects{});
    EXPECT_EQ(s2, lagging());
  }
}

// An old AppendEntries may begin before the snapshot: what it has of that is known to match.
TEST(CompactedFollower, TakesEntriesThatBeginBeforeItsSnapshot) {
  Server s2 = followerOf(2, 4, logAfter(3, 2, {2}), three);
  s2.snapshot = upTo3;
  s2.commitIndex = s2.lastApplied = 3;
  const auto append = [&](Index prev, Term prevTerm, Entries entries) {
    return stepChecked(
        s2, ms(10),
        Envelope{1, 2, AppendEntries::Request{4, 1, prev, prevTerm, std::move(entries), 0}});
  };
  EXPECT_EQ(sent<AppendEntries::Response>(append(1, 1, entriesFrom(2, {2, 2, 2, 4})), 1),
            (AppendEntries::Response{4, true, 1, 5}));
  EXPECT_EQ(s2.log, logAfter(3, 2, {2, 4}));
  EXPECT_EQ(sent<AppendEntries::Response>(append(0, 0, entriesFrom(1, {1})), 1),
            (AppendEntries::Response{4, true, 0, 1}));
  EXPECT_EQ(append(2, 2, {{4}}), Effects{});  // forged: 3^2 is committed
  EXPECT_EQ(s2.log, logAfter(3, 2, {2, 4}));
}

// §5.4.1 with a log that a snapshot stands for: its last entry is that of the snapshot.
TEST(CompactedFollower, ComparesLogsByTheSnapshotsLastEntry) {
  Server s2 = followerOf(2, 4, logAfter(3, 2, {}), three);
  s2.snapshot = upTo3;
  s2.commitIndex = s2.lastApplied = 3;
  const auto vote = [&](Index last, Term term) {
    Server copy = s2;
    const Effects fx =
        stepChecked(copy, ms(10), Envelope{3, 2, RequestVote::Request{4, 3, last, term}});
    return sent<RequestVote::Response>(fx, 3).voteGranted;
  };
  EXPECT_FALSE(vote(2, 2));
  EXPECT_FALSE(vote(9, 1));
  EXPECT_TRUE(vote(3, 2));
}

}  // namespace
}  // namespace raft
