// Leadership transfer (thesis §3.10) and priorities.
#include <gtest/gtest.h>

#include "raft/election_test_support.h"

namespace raft {
namespace {

// s1 leads term 4 with the log 1^1 2^4, which s3 has and s2 has not.
Server leader() {
  Server s1 = leaderOf(1, 4, logOf({1, 4}), three);
  s1.as<Leader>()->progress = {{.nextIndex = 3, .matchIndex = 2},
                               {.nextIndex = 2, .matchIndex = 1},
                               {.nextIndex = 3, .matchIndex = 2}};
  return s1;
}

const TimeoutNow::Request standNow{.term = 4, .leaderId = 1};

// s2 follows s1 in term 4.
Server follower() {
  Server s2 = followerOf(2, 4, logOf({1, 4}), three);
  s2.settings = extended;
  s2.as<Follower>()->leaderId = 1;
  s2.as<Follower>()->withholdVotesUntil = ms(100);
  return s2;
}

// Thesis §3.10, Transfer.3: "The prior leader sends a TimeoutNow request to the target server."
TEST(Transfer, WhoHasTheLeadersWholeLogIsToldToStandAtOnce) {
  Server s1 = leader();
  const Effects expected{.send = {{.envelope = {1, 3, standNow}}},
                         .transferred = Transferred::Begun};
  EXPECT_EQ(stepChecked(s1, ms(1), TransferLeadership{3}), expected);
  EXPECT_TRUE(s1.is<Leader>());
}

// Thesis §3.10, Transfer.2: "The prior leader fully updates the target server's log to match its
// own, using the normal log replication mechanism"
TEST(Transfer, WhoLacksSomethingIsBroughtUpToDateFirst) {
  Server s1 = leader();
  const Effects fx = stepChecked(s1, ms(1), TransferLeadership{2});
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 2),
            (AppendEntries::Request{4, 1, 1, 1, entriesFrom(2, {4}), 0}));
  EXPECT_EQ(sentTo<TimeoutNow::Request>(fx, 2), nullptr);
  const Envelope other{3, 1, AppendEntries::Response{4, true, 2, 2}};
  EXPECT_TRUE(stepChecked(s1, ms(2), other).send.empty());
  const Envelope done{2, 1, AppendEntries::Response{4, true, 1, 2}};
  EXPECT_EQ(sent<TimeoutNow::Request>(stepChecked(s1, ms(3), done), 2), standNow);
}

// Thesis §3.10, Transfer.1: "The prior leader stops accepting new client requests."
TEST(Transfer, ALeaderThatHandsOverTakesNoCommands) {
  Server s1 = leader();
  stepChecked(s1, ms(1), TransferLeadership{3});
  const Effects fx = stepChecked(s1, ms(2), Propose{{"x"}});
  EXPECT_EQ(fx, (Effects{.proposed = Transferring{3}}));
  EXPECT_EQ(s1.log.lastIndex(), 2);
}

TEST(Transfer, IsRefusedWithAReason) {
  const auto answerOf = [](Server server, ServerId to) {
    const Server before = server;
    const Effects fx = stepChecked(server, ms(1), TransferLeadership{to});
    EXPECT_EQ(server, before);
    EXPECT_TRUE(fx.send.empty());
    return fx.transferred;
  };
  EXPECT_EQ(answerOf(follower(), 3), Transferred::NotLeader);
  EXPECT_EQ(answerOf(leader(), 1), Transferred::ToItself);
  for (ServerId to : {0u, 4u, 257u}) EXPECT_EQ(answerOf(leader(), to), Transferred::NotAVoter);
  Server busy = leader();
  stepChecked(busy, ms(1), TransferLeadership{3});
  for (ServerId to : {2, 3}) EXPECT_EQ(answerOf(busy, to), Transferred::AlreadyTransferring);
}

