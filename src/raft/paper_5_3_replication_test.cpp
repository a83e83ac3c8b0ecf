// §5.3 Log replication, sentence by sentence, as far as a server does it: commands, commitment, and
// what keeps going. How logs are kept consistent stands in paper_5_3_consistency_test.cpp.
#include <gtest/gtest.h>

#include "raft/quorum.h"
#include "raft/raft_test_support.h"

namespace raft {
namespace {

const ServerSet five = ServerSet::firstServers(5);

// The leader s1 of `term`, just elected with this log, among servers with the same log.
TestCluster ledByS1(Term term, const Log& log, const ServerSet& voters) {
  TestCluster cluster;
  for (ServerId id : voters) {
    cluster.servers.push_back(id == 1 ? leaderOf(1, term, log, voters)
                                      : followerOf(id, term, log, voters));
  }
  return cluster;
}

// §5.3: "Once a leader has been elected, it begins servicing client requests."
TEST(Section53, ALeaderServesClientsFromItsElectionOn) {
  Server s1 = followerOf(1, 3, logOf({1}), three);
  stepChecked(s1, ms(100), Timeout{});
  stepChecked(s1, ms(100), Written{1});
  EXPECT_EQ(stepChecked(s1, ms(101), Propose{{"2^4"}}).proposed, Proposed{NotLeader{}});
  stepChecked(s1, ms(101), Envelope{2, 1, RequestVote::Response{4, true}});
  const Effects fx = stepChecked(s1, ms(101), Propose{{"2^4"}});
  EXPECT_EQ(fx.proposed, Proposed{(Accepted{2, 4})});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).entries, entriesFrom(2, {4}));
}

// §5.3: "Each client request contains a command to be executed by the replicated state machines."
TEST(Section53, ACommandReachesTheStateMachineOfEachServerAsItWasGiven) {
  TestCluster cluster = ledByS1(1, logOf({}), five);
  const std::string_view commands[] = {"SetX=10", "", std::string_view("\0\n", 2)};
  for (std::string_view command : commands) cluster.run(1, Propose{{Command(command)}});
  cluster.timeOut(1);
  for (ServerId id : five) {
    ASSERT_EQ(cluster.appliedBy(id).size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(cluster.appliedBy(id)[i].command.bytes(), commands[i]);
    }
  }
}

// §5.3: "The leader appends the command to its log as a new entry, then issues AppendEntries RPCs
// in parallel to each of the other servers to replicate the entry."
TEST(Section53, ACommandIsAppendedAndSentToAllOthers) {
  Server s1 = leaderOf(1, 2, logOf({1}), five);
  const Effects fx = stepChecked(s1, ms(1), Propose{{"2^2"}});
  EXPECT_EQ(s1.log.from(1), entriesFrom(1, {1, 2}));
  for (ServerId peer : {2, 3, 4, 5}) {
    EXPECT_EQ(sent<AppendEntries::Request>(fx, peer),
              (AppendEntries::Request{2, 1, 1, 1, entriesFrom(2, {2}), 0}));
  }
}

// §5.3: "When the entry has been safely replicated (as described below), the leader applies the
// entry to its state machine and returns the result of that execution to the client." The result is
// the host's: it knows the entry by the index and term that the proposal was told.
TEST(Section53, AnEntryIsAppliedWhenAMajorityHasIt) {
  Server s1 = leaderOf(1, 2, logOf({}), five);
  const Effects fx = stepChecked(s1, ms(1), Propose{{"1^2"}});
  EXPECT_EQ(fx.proposed, Proposed{(Accepted{1, 2})});
  stepChecked(s1, ms(1), Written{1});
  const auto has = [](ServerId peer) {
    return Envelope{peer, 1, AppendEntries::Response{2, true, 0, 1}};
  };
  EXPECT_EQ(stepChecked(s1, ms(2), has(4)).apply, Apply{});
  EXPECT_EQ(stepChecked(s1, ms(2), has(4)).apply, Apply{});
  EXPECT_EQ(stepChecked(s1, ms(2), has(2)).apply, (Apply{1, entriesFrom(1, {2})}));
  EXPECT_EQ(stepChecked(s1, ms(2), has(3)).apply, Apply{});
}

