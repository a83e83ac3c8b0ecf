// Pre-vote (thesis §9.6) and leader stickiness (thesis §4.2.3): literals, and what the thesis says.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "raft/election_test_support.h"

namespace raft {
namespace {

// s2 with all that lies beyond Figure 2, in term 4 with the log 1^1 2^2, following s1: it heard s1
// at 0 ms.
Server follower() {
  return {
      .id = 2,
      .configuration = three,
      .settings = extended,
      .currentTerm = 4,
      .log = logOf({1, 2}),
      .role = Follower{.leaderId = 1, .electionDeadline = ms(100), .withholdVotesUntil = ms(100)},
      .durableIndex = 2};
}

// The same when its election timeout has elapsed: it has asked s1 and s3.
Server canvassing() {
  Server s2 = follower();
  stepChecked(s2, ms(100), Timeout{});
  return s2;
}

Envelope ask(ServerId from, Term term, Index lastLogIndex = 2, Term lastLogTerm = 2) {
  return {from, 2, PreVote::Request{term, from, lastLogIndex, lastLogTerm}};
}

Envelope answer(ServerId from, Term term, bool granted, Term requestTerm = 5) {
  return {from, 2, PreVote::Response{term, granted, requestTerm}};
}

// What s2 answers s3 in this step, which writes nothing.
PreVote::Response answerTo(Server& s2, Time now, const Envelope& request) {
  const Effects effects = stepChecked(s2, now, request);
  EXPECT_EQ(effects.write, std::nullopt);
  return sent<PreVote::Response>(effects, request.from);
}

// Thesis §9.6, PreVote.1: "a candidate only increments its term if it first learns from a majority
// of the cluster that they would be willing to grant the candidate their votes"
TEST(PreVote, AnElectionTimeoutAsksFirstAndLeavesTermAndVoteAsTheyAre) {
  Server s2 = follower();
  const PreVote::Request request{5, 2, 2, 2};
  const Effects expected{.send = {{.envelope = {2, 1, request}}, {.envelope = {2, 3, request}}}};
  EXPECT_EQ(stepChecked(s2, ms(100), Timeout{}), expected);
  EXPECT_EQ(s2.currentTerm, 4);
  EXPECT_EQ(s2.votedFor, std::nullopt);
  EXPECT_EQ(s2.role,
            Role(Follower{
                .electionDeadline = ms(200),
                .canvass = Canvass{.responded = {2}, .granted = {2}, .retryDeadline = ms(120)}}));
  EXPECT_EQ(s2.leader(), std::nullopt);
}

TEST(PreVote, AMajorityThatWouldVoteBeginsTheElection) {
  Server s2 = canvassing();
  const Effects effects = stepChecked(s2, ms(101), answer(3, 4, true));
  EXPECT_TRUE(s2.is<Candidate>());
  EXPECT_EQ(s2.currentTerm, 5);
  EXPECT_EQ(effects.write, (Write{.id = 1, .currentTerm = 5, .votedFor = 2}));
  EXPECT_EQ(sent<RequestVote::Request>(effects, 1), (RequestVote::Request{5, 2, 2, 2}));
}

TEST(PreVote, TwoOfFiveAreNoMajorityAndOneServerCountsOnce) {
  Server s2 = follower();
  s2.configuration = five;
  stepChecked(s2, ms(100), Timeout{});
  for (int i = 0; i < 3; ++i) stepChecked(s2, ms(101), answer(3, 4, true));
  stepChecked(s2, ms(101), answer(4, 4, false));
  stepChecked(s2, ms(101), answer(9, 4, true));  // forged
  EXPECT_TRUE(s2.is<Follower>());
  stepChecked(s2, ms(101), answer(5, 4, true));
  EXPECT_TRUE(s2.is<Candidate>());
}

TEST(PreVote, AClusterOfOneNeedsToAskNobody) {
  Server s1 = Server::start(1, ServerSet{1}, extended, 1, ms(0));
  const Effects effects = stepChecked(s1, ms(100), Timeout{});
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_TRUE(effects.send.empty());
  stepChecked(s1, ms(100), Written{1});
  EXPECT_TRUE(s1.is<Leader>());
}

TEST(PreVote, AServerOutsideOfItsClusterAsksNobody) {
  Server s9 = Server::start(9, three, extended, 1, ms(0));
  EXPECT_EQ(stepChecked(s9, ms(100), Timeout{}), Effects{});
  EXPECT_EQ(s9.deadline().count(), ms(200).count());
}

// §5.1: "Servers retry RPCs if they do not receive a response in a timely manner"
TEST(PreVote, WhoHasNotAnsweredIsAskedAgain) {
  Server s2 = canvassing();
  stepChecked(s2, ms(110), answer(1, 4, false));
  EXPECT_EQ(s2.deadline().count(), ms(120).count());
  const Effects expected{.send = {{.envelope = {2, 3, PreVote::Request{5, 2, 2, 2}}}}};
  EXPECT_EQ(stepChecked(s2, ms(120), Timeout{}), expected);
  EXPECT_EQ(s2.deadline().count(), ms(140).count());
}

TEST(PreVote, AnElectionTimeoutWithoutAMajorityAsksAllAnew) {
  Server s2 = canvassing();
  stepChecked(s2, ms(110), answer(1, 4, false));
  const Effects effects = stepChecked(s2, ms(200), Timeout{});
  EXPECT_EQ(effects.send.size(), 2u);
  EXPECT_EQ(s2.currentTerm, 4);
  EXPECT_EQ(s2.as<Follower>()->electionDeadline.count(), ms(300).count());
}

// Candidates.4, thesis §9.6: a lost election is no reason to take yet another term unasked.
TEST(PreVote, ACandidateThatDoesNotWinAsksBeforeTheNextTerm) {
  Server s2 = canvassing();
  stepChecked(s2, ms(101), answer(3, 4, true));
  stepChecked(s2, ms(101), Written{1});
  const Effects effects = stepChecked(s2, ms(201), Timeout{});
  EXPECT_TRUE(s2.is<Follower>());
  EXPECT_EQ(s2.currentTerm, 5);
  EXPECT_EQ(s2.votedFor, 2);
  EXPECT_EQ(sent<PreVote::Request>(effects, 1).term, 6);
  // A vote of the election that is over makes no leader of it.
  stepChecked(s2, ms(202), Envelope{3, 2, RequestVote::Response{5, true}});
  EXPECT_TRUE(s2.is<Follower>());
}

TEST(PreVote, WhoHearsItsLeaderAgainAsksNoMore) {
  Server s2 = canvassing();
  stepChecked(s2, ms(105), Envelope{1, 2, AppendEntries::Request{4, 1, 2, 2}});
  EXPECT_EQ(s2.leader(), 1);
  stepChecked(s2, ms(106), answer(3, 4, true));
  EXPECT_TRUE(s2.is<Follower>());
  EXPECT_EQ(s2.currentTerm, 4);
}

TEST(PreVote, AnAnswerToAnEarlierTermsQuestionDoesNotCount) {
  Server s2 = canvassing();
  const Server before = s2;
  stepChecked(s2, ms(101), answer(3, 3, true, 4));
  EXPECT_EQ(s2, before);
}

// §5.1: a refusal tells a server that was away which term it is, so that it can go on from there.
TEST(PreVote, ARefusalBringsTheNewerTerm) {
  Server s2 = canvassing();
  stepChecked(s2, ms(101), answer(3, 7, false));
  EXPECT_EQ(s2.currentTerm, 7);
  EXPECT_EQ(s2.role, Role(Follower{.electionDeadline = ms(200)}));
  const Effects effects = stepChecked(s2, ms(200), Timeout{});
  EXPECT_EQ(sent<PreVote::Request>(effects, 1).term, 8);
}

// While it asks, it has not voted: another may have its vote.
TEST(PreVote, WhoAsksMayStillVoteForAnother) {
  Server s2 = canvassing();
  const Effects effects =
      stepChecked(s2, ms(101), Envelope{3, 2, RequestVote::Request{4, 3, 2, 2}});
  EXPECT_TRUE(sent<RequestVote::Response>(effects, 3).voteGranted);
  EXPECT_EQ(s2.votedFor, 3);
  EXPECT_EQ(s2.as<Follower>()->canvass, std::nullopt);
  EXPECT_EQ(s2.deadline().count(), ms(201).count());
}

// Thesis §9.6, PreVote.2: "if the candidate's log is sufficiently up-to-date, and the voters have
// not received heartbeats from a valid leader for at least a baseline election timeout"
TEST(PreVoteReceiver, WouldVoteForAnUpToDateLogOnceItsLeaderIsSilent) {
  const Server s2 = follower();
  struct {
    Time now;
    Index lastLogIndex;
    Term lastLogTerm;
    bool granted;
  } const cases[] = {{ms(100), 2, 2, true},  {ms(99), 2, 2, false}, {ms(100), 9, 1, false},
                     {ms(100), 1, 2, false}, {ms(100), 1, 3, true}, {ms(99), 1, 3, false}};
  for (const auto& c : cases) {
    Server asked = s2;
    EXPECT_EQ(answerTo(asked, c.now, ask(3, 5, c.lastLogIndex, c.lastLogTerm)),
              (PreVote::Response{4, c.granted, 5}));
    EXPECT_EQ(asked, s2) << "it promises nothing";
  }
}

TEST(PreVoteReceiver, WouldVoteForAnyNumberInOneTerm) {
  Server s2 = canvassing();
  for (ServerId from : {1, 3, 1}) EXPECT_TRUE(answerTo(s2, ms(150), ask(from, 5)).voteGranted);
}

// A term that the server is in has its vote, or its election is on.
TEST(PreVoteReceiver, WouldVoteInNoTermThatHasBegun) {
  for (Term term : {3, 4}) {
    Server s2 = canvassing();
    EXPECT_EQ(answerTo(s2, ms(150), ask(3, term)), (PreVote::Response{4, false, term}));
  }
}

TEST(PreVoteReceiver, ANewerTermThatNobodyStandsInYetIsNotTaken) {
  for (Term term : {5, 9, 1'000'000}) {
    Server s2 = follower();
    const Server before = s2;
    answerTo(s2, ms(10), ask(3, term));
    EXPECT_EQ(s2, before);
  }
}

TEST(PreVoteReceiver, ALeaderHearsItself) {
  Server s2 = leaderOf(2, 4, logOf({1, 2}), three);
  EXPECT_FALSE(answerTo(s2, ms(10), ask(3, 5)).voteGranted);
  EXPECT_TRUE(s2.is<Leader>());
}

TEST(PreVoteReceiver, AServerWithoutPreVoteAnswersTruly) {
  Server s2 = followerOf(2, 4, logOf({1, 2}), three);
  EXPECT_TRUE(answerTo(s2, ms(10), ask(3, 5)).voteGranted);
  EXPECT_FALSE(answerTo(s2, ms(10), ask(3, 5, 1, 2)).voteGranted);
}

TEST(PreVoteReceiver, ANameThatIsNotTheSendersIsForged) {
  Server s2 = followerOf(2, 4, logOf({1, 2}), three);
  EXPECT_FALSE(answerTo(s2, ms(10), {3, 2, PreVote::Request{5, 1, 2, 2}}).voteGranted);
}

// Thesis §4.2.3, Stickiness.1: "if a server receives a RequestVote request within the minimum
// election timeout of hearing from a current leader, it does not update its term or grant its
// vote."
TEST(Stickiness, WhoHearsItsLeaderNeitherVotesNorTakesTheTerm) {
  Server s2 = follower();
  const Server before = s2;
  const Envelope request{3, 2, RequestVote::Request{9, 3, 2, 2}};
  const Effects denial{.send = {{.envelope = {2, 3, RequestVote::Response{4, false}}}}};
  EXPECT_EQ(stepChecked(s2, ms(99), request), denial);
  EXPECT_EQ(s2, before);
  const Effects effects = stepChecked(s2, ms(100), request);
  EXPECT_TRUE(sent<RequestVote::Response>(effects, 3).voteGranted);
  EXPECT_EQ(s2.currentTerm, 9);
}

TEST(Stickiness, IsOffUnlessTheSettingsSaySo) {
  Server s2 = follower();
  s2.settings.leaderStickiness = false;
  stepChecked(s2, ms(1), Envelope{3, 2, RequestVote::Request{9, 3, 2, 2}});
  EXPECT_EQ(s2.votedFor, 3);
}

// Thesis §4.2.3: "I have permission to disrupt the leader—it told me to!"
TEST(Stickiness, GivesWayToWhomTheLeaderToldToStand) {
  for (Server server : {follower(), leaderOf(2, 4, logOf({1, 2}), three)}) {
    server.settings = extended;
    const Effects effects =
        stepChecked(server, ms(1), Envelope{3, 2, RequestVote::Request{5, 3, 2, 2, true}});
    EXPECT_TRUE(sent<RequestVote::Response>(effects, 3).voteGranted);
    EXPECT_EQ(server.currentTerm, 5);
  }
}

TEST(Stickiness, EachHeartbeatBeginsItAnew) {
  Server s2 = follower();
  stepChecked(s2, ms(60), Envelope{1, 2, AppendEntries::Request{4, 1, 2, 2}});
  const Envelope request{3, 2, RequestVote::Request{9, 3, 2, 2}};
  stepChecked(s2, ms(159), request);
  EXPECT_EQ(s2.currentTerm, 4);
  stepChecked(s2, ms(160), request);
  EXPECT_EQ(s2.currentTerm, 9);
}

// A leader that cannot know whether anybody hears it must be able to learn of a newer term.
TEST(Stickiness, ALeaderIsContentWithItselfOnlyIfItChecksItsQuorum) {
  for (bool checkQuorum : {true, false}) {
    Server s2 = leaderOf(2, 4, logOf({1, 2}), three);
    s2.settings = extended;
    s2.settings.checkQuorum = checkQuorum;
    stepChecked(s2, ms(1), Envelope{3, 2, RequestVote::Request{5, 3, 2, 2}});
    EXPECT_EQ(s2.is<Leader>(), checkQuorum);
  }
}

// Any other message of a newer term still ends the term: nobody is stranded in it.
TEST(Stickiness, WhoIsInANewerTermStillGetsItAcross) {
  Server s2 = leaderOf(2, 4, logOf({1, 2}), three);
  s2.settings = extended;
  stepChecked(s2, ms(1), Envelope{3, 2, AppendEntries::Response{9, false, 2, 0}});
  EXPECT_EQ(s2.currentTerm, 9);
  EXPECT_TRUE(s2.is<Follower>());
}

// A leader counts on it when it holds a lease (thesis §6.4.1), and knows nothing of the newer term.
TEST(Stickiness, ANewerTermThatComesWithAnotherMessageDoesNotEndIt) {
  Server s2 = follower();
  stepChecked(s2, ms(10), Envelope{3, 2, RequestVote::Response{9, false}});  // late
  EXPECT_EQ(s2.currentTerm, 9);
  const Envelope request{3, 2, RequestVote::Request{9, 3, 2, 2}};
  const Effects denial = stepChecked(s2, ms(99), request);
  EXPECT_FALSE(sent<RequestVote::Response>(denial, 3).voteGranted);
  EXPECT_EQ(s2.votedFor, std::nullopt);
  stepChecked(s2, ms(100), request);
  EXPECT_EQ(s2.votedFor, 3);
}

TEST(Stickiness, WhoMayHaveHeardALeaderBeforeItCrashedWaitsAfterItsRestart) {
  Server s2 = Server::start(2, three, extended, 1, ms(50), {.currentTerm = 4});
  const Envelope request{3, 2, RequestVote::Request{5, 3, 0, 0}};
  stepChecked(s2, ms(149), request);
  EXPECT_EQ(s2.currentTerm, 4);
  stepChecked(s2, ms(150), request);
  EXPECT_EQ(s2.votedFor, 3);
  Server first = Server::start(2, three, extended, 1, ms(50));
  stepChecked(first, ms(51), Envelope{3, 2, RequestVote::Request{1, 3, 0, 0}});
  EXPECT_EQ(first.votedFor, 3) << "there was no leader yet";
}

// The cluster as a whole: whoever leads, follows or was away, whatever each has on or off.
Settings mixed(std::uint32_t bits) {
  Settings settings = plain;
  settings.preVote = (bits & 1) != 0;
  settings.leaderStickiness = (bits & 2) != 0;
  settings.checkQuorum = (bits & 4) != 0;
  return settings;
}

TestCluster clusterOf(std::uint32_t mix) {
  TestCluster cluster;
  for (ServerId id : three) {
    cluster.servers.push_back(Server::start(id, three, mixed(mix), 1, ms(0)));
    mix /= 8;
  }
  return cluster;
}

// Each server with each of the settings on or off: whoever stands when the leader is silent wins.
TEST(PreVoteMixed, AnyMixOfSettingsElects) {
  for (std::uint32_t mix = 0; mix < 8 * 8 * 8; ++mix) {
    TestCluster cluster = clusterOf(mix);
    for (ServerId id : {1, 2, 3, 1}) {
      cluster.stand(id);
      ASSERT_TRUE(cluster.of(id).is<Leader>()) << "mix " << mix;
      for (ServerId peer : three) ASSERT_EQ(cluster.of(peer).leader(), id) << "mix " << mix;
    }
  }
}

// Thesis §9.6: "The Pre-Vote algorithm solves the issue of a partitioned server disrupting the
// cluster when it rejoins." All have it on, and whatever else.
TEST(PreVoteMixed, AServerThatWasCutOffDisturbsNobodyWhenItReturns) {
  for (std::uint32_t rest = 0; rest < 4 * 4 * 4; ++rest) {
    const std::uint32_t mix =
        1 | (rest & 3) << 1 | 1 << 3 | (rest >> 2 & 3) << 4 | 1 << 6 | (rest >> 4 & 3) << 7;
    TestCluster cluster = clusterOf(mix);
    cluster.stand(1);
    cluster.reached = {1, 2};
    for (int i = 0; i < 50; ++i) {
      const auto due = [&](ServerId id) { return cluster.of(id).deadline(); };
      cluster.timeOut(std::ranges::min(std::array<ServerId, 3>{1, 2, 3}, {}, due));
    }
    EXPECT_EQ(cluster.of(3).currentTerm, 1);
    cluster.reached = three;
    cluster.timeOut(1);  // all hear the leader …
    cluster.of(3).as<Follower>()->electionDeadline = cluster.now;
    cluster.run(3, Timeout{});  // … and s3 does not care
    EXPECT_TRUE(cluster.of(1).is<Leader>()) << "mix " << mix;
    EXPECT_EQ(cluster.of(1).currentTerm, 1) << "mix " << mix;
    cluster.timeOut(1);
    EXPECT_EQ(cluster.of(3).leader(), 1) << "mix " << mix;
  }
}

// Whatever the mix: a server whose term is newer, and whose own log nobody would elect, is not left
// alone with it. Its refusal of the leader's next heartbeat ends the older term.
TEST(PreVoteMixed, AServerInANewerTermIsNotStranded) {
  for (std::uint32_t mix = 0; mix < 8 * 8 * 8; ++mix) {
    TestCluster cluster = clusterOf(mix);
    cluster.stand(1);
    cluster.run(1, Propose{{"x"}});
    cluster.of(3).currentTerm = 7;
    cluster.of(3).log = {};
    cluster.of(3).durableIndex = 0;
    cluster.of(3).commitIndex = cluster.of(3).lastApplied = 0;
    cluster.of(3).role = Follower{.electionDeadline = cluster.now};
    cluster.run(3, Timeout{});
    cluster.timeOut(1);  // its heartbeat is refused, if it still leads
    for (ServerId id : {1, 2, 1}) {
      if (!cluster.of(id).is<Leader>()) cluster.stand(id);
      if (cluster.of(id).is<Leader>()) cluster.timeOut(id);
    }
    ASSERT_TRUE(cluster.of(1).is<Leader>()) << "mix " << mix;
    ASSERT_GT(cluster.of(1).currentTerm, 7) << "mix " << mix;
    ASSERT_EQ(cluster.of(3).leader(), 1) << "mix " << mix;
    ASSERT_EQ(cluster.of(3).log, cluster.of(1).log) << "mix " << mix;
  }
}

// With each server's settings by chance, and all that goes wrong in runWithFailures.
TEST(PreVoteMixed, FailuresBreakNoPromise) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    std::vector<ServerId> leaders(1000, 0);
    const auto prepare = [&](TestCluster& cluster) {
      Random chance{.seed = seed};
      for (Server& server : cluster.servers) {
        server.settings = mixed(static_cast<std::uint32_t>(chance.below(8)));
        server.settings.priority = static_cast<std::uint32_t>(chance.below(3));
      }
    };
    const auto check = [&](TestCluster& cluster) {
      for (const Server& server : cluster.servers) {
        if (!server.is<Leader>()) continue;
        ServerId& its = leaders.at(server.currentTerm.value);
        EXPECT_TRUE(its == 0 || its == server.id) << "two leaders of one term";
        its = server.id;
      }
      for (const Server& one : cluster.servers) {
        for (const Server& other : cluster.servers) {
          const Index both = std::min(one.commitIndex, other.commitIndex);
          EXPECT_EQ(one.log.between(1, both), other.log.between(1, both));
        }
      }
    };
    runWithFailures(seed, 150, prepare, check);
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace raft
