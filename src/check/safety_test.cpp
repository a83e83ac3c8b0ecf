#include "check/safety.h"

#include <gtest/gtest.h>

#include "check/check_test_support.h"

namespace raft::check {
namespace {

using Found = std::vector<Property>;

Found propertiesOf(const Safety& safety) {
  Found found;
  for (const Violation& violation : safety.violations()) found.push_back(violation.property);
  return found;
}

Server follower(ServerId id, Term term, Log log = {}) {
  return {.id = id, .configuration = {{1, 2, 3}}, .currentTerm = term, .log = std::move(log)};
}

Server leader(ServerId id, Term term, Log log = {}) {
  Server server = follower(id, term, std::move(log));
  server.votedFor = id;
  server.role = Leader{};
  return server;
}

Server committed(Server server, Index commitIndex) {
  server.commitIndex = server.lastApplied = commitIndex;
  return server;
}

// Three servers that have the same log at 0 ms.
Safety began(const Log& log = {}) {
  Safety safety;
  for (ServerId id : {1, 2, 3}) safety.started(ms(0), follower(id, log.lastTerm(), log), false);
  return safety;
}

// Figure 3. Election Safety: at most one leader can be elected in a given term. §5.2
TEST(ElectionSafety, ASecondLeaderOfATermIsFound) {
  Safety safety = began();
  tellStep(safety, ms(10), leader(1, 2));
  tellStep(safety, ms(20), leader(1, 2));
  EXPECT_EQ(safety.violation(), nullptr);
  tellStep(safety, ms(30), leader(3, 2));

  ASSERT_NE(safety.violation(), nullptr);
  const Violation& v = *safety.violation();
  EXPECT_EQ(v.property, Property::ElectionSafety);
  EXPECT_EQ(v.time, ms(30));
  EXPECT_EQ(v.servers, (std::vector<ServerId>{3, 1}));
  EXPECT_EQ(v.term, Term{2});
  EXPECT_EQ(v.earlier, ms(10));
  EXPECT_EQ(tell(v, trace::Names({"A", "B", "C"})),
            "C is elected leader of term 2, as A was at 10 ms");
}

TEST(ElectionSafety, ALeaderLongGoneStillCounts) {
  Safety safety = began();
  tellStep(safety, ms(10), leader(1, 2));
  tellStep(safety, ms(20), leader(2, 3));
  tellStep(safety, ms(30), follower(1, 3));
  tellStep(safety, ms(40), leader(3, 2));
  EXPECT_EQ(propertiesOf(safety), Found{Property::ElectionSafety});
}

TEST(ElectionSafety, TwoLeadersOfTwoTermsAreAllowed) {
  Safety safety = began();
  tellStep(safety, ms(10), leader(1, 2));
  tellStep(safety, ms(20), leader(2, 3));
  tellStep(safety, ms(30), leader(1, 2));  // it has not heard of it
  tellStep(safety, ms(40), leader(1, 4));
  EXPECT_EQ(safety.violation(), nullptr);
}

TEST(ElectionSafety, AServerThatForgotItsTermIsElectedAgain) {
  Safety safety = began();
  tellStep(safety, ms(10), leader(1, 1));
  safety.started(ms(20), follower(1, 0), true);
  tellStep(safety, ms(30), leader(1, 1));
  EXPECT_EQ(propertiesOf(safety), Found{Property::ElectionSafety});
  EXPECT_EQ(tell(*safety.violation()), "s1 is elected leader of term 1 again (first at 10 ms)");
}

// Figure 3. Leader Append-Only: a leader never overwrites or deletes entries in its log; it only
// appends new entries. §5.3
TEST(LeaderAppendOnly, ALeaderThatDeletesIsFound) {
  Safety safety = began(logOf({1, 1}));
  tellStep(safety, ms(10), leader(1, 2, logOf({1, 1})));
  tellWrite(safety, ms(20), leader(1, 2, logOf({1, 1, 2})), 3);
  EXPECT_EQ(safety.violation(), nullptr);
  tellWrite(safety, ms(30), leader(1, 2, logOf({1})), 2);

  ASSERT_EQ(propertiesOf(safety), Found{Property::LeaderAppendOnly});
  EXPECT_EQ(safety.violation()->time, ms(30));
  EXPECT_EQ(safety.violation()->entries, (std::vector<Position>{{2, 1}}));
  EXPECT_EQ(tell(*safety.violation()), "s1 removes 2^1 from its log, though it leads term 2");
}

TEST(LeaderAppendOnly, ALeaderThatOverwritesIsFoundEvenIfItTellsNoWrite) {
  Safety safety = began(logOf({1, 1}));
  tellStep(safety, ms(10), leader(1, 2, logOf({1, 1})));
  tellStep(safety, ms(20), leader(1, 2, logOf({1, 2})));
  EXPECT_EQ(propertiesOf(safety), Found{Property::LeaderAppendOnly});
}

TEST(LeaderAppendOnly, WhoLeadsNoMoreMayTruncate) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 2})), 2);
  tellWrite(safety, ms(20), follower(1, 3, logOf({1})), 2);
  EXPECT_EQ(safety.violation(), nullptr);
}

