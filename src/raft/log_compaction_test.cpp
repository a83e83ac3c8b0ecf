// log[] of which a snapshot has taken over the beginning: what is left behaves as before, and what
// is discarded costs no memory.
#include <algorithm>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "raft/random.h"

namespace raft {
namespace {

TEST(LogCompaction, KeepsIndexAndTermOfTheLastEntryThatItDiscards) {
  Log log = logOf({1, 1, 2, 3});
  log.compactTo(3);
  EXPECT_EQ(log.baseIndex(), 3);
  EXPECT_EQ(log.baseTerm(), 2);
  EXPECT_EQ(log.term(3), 2);
  EXPECT_EQ(log.lastIndex(), 4);
  EXPECT_EQ(log[4], entryAt(4, 3));
  EXPECT_EQ(log.from(4), entriesFrom(4, {3}));
  EXPECT_EQ(log, logAfter(3, 2, {3}));
}

TEST(LogCompaction, ALogThatIsWhollyDiscardedEndsWithItsBase) {
  Log log = logOf({1, 2});
  log.compactTo(2);
  EXPECT_EQ(log.lastIndex(), 2);
  EXPECT_EQ(log.lastTerm(), 2);
  EXPECT_TRUE(log.from(3).empty());
  log.append(entryAt(3, 2));
  EXPECT_EQ(log, [] {
    Log same = logAfter(2, 2, {});
    same.append(entryAt(3, 2));
    return same;
  }());
  log.compactTo(2);  // where the base is
  EXPECT_EQ(log.lastIndex(), 3);
}

TEST(LogCompaction, MatchesTheBaseByItsTermAndWhateverLiesBelow) {
  const Log log = logAfter(5, 3, {3, 4});
  EXPECT_TRUE(log.matches(5, 3));
  EXPECT_FALSE(log.matches(5, 2));
  EXPECT_TRUE(log.matches(4, 1));  // committed: nobody who leads has another entry there
  EXPECT_TRUE(log.matches(0, 0));
  EXPECT_TRUE(log.matches(7, 4));
  EXPECT_FALSE(log.matches(8, 4));
}

TEST(LogCompaction, TruncatesDownToItsBaseAndGoesOnFromThere) {
  Log log = logAfter(5, 3, {3, 4});
  log.truncateFrom(6);
  EXPECT_EQ(log.takeChange(), 6);
  EXPECT_EQ(log, logAfter(5, 3, {}));
  log.append(entryAt(6, 5));
  EXPECT_EQ(log.from(6), entriesFrom(6, {5}));
}

TEST(LogCompaction, IsNoChangeThatWouldHaveToBeWritten) {
  Log log = logOf({1, 1, 1});
  log.compactTo(2);
  EXPECT_EQ(log.takeChange(), 0);
  log.append(entryAt(4, 1));
  log.compactTo(3);
  EXPECT_EQ(log.takeChange(), 4);
  log.append(entryAt(5, 1));
  log.append(entryAt(6, 1));
  log.compactTo(5);  // what is below needs no writing: there is a snapshot of it
  EXPECT_EQ(log.takeChange(), 6);
}

// Figure 13, 6. If existing log entry has same index and term as snapshot's last included entry,
// retain log entries following it.
TEST(LogCompaction, ARestoredLogKeepsWhatFollowsTheLastIncludedEntry) {
  Log log = logOf({1, 1, 2, 2});
  EXPECT_TRUE(log.restore(3, 2));
  EXPECT_EQ(log, logAfter(3, 2, {2}));
  EXPECT_TRUE(log.restore(4, 2));
  EXPECT_EQ(log, logAfter(4, 2, {}));
}

// Figure 13, 7. Discard the entire log.
TEST(LogCompaction, ARestoredLogThatConflictsOrIsTooShortIsDiscarded) {
  Log conflicting = logOf({1, 1, 2, 2});
  EXPECT_FALSE(conflicting.restore(3, 3));
  EXPECT_EQ(conflicting.takeChange(), 4);
  EXPECT_EQ(conflicting, logAfter(3, 3, {}));
  EXPECT_EQ(conflicting.lastIndex(), 3);

  Log tooShort = logOf({1, 1});
  EXPECT_FALSE(tooShort.restore(7, 2));
  EXPECT_EQ(tooShort.takeChange(), 8);
  EXPECT_EQ(tooShort, logAfter(7, 2, {}));
}

TEST(LogCompaction, LogsAndMessagesThatHoldWhatIsDiscardedKeepIt) {
  Log log = logOf({1, 1, 1, 1, 2, 2});
  const Log copy = log;
  const Entries run = log.between(2, 4);
  log.compactTo(5);
  log.append(entryAt(7, 2));
  EXPECT_EQ(copy, logOf({1, 1, 1, 1, 2, 2}));
  EXPECT_EQ(run, entriesFrom(2, {1, 1, 1}));
  EXPECT_EQ(log.from(6), entriesFrom(6, {2, 2}));
}

TEST(LogCompaction, LogsOfOneContentAreEqualWhereverTheirEntriesStand) {
  Log few = logOf({1, 1, 1, 1, 1, 1});
  few.compactTo(1);
  Log many = logOf({1, 1, 1, 1, 1, 1});
  many.compactTo(5);
  EXPECT_NE(few, many);
  few.compactTo(5);
  EXPECT_EQ(few, many);
  EXPECT_NE(logAfter(5, 1, {1}), logAfter(5, 2, {1}));
  EXPECT_NE(logAfter(1, 1, {}), logAfter(2, 1, {}));
}

TEST(LogCompaction, AnEmptyLogTakesOverTheStorageOfTheRunThatFollowsIt) {
  const Log server = logOf({1, 1, 2, 2});
  Log disk(2, 1, {});
  disk.append(server.from(3));
  EXPECT_EQ(&disk[3], &server[3]);
  EXPECT_EQ(disk.from(3), entriesFrom(3, {2, 2}));
  disk.append(entryAt(5, 2));
  EXPECT_EQ(disk.from(4), entriesFrom(4, {2, 2}));
  EXPECT_EQ(server.lastIndex(), 4);
}

// A log that is compacted again and again stands in as much storage as it has entries, and each
// entry is moved a constant number of times.
TEST(LogCompaction, GivesBackTheMemoryOfWhatItDiscardsInAmortisedConstantTime) {
  Log log;
  std::uint64_t moved = 0;
  const Entry* place = nullptr;
  for (Index i = 1; i <= Index{10'000}; ++i) {
    log.append(entryAt(i, 1));
    if (i > Index{100}) log.compactTo(i - 100);
    const Entry* now = &log[i] - (i.value - 1);
    if (now != place) moved += log.lastIndex().value - log.baseIndex().value;
    place = now;
  }
  EXPECT_LE(moved, 20'000u);

  const Entry* before = &log[10'000];
  log.compactTo(9'999);
  EXPECT_NE(&log[10'000], before);  // few are left, and stand elsewhere
}

// What the discarded entries' commands occupied, seen by who else holds them.
TEST(LogCompaction, LetsGoOfTheCommandsThatItDiscards) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps what is given back, so that it is not used again";
#endif
  const std::string bytes(100, 'x');
  Log log;
  std::set<const char*> places;
  for (int i = 0; i < 1000; ++i) {
    log.append({.term = 1, .command = std::string_view(bytes)});
    places.insert(log[log.lastIndex()].command.bytes().data());
    if (log.lastIndex().value % 10 == 0) log.compactTo(log.lastIndex());
  }
  EXPECT_LT(places.size(), 500u);  // memory that was given back is used again
}

struct Model {
  std::uint64_t base = 0;
  Term baseTerm = 0;
  std::vector<Entry> entries = {};
};

void expectSame(const Log& log, const Model& model) {
  ASSERT_EQ(log.baseIndex(), model.base);
  ASSERT_EQ(log.baseTerm(), model.baseTerm);
  ASSERT_EQ(log.lastIndex(), model.base + model.entries.size());
  const Entries all = log.from(model.base + 1);
  ASSERT_TRUE(std::equal(all.begin(), all.end(), model.entries.begin(), model.entries.end()));
  ASSERT_EQ(log.lastTerm(), model.entries.empty() ? model.baseTerm : model.entries.back().term);
}

// Logs that are copied from each other, cut at both ends and restored at random, against vectors
// that share nothing.
TEST(LogCompaction, BehavesAsAVectorThatForgetsItsBeginning) {
  Random random = Random::stream(12, 1, 1);
  std::vector<Log> logs(6);
  std::vector<Model> models(6);
  for (std::uint64_t n = 1; n < 30'000; ++n) {
    const auto at = random.below(6);
    const auto other = random.below(6);
    Log& log = logs[at];
    Model& model = models[at];
    const auto forget = [&](std::uint64_t count) {
      if (count > 0) model.baseTerm = model.entries[count - 1].term;
      model.base += count;
      model.entries.erase(model.entries.begin(), model.entries.begin() + static_cast<long>(count));
    };
    switch (random.below(6)) {
      case 0:
        log = logs[other];
        model = models[other];
        break;
      case 1: {
        log.append(entryAt(n, n));
        model.entries.push_back(entryAt(n, n));
        break;
      }
      case 2: {  // as a disk does with what a write brings
        const auto skipped = random.below(models[other].entries.size() + 1);
        const Entries run = logs[other].from(models[other].base + skipped + 1);
        log.append(run);
        model.entries.insert(model.entries.end(), run.begin(), run.end());
        if (model.entries.size() < 40) break;
        [[fallthrough]];
      }
      case 3: {
        const auto left = random.below(model.entries.size() + 1);
        log.truncateFrom(model.base + left + 1);
        model.entries.resize(left);
        break;
      }
      case 4: {
        const auto count = random.below(model.entries.size() + 1);
        log.compactTo(model.base + count);
        forget(count);
        break;
      }
      default: {  // an entry that it has, or one that it cannot have
        const auto count = random.below(model.entries.size() + 3);
        const bool has = count < model.entries.size() && random.chance(900'000);
        const Term term = has ? log.term(model.base + count) : Term(n + 100'000);
        ASSERT_EQ(log.restore(model.base + count, term), has);
        if (has) {
          forget(count);
        } else {
          model = {.base = model.base + count, .baseTerm = term};
        }
      }
    }
    log.takeChange();
    expectSame(log, model);
    if (HasFatalFailure()) FAIL() << "after " << n;
  }
}

}  // namespace
}  // namespace raft
