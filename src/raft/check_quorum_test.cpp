// Check quorum (thesis §6.2): literals, and what a leader does that hears from no majority.
#include <gtest/gtest.h>

#include "raft/election_test_support.h"

namespace raft {
namespace {

// s1, elected in term 1 at 100 ms by the votes of all.
Server leader(const ServerSet& voters = three) {
  Server s1 = Server::start(1, voters, extended, 1, ms(0));
  s1.settings.preVote = false;
  stepChecked(s1, ms(100), Timeout{});
  stepChecked(s1, ms(100), Written{1});
  for (ServerId peer : voters) stepChecked(s1, ms(100), vote(peer, 1, 1));
  EXPECT_TRUE(s1.is<Leader>() || voters == ServerSet{1});
  return s1;
}

Envelope answer(ServerId from, Term term = 1, bool success = true) {
  return {from, 1, AppendEntries::Response{term, success, 0, 0}};
}

// Takes the timeouts that are due up to `until`.
void wait(Server& s1, Time until) {
  while (s1.is<Leader>() && s1.deadline() <= until) stepChecked(s1, s1.deadline(), Timeout{});
}

// Thesis §6.2, CheckQuorum.1: "a leader in Raft steps down if an election timeout elapses without
// a successful round of heartbeats to a majority of its cluster"
TEST(CheckQuorum, ALeaderThatHearsFromNobodyStepsDownWithinItsTerm) {
  Server s1 = leader();
  wait(s1, ms(199));
  EXPECT_TRUE(s1.is<Leader>());
  EXPECT_EQ(stepChecked(s1, ms(200), Timeout{}), Effects{});
  EXPECT_EQ(s1.role, Role(Follower{.electionDeadline = ms(300)}));
  EXPECT_EQ(s1.currentTerm, 1);
  EXPECT_EQ(s1.votedFor, 1);
  EXPECT_EQ(s1.leader(), std::nullopt);
}

TEST(CheckQuorum, IsOffUnlessTheSettingsSaySo) {
  Server s1 = leader();
  s1.settings.checkQuorum = false;
  wait(s1, ms(5000));
  EXPECT_TRUE(s1.is<Leader>());
}

TEST(CheckQuorum, AClusterOfOneIsItsOwnMajority) {
  Server s1 = leader({1});
  wait(s1, ms(5000));
  EXPECT_TRUE(s1.is<Leader>());
}

// A refusal too shows that its sender hears this leader.
TEST(CheckQuorum, AnyAnswerOfItsTermKeepsItsLeader) {
  for (bool success : {true, false}) {
    Server s1 = leader();
    for (Time now = ms(150); now <= ms(2000); now += ms(50)) {
      wait(s1, now);
      stepChecked(s1, now, answer(2, 1, success));
    }
    EXPECT_TRUE(s1.is<Leader>());
    wait(s1, ms(2119));
    EXPECT_TRUE(s1.is<Follower>()) << "its last word was at 2000 ms";
  }
}

TEST(CheckQuorum, AMajorityIsNeededAndVotersAlone) {
  Server s1 = leader(five);
  s1.configuration = ServerSet{1, 2, 3, 4};
  Server two = s1;
  for (ServerId peer : {2, 5, 9}) stepChecked(s1, ms(190), answer(peer));
  wait(s1, ms(200));
  EXPECT_TRUE(s1.is<Follower>()) << "s5 and s9 do not count";
  for (ServerId peer : {2, 3}) stepChecked(two, ms(190), answer(peer));
  wait(two, ms(200));
  EXPECT_TRUE(two.is<Leader>());
}

TEST(CheckQuorum, AnAnswerOfAnEarlierTermDoesNotCount) {
  Server s1 = leader();
  for (ServerId peer : {2, 3}) stepChecked(s1, ms(190), answer(peer, 0));
  wait(s1, ms(200));
  EXPECT_TRUE(s1.is<Follower>());
}

// §5.2: it has voted in the term, for itself.
TEST(CheckQuorum, WhoSteppedDownVotesForNobodyElseInThatTerm) {
  Server s1 = leader();
  wait(s1, ms(200));
  const Effects effects = stepChecked(s1, ms(201), voteRequest(2, 1, 1));
  EXPECT_FALSE(sent<RequestVote::Response>(effects, 2).voteGranted);
  const Effects later = stepChecked(s1, ms(201), voteRequest(2, 1, 2));
  EXPECT_TRUE(sent<RequestVote::Response>(later, 2).voteGranted);
}

// Votes and answers that come late do not make it leader again: a term is led once.
TEST(CheckQuorum, WhoSteppedDownLeadsAgainOnlyInANewTerm) {
  Server s1 = leader();
  wait(s1, ms(200));
  const Server before = s1;
  for (ServerId peer : {2, 3}) {
    EXPECT_EQ(stepChecked(s1, ms(201), vote(peer, 1, 1)), Effects{});
    EXPECT_EQ(stepChecked(s1, ms(201), answer(peer)), Effects{});
  }
  EXPECT_EQ(s1, before);
  stepChecked(s1, ms(300), Timeout{});
  EXPECT_EQ(s1.currentTerm, 2);
}

TEST(CheckQuorum, WhoSteppedDownRefusesCommandsAndNamesNobody) {
  Server s1 = leader();
  wait(s1, ms(200));
  EXPECT_EQ(stepChecked(s1, ms(201), Propose{{"x"}}).proposed, Proposed(NotLeader{}));
}

}  // namespace
}  // namespace raft