// Figure 3. Log Matching: if two logs contain an entry with the same index and term, then the logs
// are identical in all entries up through the given index. §5.3
TEST(LogMatching, TheSameIndexAndTermWithAnotherCommandIsFound) {
  Safety safety = began();
  tellWrite(safety, ms(10), leader(1, 1, {{1, "x"}}), 1);
  tellWrite(safety, ms(20), follower(2, 1, {{1, "x"}}), 1);
  EXPECT_EQ(safety.violation(), nullptr);
  tellWrite(safety, ms(30), follower(3, 1, {{1, "y"}}), 1);

  ASSERT_EQ(propertiesOf(safety), Found{Property::LogMatching});
  const Violation& v = *safety.violation();
  EXPECT_EQ(v.time, ms(30));
  EXPECT_EQ(v.servers, (std::vector<ServerId>{3, 1}));
  EXPECT_EQ(v.entries, (std::vector<Position>{{1, 1}}));
  EXPECT_EQ(v.earlier, ms(10));
  EXPECT_EQ(tell(v), "1^1 is not the same entry in the log of s3 as in that of s1 (10 ms)");
}

TEST(LogMatching, ANoopIsNoEmptyCommand) {
  Safety safety = began();
  tellWrite(safety, ms(10), leader(1, 1, {Entry::noop(1)}), 1);
  tellWrite(safety, ms(20), follower(2, 1, {{1, ""}}), 1);
  EXPECT_EQ(propertiesOf(safety), Found{Property::LogMatching});
}

TEST(LogMatching, TheSameEntryAfterAnotherOneIsFound) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 1, 2})), 2);
  tellWrite(safety, ms(20), follower(2, 3, logOf({1, 3})), 2);
  EXPECT_EQ(safety.violation(), nullptr);
  tellWrite(safety, ms(30), follower(2, 3, logOf({1, 3, 2})), 3);

  ASSERT_EQ(propertiesOf(safety), Found{Property::LogMatching});
  EXPECT_EQ(tell(*safety.violation()),
            "3^2 stands after 2^3 in the log of s2, but after 2^1 in that of s1 (10 ms)");
}

TEST(LogMatching, WhatWasTruncatedEverywhereIsRemembered) {
  Safety safety = began();
  tellWrite(safety, ms(10), leader(1, 1, {{1, "x"}}), 1);
  tellWrite(safety, ms(20), follower(1, 2), 1);
  tellWrite(safety, ms(30), follower(2, 2, {{1, "y"}}), 1);
  EXPECT_EQ(propertiesOf(safety), Found{Property::LogMatching});
}

TEST(LogMatching, OtherTermsAtOneIndexAreAllowed) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 2})), 2);
  tellWrite(safety, ms(20), leader(2, 3, logOf({1, 3})), 2);
  tellWrite(safety, ms(30), leader(3, 4, logOf({1, 4})), 2);
  tellWrite(safety, ms(40), follower(3, 5, logOf({1, 2})), 2);
  tellWrite(safety, ms(50), follower(1, 5, logOf({1, 3})), 2);
  EXPECT_EQ(safety.violation(), nullptr);
}

