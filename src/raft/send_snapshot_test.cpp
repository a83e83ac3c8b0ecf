// A leader and the followers that lag behind its compacted log (§7, thesis §5).
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "raft/random.h"

namespace raft {
namespace {

const Snapshot upTo3{3, 2, three, "abcdefgh"};

// s1 leads term 4; a snapshot stands for its log up to 3^2, then comes 4^4. Chunks: three bytes.
Server leader() {
  Server s1 = leaderOf(1, 4, logAfter(3, 2, {4}), three);
  s1.settings.snapshotChunkBytes = 3;
  s1.snapshot = upTo3;
  s1.commitIndex = s1.lastApplied = 3;
  return s1;
}

// The same, and s2 lacks what the snapshot stands for; s3 has everything.
Server ahead() {
  Server s1 = leader();
  Leader& role = *s1.as<Leader>();
  role.of(2) = {.nextIndex = 2};
  role.of(3) = {.nextIndex = 5, .matchIndex = 4};
  return s1;
}

InstallSnapshot::Request chunk(std::uint64_t offset, const char* data, bool done = false) {
  return {.term = 4,
          .leaderId = 1,
          .lastIncludedIndex = 3,
          .lastIncludedTerm = 2,
          .configuration = three,
          .offset = offset,
          .data = data,
          .done = done};
}

Effects answer(Server& s1, const InstallSnapshot::Response& m) {
  return stepChecked(s1, ms(10), Envelope{2, 1, m});
}
Effects stored(Server& s1, std::uint64_t offset, std::uint64_t stored) {
  return answer(s1, {.term = 4, .lastIncludedIndex = 3, .offset = offset, .stored = stored});
}
Effects heartbeat(Server& s1) { return stepChecked(s1, s1.deadline(), Timeout{}); }

Effects only(const InstallSnapshot::Request& m) { return {.send = {{.envelope = {1, 2, m}}}}; }

// §7: "This happens when the leader has already discarded the next log entry that it needs to send"
TEST(InstallSnapshotSender, AFollowerThatNeedsWhatWasDiscardedIsSentTheFirstChunk) {
  Server s1 = ahead();
  const Effects fx = heartbeat(s1);
  EXPECT_EQ(sent<InstallSnapshot::Request>(fx, 2), chunk(0, "abc"));
  EXPECT_EQ(sentTo<AppendEntries::Request>(fx, 2), nullptr);
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).prevLogIndex, 4);
}

TEST(InstallSnapshotSender, WhoNeedsTheFirstEntryAfterTheSnapshotIsSentThat) {
  Server s1 = ahead();
  s1.as<Leader>()->of(2).nextIndex = 4;
  const auto append = sent<AppendEntries::Request>(heartbeat(s1), 2);
  EXPECT_EQ(append.prevLogIndex, 3);
  EXPECT_EQ(append.prevLogTerm, 2);
  EXPECT_EQ(append.entries, entriesFrom(4, {4}));
}

// §5.3: nextIndex falls until it is below what the log has.
TEST(InstallSnapshotSender, ARefusalAtTheBaseLeadsToTheSnapshot) {
  Server s1 = ahead();
  s1.as<Leader>()->of(2).nextIndex = 4;
  const Effects fx =
      stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, false, 3, 0}});
  EXPECT_EQ(fx, only(chunk(0, "abc")));
}

// Figure 13: "Leaders always send chunks in order."
TEST(InstallSnapshotSender, EachAnswerBringsTheNextChunkAndTheLastWhatFollows) {
  Server s1 = ahead();
  heartbeat(s1);
  EXPECT_EQ(stored(s1, 0, 3), only(chunk(3, "def")));
  EXPECT_EQ(stored(s1, 3, 6), only(chunk(6, "gh", true)));
  const Effects fx =
      answer(s1, {.term = 4, .lastIncludedIndex = 3, .offset = 6, .stored = 8, .matchIndex = 3});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 2).entries, entriesFrom(4, {4}));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 4, .matchIndex = 3, .waiting = true}));
  EXPECT_TRUE(s1.as<Leader>()->transfers.empty());
}

// §5.1: RPCs are retried.
TEST(InstallSnapshotSender, AHeartbeatSendsTheChunkAgainThatWasNotAnswered) {
  Server s1 = ahead();
  heartbeat(s1);
  stored(s1, 0, 3);
  EXPECT_EQ(sent<InstallSnapshot::Request>(heartbeat(s1), 2), chunk(3, "def"));
}

