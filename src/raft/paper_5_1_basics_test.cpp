// §5.1 Raft basics, sentence by sentence, as far as a server does it.
#include <algorithm>

#include <gtest/gtest.h>

#include "raft/election_test_support.h"

namespace raft {
namespace {

// §5.1: "At any given time each server is in one of three states: leader, follower, or candidate."
TEST(Section51, AServerGoesFromFollowerToCandidateToLeaderAndBack) {
  Server s1 = fresh(1);
  EXPECT_TRUE(s1.is<Follower>());
  stepChecked(s1, ms(100), Timeout{});
  EXPECT_TRUE(s1.is<Candidate>());
  stepChecked(s1, ms(101), vote(2, 1, 1));
  EXPECT_TRUE(s1.is<Leader>());
  stepChecked(s1, ms(102), heartbeat(3, 1, 2));
  EXPECT_TRUE(s1.is<Follower>());
}

// §5.1: "In normal operation there is exactly one leader and all of the other servers are
// followers."
TEST(Section51, InNormalOperationOneServerLeadsAndTheOthersFollowIt) {
  TestCluster cluster;
  for (ServerId id : five) cluster.servers.push_back(fresh(id, five));
  cluster.timeOut(4);
  for (int i = 0; i < 20; ++i) {
    cluster.timeOut(4);
    cluster.run(4, Propose{{"x"}});
    for (ServerId id : five) {
      EXPECT_EQ(cluster.of(id).is<Leader>(), id == 4);
      EXPECT_EQ(cluster.of(id).leader(), 4);
      EXPECT_EQ(cluster.of(id).currentTerm, 1);
      EXPECT_GT(cluster.of(id).deadline(), cluster.now);
    }
  }
}

// §5.1: "Followers are passive: they issue no requests on their own but simply respond to requests
// from leaders and candidates."
TEST(Section51, FollowersArePassive) {
  Server s2 = fresh(2);
  for (Time now = ms(0); now < ms(100); now += ms(1)) {
    EXPECT_EQ(stepChecked(s2, now, Timeout{}), Effects{});
  }
  EXPECT_TRUE(stepChecked(s2, ms(99), Propose{{"x"}}).send.empty());
  EXPECT_EQ(stepChecked(s2, ms(99), heartbeat(1, 2, 0)).send,
            (std::vector<Send>{{.envelope = {2, 1, AppendEntries::Response{0, true}}}}));
  EXPECT_EQ(stepChecked(s2, ms(99), voteRequest(1, 2, 1)).send,
            (std::vector<Send>{{.envelope = vote(2, 1, 1), .after = 1}}));
  EXPECT_TRUE(stepChecked(s2, ms(99), vote(1, 2, 1)).send.empty());
}

// §5.1: "The leader handles all client requests (if a client contacts a follower, the follower
// redirects it to the leader)."
TEST(Section51, TheLeaderTakesCommandsAndAFollowerRedirectsToIt) {
  Server s1 = leaderOf(1, 1, logOf({}), three);
  EXPECT_EQ(stepChecked(s1, ms(1), Propose{{"x"}}).proposed, Proposed{(Accepted{1, 1})});

  Server s2 = fresh(2);
  EXPECT_EQ(stepChecked(s2, ms(1), Propose{{"x"}}).proposed, Proposed{NotLeader{}});
  stepChecked(s2, ms(2), heartbeat(3, 2, 1));
  EXPECT_EQ(stepChecked(s2, ms(3), Propose{{"x"}}).proposed, Proposed{NotLeader{3}});
  EXPECT_EQ(s2.log, logOf({}));
}

// §5.1: "Terms are numbered with consecutive integers. Each term begins with an election, in which
// one or more candidates attempt to become leader"
TEST(Section51, EachTermIsOneMoreThanTheLastAndBeginsWithAnElection) {
  Server s1 = fresh(1);
  for (Term term : {1, 2, 3, 4, 5}) {
    const Effects fx = stepChecked(s1, s1.deadline() + ms(100), Timeout{});
    EXPECT_EQ(s1.currentTerm, term);
    EXPECT_TRUE(s1.is<Candidate>());
    for (ServerId peer : {2, 3}) EXPECT_EQ(sent<RequestVote::Request>(fx, peer).term, term);
  }
}

// §5.1: "If a candidate wins the election, then it serves as leader for the rest of the term."
TEST(Section51, AWinnerLeadsForTheRestOfTheTerm) {
  const Message ofTheTermOrEarlier[] = {
      RequestVote::Request{1, 2, 9, 1},     RequestVote::Request{0, 2, 9, 0},
      RequestVote::Response{1, true},       RequestVote::Response{1, false},
      AppendEntries::Request{1, 2, 0, 0},   AppendEntries::Request{0, 2, 0, 0},
      AppendEntries::Response{1, true, 0},  AppendEntries::Response{1, false, 0},
      AppendEntries::Response{0, false, 0},
  };
  Server s1 = candidateOfTerm1(three);
  stepChecked(s1, ms(101), vote(2, 1, 1));
  for (Time now = ms(101); now < ms(2000); now += ms(10)) {
    for (const Message& message : ofTheTermOrEarlier) {
      for (ServerId from : {2, 3}) stepChecked(s1, now, Envelope{from, 1, message});
    }
    stepChecked(s1, now, Timeout{});  // also when nobody answers
    ASSERT_TRUE(s1.is<Leader>());
    ASSERT_EQ(s1.currentTerm, 1);
  }
  stepChecked(s1, ms(2000), voteRequest(3, 1, 2));
  EXPECT_FALSE(s1.is<Leader>());
}

// §5.1: "In some situations an election will result in a split vote. In this case the term will end
// with no leader; a new term (with a new election) will begin shortly."
TEST(Section51, AfterASplitVoteANewTermBegins) {
  Server s1 = candidateOfTerm1(five);
  stepChecked(s1, ms(101), vote(2, 1, 1));
  for (ServerId other : {3, 4, 5}) stepChecked(s1, ms(102), vote(other, 1, 1, false));
  EXPECT_TRUE(s1.is<Candidate>());
  stepChecked(s1, ms(200), Timeout{});
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(s1.currentTerm, 2);
}

// §5.1: "in some situations a server may not observe an election or even entire terms"
TEST(Section51, AServerThatWasAwayForEntireTermsJoinsTheOneThatIs) {
  TestCluster cluster;
  for (ServerId id : three) cluster.servers.push_back(fresh(id));
  cluster.reached = {1, 2};
  for (ServerId winner : {1, 2, 1, 2}) cluster.stand(winner);
  EXPECT_EQ(cluster.of(2).currentTerm, 4);
  EXPECT_EQ(cluster.of(3).currentTerm, 0);
  cluster.reached = three;
  cluster.timeOut(2);
  EXPECT_EQ(cluster.of(3).currentTerm, 4);
  EXPECT_EQ(cluster.of(3).leader(), 2);
}

// §5.1: "Each server stores a current term number, which increases monotonically over time."
TEST(Section51, ATermNeverFalls) {
  Server s2 = fresh(2);
  Term highest = 0;
  for (Term term : {3, 1, 7, 7, 2, 9}) {
    highest = std::max(highest, term);
    stepChecked(s2, ms(1), heartbeat(1, 2, term));
    EXPECT_EQ(s2.currentTerm, highest);
  }
}

// §5.1: "Current terms are exchanged whenever servers communicate; if one server's current term is
// smaller than the other's, then it updates its current term to the larger value."
TEST(Section51, TermsAreExchangedWheneverServersCommunicate) {
  Server s2 = fresh(2);
  stepChecked(s2, ms(1), vote(1, 2, 3, false));
  EXPECT_EQ(s2.currentTerm, 3);
  const Effects fx = stepChecked(s2, ms(2), voteRequest(1, 2, 1));
  EXPECT_EQ(sent<RequestVote::Response>(fx, 1), (RequestVote::Response{3, false}));
  stepChecked(s2, ms(3), Envelope{1, 2, AppendEntries::Response{4, false}});
  EXPECT_EQ(s2.currentTerm, 4);
  const Effects own = stepChecked(s2, ms(100), Timeout{});
  EXPECT_EQ(sent<RequestVote::Request>(own, 1).term, 5);
}

// §5.1: "If a candidate or leader discovers that its term is out of date, it immediately reverts to
// follower state."
TEST(Section51, AnOutdatedCandidateOrLeaderRevertsToFollower) {
  Server candidate = candidateOfTerm1(three);
  stepChecked(candidate, ms(101), vote(2, 1, 5, false));
  EXPECT_TRUE(candidate.is<Follower>());

  Server leader = leaderOf(1, 1, logOf({}), three);
  stepChecked(leader, ms(102), Envelope{2, 1, AppendEntries::Response{.term = 5}});
  EXPECT_TRUE(leader.is<Follower>());
}

// §5.1: "Terms act as a logical clock in Raft, and they allow servers to detect obsolete
// information such as stale leaders." — "If a server receives a request with a stale term number,
// it rejects the request."
TEST(Section51, AStaleRequestIsRejectedWithTheCurrentTerm) {
  Server s2 = fresh(2);
  stepChecked(s2, ms(1), heartbeat(1, 2, 5));
  stepChecked(s2, ms(1), Written{1});
  const Effects appended = stepChecked(s2, ms(2), heartbeat(3, 2, 4));
  EXPECT_EQ(sent<AppendEntries::Response>(appended, 3), (AppendEntries::Response{5, false}));
  const Effects voted = stepChecked(s2, ms(2), voteRequest(3, 2, 4));
  EXPECT_EQ(sent<RequestVote::Response>(voted, 3), (RequestVote::Response{5, false}));
  EXPECT_EQ(s2.leader(), 1);
}

// s1 of term 4 with the log 1^1 2^4, in each role.
std::vector<Server> inEachRole() {
  Server follower = followerOf(1, 4, logOf({1, 4}), three);
  follower.votedFor = 1;
  Server candidate = follower;
  candidate.role = Candidate{.votesResponded = {1},
                             .votesGranted = {1},
                             .electionDeadline = ms(100),
                             .retryDeadline = ms(50)};
  return {follower, candidate, leaderOf(1, 4, logOf({1, 4}), three)};
}

std::vector<Input> inputsOfEachKind() {
  std::vector<Input> all{Timeout{}, Propose{{"x"}}, Written{1}};
  for (Term term : {3, 4, 5}) {
    for (bool yes : {false, true}) {
      all.push_back(Envelope{2, 1, RequestVote::Response{term, yes}});
      for (Index index : {0, 1, 2}) {
        all.push_back(Envelope{2, 1, AppendEntries::Response{term, yes, index, index}});
      }
    }
    for (Index index : {1, 2, 3}) {
      all.push_back(Envelope{2, 1, RequestVote::Request{term, 2, index, 4}});
      all.push_back(Envelope{2, 1, AppendEntries::Request{term, 2, index, 4}});
    }
  }
  return all;
}

// §5.1: "RequestVote RPCs are initiated by candidates during elections, and AppendEntries RPCs are
// initiated by leaders to replicate log entries and to provide a form of heartbeat."
TEST(Section51, OnlyCandidatesAskForVotesAndOnlyLeadersSendAppendEntries) {
  int asked = 0;
  int appended = 0;
  for (const Server& before : inEachRole()) {
    for (const Input& input : inputsOfEachKind()) {
      for (Time now : {ms(1), ms(50), ms(100)}) {
        Server s1 = before;
        for (const Send& send : stepChecked(s1, now, input).send) {
          const Message& message = send.envelope.message;
          const bool asks = std::holds_alternative<RequestVote::Request>(message);
          const bool appends = std::holds_alternative<AppendEntries::Request>(message);
          EXPECT_TRUE(!asks || s1.is<Candidate>()) << testing::PrintToString(s1);
          EXPECT_TRUE(!appends || s1.is<Leader>()) << testing::PrintToString(s1);
          asked += asks;
          appended += appends;
        }
      }
    }
  }
  EXPECT_GT(asked, 0);
  EXPECT_GT(appended, 0);
}

// §5.1: "Servers retry RPCs if they do not receive a response in a timely manner, and they issue
// RPCs in parallel for best performance."
TEST(Section51, RequestsGoToAllPeersAtOnceAndAgain) {
  Server s1 = fresh(1, five);
  const Effects first = stepChecked(s1, ms(100), Timeout{});
  EXPECT_EQ(first.send.size(), 4u);
  stepChecked(s1, ms(101), Written{1});
  Effects again = stepChecked(s1, ms(120), Timeout{});
  for (ServerId peer : {2, 3, 4, 5}) {
    EXPECT_EQ(sent<RequestVote::Request>(again, peer), sent<RequestVote::Request>(first, peer));
  }
  EXPECT_EQ(s1.currentTerm, 1);
}

}  // namespace
}  // namespace raft