TEST(LogMatching, LongCommandsThatDifferInOneByteDiffer) {
  for (std::uint64_t length : {1, 7, 8, 9, 31, 32, 33, 100}) {
    for (std::uint64_t at = 0; at < length; ++at) {
      std::string bytes(length, 'x');
      const Chain one = chainWith(0, {1, Command(bytes)});
      bytes[at] = 'y';
      EXPECT_NE(one, chainWith(0, {1, Command(bytes)})) << at << " of " << length;
    }
    EXPECT_NE(chainWith(0, {1, Command(std::string(length, '\0'))}),
              chainWith(0, {1, Command(std::string(length - 1, '\0'))}));
  }
}

// Figure 3. Leader Completeness: if a log entry is committed in a given term, then that entry will
// be present in the logs of the leaders for all higher-numbered terms. §5.4
TEST(LeaderCompleteness, ALaterLeaderWithoutACommittedEntryIsFound) {
  Safety safety = began(logOf({1, 1, 1}));
  tellStep(safety, ms(10), committed(leader(1, 2, logOf({1, 1, 1})), 1));
  tellWrite(safety, ms(20), leader(1, 2, logOf({1, 1, 1, 2})), 4);
  tellStep(safety, ms(30), committed(leader(1, 2, logOf({1, 1, 1, 2})), 4));
  EXPECT_EQ(safety.violation(), nullptr);
  tellStep(safety, ms(40), leader(2, 3, logOf({1, 1, 1})));

  ASSERT_EQ(propertiesOf(safety), Found{Property::LeaderCompleteness});
  const Violation& v = *safety.violation();
  EXPECT_EQ(v.time, ms(40));
  EXPECT_EQ(v.servers, (std::vector<ServerId>{2, 1}));
  EXPECT_EQ(v.entries, (std::vector<Position>{{4, 2}}));
  EXPECT_EQ(v.term, Term{3});
  EXPECT_EQ(tell(v), "s2 leads term 3 without 4^2, which s1 had committed in term 2 (30 ms)");
}

TEST(LeaderCompleteness, TheFirstEntryThatIsMissingIsNamed) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 2, 2, 2})), 2);
  tellStep(safety, ms(20), committed(leader(1, 2, logOf({1, 2, 2, 2})), 4));
  tellWrite(safety, ms(30), follower(2, 3, logOf({1, 3, 3, 3, 3})), 2);
  tellStep(safety, ms(40), leader(2, 4, logOf({1, 3, 3, 3, 3})));
  ASSERT_EQ(propertiesOf(safety), Found{Property::LeaderCompleteness});
  EXPECT_EQ(safety.violation()->entries, (std::vector<Position>{{2, 2}}));
}

TEST(LeaderCompleteness, ALeaderMayLackWhatIsNotCommitted) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 2})), 2);
  tellStep(safety, ms(20), committed(leader(1, 2, logOf({1, 2})), 1));
  tellStep(safety, ms(30), leader(2, 3, logOf({1})));
  EXPECT_EQ(safety.violation(), nullptr);
}

// What was committed in term 2 was so even if its leader learns of it when term 3 has begun.
TEST(LeaderCompleteness, ACommitThatIsKnownLateIsHeldAgainstTheLeadersSince) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 2})), 2);
  tellStep(safety, ms(20), leader(2, 3, logOf({1})));
  EXPECT_EQ(safety.violation(), nullptr);
  tellStep(safety, ms(30), committed(leader(1, 2, logOf({1, 2})), 2));
  ASSERT_EQ(propertiesOf(safety), Found{Property::LeaderCompleteness});
  EXPECT_EQ(safety.violation()->time, ms(30));
  EXPECT_EQ(safety.violation()->servers, (std::vector<ServerId>{2, 1}));
}

TEST(LeaderCompleteness, TheEarliestTermOfACommitCounts) {
  Safety safety = began(logOf({1}));
  for (ServerId id : {1, 3}) tellWrite(safety, ms(10), follower(id, 2, logOf({1, 2})), 2);
  tellStep(safety, ms(20), leader(2, 3, logOf({1})));
  tellStep(safety, ms(30), leader(3, 4, logOf({1, 2})));
  tellStep(safety, ms(40), committed(leader(3, 4, logOf({1, 2})), 2));
  EXPECT_EQ(safety.violation(), nullptr);  // in term 4: the leader of term 3 need not have had it
  tellStep(safety, ms(50), committed(follower(1, 2, logOf({1, 2})), 2));
  EXPECT_EQ(propertiesOf(safety), Found{Property::LeaderCompleteness});
}

