// Snapshots, told and explained; what is done wrongly with one is a finding (§7).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "trace/narrator.h"
#include "trace/sentence.h"
#include "trace/why.h"

namespace raft::trace {
namespace {

using testing::HasSubstr;
using testing::Not;

const Names abc({"A", "B", "C"});
const Snapshot upTo3{3, 2, three, "abcdefgh"};

struct Told {
  Server before;
  Input input;
  Server after = before;
  Effects effects = {};

  Told(Server server, Input in) : before(std::move(server)), input(std::move(in)), after(before) {
    effects = after.step(ms(10), input);
  }
  std::string sentences(bool findings) const {
    std::string out;
    for (const Fact& fact : factsOf({ms(10), &before, input, effects, after}, abc)) {
      if (isFinding(fact) == findings && !fact.is<MessageDelivered>()) {
        out += sentence(fact, abc) + "\n";
      }
    }
    return out;
  }
};

Server follower() {
  Server b = followerOf(2, 4, logOf({1, 2, 2}), three);
  b.commitIndex = b.lastApplied = 2;
  b.role = Follower{.leaderId = 1, .electionDeadline = ms(100)};
  return b;
}

Server leader() {
  Server a = leaderOf(1, 4, logAfter(3, 2, {4}), three);
  a.settings.snapshotChunkBytes = 3;
  a.snapshot = upTo3;
  a.commitIndex = a.lastApplied = 3;
  a.as<Leader>()->of(2) = {.nextIndex = 2};
  a.as<Leader>()->of(3) = {.nextIndex = 5, .matchIndex = 4};
  return a;
}

Envelope chunk(std::uint64_t offset, const char* data, bool done, Index index = 5) {
  return {1, 2, InstallSnapshot::Request{4, 1, index, 4, three, offset, data, done}};
}

TEST(SnapshotFacts, TellWhatAHostHandsIn) {
  EXPECT_EQ(Told(follower(), Compact{2, "abc"}).sentences(false),
            "B takes a snapshot of 3 bytes up to 2^2 and forgets 2 entries: what is applied up to "
            "there follows from the state machine's bytes alone (§7)\n"
            "B starts write 1: its snapshot up to index 2: it must be durable before it is spoken "
            "of (§5.1)\n");
  EXPECT_THAT(Told(follower(), Compact{3, "abc"}).sentences(false),
              HasSubstr("B refuses a snapshot up to index 3: a snapshot covers just what is "
                        "committed, and B has applied all up to index 2 (§7)"));
}

TEST(SnapshotFacts, TellWhichConfigurationOneBrings) {
  const Envelope same = chunk(0, "abc", true);
  EXPECT_THAT(Told(follower(), same).sentences(false), Not(HasSubstr("configuration")));
  Envelope other = same;
  std::get<InstallSnapshot::Request>(other.message).configuration.learners = {4};
  const Told told(follower(), other);
  EXPECT_THAT(told.sentences(false),
              HasSubstr("B uses the configuration {A B C} learning {s4}: a snapshot includes the "
                        "latest configuration as of its last entry (§7)"));
  EXPECT_EQ(told.sentences(true), "");
}

TEST(SnapshotFacts, TellWhatBecomesOfChunks) {
  Told first(follower(), chunk(0, "abc", false));
  EXPECT_EQ(first.sentences(false),
            "B has 3 bytes of A's snapshot up to index 5: more is to come (§7)\n");
  EXPECT_EQ(first.sentences(true), "");
  Told last(first.after, chunk(3, "de", true));
  EXPECT_THAT(last.sentences(false),
              HasSubstr("B installs A's snapshot of 5 bytes up to 5^4 in place of its log: its log "
                        "does not reach 5^4, which the snapshot ends with (§7)"));
  EXPECT_EQ(last.sentences(true), "");
  EXPECT_THAT(
      Told(follower(), chunk(3, "de", true)).sentences(false),
      HasSubstr("B does not take bytes from 3 on of A's snapshot up to index 5: bytes before "
                "them are missing"));
}

TEST(SnapshotFacts, TellWhomALeaderSendsItTo) {
  Server a = leader();
  a.as<Leader>()->heartbeatDeadline = ms(10);
  Told told(a, Timeout{});
  EXPECT_THAT(told.sentences(false),
              HasSubstr("A sends bytes 0 to 3 of its snapshot up to 3^2 to B: it needs entry 2, "
                        "which the leader's log no longer has (§7)"));
  EXPECT_EQ(told.sentences(true), "");
  Told next(told.after, Envelope{2, 1, InstallSnapshot::Response{4, 3, 0, 3}});
  EXPECT_THAT(next.sentences(false), HasSubstr("A sends bytes 3 to 6 of its snapshot"));
  EXPECT_EQ(next.sentences(true), "");
}

TEST(SnapshotFindings, ASnapshotOfWhatIsNotApplied) {
  Told told(follower(), Compact{2, "abc"});
  told.after.snapshot.lastIncludedIndex = 3;
  told.after.log = logAfter(3, 2, {});
  EXPECT_THAT(told.sentences(true), HasSubstr("which no rule explains"));
}

TEST(SnapshotFindings, OtherBytesThanThoseThatCame) {
  Told told(follower(), chunk(0, "abc", true));
  told.after.snapshot.data = "abd";
  told.effects.restore->data = "abd";
  told.effects.write->snapshot->data = "abd";
  EXPECT_THAT(told.sentences(true), HasSubstr("B has a snapshot up to index 5, which no rule"));
}

TEST(SnapshotFindings, AStateMachineThatIsNotReset) {
  Told told(follower(), chunk(0, "abc", true));
  told.effects.restore.reset();
  EXPECT_THAT(told.sentences(true), HasSubstr("B resets its state machine wrongly, or does not"));
}

TEST(SnapshotFindings, AConflictingLogThatIsKept) {
  Server b = follower();
  b.log = logOf({1, 2, 2, 2, 2, 2});
  b.durableIndex = 6;
  Told told(b, chunk(0, "abc", true));
  told.after.log = logAfter(5, 4, {2});
  EXPECT_THAT(told.sentences(true), HasSubstr("a snapshot stands for all up to index 5 (§7)"));
}

TEST(SnapshotFindings, AnotherChunkThanTheNext) {
  Server a = leader();
  a.as<Leader>()->heartbeatDeadline = ms(10);
  Told told(a, Timeout{});
  for (Send& send : told.effects.send) {
    if (auto* m = std::get_if<InstallSnapshot::Request>(&send.envelope.message)) m->offset = 3;
  }
  EXPECT_THAT(told.sentences(true), HasSubstr("A sends to B: InstallSnapshot term 4, up to 3^2"));
}

TEST(SnapshotFindings, ASnapshotThatIsNotWritten) {
  Told told(follower(), Compact{2, "abc"});
  told.effects.write.reset();
  EXPECT_THAT(told.sentences(true), HasSubstr("does not write what has changed"));
}

TEST(SnapshotNotation, StandsAtTheBeginningOfALog) {
  EXPECT_EQ(logText(logAfter(7, 2, {2, 3})), "[7^2] 8^2 9^3");
  EXPECT_EQ(logText(logAfter(7, 2, {})), "[7^2]");
  EXPECT_EQ(logText(logAfter(7, 2, {2, 3, 3}), 2), "[7^2] … 9^3 10^3");
}

TEST(SnapshotNotation, OfWhatASnapshotStandsForTheTermIsForgotten) {
  EXPECT_EQ(placeIn(logAfter(7, 2, {3}), 8), "8^3");
  EXPECT_EQ(placeIn(logAfter(7, 2, {3}), 7), "7^2");
  EXPECT_EQ(placeIn(logAfter(7, 2, {3}), 6), "6");
}

// Messages that are late speak of entries that the log has forgotten.
TEST(SnapshotFacts, TellOfMessagesThatAreOlderThanTheSnapshot) {
  Server b = followerOf(2, 4, logAfter(3, 2, {4}), three);
  b.snapshot = upTo3;
  b.commitIndex = b.lastApplied = 3;
  EXPECT_EQ(Told(b, Envelope{1, 2, AppendEntries::Request{4, 1, 1, 1, {{2}}}}).sentences(true), "");
  Server a = leader();
  a.as<Leader>()->of(2) = {.nextIndex = 3};
  EXPECT_EQ(Told(a, Envelope{2, 1, AppendEntries::Response{4, false, 2, 0}}).sentences(true), "");
}

TEST(WhySnapshot, SaysHowFarItGoesAndWhenTheNextIsTaken) {
  Server b = follower();
  View view{.now = ms(10), .servers = {&b}, .up = {1}, .paused = {}, .reaches = {}, .names = abc};
  EXPECT_EQ(whySnapshot(view, 1),
            (Answer{"A has no snapshot.",
                    "A has applied 2 entries; it takes a snapshot only when it is told to (§7)."}));
  b.settings.compactAfter = 10;
  b.step(ms(10), Compact{1, "x"});
  EXPECT_EQ(whySnapshot(view, 1),
            (Answer{"A's snapshot stands for all up to 1^1 (§7).",
                    "A has applied 1 entry since; it takes a snapshot after 10 (§7)."}));
}

}  // namespace
}  // namespace raft::trace
