// Where two logs part is found in few round trips (§5.3, end): Figure 7, and any two logs.
#include <algorithm>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "raft/random.h"

namespace raft {
namespace {

const ServerSet two{1, 2};

Settings hints() {
  Settings settings = plain;
  settings.conflictHints = true;
  return settings;
}

// s2 follows in term 8 with such a log, and is asked for what stands at prevLogIndex.
AppendEntries::Response answer(const Log& log, Index prevLogIndex, Term prevLogTerm,
                               const Settings& settings) {
  Server s2 = followerOf(2, 8, log, two);
  s2.settings = settings;
  const AppendEntries::Request request{8, 1, prevLogIndex, prevLogTerm};
  return sent<AppendEntries::Response>(stepChecked(s2, ms(1), Envelope{1, 2, request}), 1);
}

AppendEntries::Response refusal(Index prevLogIndex, const ConflictHint& hint) {
  return {.term = 8, .success = false, .prevLogIndex = prevLogIndex, .hint = hint};
}

// ConflictHints.1, §5.3: "when rejecting an AppendEntries request, the follower can include the
// term of the conflicting entry and the first index it stores for that term"
TEST(ConflictHint, NamesTheTermOfTheConflictAndItsFirstIndex) {
  const Log log = logOf({1, 1, 2, 2, 3, 3});
  EXPECT_EQ(answer(log, 6, 5, hints()), refusal(6, ConflictHint{3, 5, 6}));
  EXPECT_EQ(answer(log, 5, 4, hints()), refusal(5, ConflictHint{3, 5, 5}));
  EXPECT_EQ(answer(log, 4, 3, hints()), refusal(4, ConflictHint{2, 3, 4}));
}

TEST(ConflictHint, OfALogThatIsTooShortNamesItsEnd) {
  EXPECT_EQ(answer(logOf({1, 2, 2}), 9, 5, hints()), refusal(9, ConflictHint{2, 2, 3}));
  EXPECT_EQ(answer(logOf({}), 9, 5, hints()), refusal(9, ConflictHint{0, 1, 0}));
}

// What is of a later term than the leader has there does not match: it is not worth a round trip.
TEST(ConflictHint, PassesOverTermsThatTheLeaderCannotHaveThere) {
  EXPECT_EQ(answer(logOf({1, 2, 4, 4}), 4, 3, hints()), refusal(4, ConflictHint{2, 2, 2}));
  EXPECT_EQ(answer(logOf({4, 4, 4, 4}), 4, 3, hints()), refusal(4, ConflictHint{0, 1, 0}));
}

TEST(ConflictHint, IsNotGivenUnlessTheSettingsSaySo) {
  EXPECT_EQ(answer(logOf({1, 2}), 4, 3, plain), refusal(4, ConflictHint{}));
}

TEST(ConflictHint, ARequestOfAnOldTermIsRefusedWithoutOne) {
  EXPECT_EQ(answer(logOf({1, 2}), 4, 3, hints()).hint, (ConflictHint{2, 2, 2}));
  Server s2 = followerOf(2, 9, logOf({1, 2}), two);
  s2.settings = hints();
  const AppendEntries::Request request{8, 1, 4, 3};
  const Effects fx = stepChecked(s2, ms(1), Envelope{1, 2, request});
  EXPECT_FALSE(sent<AppendEntries::Response>(fx, 1).hint.given());
}

// s1 leads term 8 with such a log and is told that s2 refuses what follows its last entry.
Index nextIndexAfter(const Log& log, const ConflictHint& hint, Settings settings,
                     Index matchIndex = 0) {
  Server s1 = leaderOf(1, 8, log, two);
  s1.settings = settings;
  s1.as<Leader>()->of(2).matchIndex = matchIndex;
  stepChecked(s1, ms(1), Envelope{2, 1, refusal(log.lastIndex(), hint)});
  return s1.as<Leader>()->of(2).nextIndex;
}

// ConflictHints.2, §5.3: "the leader can decrement nextIndex to bypass all of the conflicting
// entries in that term"
TEST(ConflictHint, BypassesAllEntriesOfATermThatTheLeaderDoesNotHave) {
  EXPECT_EQ(nextIndexAfter(logOf({1, 1, 4, 4, 4, 5}), ConflictHint{3, 4, 6}, hints()), 3);
  EXPECT_EQ(nextIndexAfter(logOf({1, 1, 2, 2, 2, 5}), ConflictHint{3, 2, 6}, hints()), 2);
}

// Of a term that both have, both have the same, as far as both go.
TEST(ConflictHint, GoesToWhereBothEndTheirRunOfOneTerm) {
  EXPECT_EQ(nextIndexAfter(logOf({1, 3, 3, 3, 3, 5}), ConflictHint{3, 2, 3}, hints()), 4);
  EXPECT_EQ(nextIndexAfter(logOf({1, 3, 3, 5, 5, 5}), ConflictHint{3, 2, 6}, hints()), 4);
}

TEST(ConflictHint, OfAnEmptyLogLeadsToItsBeginning) {
  EXPECT_EQ(nextIndexAfter(logOf({1, 3, 3}), ConflictHint{0, 1, 0}, hints()), 1);
}

// Figure 2, Leaders.3b: "decrement nextIndex and retry"
TEST(ConflictHint, WithoutOneNextIndexIsDecremented) {
  EXPECT_EQ(nextIndexAfter(logOf({1, 3, 3}), ConflictHint{}, hints()), 3);
  EXPECT_EQ(nextIndexAfter(logOf({1, 3, 3}), ConflictHint{0, 1, 0}, plain), 3);
}

// Whatever it says, nextIndex falls and stays above matchIndex.
TEST(ConflictHint, ThatIsForgedMovesNextIndexWithinItsBounds) {
  const std::uint64_t absurd[] = {0, 1, 2, 3, 4, 9, ~0ull};
  for (std::uint64_t term : absurd) {
    for (std::uint64_t first : absurd) {
      for (std::uint64_t last : absurd) {
        const ConflictHint hint{term, first, last};
        const Index next = nextIndexAfter(logOf({1, 2, 4, 4}), hint, hints(), 2);
        EXPECT_GE(next, 3);
        EXPECT_LE(next, 4);
      }
    }
  }
}

// How often the follower refuses until it has the leader's log, which ends in an entry of its own.
std::uint64_t refusals(const Log& leaders, const Log& followers, const Settings& settings) {
  TestCluster cluster;
  cluster.servers = {leaderOf(1, 100, leaders, two), followerOf(2, 99, followers, two)};
  for (Server& server : cluster.servers) server.settings = settings;
  cluster.timeOut(1);
  std::uint64_t count = 0;
  for (const Envelope& envelope : cluster.delivered) {
    const auto* response = std::get_if<AppendEntries::Response>(&envelope.message);
    count += response && !response->success;
  }
  cluster.run(1, Propose{{"own"}});
  EXPECT_EQ(cluster.of(2).log.from(1), cluster.of(1).log.from(1));
  EXPECT_EQ(cluster.of(1).commitIndex, cluster.of(1).log.lastIndex());
  return count;
}

// Figure 7: "a follower may be missing entries (a–b), may have extra uncommitted entries (c–d), or
// both (e–f)." One refusal at most, and so one round trip more than if the logs agreed.
TEST(Figure7, EachFollowerIsRepairedInOneExtraRoundTripWithHints) {
  const Log leaders = logOf({1, 1, 1, 4, 4, 5, 5, 6, 6, 6});
  const struct {
    char name;
    Log log;
    std::uint64_t refusals;
  } followers[] = {
      {'a', logOf({1, 1, 1, 4, 4, 5, 5, 6, 6}), 1},
      {'b', logOf({1, 1, 1, 4}), 1},
      {'c', logOf({1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6}), 0},
      {'d', logOf({1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7}), 0},
      {'e', logOf({1, 1, 1, 4, 4, 4, 4}), 1},
      {'f', logOf({1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3}), 1},
  };
  for (const auto& follower : followers) {
    EXPECT_EQ(refusals(leaders, follower.log, hints()), follower.refusals) << follower.name;
  }
}

// In how many terms a log differs from the other.
std::uint64_t termsApart(const Log& log, const Log& other) {
  std::uint64_t terms = 0;
  for (Index index = 1; index <= log.lastIndex(); ++index) {
    if (other.matches(index, log.term(index))) continue;
    terms += index == Index{1} || log.term(index) != log.term(index - 1) || terms == 0;
  }
  return terms;
}

// Logs as leaders leave them: each of a term goes on from somebody's log, and gives some of it to
// others.
std::vector<Log> logsThatCouldExist(Random& random) {
  std::vector<Log> logs(4);
  for (std::uint64_t term = 1; term <= random.below(30) + 2; ++term) {
    const Log before = logs[random.below(logs.size())];
    Log leaders = before;
    for (std::uint64_t n = random.below(12); n-- > 0;) {
      leaders.append(entryAt(leaders.lastIndex() + 1, term));
    }
    for (Log& log : logs) {
      if (random.chance(500'000)) continue;
      Log given;
      for (Index index = 1; index <= leaders.lastIndex(); ++index) {
        if (index > before.lastIndex() && random.chance(300'000)) break;
        given.append(leaders[index]);
      }
      log = given;
    }
  }
  for (Log& log : logs) log.takeChange();
  return logs;
}

// §5.3: "one AppendEntries RPC will be required for each term with conflicting entries, rather than
// one RPC per entry" — and, as both look in their own logs, for each of the one who has fewer.
TEST(ConflictHint, TakesAtMostOneRoundTripForEachTermThatDiffers) {
  std::uint64_t withHints = 0;
  std::uint64_t without = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random = Random::stream(seed, 5, 5);
    const std::vector<Log> logs = logsThatCouldExist(random);
    for (const Log& leaders : logs) {
      for (const Log& followers : logs) {
        const std::uint64_t most =
            1 + std::min(termsApart(leaders, followers), termsApart(followers, leaders));
        const std::uint64_t count = refusals(leaders, followers, hints());
        EXPECT_LE(count, most) << testing::PrintToString(leaders) << " and "
                               << testing::PrintToString(followers);
        withHints += count;
        without += refusals(leaders, followers, plain);
        if (HasFailure()) FAIL() << "seed " << seed;
      }
    }
  }
  EXPECT_LT(withHints * 3, without);
}

// Some give hints and some do not, some listen and some do not: all understand each other.
TEST(ConflictHint, ServersWithAndWithoutUnderstandEachOther) {
  for (const bool gives : {false, true}) {
    for (const bool listens : {false, true}) {
      TestCluster cluster;
      cluster.servers = {leaderOf(1, 8, logOf({1, 1, 5, 5, 5}), two),
                         followerOf(2, 7, logOf({1, 1, 3, 3}), two)};
      if (listens) cluster.of(1).settings = hints();
      if (gives) cluster.of(2).settings = hints();
      cluster.timeOut(1);
      EXPECT_EQ(cluster.of(2).log.from(1), cluster.of(1).log.from(1));
    }
  }
}

}  // namespace
}  // namespace raft