TEST(LeaderCompleteness, WhatALeaderAppendedLaterDoesNotCount) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 2})), 2);
  tellStep(safety, ms(20), leader(2, 3, logOf({1})));
  tellWrite(safety, ms(30), leader(2, 3, logOf({1, 3, 3})), 2);
  tellStep(safety, ms(40), committed(leader(2, 3, logOf({1, 3, 3})), 3));
  tellStep(safety, ms(50), committed(leader(2, 3, logOf({1, 3, 3})), 3));
  EXPECT_EQ(safety.violation(), nullptr);
}

// Figure 3. State Machine Safety: if a server has applied a log entry at a given index to its state
// machine, no other server will ever apply a different log entry for the same index. §5.4.3
TEST(StateMachineSafety, AnotherEntryAtAnAppliedIndexIsFound) {
  Safety safety = began(logOf({1}));
  tellWrite(safety, ms(10), leader(1, 2, logOf({1, 2})), 2);
  tellApply(safety, ms(20), committed(leader(1, 2, logOf({1, 2})), 2), 1);
  tellWrite(safety, ms(30), follower(2, 3, logOf({1, 3})), 2);
  tellApply(safety, ms(40), committed(follower(2, 3, logOf({1, 3})), 1), 1);
  EXPECT_EQ(safety.violation(), nullptr);
  tellApply(safety, ms(50), committed(follower(2, 3, logOf({1, 3})), 2), 2);

  ASSERT_EQ(propertiesOf(safety), Found{Property::StateMachineSafety});
  const Violation& v = *safety.violation();
  EXPECT_EQ(v.time, ms(50));
  EXPECT_EQ(v.servers, (std::vector<ServerId>{2, 1}));
  EXPECT_EQ(v.entries, (std::vector<Position>{{2, 3}, {2, 2}}));
  EXPECT_EQ(tell(v), "s2 applies 2^3 where s1 applied 2^2 (20 ms)");
}

TEST(StateMachineSafety, WhatIsAppliedCountsNotOnlyWhatStandsInTheLog) {
  Safety safety = began(logOf({1, 1}));
  tellApply(safety, ms(10), committed(leader(1, 2, logOf({1, 1})), 2), 1);
  const Server s2 = committed(follower(2, 2, logOf({1, 1})), 2);
  tellStep(safety, ms(20), s2, {.apply = {.first = 1, .entries = entriesFrom(1, {1, 1})}});
  EXPECT_EQ(safety.violation(), nullptr);
  const Server s3 = committed(follower(3, 2, logOf({1, 1})), 2);
  tellStep(safety, ms(30), s3, {.apply = {.first = 1, .entries = {{1, "1^1"}, {1, "forged"}}}});
  ASSERT_EQ(propertiesOf(safety), Found{Property::StateMachineSafety});
  EXPECT_EQ(safety.violation()->entries.front().index, Index{2});
}

// That is for the invariants to tell: of such a server nobody can say what it has applied.
TEST(StateMachineSafety, WhatIsAppliedOutOfOrderAccusesNobodyElse) {
  const Server s1 = committed(follower(1, 1, logOf({1, 1, 1})), 3);
  for (Index first : {Index(0), Index(2), Index(3)}) {
    Safety safety = began(logOf({1, 1, 1}));
    const Apply apply{.first = first, .entries = s1.log.from(3)};
    tellStep(safety, ms(10), s1, {.apply = apply});
    tellApply(safety, ms(20), committed(follower(2, 1, logOf({1, 1, 1})), 3), 1);
    EXPECT_EQ(safety.violation(), nullptr);
  }
}

TEST(StateMachineSafety, ARestartedServerAppliesTheSameAgain) {
  Safety safety = began(logOf({1, 1}));
  tellApply(safety, ms(10), committed(follower(1, 1, logOf({1, 1})), 2), 1);
  safety.started(ms(20), follower(1, 1, logOf({1, 1})), true);
  tellApply(safety, ms(30), committed(follower(1, 1, logOf({1, 1})), 1), 1);
  tellApply(safety, ms(40), committed(follower(1, 1, logOf({1, 1})), 2), 2);
  EXPECT_EQ(safety.violation(), nullptr);
}