// Or each doubled message would double all that follow.
TEST(InstallSnapshotSender, OnlyTheFirstAnswerToAChunkBringsTheNext) {
  Server s1 = ahead();
  heartbeat(s1);
  stored(s1, 0, 3);
  const Server before = s1;
  EXPECT_EQ(stored(s1, 0, 3), Effects{});
  EXPECT_EQ(stored(s1, 0, 6), Effects{});
  EXPECT_EQ(stored(s1, 6, 8), Effects{});  // never asked
  EXPECT_EQ(s1, before);
}

TEST(InstallSnapshotSender, AFollowerThatHasForgottenIsSentTheSnapshotFromWhereItSays) {
  Server s1 = ahead();
  heartbeat(s1);
  stored(s1, 0, 3);
  EXPECT_EQ(stored(s1, 3, 0), only(chunk(0, "abc")));
}

TEST(InstallSnapshotSender, WhoHasItAllAlreadyIsSentEntriesFromThere) {
  Server s1 = ahead();
  heartbeat(s1);
  const Effects fx = answer(s1, {.term = 4, .lastIncludedIndex = 3, .matchIndex = 4});
  EXPECT_EQ(fx, (Effects{.apply = {.first = 4, .entries = entriesFrom(4, {4})}}));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 4}));
}

// A newer snapshot midway: the follower has begun with one, and gets the rest of that.
TEST(InstallSnapshotSender, ATransferThatHasBegunGoesOnWithItsSnapshot) {
  Server s1 = ahead();
  heartbeat(s1);
  stored(s1, 0, 3);
  s1.commitIndex = s1.lastApplied = 4;
  stepChecked(s1, ms(30), Compact{4, "newer"});
  EXPECT_EQ(stored(s1, 3, 6), only(chunk(6, "gh", true)));
  const Effects fx =
      answer(s1, {.term = 4, .lastIncludedIndex = 3, .offset = 6, .stored = 8, .matchIndex = 3});
  const auto next = sent<InstallSnapshot::Request>(fx, 2);  // 4^4 is no longer in the log
  EXPECT_EQ(next.lastIncludedIndex, 4);
  EXPECT_EQ(next.data, Command("new"));
}

TEST(InstallSnapshotSender, AFollowerThatAnswersForTheFirstTimeBeginsWithTheNewestSnapshotOnce) {
  Server s1 = ahead();
  s1.log.append(entryAt(5, 4));
  s1.log.takeChange();
  s1.durableIndex = 5;
  heartbeat(s1);
  s1.commitIndex = s1.lastApplied = 5;
  stepChecked(s1, ms(30), Compact{4, "newer"});
  EXPECT_EQ(sent<InstallSnapshot::Request>(heartbeat(s1), 2).lastIncludedIndex, 3);
  const auto next = sent<InstallSnapshot::Request>(stored(s1, 0, 3), 2);
  EXPECT_EQ(next.lastIncludedIndex, 4);
  EXPECT_EQ(next.offset, 0u);
  EXPECT_EQ(stored(s1, 0, 3), Effects{});  // of the older one, late

  stepChecked(s1, ms(40), Compact{5, "newest"});
  const Effects fx = answer(s1, {.term = 4, .lastIncludedIndex = 4, .offset = 0, .stored = 3});
  EXPECT_EQ(sent<InstallSnapshot::Request>(fx, 2).lastIncludedIndex, 4);
  EXPECT_EQ(sent<InstallSnapshot::Request>(fx, 2).offset, 3u);
}

// Entries that were under way when the log was compacted.
TEST(InstallSnapshotSender, ALateSuccessEndsTheTransfer) {
  Server s1 = ahead();
  heartbeat(s1);
  stepChecked(s1, ms(30), Envelope{2, 1, AppendEntries::Response{4, true, 1, 4}});
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 4}));
  EXPECT_EQ(stored(s1, 0, 3), Effects{});
  EXPECT_NE(sentTo<AppendEntries::Request>(heartbeat(s1), 2), nullptr);
  s1.commitIndex = s1.lastApplied = 4;
  stepChecked(s1, ms(80), Compact{4, "newer"});
  EXPECT_TRUE(s1.as<Leader>()->transfers.empty());
}

