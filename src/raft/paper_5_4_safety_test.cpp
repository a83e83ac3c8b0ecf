// §5.4 Safety and §5.5 Follower and candidate crashes, sentence by sentence, as far as a server
// does it.
#include <algorithm>
#include <bit>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

const ServerSet five = ServerSet::firstServers(5);

// §5.4.1: "log entries only flow in one direction, from leaders to followers, and leaders never
// overwrite existing entries in their logs"
TEST(Section54, EntriesFlowFromLeadersToFollowersAndLeadersOnlyAppend) {
  int appended = 0;
  int overwritten = 0;
  const auto prepare = [&](TestCluster& cluster) {
    cluster.watch = [&](const Server& before, const Server& after, const Effects&) {
      if (before.log == after.log) return;
      const Index kept = std::min(before.log.lastIndex(), after.log.lastIndex());
      const bool onlyAppended =
          before.log.from(1) == after.log.between(1, kept) && before.log.lastIndex() == kept;
      overwritten += !onlyAppended;
      if (after.is<Leader>()) {
        ++appended;
        EXPECT_TRUE(onlyAppended) << testing::PrintToString(after);
        return;
      }
      ASSERT_TRUE(after.is<Follower>() && after.leader()) << testing::PrintToString(after);
      const Log& leaders = cluster.of(*after.leader()).log;
      EXPECT_LE(after.log.lastIndex(), leaders.lastIndex());
      EXPECT_EQ(after.log.from(1), leaders.between(1, after.log.lastIndex()));
    };
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    runWithFailures(seed, 300, prepare, [](TestCluster&) {});
  }
  EXPECT_GT(appended, 500);
  EXPECT_GT(overwritten, 100);  // of followers
}

// §5.4.1: "all the committed entries from previous terms are present on each new leader from the
// moment of its election"
TEST(Section54, EachNewLeaderHasAllCommittedEntriesFromTheMomentOfItsElection) {
  int elections = 0;
  Entries committed;
  const auto prepare = [&](TestCluster& cluster) {
    committed = {};
    cluster.watch = [&](const Server& before, const Server& after, const Effects&) {
      const bool more = after.commitIndex > Index{committed.size()};
      if (more) committed = after.log.between(1, after.commitIndex);
      if (before.is<Leader>() || !after.is<Leader>()) return;
      ++elections;
      ASSERT_GE(after.log.lastIndex(), Index{committed.size()});
      EXPECT_EQ(after.log.between(1, committed.size()), committed);
    };
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    runWithFailures(seed, 300, prepare, [](TestCluster&) {});
    EXPECT_GT(committed.size(), 20u);
  }
  EXPECT_GT(elections, 200);
}

// §5.4.1: "Raft uses the voting process to prevent a candidate from winning an election unless its
// log contains all committed entries. A candidate must contact a majority of the cluster in order
// to be elected, which means that every committed entry must be present in at least one of those
// servers."
TEST(Section54, NobodyWinsWithoutAllCommittedEntriesWhicheverMajorityItContacts) {
  const ServerSet holders{1, 2, 3};  // of 2^2, which is committed
  for (ServerId id : five) {
    for (std::uint32_t majority = 0; majority < 32; ++majority) {
      if (std::popcount(majority) < 3 || (majority >> (id.value - 1) & 1) == 0) continue;
      TestCluster cluster;
      for (ServerId s : five) {
        const Log log = holders.contains(s) ? logOf({1, 2}) : logOf({1, 1, 1});
        cluster.servers.push_back(followerOf(s, 2, log, five));
      }
      cluster.reached = {};
      for (ServerId s : five) {
        if ((majority >> (s.value - 1) & 1) != 0) cluster.reached.insert(s);
      }
      cluster.stand(id);
      EXPECT_EQ(cluster.of(id).is<Leader>(), holders.contains(id)) << id.value << ' ' << majority;
    }
  }
}

// §5.4.1: "the voter denies its vote if its own log is more up-to-date than that of the candidate"
// — "Raft determines which of two logs is more up-to-date by comparing the index and term of the
// last entries in the logs."
TEST(Section54, AVoterComparesLastTermsThenLengths) {
  struct Row {
    Index lastLogIndex;
    Term lastLogTerm;
    bool granted;
  };
  const Row rows[] = {{0, 0, false}, {9, 1, false}, {2, 2, false}, {3, 1, false},
                      {3, 2, true},  {4, 2, true},  {1, 3, true},  {9, 3, true}};
  for (const Row& row : rows) {
    Server s2 = followerOf(2, 4, logOf({1, 2, 2}), three);
    const RequestVote::Request request{5, 3, row.lastLogIndex, row.lastLogTerm};
    stepChecked(s2, ms(1), Envelope{3, 2, request});
    EXPECT_EQ(s2.votedFor == ServerId{3}, row.granted)
        << row.lastLogIndex.value << '^' << row.lastLogTerm.value;
  }
}