TEST(StateMachineSafety, ACommittedEntryThatDiffersIsFoundBeforeItIsApplied) {
  Safety safety = began();
  tellWrite(safety, ms(10), leader(1, 1, logOf({1})), 1);
  tellStep(safety, ms(20), committed(leader(1, 1, logOf({1})), 1));
  tellWrite(safety, ms(30), follower(2, 2, logOf({2})), 1);
  tellStep(safety, ms(40), committed(follower(2, 2, logOf({2})), 1));
  EXPECT_EQ(propertiesOf(safety), Found{Property::StateMachineSafety});
}

// Figure 2. Persistent state on all servers: updated on stable storage before responding to RPCs.
class Durability : public ::testing::Test {
 protected:
  // Votes for s2 in term 2 with write 1, appends with write 2.
  static Server voted() {
    Server server = follower(1, 2, logOf({1}));
    server.votedFor = 2;
    server.lastWrite = 1;
    return server;
  }
  static Server appended() {
    Server server = voted();
    server.log = logOf({1, 2, 2});
    server.lastWrite = 2;
    return server;
  }
  // As it restarts from a disk that holds this much of `server`.
  static Server restored(Server server) {
    server.lastWrite = 0;
    return server;
  }
  Durability() {
    tellWrite(safety, ms(10), voted(), 0);
    tellWritten(safety, ms(20), voted());
    tellWrite(safety, ms(30), appended(), 2);
  }
  Safety safety = began(logOf({1}));
};

TEST_F(Durability, AWriteUnderWayMayBeLostOrNot) {
  for (const Server& disk : {voted(), appended()}) {
    Safety copy = safety;
    copy.started(ms(40), restored(disk), true);
    EXPECT_EQ(copy.violation(), nullptr);
    copy.started(ms(50), restored(disk), true);
    EXPECT_EQ(copy.violation(), nullptr);
  }
}

TEST_F(Durability, ALostVoteIsFound) {
  safety.started(ms(40), follower(1, 2, logOf({1})), true);
  ASSERT_EQ(propertiesOf(safety), Found{Property::Durability});
  EXPECT_EQ(safety.violation()->time, ms(40));
  EXPECT_EQ(tell(*safety.violation()),
            "s1 restarts without its vote for s2 in term 2, which was written");
}

TEST_F(Durability, ALostTermIsFound) {
  safety.started(ms(40), follower(1, 1, logOf({1})), true);
  ASSERT_EQ(propertiesOf(safety), Found{Property::Durability});
  EXPECT_EQ(tell(*safety.violation()), "s1 restarts in term 1, though it had written term 2");
}

TEST_F(Durability, ALostEntryIsFoundOnceItsWriteWasDurable) {
  tellWritten(safety, ms(40), appended());
  safety.started(ms(50), restored(voted()), true);
  ASSERT_EQ(propertiesOf(safety), Found{Property::Durability});
  EXPECT_EQ(safety.violation()->servers, (std::vector<ServerId>{1}));
  EXPECT_EQ(safety.violation()->entries, (std::vector<Position>{{1, 1}, {3, 2}}));
  EXPECT_EQ(tell(*safety.violation()),
            "s1 restarts with a log that ends with 1^1, though it had written 3^2");
}

// A crash may tear a write; what it says of term and vote comes first.
TEST_F(Durability, OfAWriteUnderWayTheFirstEntriesMayBeThere) {
  Server half = restored(appended());
  half.log = logOf({1, 2});
  Safety copy = safety;
  copy.started(ms(40), half, true);
  EXPECT_EQ(copy.violation(), nullptr);
  copy.started(ms(50), restored(voted()), true);
  EXPECT_EQ(propertiesOf(copy), Found{Property::Durability}) << "what was found is there to stay";
  half.log = Log{{1, "another"}};
  safety.started(ms(40), half, true);
  EXPECT_EQ(safety.violations().back().property, Property::Durability);
}

