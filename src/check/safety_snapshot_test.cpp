// Snapshots and the properties of Figure 3: a state machine may come by its state in another way,
// but not by another state.
#include <gtest/gtest.h>

#include "check/check_test_support.h"
#include "check/safety.h"

namespace raft::check {
namespace {

Server follower(ServerId id, const Log& log, const char* state = "") {
  Server server{.id = id, .configuration = {{1, 2, 3}}, .currentTerm = 2, .log = log};
  server.snapshot = {log.baseIndex(), log.baseTerm(), {{1, 2, 3}}, state};
  server.commitIndex = server.lastApplied = log.baseIndex();
  return server;
}

Server applied(Server server, Index index) {
  server.commitIndex = server.lastApplied = index;
  return server;
}

// Three servers that have 1^1 2^1 3^2, and s1 and s2 have applied it.
Safety began() {
  Safety safety;
  const Log log = logOf({1, 1, 2});
  for (ServerId id : {1, 2, 3}) safety.started(ms(0), follower(id, log), false);
  tellApply(safety, ms(1), applied(follower(1, log), 3), 1);
  tellApply(safety, ms(1), applied(follower(2, log), 3), 1);
  EXPECT_EQ(safety.violation(), nullptr);
  return safety;
}

void tellCompacted(Safety& safety, Time now, Server server) {
  server.lastWrite = 1;
  tellStep(safety, now, server,
           {.write = Write{.id = 1, .currentTerm = 2, .snapshot = server.snapshot},
            .compaction = Compaction::Done});
}

void tellInstalled(Safety& safety, Time now, Server server) {
  server.lastWrite = 1;
  tellStep(safety, now, server,
           {.write = Write{.id = 1,
                           .currentTerm = 2,
                           .from = server.log.baseIndex() + 1,
                           .snapshot = server.snapshot},
            .restore = server.snapshot});
}

TEST(SnapshotSafety, EqualSnapshotsOfTwoServersAreRight) {
  Safety safety = began();
  tellCompacted(safety, ms(2), applied(follower(1, logAfter(2, 1, {2}), "xy"), 3));
  tellCompacted(safety, ms(3), applied(follower(2, logAfter(2, 1, {2}), "xy"), 3));
  tellInstalled(safety, ms(4), follower(3, logAfter(2, 1, {}), "xy"));
  EXPECT_EQ(safety.violation(), nullptr);
}

// Figure 3, State Machine Safety, through snapshots.
TEST(SnapshotSafety, TwoStatesOfOneIndexAreFound) {
  Safety safety = began();
  tellCompacted(safety, ms(2), applied(follower(1, logAfter(2, 1, {2}), "xy"), 3));
  tellCompacted(safety, ms(3), applied(follower(2, logAfter(2, 1, {2}), "xz"), 3));
  ASSERT_NE(safety.violation(), nullptr);
  EXPECT_EQ(safety.violation()->property, Property::StateMachineSafety);
  EXPECT_EQ(tell(*safety.violation()), "s2 has a snapshot up to 2^1 that is not that of s1 (2 ms)");
}

TEST(SnapshotSafety, ASnapshotOfWhatNeverStoodInALogIsFound) {
  Safety safety = began();
  tellInstalled(safety, ms(2), follower(3, logAfter(3, 1, {}), "xyz"));
  ASSERT_NE(safety.violation(), nullptr);
  EXPECT_EQ(safety.violation()->property, Property::StateMachineSafety);
  EXPECT_EQ(tell(*safety.violation()),
            "s3 has a snapshot that ends with 3^1, which never stood in a log");
}

// s3 had 2^2 where 2^1 is committed: whoever installs a snapshot of the one that is not committed
// has applied it.
TEST(SnapshotSafety, ASnapshotOfWhatIsNotCommittedThereIsFound) {
  Safety safety;
  for (ServerId id : {1, 2}) safety.started(ms(0), follower(id, logOf({1, 1})), false);
  safety.started(ms(0), follower(3, logOf({1, 2})), false);
  tellApply(safety, ms(1), applied(follower(1, logOf({1, 1})), 2), 1);
  tellInstalled(safety, ms(2), follower(2, logAfter(2, 2, {}), "?"));
  ASSERT_NE(safety.violation(), nullptr);
  EXPECT_EQ(safety.violation()->property, Property::StateMachineSafety);
}

// After a snapshot the log goes on as that of all others.
TEST(SnapshotSafety, WhatFollowsASnapshotMustMatchToo) {
  Safety safety = began();
  Server s3 = follower(3, logAfter(2, 1, {}), "xy");
  tellInstalled(safety, ms(2), s3);
  s3.log.append({2, "another"});
  tellWrite(safety, ms(3), s3, 3);
  ASSERT_NE(safety.violation(), nullptr);
  EXPECT_EQ(safety.violation()->property, Property::LogMatching);
}

TEST(SnapshotSafety, ARestartFromSnapshotAndTailFindsWhatWasWritten) {
  Safety safety = began();
  Server s1 = applied(follower(1, logAfter(2, 1, {2}), "xy"), 3);
  tellCompacted(safety, ms(2), s1);
  s1.lastWrite = 1;
  tellWritten(safety, ms(3), s1);
  safety.crashed(ms(4), s1);
  safety.started(ms(5), follower(1, logAfter(2, 1, {2}), "xy"), true);
  EXPECT_EQ(safety.violation(), nullptr);
  safety.crashed(ms(6), s1);
  safety.started(ms(7), follower(1, logAfter(2, 1, {}), "xy"), true);  // the tail is lost
  ASSERT_NE(safety.violation(), nullptr);
  EXPECT_EQ(safety.violation()->property, Property::Durability);
}

// Logs written by hand may begin with a snapshot.
TEST(SnapshotSafety, ARunMayBeginWithSnapshotsOnTheDisks) {
  Safety safety;
  for (ServerId id : {1, 2, 3})
    safety.started(ms(0), follower(id, logAfter(7, 1, {2}), "x"), false);
  EXPECT_EQ(safety.violation(), nullptr);
}

}  // namespace
}  // namespace raft::check
