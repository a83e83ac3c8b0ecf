// §5.1 Raft basics and §5.2 Leader election, sentence by sentence, as far as a server does it.
#include <set>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

const ServerSet three{1, 2, 3};
const ServerSet five = ServerSet::firstServers(5);

Server fresh(ServerId id, const ServerSet& voters = three) {
  return Server::start(id, voters, plain, 1, ms(0));
}

Server candidateOfTerm1(const ServerSet& voters) {
  Server s1 = fresh(1, voters);
  stepChecked(s1, ms(100), Timeout{});
  stepChecked(s1, ms(100), Written{1});
  return s1;
}

Server leaderOfTerm1() {
  Server s1 = candidateOfTerm1(three);
  stepChecked(s1, ms(101), Envelope{2, 1, RequestVote::Response{1, true}});
  return s1;
}

Envelope heartbeat(ServerId from, ServerId to, Term term) {
  return {from, to, AppendEntries::Request{term, from, 0, 0}};
}

Envelope voteRequest(ServerId from, ServerId to, Term term) {
  return {from, to, RequestVote::Request{term, from, 0, 0}};
}

Envelope vote(ServerId from, ServerId to, Term term, bool granted = true) {
  return {from, to, RequestVote::Response{term, granted}};
}

// §5.1: "at any given time each server is in one of three states: leader, follower, or candidate"
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

// §5.1: "Followers are passive: they issue no requests on their own but simply respond to requests
// from leaders and candidates."
TEST(Section51, FollowersArePassive) {
  Server s2 = fresh(2);
  for (Time now = ms(0); now < ms(100); now += ms(1)) {
    EXPECT_EQ(stepChecked(s2, now, Timeout{}), Effects{});
  }
  EXPECT_EQ(stepChecked(s2, ms(99), heartbeat(1, 2, 0)).send.size(), 1u);
  EXPECT_EQ(stepChecked(s2, ms(99), voteRequest(1, 2, 1)).send.size(), 1u);
}

// §5.1: "if a client contacts a follower, the follower redirects it to the leader"
TEST(Section51, AFollowerRedirectsAClientToTheLeader) {
  Server s2 = fresh(2);
  EXPECT_EQ(stepChecked(s2, ms(1), Propose{{"x"}}).proposed, Proposed{NotLeader{}});
  stepChecked(s2, ms(2), heartbeat(3, 2, 1));
  EXPECT_EQ(stepChecked(s2, ms(3), Propose{{"x"}}).proposed, Proposed{NotLeader{3}});
}