// A TimeoutNow may be lost: the next heartbeat brings another one.
TEST(Transfer, WhoIsToldIsToldAgainWithTheNextHeartbeatAndNotBefore) {
  Server s1 = leader();
  stepChecked(s1, ms(1), TransferLeadership{3});
  const Envelope answer{3, 1, AppendEntries::Response{4, true, 2, 2}};
  EXPECT_TRUE(stepChecked(s1, ms(2), answer).send.empty());
  EXPECT_EQ(sent<TimeoutNow::Request>(stepChecked(s1, ms(20), Timeout{}), 3), standNow);
}

// Thesis §3.10, Transfer.5: "If leadership transfer does not complete after about an election
// timeout, the prior leader aborts the transfer and resumes accepting client requests."
TEST(Transfer, ThatTakesTooLongIsGivenUpAndCommandsAreTakenAgain) {
  Server s1 = leader();
  stepChecked(s1, ms(1), TransferLeadership{3});
  for (Time now : {ms(20), ms(40), ms(60), ms(80), ms(100)}) stepChecked(s1, now, Timeout{});
  EXPECT_TRUE(s1.as<Leader>()->transfer.has_value());
  stepChecked(s1, ms(120), Timeout{});
  EXPECT_FALSE(s1.as<Leader>()->transfer.has_value());
  EXPECT_EQ(stepChecked(s1, ms(121), Propose{{"x"}}).proposed, Proposed(Accepted{3, 4}));
}

// It names a term that has long been durable, so it waits for no write, however slow the disk.
TEST(Transfer, ATimeoutNowDoesNotWaitForTheLeadersDisk) {
  Server s1 = leader();
  const WriteId id = stepChecked(s1, ms(1), Propose{{"x"}}).write->id;
  stepChecked(s1, ms(1), Envelope{3, 1, AppendEntries::Response{4, true, 2, 3}});
  const Effects fx = stepChecked(s1, ms(2), TransferLeadership{3});
  EXPECT_EQ(fx.send, (std::vector<Send>{{.envelope = {1, 3, standNow}}}));
  EXPECT_EQ(s1.lastWrite, id);
}

// Thesis §3.10, Transfer.4: "This request has the same effect as the target server's election
// timer firing: the target server starts a new election (incrementing its term and becoming a
// candidate)."
TEST(TimeoutNow, MakesACandidateAtOnceThatAsksNobodyFirstAndOverridesStickiness) {
  Server s2 = follower();
  const Effects fx = stepChecked(s2, ms(1), Envelope{1, 2, standNow});
  EXPECT_TRUE(s2.is<Candidate>());
  EXPECT_EQ(s2.currentTerm, 5);
  for (ServerId peer : {1, 3}) {
    EXPECT_EQ(sent<RequestVote::Request>(fx, peer), (RequestVote::Request{5, 2, 2, 4, true}));
  }
  const Effects again = stepChecked(s2, ms(21), Timeout{});
  EXPECT_TRUE(sent<RequestVote::Request>(again, 1).leadershipTransfer);
  // The election after it is one like any other.
  const Effects next = stepChecked(s2, ms(101), Timeout{});
  EXPECT_FALSE(sent<PreVote::Request>(next, 1).leadershipTransfer);
}

TEST(TimeoutNow, ThatIsLateDoubledOrForgedChangesNothing) {
  Server stood = follower();
  stepChecked(stood, ms(1), Envelope{1, 2, standNow});
  Server knowsNobody = follower();
  knowsNobody.as<Follower>()->leaderId.reset();
  const std::pair<Server, Envelope> cases[] = {
      {stood, {1, 2, standNow}},                        // doubled
      {follower(), {1, 2, TimeoutNow::Request{3, 1}}},  // of a term that is over
      {follower(), {3, 2, standNow}},                   // from another
      {follower(), {3, 2, TimeoutNow::Request{4, 3}}},  // from one that does not lead
      {knowsNobody, {1, 2, standNow}},
      {leaderOf(2, 4, logOf({1, 4}), three), {1, 2, standNow}},
  };
  for (const auto& [before, message] : cases) {
    Server s2 = before;
    EXPECT_EQ(stepChecked(s2, ms(2), message), Effects{}) << testing::PrintToString(message);
    EXPECT_EQ(s2, before) << testing::PrintToString(message);
  }
}