TEST(InstallSnapshotSender, AnswersThatCannotBeAreIgnored) {
  Server s1 = ahead();
  heartbeat(s1);
  const Server before = s1;
  EXPECT_EQ(stored(s1, 0, 9), Effects{});  // more than there is
  EXPECT_EQ(answer(s1, {.term = 4, .lastIncludedIndex = 3, .matchIndex = 5}), Effects{});
  EXPECT_EQ(answer(s1, {.term = 3, .lastIncludedIndex = 3, .stored = 3}), Effects{});
  EXPECT_EQ(answer(s1, {.term = 4, .lastIncludedIndex = 2, .stored = 3}), Effects{});
  EXPECT_EQ(stepChecked(s1, ms(9), Envelope{4, 1, InstallSnapshot::Response{4, 3, 0, 3, 3}}),
            Effects{});
  EXPECT_EQ(s1, before);
}

// A leader's own write of its snapshot takes its time: what it stands for is committed without it.
TEST(InstallSnapshotSender, ChunksNeedNotWaitForTheDisk) {
  Server s1 = ahead();
  s1.commitIndex = s1.lastApplied = 4;
  stepChecked(s1, ms(1), Compact{4, "newer"});
  for (const Send& send : heartbeat(s1).send) EXPECT_EQ(send.after, 0);
}

// Three servers: s3 is away, the others go on and forget.
TestCluster compactedCluster() {
  TestCluster cluster;
  for (ServerId id : three) {
    cluster.servers.push_back(followerOf(id, 0, {}, three));
    cluster.of(id).settings.snapshotChunkBytes = 3;
  }
  cluster.reached = {1, 2};
  cluster.stand(1);
  for (int i = 0; i < 5; ++i) cluster.run(1, Propose{{"x"}});
  cluster.timeOut(1);
  cluster.run(1, Compact{4, "abcdefgh"});
  return cluster;
}

TEST(LaggingFollower, IsBroughtUpToDateBySnapshotAndEntries) {
  TestCluster cluster = compactedCluster();
  cluster.reached.insert(3);
  cluster.timeOut(1);
  EXPECT_EQ(cluster.of(3).snapshot, cluster.of(1).snapshot);
  EXPECT_EQ(cluster.of(3).log, cluster.of(1).log);
  EXPECT_EQ(cluster.of(3).log.lastIndex(), 5);
  cluster.timeOut(1);
  EXPECT_EQ(cluster.of(3).commitIndex, 5);
}

// A change of leader in the middle of the chunks: the new one's own snapshot begins at its start.
TEST(LaggingFollower, IsBroughtUpToDateByTheNextLeaderWhenOneIsLostMidway) {
  TestCluster cluster = compactedCluster();
  cluster.run(2, Compact{3, "ABCDEF"});
  cluster.reached.insert(3);
  cluster.now = cluster.of(1).deadline();
  for (const Envelope& m : cluster.step(1, Timeout{})) {
    if (m.to == 3) cluster.step(3, m);
  }
  ASSERT_EQ(cluster.of(3).receiving->size, 3u);
  cluster.reached = {2, 3};
  cluster.stand(2);
  EXPECT_TRUE(cluster.of(2).is<Leader>());
  cluster.timeOut(2);
  EXPECT_EQ(cluster.of(3).snapshot, (Snapshot{3, 1, three, "ABCDEF"}));
  EXPECT_EQ(cluster.of(3).log, cluster.of(2).log);
}

// Whatever is lost, doubled or overtaken, the bytes arrive as they are, and no flood is set off.
TEST(LaggingFollower, GetsTheSnapshotThroughAnyNetwork) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random{.seed = seed};
    TestCluster cluster = compactedCluster();
    std::vector<Envelope> network;
    std::size_t sent = 0;
    const auto step = [&](ServerId id, const Input& input) {
      for (const Envelope& m : cluster.step(id, input)) {
        if (m.to == 2 || m.from == 2) continue;
        ++sent;
        if (random.chance(300'000)) continue;
        network.push_back(m);
        if (random.chance(300'000)) network.push_back(m);
      }
    };
    for (int i = 0; i < 2000 && cluster.of(3).log != cluster.of(1).log; ++i) {
      if (network.empty() || random.chance(50'000)) {
        cluster.now += ms(20);
        step(1, Timeout{});
        continue;
      }
      const auto at = static_cast<long>(random.below(network.size()));
      const Envelope m = network[static_cast<std::size_t>(at)];
      network.erase(network.begin() + at);
      step(m.to, m);
    }
    ASSERT_EQ(cluster.of(3).log, cluster.of(1).log);
    ASSERT_EQ(cluster.of(3).snapshot, cluster.of(1).snapshot);
    ASSERT_LT(sent, 200u);
  }
}

}  // namespace
}  // namespace raft