// §5.1: "In this case the term will end with no leader; a new term (with a new election) will begin
// shortly."
TEST(Section51, AfterASplitVoteANewTermBegins) {
  Server s1 = candidateOfTerm1(five);
  stepChecked(s1, ms(101), vote(2, 1, 1));
  for (ServerId other : {3, 4, 5}) stepChecked(s1, ms(102), vote(other, 1, 1, false));
  EXPECT_TRUE(s1.is<Candidate>());
  stepChecked(s1, ms(200), Timeout{});
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(s1.currentTerm, 2);
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

// §5.1: "if one server's current term is smaller than the other's, then it updates its current term
// to the larger value"
TEST(Section51, TermsAreExchangedWheneverServersCommunicate) {
  Server s2 = fresh(2);
  stepChecked(s2, ms(1), vote(1, 2, 3, false));
  EXPECT_EQ(s2.currentTerm, 3);
  const Effects fx = stepChecked(s2, ms(2), voteRequest(1, 2, 1));
  EXPECT_EQ(sent<RequestVote::Response>(fx, 1), (RequestVote::Response{3, false}));
}

// §5.1: "If a candidate or leader discovers that its term is out of date, it immediately reverts to
// follower state."
TEST(Section51, AnOutdatedCandidateOrLeaderRevertsToFollower) {
  Server candidate = candidateOfTerm1(three);
  stepChecked(candidate, ms(101), vote(2, 1, 5, false));
  EXPECT_TRUE(candidate.is<Follower>());

  Server leader = leaderOfTerm1();
  stepChecked(leader, ms(102), Envelope{2, 1, AppendEntries::Response{.term = 5}});
  EXPECT_TRUE(leader.is<Follower>());
}

// §5.1: "If a server receives a request with a stale term number, it rejects the request."
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

// §5.2: "When servers start up, they begin as followers."
TEST(Section52, AServerBeginsAsAFollowerOfNobody) {
  const Server s1 = fresh(1);
  EXPECT_EQ(s1.role, Role(Follower{.electionDeadline = ms(100)}));
  EXPECT_EQ(s1.currentTerm, 0);
  EXPECT_EQ(s1.votedFor, std::nullopt);
  EXPECT_EQ(s1.leader(), std::nullopt);
}

// §5.2: "A server remains in follower state as long as it receives valid RPCs from a leader or
// candidate."
TEST(Section52, AFollowerThatHearsItsLeaderRemainsOne) {
  Server s2 = fresh(2);
  for (Time now = ms(90); now < ms(2000); now += ms(90)) {
    stepChecked(s2, now, heartbeat(1, 2, 1));
    stepChecked(s2, now + ms(89), Timeout{});
    EXPECT_TRUE(s2.is<Follower>());
  }
}

// §5.2: "Leaders send periodic heartbeats (AppendEntries RPCs that carry no log entries) to all
// followers in order to maintain their authority."
TEST(Section52, ALeaderSendsHeartbeatsToAllFollowers) {
  Server s1 = leaderOfTerm1();
  for (int i = 0; i < 10; ++i) {
    const Effects fx = stepChecked(s1, s1.deadline(), Timeout{});
    for (ServerId peer : {2, 3}) {
      EXPECT_EQ(sent<AppendEntries::Request>(fx, peer), (AppendEntries::Request{1, 1, 0, 0}));
    }
  }
  EXPECT_EQ(s1.deadline().count(), ms(101 + 11 * 20).count());
}

// §5.2: "If a follower receives no communication over a period of time called the election timeout,
// then it assumes there is no viable leader and begins an election to choose a new leader."
TEST(Section52, ASilentElectionTimeoutBeginsAnElection) {
  Server s2 = fresh(2);
  stepChecked(s2, ms(60), heartbeat(1, 2, 1));
  stepChecked(s2, ms(159), Timeout{});
  EXPECT_TRUE(s2.is<Follower>());
  stepChecked(s2, ms(160), Timeout{});
  EXPECT_TRUE(s2.is<Candidate>());
}

// §5.2: "To begin an election, a follower increments its current term and transitions to candidate
// state. It then votes for itself and issues RequestVote RPCs in parallel to each of the other
// servers in the cluster."
TEST(Section52, AnElectionBeginsWithANewTermAVoteForItselfAndRequestsToAll) {
  Server s2 = fresh(2, five);
  const Effects fx = stepChecked(s2, ms(100), Timeout{});
  EXPECT_EQ(s2.currentTerm, 1);
  EXPECT_EQ(s2.votedFor, 2);
  for (ServerId peer : {1, 3, 4, 5}) {
    EXPECT_EQ(sent<RequestVote::Request>(fx, peer), (RequestVote::Request{1, 2, 0, 0}));
  }
  EXPECT_EQ(sentTo<RequestVote::Request>(fx, 2), nullptr);
}

// §5.2: "A candidate wins an election if it receives votes from a majority of the servers in the
// full cluster for the same term."
TEST(Section52, AMajorityOfTheFullClusterElects) {
  for (std::uint32_t servers = 2; servers <= 9; ++servers) {
    Server s1 = candidateOfTerm1(ServerSet::firstServers(servers));
    std::uint32_t votes = 1;
    for (std::uint32_t peer = 2; peer <= servers && s1.is<Candidate>(); ++peer) {
      EXPECT_LE(2 * votes, servers);
      stepChecked(s1, ms(101), vote(peer, 1, 1));
      ++votes;
    }
    EXPECT_TRUE(s1.is<Leader>());
    EXPECT_GT(2 * votes, servers);
  }
}

// §5.2: "Each server will vote for at most one candidate in a given term, on a
// first-come-first-served basis"
TEST(Section52, TheFirstCandidateOfATermGetsTheVote) {
  Server s2 = fresh(2, five);
  for (Term term : {1, 2, 3}) {
    const auto first = static_cast<std::uint32_t>(2 + term.value);
    for (ServerId candidate : {ServerId(first), ServerId(1), ServerId(first)}) {
      const Effects fx = stepChecked(s2, ms(1), voteRequest(candidate, 2, term));
      EXPECT_EQ(sent<RequestVote::Response>(fx, candidate).voteGranted, candidate != 1);
    }
  }
}

// §5.2: "Once a candidate wins an election, it becomes leader. It then sends heartbeat messages to
// all of the other servers to establish its authority and prevent new elections."
TEST(Section52, AWinnerSendsHeartbeatsToAll) {
  Server s1 = candidateOfTerm1(three);
  const Effects fx = stepChecked(s1, ms(101), vote(3, 1, 1));
  for (ServerId peer : {2, 3}) {
    EXPECT_EQ(sent<AppendEntries::Request>(fx, peer), (AppendEntries::Request{1, 1, 0, 0}));
  }
}

// §5.2: "If the leader's term (included in its RPC) is at least as large as the candidate's current
// term, then the candidate recognizes the leader as legitimate and returns to follower state."
TEST(Section52, ACandidateRecognizesALeaderOfItsTermOrALaterOne) {
  for (Term term : {1, 2, 9}) {
    Server s1 = candidateOfTerm1(three);
    stepChecked(s1, ms(101), heartbeat(3, 1, term));
    EXPECT_TRUE(s1.is<Follower>());
    EXPECT_EQ(s1.leader(), 3);
    EXPECT_EQ(s1.currentTerm, term);
  }
}

// §5.2: "If the term in the RPC is smaller than the candidate's current term, then the candidate
// rejects the RPC and continues in candidate state."
TEST(Section52, ACandidateRejectsAnOldLeaderAndContinues) {
  Server s1 = candidateOfTerm1(three);
  const Effects fx = stepChecked(s1, ms(101), heartbeat(3, 1, 0));
  EXPECT_EQ(sent<AppendEntries::Response>(fx, 3), (AppendEntries::Response{1, false}));
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(s1.deadline().count(), ms(120).count());
}

// §5.2: "each candidate will time out and start a new election by incrementing its term and
// initiating another round of RequestVote RPCs"
TEST(Section52, ACandidateWithoutAWinnerStartsANewElection) {
  Server s1 = candidateOfTerm1(three);
  const Effects fx = stepChecked(s1, ms(200), Timeout{});
  EXPECT_EQ(s1.currentTerm, 2);
  for (ServerId peer : {2, 3}) {
    EXPECT_EQ(sent<RequestVote::Request>(fx, peer), (RequestVote::Request{2, 1, 0, 0}));
  }
}

// §5.2: "election timeouts are chosen randomly from a fixed interval (e.g., 150–300ms)"
TEST(Section52, ElectionTimeoutsAreChosenRandomlyFromAFixedInterval) {
  std::set<Time> chosen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Server s1 = Server::start(1, three, Settings{}, seed, ms(1000));
    EXPECT_GE(s1.deadline(), ms(1150));
    EXPECT_LE(s1.deadline(), ms(1300));
    chosen.insert(s1.deadline());
  }
  EXPECT_GT(chosen.size(), 190u);
  EXPECT_LT(*chosen.begin(), ms(1160));
  EXPECT_GT(*chosen.rbegin(), ms(1290));
}

// §5.2: "Each candidate restarts its randomized election timeout at the start of an election, and
// it waits for that timeout to elapse before starting the next election"
TEST(Section52, EachElectionHasATimeoutOfItsOwn) {
  Settings settings;
  settings.heartbeatInterval = ms(1000);  // no retries between
  Server s1 = Server::start(1, three, settings, 7, ms(0));
  std::set<Duration> waits;
  for (std::uint64_t term = 1; term <= 50; ++term) {
    const Time due = s1.deadline();
    stepChecked(s1, due - Duration(1), Timeout{});
    EXPECT_EQ(s1.currentTerm, term - 1);
    stepChecked(s1, due, Timeout{});
    EXPECT_EQ(s1.currentTerm, term);
    waits.insert(s1.deadline() - due);
  }
  EXPECT_GT(waits.size(), 45u);
  EXPECT_GE(*waits.begin(), ms(150));
  EXPECT_LE(*waits.rbegin(), ms(300));
}

}  // namespace
}  // namespace raft