TEST_F(Durability, HalfAWriteThatWasDurableIsFound) {
  tellWritten(safety, ms(40), appended());
  Server half = restored(appended());
  half.log = logOf({1, 2});
  safety.started(ms(50), half, true);
  EXPECT_EQ(propertiesOf(safety), Found{Property::Durability});
}

// A disk and a server may share the storage of their logs: all that differs must be found all the
// same.
TEST_F(Durability, WhatIsLostFromSharedStorageIsFound) {
  tellWritten(safety, ms(40), appended());
  Server server = appended();
  tellStep(safety, ms(45), server);
  const auto restartsWith = [&](const Log& log) {
    Safety copy = safety;
    copy.crashed(ms(50), server);
    Server restarted = restored(server);
    restarted.log = log;
    copy.started(ms(60), restarted, true);
    copy.crashed(ms(70), restarted);
    copy.started(ms(80), restarted, true);
    return propertiesOf(copy);
  };
  Log log = server.log;
  EXPECT_EQ(restartsWith(log), Found{});
  Log shorter = log;
  shorter.truncateFrom(3);
  EXPECT_EQ(restartsWith(shorter), Found{Property::Durability});
  Log longer = log;
  longer.append(entryAt(4, 2));
  EXPECT_EQ(restartsWith(longer), Found{Property::Durability});
  Log other = shorter;
  other.append(Entry{2, "other"});
  EXPECT_EQ(restartsWith(other), (Found{Property::LogMatching, Property::Durability}));
}

TEST_F(Durability, AnotherCommandOnTheDiskIsFound) {
  Server other = restored(voted());
  other.log = {{1, "other"}};
  safety.started(ms(40), other, true);
  EXPECT_EQ(propertiesOf(safety), (Found{Property::LogMatching, Property::Durability}));
}

TEST(Safety, ABrokenPromiseOfOneServerIsAViolation) {
  Safety safety = began();
  safety.invariantBroken(ms(10), follower(2, 5), "commitIndex never falls");
  ASSERT_EQ(propertiesOf(safety), Found{Property::Invariant});
  EXPECT_EQ(tell(*safety.violation()), "s2 breaks a promise: commitIndex never falls");
}

TEST(Safety, OnlyTheFirstOfEachPropertyIsKept) {
  Safety safety = began();
  for (ServerId id : {1, 2, 3}) tellStep(safety, ms(10), leader(id, 2));
  tellWrite(safety, ms(20), leader(1, 2, {{2, "x"}}), 1);
  tellWrite(safety, ms(20), leader(2, 2, {{2, "y"}}), 1);
  EXPECT_EQ(propertiesOf(safety), (Found{Property::ElectionSafety, Property::LogMatching}));
  EXPECT_EQ(safety.violation()->servers, (std::vector<ServerId>{2, 1}));
}

TEST(Safety, IsAValue) {
  Safety safety = began();
  tellStep(safety, ms(10), leader(1, 2));
  Safety copy = safety;
  EXPECT_EQ(copy, safety);
  tellStep(safety, ms(20), leader(2, 2));
  EXPECT_NE(copy, safety);
  EXPECT_EQ(copy.violation(), nullptr);
  tellStep(copy, ms(20), leader(2, 2));
  EXPECT_EQ(copy, safety);
}

TEST(Safety, AHealthyRunWithCrashesHasNoViolation) {
  for (std::uint32_t count : {1, 2, 3, 5}) {
    Safety safety;
    MiniCluster cluster(count, safety);
    for (std::uint32_t round = 0; round < 20; ++round) {
      cluster.runUntil(cluster.now + ms(1000));
      if (const ServerId leader = cluster.leader(); leader != ServerId{0}) {
        for (const char* command : {"a", "b", "c"}) cluster.propose(leader, command);
        cluster.runUntil(cluster.now + ms(round));
      }
      const ServerId victim = 1 + round % count;
      cluster.crash(victim);
      cluster.runUntil(cluster.now + ms(400));
      cluster.restart(victim);
    }
    cluster.runUntil(cluster.now + ms(1000));
    EXPECT_GT(cluster.servers[0].commitIndex, Index{20});
    EXPECT_EQ(safety.violation(), nullptr) << tell(*safety.violation());
  }
}

}  // namespace
}  // namespace raft::check
