// log[] as a value: copies share storage until they differ, and nobody can tell.
#include "raft/log.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "raft/random.h"

namespace raft {
namespace {

TEST(Log, IsEmptyAtFirstAndMatchesAtIndexZero) {
  const Log log;
  EXPECT_EQ(log.lastIndex(), 0);
  EXPECT_EQ(log.lastTerm(), 0);
  EXPECT_EQ(log.term(0), 0);
  EXPECT_TRUE(log.matches(0, 0));
  EXPECT_FALSE(log.matches(0, 1));
  EXPECT_FALSE(log.matches(1, 0));
  EXPECT_TRUE(log.from(1).empty());
}

TEST(Log, HoldsWhatWasAppendedFromIndexOne) {
  Log log;
  log.append(entryAt(1, 1));
  log.append(entryAt(2, 3));
  EXPECT_EQ(log.lastIndex(), 2);
  EXPECT_EQ(log.lastTerm(), 3);
  EXPECT_EQ(log[1], entryAt(1, 1));
  EXPECT_EQ(log[2], entryAt(2, 3));
  EXPECT_TRUE(log.matches(2, 3));
  EXPECT_FALSE(log.matches(2, 1));
  EXPECT_FALSE(log.matches(3, 3));
  EXPECT_FALSE(log.matches(Index(~0ull), 3));
}

TEST(Log, ATruncationDeletesTheEntryAndAllThatFollow) {
  Log log = logOf({1, 1, 2, 2});
  log.truncateFrom(3);
  EXPECT_EQ(log.from(1), entriesFrom(1, {1, 1}));
  log.truncateFrom(3);  // nothing there
  EXPECT_EQ(log.lastIndex(), 2);
  log.truncateFrom(1);
  EXPECT_EQ(log.lastIndex(), 0);
}

TEST(Log, GivesRunsOfItsEntries) {
  const Log log = logOf({1, 1, 2, 3});
  EXPECT_EQ(log.from(1), entriesFrom(1, {1, 1, 2, 3}));
  EXPECT_EQ(log.from(4), entriesFrom(4, {3}));
  EXPECT_TRUE(log.from(5).empty());
  EXPECT_TRUE(log.from(99).empty());
  EXPECT_EQ(log.between(2, 3), entriesFrom(2, {1, 2}));
  EXPECT_TRUE(log.between(3, 2).empty());
}

TEST(Log, CopiesGoOnIndependently) {
  Log a = logOf({1, 1});
  Log b = a;
  Log c = a;
  a.append(entryAt(3, 2));
  b.append(entryAt(3, 3));
  c.truncateFrom(2);
  c.append(entryAt(2, 4));
  EXPECT_EQ(a.from(1), entriesFrom(1, {1, 1, 2}));
  EXPECT_EQ(b.from(1), entriesFrom(1, {1, 1, 3}));
  EXPECT_EQ(c.from(1), entriesFrom(1, {1, 4}));
}

TEST(Log, ACopyOutlivesItsOriginal) {
  Log copy;
  {
    Log log = logOf({1, 2, 3});
    copy = log;
    log.append(entryAt(4, 3));
  }
  EXPECT_EQ(copy.from(1), entriesFrom(1, {1, 2, 3}));
}

TEST(Log, ARunKeepsItsEntriesWhenTheLogGoesOnOtherwise) {
  Log log = logOf({1, 1, 1});
  const Entries run = log.from(2);
  log.truncateFrom(2);
  for (Index i = 2; i <= Index{100}; ++i) log.append(entryAt(i, 5));
  EXPECT_EQ(run, entriesFrom(2, {1, 1}));
  log = Log();
  EXPECT_EQ(run, entriesFrom(2, {1, 1}));
}

TEST(Log, GrowsAndKeepsWhatItHolds) {
  Log log;
  std::vector<Log> earlier;
  for (Index i = 1; i <= Index{300}; ++i) {
    log.append(entryAt(i, 1));
    if (i.value % 50 == 0) earlier.push_back(log);
  }
  for (Index i = 1; i <= Index{300}; ++i) ASSERT_EQ(log[i], entryAt(i, 1));
  for (std::uint64_t i = 0; i < earlier.size(); ++i) {
    EXPECT_EQ(earlier[i].lastIndex(), 50 * (i + 1));
    EXPECT_EQ(earlier[i].from(1), log.between(1, 50 * (i + 1)));
  }
}

TEST(Log, TakesARunOfAnotherLogEvenOfOneThatItSharesStorageWith) {
  Log leader = logOf({1, 1, 2, 2, 2});
  Log follower = leader;
  follower.truncateFrom(3);
  const Entries run = leader.from(3);
  follower.append(run.begin(), run.end());
  EXPECT_EQ(follower.from(1), leader.from(1));
  follower.append(run.begin(), run.begin());  // nothing
  EXPECT_EQ(follower.lastIndex(), 5);
}

TEST(Log, TakesARunThatFollowsItInSharedStorageWithoutACopy) {
  Log server = logOf({1, 1});
  Log disk = server;
  server.append(entryAt(3, 2));
  disk.append(server.from(3));
  EXPECT_EQ(disk.from(1), entriesFrom(1, {1, 1, 2}));
  EXPECT_EQ(disk.takeChange(), 3);
  EXPECT_EQ(disk.from(3).begin(), server.from(3).begin());  // the same place

  server.truncateFrom(3);
  server.append(entryAt(3, 4));
  disk.truncateFrom(3);
  disk.append(server.from(3));
  EXPECT_EQ(disk.from(1), entriesFrom(1, {1, 1, 4}));
  disk.append(server.from(4));  // nothing
  EXPECT_EQ(disk.lastIndex(), 3);
  disk.append(server.from(2));  // not what follows it
  EXPECT_EQ(disk.from(4), entriesFrom(2, {1, 4}));
}

TEST(Log, EqualityIsThatOfItsContent) {
  EXPECT_EQ(logOf({1, 2}), logOf({1, 2}));
  EXPECT_NE(logOf({1, 2}), logOf({1, 3}));
  EXPECT_NE(logOf({1, 2}), logOf({1, 2, 2}));
  EXPECT_EQ(Log(), logOf({}));
  EXPECT_NE(Log({Entry{1, "x"}}), Log({Entry{1, "y"}}));
  EXPECT_NE(Log({Entry{1}}), Log({Entry::noop(1)}));

  Log detour = logOf({1, 5, 5});
  detour.truncateFrom(2);
  detour.append(entryAt(2, 2));
  detour.takeChange();
  EXPECT_EQ(detour, logOf({1, 2}));
}

TEST(Log, TellsTheLowestIndexThatWasChanged) {
  Log log = logOf({1, 1, 1});
  EXPECT_EQ(log.takeChange(), 0);
  log.append(entryAt(4, 1));
  log.append(entryAt(5, 1));
  EXPECT_EQ(log.takeChange(), 4);
  EXPECT_EQ(log.takeChange(), 0);
  log.append(entryAt(6, 1));
  log.truncateFrom(2);
  log.append(entryAt(2, 2));
  EXPECT_EQ(log.takeChange(), 2);
  log.truncateFrom(9);  // nothing there
  EXPECT_EQ(log.takeChange(), 0);
  log.truncateFrom(2);  // and nothing in its place
  EXPECT_EQ(log.takeChange(), 2);
}

TEST(Log, AChangeThatWasNotTakenIsPartOfTheValue) {
  Log log = logOf({1});
  log.append(entryAt(2, 1));
  EXPECT_NE(log, logOf({1, 1}));
  Log copy = log;
  EXPECT_EQ(copy.takeChange(), 2);
  EXPECT_EQ(copy, logOf({1, 1}));
  EXPECT_EQ(log.takeChange(), 2);
}

TEST(Log, MovesAndAssignmentsCarryTheWholeValue) {
  Log a = logOf({1, 2});
  Log b = std::move(a);
  EXPECT_EQ(b, logOf({1, 2}));
  a = b;
  EXPECT_EQ(a, b);
  b = logOf({3});
  EXPECT_EQ(a, logOf({1, 2}));
  Log& same = a;
  a = same;
  EXPECT_EQ(a, logOf({1, 2}));
}

TEST(Entries, AreARunByContent) {
  const Entries one{entryAt(1, 1), entryAt(2, 1)};
  EXPECT_EQ(one, entriesFrom(1, {1, 1}));
  EXPECT_EQ(one.size(), 2u);
  EXPECT_EQ(one[1], entryAt(2, 1));
  EXPECT_EQ(Entries{}, logOf({1}).from(2));
  EXPECT_NE(one, Entries{entryAt(1, 1)});
  EXPECT_EQ(Log(one), logOf({1, 1}));
  EXPECT_EQ(Log(one).takeChange(), 0);
}

// Many logs that are copied from each other at random, against vectors that share nothing.
TEST(Log, BehavesAsAVectorWhateverSharesItsStorage) {
  Random random = Random::stream(11, 1, 1);
  std::vector<Log> logs(6);
  std::vector<std::vector<Entry>> models(6);
  for (std::uint64_t n = 0; n < 20'000; ++n) {
    const auto at = random.below(6);
    const auto other = random.below(6);
    switch (random.below(4)) {
      case 0:
        logs[at] = logs[other];
        models[at] = models[other];
        break;
      case 1:
        logs[at].append(entryAt(n, n));
        models[at].push_back(entryAt(n, n));
        break;
      case 2: {
        const Entries run = logs[other].from(logs[other].lastIndex().value / 2 + 1);
        const std::vector<Entry> same(run.begin(), run.end());
        logs[at].append(run.begin(), run.end());
        models[at].insert(models[at].end(), same.begin(), same.end());
        if (models[at].size() < 40) break;
        [[fallthrough]];
      }
      default: {
        const auto from = random.below(models[at].size() + 1);
        logs[at].truncateFrom(from + 1);
        models[at].resize(from);
      }
    }
    const Entries all = logs[at].from(1);
    ASSERT_TRUE(std::equal(all.begin(), all.end(), models[at].begin(), models[at].end())) << n;
  }
}

// Hosts may keep servers on threads of their own: the counts and claims are all they share.
TEST(Log, CopiesMayBeUsedOnTwoThreads) {
  for (int round = 0; round < 20; ++round) {
    Log mine = logOf({1, 1, 1});
    mine.append(entryAt(4, 1));  // there is room for more, which both want
    Log theirs = mine;
    const auto extend = [](Log& log, Term term) {
      for (int i = 0; i < 100; ++i) {
        const Entries run = log.from(2);
        log.append(entryAt(log.lastIndex() + 1, term));
        if (i % 10 == 9) log.truncateFrom(log.lastIndex() - 2);
        if (run.size() == 0) log = Log();
      }
    };
    std::thread thread([&] { extend(theirs, 2); });
    extend(mine, 3);
    thread.join();
    ASSERT_EQ(mine.lastIndex(), 74);
    ASSERT_EQ(theirs.lastIndex(), 74);
    for (Index i = 5; i <= Index{74}; ++i) {
      ASSERT_EQ(mine[i], entryAt(i, 3));
      ASSERT_EQ(theirs[i], entryAt(i, 2));
    }
  }
}

}  // namespace
}  // namespace raft