// §5.4.1: "The RPC includes information about the candidate's log"
TEST(Section54, ACandidateTellsOfItsLastEntry) {
  Server s2 = followerOf(2, 4, logOf({1, 2, 2}), three);
  const Effects fx = stepChecked(s2, ms(100), Timeout{});
  EXPECT_EQ(sent<RequestVote::Request>(fx, 3), (RequestVote::Request{5, 2, 3, 2}));
}

// §5.4.2: "As described in Section 5.3, a leader knows that an entry from its current term is
// committed once that entry is stored on a majority of the servers."
TEST(Section54, AnEntryOfTheCurrentTermIsCommittedOnceItIsStoredOnAMajority) {
  Server s1 = leaderOf(1, 4, logOf({1, 2, 4, 4}), five);
  stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, true, 2, 4}});
  EXPECT_EQ(s1.commitIndex, 0);  // 3^4 is on two
  stepChecked(s1, ms(1), Envelope{5, 1, AppendEntries::Response{4, true, 2, 3}});
  EXPECT_EQ(s1.commitIndex, 3);  // 3^4 is on three, 4^4 on two
}

// §5.4.2: "If a leader crashes before committing an entry, future leaders will attempt to finish
// replicating the entry."
TEST(Section54, ALaterLeaderFinishesReplicatingAnEntry) {
  TestCluster cluster;
  cluster.servers.push_back(leaderOf(1, 2, logOf({1}), five));
  for (ServerId id : {2, 3, 4, 5}) {
    cluster.servers.push_back(followerOf(id, 2, logOf({1}), five));
  }
  cluster.reached = {1, 2};
  cluster.run(1, Propose{{"x"}});  // and s1 crashes
  EXPECT_EQ(cluster.of(1).commitIndex, 0);
  cluster.reached = {2, 3, 4, 5};
  cluster.stand(2);
  cluster.timeOut(2);
  for (ServerId id : {2, 3, 4, 5}) {
    EXPECT_EQ(cluster.of(id).log.from(1), (Entries{entryAt(1, 1), {2, "x"}}));
    EXPECT_EQ(cluster.of(id).commitIndex, 0);
  }
  cluster.run(2, Propose{{"y"}});
  EXPECT_EQ(cluster.of(2).commitIndex, 3);
}

// §5.4.2: "a leader cannot immediately conclude that an entry from a previous term is committed
// once it is stored on a majority of servers." — "There are some situations where a leader could
// safely conclude that an older log entry is committed (for example, if that entry is stored on
// every server), but Raft takes a more conservative approach for simplicity." — "Raft never commits
// log entries from previous terms by counting replicas. Only log entries from the leader's current
// term are committed by counting replicas"
TEST(Section54, AnEntryOfAnEarlierTermOnAllServersIsNotCommitted) {
  Server s1 = leaderOf(1, 4, logOf({1, 2}), three);
  for (ServerId peer : {2, 3}) {
    stepChecked(s1, ms(1), Envelope{peer, 1, AppendEntries::Response{4, true, 2, 2}});
  }
  EXPECT_EQ(s1.commitIndex, 0);
}

// §5.4.2: "once an entry from the current term has been committed in this way, then all prior
// entries are committed indirectly because of the Log Matching Property"
TEST(Section54, AnEntryOfTheCurrentTermCommitsThoseBeforeIt) {
  Server s1 = leaderOf(1, 4, logOf({1, 2, 4}), three);
  stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, true, 2, 2}});
  EXPECT_EQ(s1.commitIndex, 0);
  stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{4, true, 2, 3}});
  EXPECT_EQ(s1.commitIndex, 3);
}

// §5.4.2: "log entries retain their original term numbers when a leader replicates entries from
// previous terms"
TEST(Section54, EntriesKeepTheirTermsWhenALaterLeaderReplicatesThem) {
  TestCluster cluster;
  cluster.servers = {leaderOf(1, 7, logOf({1, 2, 5}), three), followerOf(2, 7, logOf({}), three),
                     followerOf(3, 7, logOf({1}), three)};
  cluster.timeOut(1);
  for (const Server& server : cluster.servers) {
    EXPECT_EQ(server.log.from(1), entriesFrom(1, {1, 2, 5}));
  }
}

