#include "check/client_history.h"

#include <gtest/gtest.h>

namespace raft::check {
namespace {

TEST(ClientHistory, OfWhatHappenedOneAfterAnotherIsLinearizable) {
  ClientHistory history(ObjectKind::KeyValue);
  history.responded(history.called(0, Function::Write, "x", "1"));
  history.read(history.called(1, Function::Read, "x"), "1");
  history.responded(history.calledCompareAndSet(1, "x", "1", "2"));
  history.responded(history.calledCompareAndSet(0, "x", "1", "3"), Outcome::Mismatch);
  history.responded(history.called(0, Function::Append, "x", "3"));
  history.read(history.called(1, Function::Read, "x"), "23");
  history.responded(history.called(0, Function::Delete, "x"));
  history.read(history.called(1, Function::Read, "x"), std::nullopt);
  const HistoryJudgement judged = judge(history);
  EXPECT_EQ(judged.verdict, Verdict::Linearizable);
  EXPECT_EQ(judged.why, "");
  EXPECT_FALSE(judged.culprit);
}

TEST(ClientHistory, AStaleReadIsNamedWithWhatShowsIt) {
  ClientHistory history(ObjectKind::KeyValue);
  history.responded(history.called(0, Function::Write, "y", "7"));
  const OperationId first = history.called(0, Function::Write, "x", "1");
  history.responded(first);
  const OperationId second = history.called(1, Function::Write, "x", "2");
  history.responded(second);
  const OperationId stale = history.called(2, Function::Read, "x");
  history.read(stale, "1");
  const HistoryJudgement judged = judge(history);
  EXPECT_EQ(judged.verdict, Verdict::NotLinearizable);
  EXPECT_EQ(judged.culprit, stale);
  EXPECT_EQ(judged.order, (std::vector<OperationId>{first, second}));
  EXPECT_EQ(judged.witnesses, (std::vector<OperationId>{first, second}));
  EXPECT_EQ(judged.keysWithout, (std::vector<OperationId>{first}));
  EXPECT_EQ(judged.why,
            "No order has room for client 2's read of \"x\"→\"1\". Without it, all that had "
            "responded before it did fits in one. \"1\" came from client 0's write of \"x\" \"1\", "
            "and client 1's write of \"x\" \"2\" had replaced it before. Between its call and its "
            "response there can only have been \"2\".");
}

// The verdict on all keys, and the culprit that responded first, whichever key comes first.
TEST(ClientHistory, OfSeveralKeysWithoutAnOrderTheFirstCulpritIsTold) {
  for (const OperationId first : {0u, 1u}) {
    ClientHistory history(ObjectKind::KeyValue);
    history.called(0, Function::Read, "a");
    history.called(1, Function::Read, "b");
    history.read(first, "1");
    history.read(1 - first, "1");
    const HistoryJudgement judged = judge(history);
    EXPECT_EQ(judged.culprit, first);
    EXPECT_EQ(judged.keysWithout, (std::vector<OperationId>{0, 1}));
  }
}

TEST(ClientHistory, WhatNeverRespondedMayHaveHappenedOrNot) {
  for (const ClientHistory::Bytes seen : {ClientHistory::Bytes{}, ClientHistory::Bytes{"1"}}) {
    ClientHistory history(ObjectKind::Register);
    history.called(0, Function::Write, "", "1");
    history.responded(history.called(0, Function::Write, "", "2"), Outcome::Unknown);
    history.read(history.called(1, Function::Read), seen);
    EXPECT_EQ(judge(history).verdict, Verdict::Linearizable);
  }
}

TEST(ClientHistory, AnAppendMayTellWhatItMade) {
  ClientHistory history(ObjectKind::KeyValue);
  history.appended(history.called(0, Function::Append, "x", "a"), "a");
  history.responded(history.called(0, Function::Append, "x", "b"));
  history.appended(history.called(1, Function::Append, "x", "c"), "abc");
  EXPECT_EQ(judge(history).verdict, Verdict::Linearizable);
  const OperationId lost = history.called(2, Function::Append, "x", "d");
  history.appended(lost, "acd");
  const HistoryJudgement judged = judge(history);
  EXPECT_EQ(judged.culprit, lost);
  EXPECT_EQ(judged.why,
            "No order has room for client 2's append of \"x\" \"d\"→\"acd\". Without it, all that "
            "had responded before it did fits in one. Between its call and its response there can "
            "only have been \"abc\".");
}

TEST(ClientHistory, OfALogTellsPositions) {
  ClientHistory history(ObjectKind::Log);
  history.appended(history.called(0, Function::Append, "", "a"), 1);
  const OperationId second = history.called(1, Function::Append, "", "b");
  history.appended(second, 1);
  const HistoryJudgement judged = judge(history);
  EXPECT_EQ(judged.culprit, second);
  EXPECT_EQ(judged.why,
            "No order has room for client 1's append \"b\"→1. Without it, all that had responded "
            "before it did fits in one. It was told the position of client 0's append \"a\"→1.");
}

void compareAllAtOnce(ClientHistory& history) {
  history.responded(history.called(0, Function::Write, "", "0"));
  std::vector<OperationId> all;
  for (std::uint32_t i = 0; i < 60; ++i) {
    all.push_back(history.calledCompareAndSet(i + 1, "", std::to_string(i * 3 % 7),
                                              std::to_string((i + 1) % 7)));
  }
  for (const OperationId operation : all) history.responded(operation);
}

TEST(ClientHistory, IsUnknownWhereTheLimitsDoNotSuffice) {
  ClientHistory history(ObjectKind::Register);
  compareAllAtOnce(history);
  const HistoryJudgement little = judge(history, {.bytes = std::uint64_t{1} << 20});
  EXPECT_EQ(little.verdict, Verdict::Unknown);
  EXPECT_EQ(little.gaveUp, GaveUp::OutOfMemory);
  EXPECT_EQ(little.why, "The memory for the search was used up.");
  const HistoryJudgement stopped = judge(history, {.stop = [] { return true; }});
  EXPECT_EQ(stopped.verdict, Verdict::Unknown);
  EXPECT_EQ(stopped.gaveUp, GaveUp::Stopped);
}

// A key that is not linearizable decides, though another could not be judged.
TEST(ClientHistory, IsNotLinearizableThoughAKeyIsUnknown) {
  for (const bool before : {true, false}) {
    ClientHistory history(ObjectKind::KeyValue);
    if (!before) compareAllAtOnce(history);
    const OperationId wrong = history.called(0, Function::Read, "other");
    history.read(wrong, "nobody's");
    if (before) compareAllAtOnce(history);
    const HistoryJudgement judged = judge(history, {.bytes = std::uint64_t{1} << 20});
    EXPECT_EQ(judged.verdict, Verdict::NotLinearizable);
    EXPECT_EQ(judged.gaveUp, GaveUp::No);
    EXPECT_EQ(judged.culprit, wrong);
  }
}

TEST(ClientHistory, OfNothingIsLinearizable) {
  EXPECT_EQ(judge(ClientHistory(ObjectKind::Log)).verdict, Verdict::Linearizable);
}

}  // namespace
}  // namespace raft::check