TEST(TimeoutNow, OfANewerTermBringsTheTermAndNothingElse) {
  Server s2 = follower();
  stepChecked(s2, ms(1), Envelope{3, 2, TimeoutNow::Request{9, 3}});
  EXPECT_EQ(s2.currentTerm, 9);
  EXPECT_TRUE(s2.is<Follower>());
}

// Whoever is told to stand is elected by voters that do not wait, so a lease proves nothing; and a
// TimeoutNow may be late, so it never does again in this term.
TEST(Transfer, ALeaderThatToldAServerToStandHasNoLeaseAnyMore) {
  Server s1 = leader();
  s1.settings.leases = true;
  s1.commitIndex = s1.lastApplied = 2;
  s1.as<Leader>()->reads.leaseFrom = ms(1);
  Server without = s1;
  EXPECT_EQ(stepChecked(without, ms(2), Read{}).readable, 1);
  stepChecked(s1, ms(2), TransferLeadership{3});
  EXPECT_EQ(stepChecked(s1, ms(3), Read{}).readable, 0);
  s1.as<Leader>()->transfer.reset();
  EXPECT_EQ(stepChecked(s1, ms(4), Read{}).readable, 0);
}

TestCluster clusterOf(const Settings& settings) {
  TestCluster cluster;
  for (ServerId id : five) cluster.servers.push_back(Server::start(id, five, settings, 1, ms(0)));
  cluster.stand(1);
  cluster.run(1, Propose{{"x"}});
  cluster.timeOut(1);
  return cluster;
}

// Thesis §3.10: "Its next message to the prior leader will include its new term number, causing the
// prior leader to step down. At this point, leadership transfer is complete."
TEST(Transfer, EndsWithTheTargetAsLeaderOfTheNextTerm) {
  for (const Settings& settings : {plain, extended}) {
    TestCluster cluster = clusterOf(settings);
    for (ServerId to : {3, 5, 1, 2}) {
      const ServerId from = *cluster.of(1).leader();
      const Term term = cluster.of(from).currentTerm;
      cluster.run(from, TransferLeadership{to});
      for (ServerId id : five) {
        EXPECT_EQ(cluster.of(id).leader(), to);
        EXPECT_EQ(cluster.of(id).currentTerm, term + 1);
      }
      cluster.timeOut(to);
    }
  }
}

TestCluster withPriorities(std::initializer_list<std::uint32_t> priorities, Settings settings) {
  TestCluster cluster = clusterOf(settings);
  std::uint32_t id = 0;
  for (std::uint32_t priority : priorities) cluster.of(++id).settings.priority = priority;
  return cluster;
}

// The wished-for server leads when it can.
TEST(Priority, TheLeaderHandsOverToAFollowerOfHigherPriority) {
  for (const Settings& settings : {plain, extended}) {
    TestCluster cluster = withPriorities({1, 0, 1, 2, 0}, settings);
    cluster.timeOut(1);
    for (ServerId id : five) EXPECT_EQ(cluster.of(id).leader(), 4);
    const Term term = cluster.of(4).currentTerm;
    for (int i = 0; i < 20; ++i) cluster.timeOut(4);
    EXPECT_EQ(cluster.of(4).currentTerm, term) << "it stays";
  }
}

TEST(Priority, EqualPrioritiesChangeNothing) {
  TestCluster cluster = withPriorities({2, 2, 1, 2, 0}, extended);
  for (int i = 0; i < 20; ++i) cluster.timeOut(1);
  EXPECT_TRUE(cluster.of(1).is<Leader>());
}