// §5.4.3: "the voter must have accepted the committed entry from leaderT before voting for leaderU;
// otherwise it would have rejected the AppendEntries request from leaderT (its current term would
// have been higher than T)"
TEST(Section54, WhoHasVotedForALaterLeaderRejectsTheEarlierOne) {
  Server s3 = followerOf(3, 1, logOf({1}), three);
  stepChecked(s3, ms(1), Envelope{2, 3, RequestVote::Request{2, 2, 1, 1}});
  EXPECT_EQ(s3.votedFor, 2);
  stepChecked(s3, ms(1), Written{1});
  const Effects fx = stepChecked(
      s3, ms(2), Envelope{1, 3, AppendEntries::Request{1, 1, 1, 1, entriesFrom(2, {1})}});
  EXPECT_EQ(sent<AppendEntries::Response>(fx, 1), (AppendEntries::Response{2, false, 1, 0}));
  EXPECT_EQ(s3.log, logOf({1}));
}

// §5.4.3: "The voter still stored the entry when it voted for leaderU" — "The voter granted its
// vote to leaderU, so leaderU's log must have been as up-to-date as the voter's." Who lacks the
// entry is denied.
TEST(Section54, WhoStoresACommittedEntryElectsNobodyWhoLacksIt) {
  Server s3 = followerOf(3, 2, logOf({1, 2}), three);
  stepChecked(s3, ms(1), Envelope{1, 3, AppendEntries::Request{2, 1, 2, 2, {}, 2}});
  EXPECT_EQ(s3.commitIndex, 2);
  stepChecked(s3, ms(1), Envelope{2, 3, RequestVote::Request{3, 2, 1, 1}});
  EXPECT_EQ(s3.votedFor, std::nullopt);
}

// §5.4.3: "leaders never remove entries, and followers only remove entries if they conflict with
// the leader"
TEST(Section54, AFollowerRemovesOnlyWhatConflictsWithTheLeader) {
  const Log log = logOf({1, 1, 2, 2, 2});
  for (Index prev = 0; prev <= Index{5}; ++prev) {
    for (Index last = prev; last <= Index{5}; ++last) {
      Server s2 = followerOf(2, 4, log, three);
      AppendEntries::Request request{4, 1, prev, log.term(prev), log.between(prev + 1, last), last};
      stepChecked(s2, ms(1), Envelope{1, 2, request});
      EXPECT_EQ(s2.log, log);
      request.prevLogTerm = 3;  // refused: what conflicts is removed by new entries alone
      stepChecked(s2, ms(1), Envelope{1, 2, request});
      EXPECT_EQ(s2.log, log);
    }
    if (prev == Index{5}) continue;
    Server s2 = followerOf(2, 4, log, three);
    const AppendEntries::Request other{4, 1, prev, log.term(prev), entriesFrom(prev + 1, {4})};
    stepChecked(s2, ms(1), Envelope{1, 2, other});
    EXPECT_EQ(s2.log.lastIndex(), prev + 1);
    EXPECT_EQ(s2.log.between(1, prev), log.between(1, prev));
  }
}

// §5.4.3: "At the time a server applies a log entry to its state machine, its log must be identical
// to the leader's log up through that entry and the entry must be committed."
TEST(Section54, WhoAppliesAnEntryHasTheLeadersLogUpThroughIt) {
  int byFollowers = 0;
  const auto prepare = [&](TestCluster& cluster) {
    cluster.watch = [&](const Server&, const Server& after, const Effects& effects) {
      if (effects.apply.entries.empty()) return;
      const Index last = effects.apply.first + effects.apply.entries.size() - 1;
      ASSERT_TRUE(after.leader());
      const Server& leader = cluster.of(*after.leader());
      byFollowers += leader.id != after.id;
      ASSERT_GE(leader.commitIndex, last);
      EXPECT_EQ(after.log.between(1, last), leader.log.between(1, last));
      EXPECT_EQ(effects.apply.entries, leader.log.between(effects.apply.first, last));
    };
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    runWithFailures(seed, 300, prepare, [](TestCluster&) {});
  }
  EXPECT_GT(byFollowers, 500);
}