// §5.3: "If followers crash or run slowly, or if network packets are lost, the leader retries
// AppendEntries RPCs indefinitely (even after it has responded to the client) until all followers
// eventually store all log entries."
TEST(Section53, ALeaderRetriesUntilAllFollowersStoreAllEntries) {
  Server s1 = leaderOf(1, 2, logOf({}), three);
  stepChecked(s1, ms(1), Propose{{"1^2"}});
  stepChecked(s1, ms(1), Written{1});
  stepChecked(s1, ms(2), Envelope{2, 1, AppendEntries::Response{2, true, 0, 1}});
  EXPECT_EQ(s1.commitIndex, 1);
  for (int i = 0; i < 50; ++i) {
    const Effects fx = stepChecked(s1, s1.deadline(), Timeout{});
    EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).entries, entriesFrom(1, {2}));
    EXPECT_TRUE(sent<AppendEntries::Request>(fx, 2).entries.empty());
  }
  stepChecked(s1, s1.deadline(), Envelope{3, 1, AppendEntries::Response{2, true, 0, 1}});
  const Effects fx = stepChecked(s1, s1.deadline(), Timeout{});
  EXPECT_TRUE(sent<AppendEntries::Request>(fx, 3).entries.empty());
}

// §5.3: "Each log entry stores a state machine command along with the term number when the entry
// was received by the leader." — "Each log entry also has an integer index identifying its position
// in the log."
TEST(Section53, AnEntryStoresItsCommandAndTheTermInWhichItsLeaderReceivedIt) {
  TestCluster cluster = ledByS1(2, logOf({1}), three);
  cluster.run(1, Propose{{"x", "y"}});
  for (ServerId id : three) {
    EXPECT_EQ(cluster.of(id).log.from(1), (Entries{entryAt(1, 1), {2, "x"}, {2, "y"}}));
  }
  cluster.stand(3);
  cluster.run(3, Propose{{"z"}});
  for (ServerId id : three) EXPECT_EQ(cluster.of(id).log.from(4), (Entries{{3, "z"}}));
}

// §5.3: "The leader decides when it is safe to apply a log entry to the state machines; such an
// entry is called committed. Raft guarantees that committed entries are durable and will eventually
// be executed by all of the available state machines."
TEST(Section53, WhatIsCommittedIsDurableOnAMajorityAndExecutedByAllWhoAreThere) {
  TestCluster cluster = ledByS1(1, logOf({}), five);
  cluster.watch = [&](const Server&, const Server&, const Effects& effects) {
    const Index last = effects.apply.first + effects.apply.entries.size() - 1;
    std::uint32_t durable = 0;
    for (const Server& server : cluster.servers) durable += server.durableIndex >= last;
    EXPECT_TRUE(effects.apply.entries.empty() || durable >= 3u) << last.value;
  };
  cluster.reached = {1, 2, 4};
  for (int i = 0; i < 5; ++i) cluster.run(1, Propose{{"x"}});
  cluster.timeOut(1);
  for (ServerId id : five) {
    EXPECT_EQ(cluster.of(id).lastApplied, cluster.reached.contains(id) ? 5 : 0);
  }
  cluster.reached = five;
  cluster.timeOut(1);
  cluster.timeOut(1);
  for (const Server& server : cluster.servers) EXPECT_EQ(server.lastApplied, 5);
}

// §5.3: "A log entry is committed once the leader that created the entry has replicated it on a
// majority of the servers"
TEST(Section53, AnEntryIsCommittedOnceItsLeaderHasItOnAMajority) {
  for (std::uint32_t servers = 2; servers <= 9; ++servers) {
    Server s1 = leaderOf(1, 1, logOf({}), ServerSet::firstServers(servers));
    stepChecked(s1, ms(1), Propose{{"x"}});
    stepChecked(s1, ms(1), Written{1});
    for (std::uint32_t holders = 2; holders <= servers; ++holders) {
      stepChecked(s1, ms(2), Envelope{holders, 1, AppendEntries::Response{1, true, 0, 1}});
      EXPECT_EQ(s1.commitIndex, 2 * holders > servers ? 1 : 0) << holders << " of " << servers;
    }
  }
}