TEST(Priority, WhoLacksWhatIsCommittedIsNotAskedYet) {
  Server s1 = leader();
  s1.commitIndex = s1.lastApplied = 2;
  const Envelope refusal{2, 1, AppendEntries::Response{4, false, 1, 0, 0, 7}};
  stepChecked(s1, ms(1), refusal);
  EXPECT_FALSE(s1.as<Leader>()->transfer.has_value());
  const Envelope success{2, 1, AppendEntries::Response{4, true, 1, 2, 0, 7}};
  const Effects fx = stepChecked(s1, ms(2), success);
  EXPECT_TRUE(sent<TimeoutNow::Request>(fx, 2).askFirst);
  EXPECT_EQ(s1.as<Leader>()->transfer->deadline.count(), ms(20).count());
}

// It asks first, so it takes no term unless it can win; whom it asks answers though it hears its
// leader.
TEST(Priority, WhoIsWishedForAsksFirst) {
  Server s2 = follower();
  const Effects fx = stepChecked(s2, ms(1), Envelope{1, 2, TimeoutNow::Request{4, 1, true}});
  EXPECT_EQ(s2.currentTerm, 4);
  EXPECT_EQ(sent<PreVote::Request>(fx, 3), (PreVote::Request{5, 2, 2, 4, true}));
  Server s3 = follower();
  s3.id = 3;
  const Effects would = stepChecked(s3, ms(2), Envelope{2, 3, sent<PreVote::Request>(fx, 3)});
  EXPECT_TRUE(sent<PreVote::Response>(would, 2).voteGranted);
  const Effects stands = stepChecked(s2, ms(3), Envelope{3, 2, sent<PreVote::Response>(would, 2)});
  EXPECT_TRUE(sent<RequestVote::Request>(stands, 3).leadershipTransfer);
}

// Thesis §3.10, and never at the expense of the leader: one that cannot win costs a heartbeat's
// time, and the next attempt waits for ten election timeouts.
TEST(Priority, WhoCannotWinTakesNoTermAndIsLeftInPeaceForAWhile) {
  TestCluster cluster = withPriorities({0, 0, 0, 0, 1}, extended);
  std::uint32_t told = 0;
  cluster.watch = [&](const Server&, const Server&, const Effects& fx) {
    told += sentTo<TimeoutNow::Request>(fx, 5) != nullptr;
  };
  // s5 and the leader hear each other, the rest do not hear s5.
  const auto round = [&] {
    cluster.now = cluster.of(1).deadline();
    std::vector<Envelope> messages = cluster.step(1, Timeout{});
    while (!messages.empty()) {
      std::vector<Envelope> next;
      for (const Envelope& envelope : messages) {
        if (envelope.from == 5 && envelope.to != 1) continue;
        for (const Envelope& sent : cluster.step(envelope.to, envelope)) next.push_back(sent);
      }
      messages = next;
    }
  };
  for (int i = 0; i < 40; ++i) round();
  EXPECT_TRUE(cluster.of(1).is<Leader>());
  EXPECT_EQ(cluster.of(5).currentTerm, 1);
  EXPECT_EQ(told, 1u);
  EXPECT_FALSE(cluster.of(1).as<Leader>()->transfer.has_value());
  for (int i = 0; i < 40; ++i) round();
  EXPECT_EQ(told, 2u);
}

// What a person asks for comes before what the settings wish for.
TEST(Priority, GivesWayToATransferThatIsAskedFor) {
  Server s1 = leader();
  stepChecked(s1, ms(1), Envelope{3, 1, AppendEntries::Response{4, true, 2, 2, 0, 7}});
  EXPECT_TRUE(s1.as<Leader>()->transfer->askFirst);
  EXPECT_EQ(stepChecked(s1, ms(2), TransferLeadership{2}).transferred, Transferred::Begun);
  EXPECT_EQ(s1.as<Leader>()->transfer->to, 2);
  EXPECT_FALSE(s1.as<Leader>()->transfer->askFirst);
}

}  // namespace
}  // namespace raft