// §5.4.3: "Raft requires servers to apply entries in log index order. Combined with the State
// Machine Safety Property, this means that all servers will apply exactly the same set of log
// entries to their state machines, in the same order."
TEST(Section54, AllServersApplyTheSameEntriesInTheSameOrder) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<Entry> longest;
    const auto prepare = [&](TestCluster& cluster) {
      cluster.watch = [&](const Server&, const Server&, const Effects& effects) {
        Index index = effects.apply.first;
        for (const Entry& entry : effects.apply.entries) {
          ASSERT_LE(index, Index{longest.size() + 1});
          if (index > Index{longest.size()}) longest.push_back(entry);
          EXPECT_EQ(longest[index.value - 1], entry);
          ++index;
        }
      };
    };
    const auto check = [&](TestCluster& cluster) {
      for (const Server& server : cluster.servers) {
        const Entries log = server.log.between(1, server.lastApplied);
        ASSERT_LE(log.size(), longest.size());
        EXPECT_TRUE(std::equal(log.begin(), log.end(), longest.begin()));
      }
    };
    runWithFailures(seed, 300, prepare, check);
    EXPECT_GT(longest.size(), 20u);
  }
}

// §5.5: "If a follower or candidate crashes, then future RequestVote and AppendEntries RPCs sent to
// it will fail. Raft handles these failures by retrying indefinitely; if the crashed server
// restarts, then the RPC will complete successfully."
TEST(Section55, WhatACrashedServerMissedCompletesWhenItRestarts) {
  TestCluster cluster;
  for (ServerId id : three) cluster.servers.push_back(followerOf(id, 1, logOf({1}), three));
  cluster.reached = {1};
  cluster.stand(1);
  cluster.of(2) = Server::start(2, three, plain, 1, cluster.now, {1, std::nullopt, logOf({1})});
  cluster.reached = {1, 2};
  cluster.timeOut(1);
  ASSERT_TRUE(cluster.of(1).is<Leader>());
  cluster.reached = {1};
  cluster.run(1, Propose{{"2^2"}});
  for (int i = 0; i < 20; ++i) cluster.timeOut(1);
  cluster.of(3) = Server::start(3, three, plain, 1, cluster.now, {1, std::nullopt, logOf({1})});
  cluster.reached = {1, 3};
  cluster.timeOut(1);
  EXPECT_EQ(cluster.of(3).log.from(1), entriesFrom(1, {1, 2}));
  EXPECT_EQ(cluster.of(1).commitIndex, 2);
}

// §5.5: "If a server crashes after completing an RPC but before responding, then it will receive
// the same RPC again after it restarts. Raft RPCs are idempotent, so this causes no harm."
TEST(Section55, AnRpcThatWasCompletedBeforeACrashIsAnsweredAlikeAfterIt) {
  const Message requests[] = {RequestVote::Request{5, 1, 2, 2},
                              AppendEntries::Request{5, 1, 2, 2, entriesFrom(3, {5, 5})},
                              AppendEntries::Request{5, 1, 1, 1, entriesFrom(2, {5})}};
  for (const Message& request : requests) {
    Server s2 = followerOf(2, 4, logOf({1, 2}), three);
    const Effects lost = stepChecked(s2, ms(1), Envelope{1, 2, request});
    const Log log = s2.log;
    s2 = Server::start(2, three, plain, 1, ms(2), {s2.currentTerm, s2.votedFor, s2.log});
    const Effects again = stepChecked(s2, ms(3), Envelope{1, 2, request});
    EXPECT_EQ(again.write, std::nullopt);
    ASSERT_EQ(again.send.size(), 1u);
    EXPECT_EQ(again.send[0].envelope, lost.send[0].envelope);
    EXPECT_EQ(s2.log.from(1), log.from(1));
  }
}

// §5.5: "if a follower receives an AppendEntries request that includes log entries already present
// in its log, it ignores those entries in the new request"
TEST(Section55, EntriesThatArePresentAreIgnored) {
  Server s2 = followerOf(2, 2, logOf({1, 2}), three);
  const Effects fx = stepChecked(
      s2, ms(1), Envelope{1, 2, AppendEntries::Request{2, 1, 0, 0, entriesFrom(1, {1, 2})}});
  EXPECT_EQ(fx.write, std::nullopt);
  EXPECT_EQ(sent<AppendEntries::Response>(fx, 1), (AppendEntries::Response{2, true, 0, 2}));
}

}  // namespace
}  // namespace raft