// §5.3: "This also commits all preceding entries in the leader's log, including entries created by
// previous leaders."
TEST(Section53, ACommitIncludesAllThatPrecedes) {
  Server s1 = leaderOf(1, 3, logOf({1, 1, 2}), three);
  stepChecked(s1, ms(1), Propose{{"4^3"}});
  stepChecked(s1, ms(1), Written{1});
  EXPECT_EQ(stepChecked(s1, ms(2), Envelope{3, 1, AppendEntries::Response{3, true, 3, 4}}).apply,
            (Apply{1, entriesFrom(1, {1, 1, 2, 3})}));
}

// §5.3: "The leader keeps track of the highest index it knows to be committed, and it includes that
// index in future AppendEntries RPCs (including heartbeats) so that the other servers eventually
// find out."
TEST(Section53, TheCommitIndexTravelsInHeartbeatsAndRequests) {
  Server s1 = leaderOf(1, 1, logOf({1, 1}), three);
  stepChecked(s1, ms(1), Envelope{2, 1, AppendEntries::Response{1, true, 2, 2}});
  Effects fx = stepChecked(s1, ms(20), Timeout{});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).leaderCommit, 2);
  fx = stepChecked(s1, ms(21), Propose{{"3^1"}});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 3).leaderCommit, 2);
}

// §5.3: "Once a follower learns that a log entry is committed, it applies the entry to its local
// state machine (in log order)."
TEST(Section53, AFollowerAppliesInLogOrderWhatItLearnsIsCommitted) {
  Server s2 = followerOf(2, 1, logOf({1, 1, 1}), three);
  const auto commit = [](Index index) {
    return Envelope{1, 2, AppendEntries::Request{1, 1, 3, 1, {}, index}};
  };
  EXPECT_EQ(stepChecked(s2, ms(1), commit(2)).apply, (Apply{1, entriesFrom(1, {1, 1})}));
  EXPECT_EQ(stepChecked(s2, ms(1), commit(1)).apply, Apply{});
  EXPECT_EQ(stepChecked(s2, ms(1), commit(3)).apply, (Apply{3, entriesFrom(3, {1})}));
}

// §5.3: "Raft can accept, replicate, and apply new log entries as long as a majority of the servers
// are up" — §5.1: "five is a typical number, which allows the system to tolerate two failures"
TEST(Section53, AMajorityAcceptsReplicatesAndAppliesAndNoLessDoes) {
  for (std::uint32_t up = 1; up <= 5; ++up) {
    TestCluster cluster;
    for (ServerId id : five) cluster.servers.push_back(followerOf(id, 0, logOf({}), five));
    cluster.stand(1);
    cluster.reached = ServerSet::firstServers(up);
    cluster.run(1, Propose{{"x"}});
    cluster.timeOut(1);
    const bool enough = up >= majority(5);
    EXPECT_EQ(cluster.of(1).lastApplied, enough ? 1 : 0) << up << " are up";
    cluster.stand(2);  // and so does the next leader
    EXPECT_EQ(cluster.of(2).is<Leader>(), enough) << up << " are up";
    cluster.run(2, Propose{{"y"}});
    cluster.timeOut(2);
    for (ServerId id : five) {
      const bool applies = enough && cluster.reached.contains(id);
      EXPECT_EQ(cluster.of(id).lastApplied, applies ? 2 : 0) << up << " are up";
    }
  }
}

// §5.3: "in the normal case a new entry can be replicated with a single round of RPCs to a majority
// of the cluster"
TEST(Section53, ASingleRoundToAMajorityCommitsAnEntry) {
  TestCluster cluster = ledByS1(1, logOf({}), five);
  cluster.reached = {1, 3, 5};
  for (Index index = 1; index <= Index{10}; ++index) {
    cluster.delivered.clear();
    cluster.run(1, Propose{{"x"}});
    EXPECT_EQ(cluster.delivered.size(), 4u);  // two requests, two responses
    EXPECT_EQ(cluster.of(1).lastApplied, index);
  }
}

// §5.3: "a single slow follower will not impact performance"
TEST(Section53, ASlowFollowerDoesNotHoldUpTheOthers) {
  TestCluster cluster = ledByS1(1, logOf({}), three);
  cluster.reached = {1, 2};  // s3 never answers
  for (Index index = 1; index <= Index{10}; ++index) {
    cluster.delivered.clear();
    cluster.run(1, Propose{{"x"}});
    EXPECT_EQ(cluster.of(1).lastApplied, index);
    EXPECT_EQ(cluster.delivered.size(), 2u);
  }
}

}  // namespace
}  // namespace raft
