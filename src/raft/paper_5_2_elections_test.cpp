// §5.2 Leader election, sentence by sentence, as far as a server does it.
#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "raft/election_test_support.h"

namespace raft {
namespace {

// Servers 1 to `count` that have just started. Their timeouts are all due at 100 ms.
TestCluster freshCluster(std::uint32_t count) {
  const ServerSet all = ServerSet::firstServers(count);
  TestCluster cluster;
  for (ServerId id : all) cluster.servers.push_back(fresh(id, all));
  return cluster;
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
// candidate." From a leader: its AppendEntries.
TEST(Section52, AFollowerThatHearsItsLeaderRemainsOne) {
  Server s2 = fresh(2);
  for (Time now = ms(90); now < ms(2000); now += ms(90)) {
    stepChecked(s2, now, heartbeat(1, 2, 1));
    stepChecked(s2, now + ms(89), Timeout{});
    EXPECT_TRUE(s2.is<Follower>());
  }
}

// §5.2: "A server remains in follower state as long as it receives valid RPCs from a leader or
// candidate." From a candidate: a request that gets the vote, and no other.
TEST(Section52, AFollowerThatVotesRemainsOne) {
  Server s2 = followerOf(2, 1, logOf({1}), three);
  Term term = 1;
  for (Time now = ms(90); now < ms(2000); now += ms(90)) {
    ++term;
    stepChecked(s2, now, Envelope{1, 2, RequestVote::Request{term, 1, 1, 1}});
    stepChecked(s2, now + ms(89), Timeout{});
    EXPECT_TRUE(s2.is<Follower>());
  }
  const Time due = s2.deadline();
  stepChecked(s2, due - ms(1), voteRequest(3, 2, term));      // a term that has its vote
  stepChecked(s2, due - ms(1), voteRequest(3, 2, term - 1));  // a term that is over
  stepChecked(s2, due - ms(1), voteRequest(3, 2, term + 1));  // a log that lacks 1^1
  stepChecked(s2, due, Timeout{});
  EXPECT_TRUE(s2.is<Candidate>());
}

// §5.2: "Leaders send periodic heartbeats (AppendEntries RPCs that carry no log entries) to all
// followers in order to maintain their authority."
TEST(Section52, ALeaderSendsHeartbeatsToAllFollowers) {
  Server s1 = leaderOf(1, 1, logOf({}), three);
  for (int i = 0; i < 10; ++i) {
    const Effects fx = stepChecked(s1, s1.deadline(), Timeout{});
    for (ServerId peer : {2, 3}) {
      EXPECT_EQ(sent<AppendEntries::Request>(fx, peer), (AppendEntries::Request{1, 1, 0, 0}));
    }
  }
  EXPECT_EQ(s1.deadline().count(), ms(11 * 20).count());
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

// §5.2: "A candidate continues in this state until one of three things happens: (a) it wins the
// election, (b) another server establishes itself as leader, or (c) a period of time goes by with
// no winner."
TEST(Section52, ACandidateContinuesUntilItWinsOrAnotherDoesOrTimeGoesBy) {
  Server s1 = candidateOfTerm1(five);
  const Message heard[] = {RequestVote::Request{1, 2, 9, 1}, RequestVote::Request{0, 2, 9, 1},
                           RequestVote::Response{1, false},  RequestVote::Response{0, true},
                           RequestVote::Response{1, true},   AppendEntries::Request{0, 2, 0, 0},
                           AppendEntries::Response{1, true}, AppendEntries::Response{1, false}};
  for (Time now = ms(101); now < ms(200); now += ms(1)) {
    for (const Message& message : heard) stepChecked(s1, now, Envelope{2, 1, message});
    stepChecked(s1, now, Propose{{"x"}});
    stepChecked(s1, now, Timeout{});
    ASSERT_TRUE(s1.is<Candidate>());
    ASSERT_EQ(s1.currentTerm, 1);
  }
  Server won = s1;
  stepChecked(won, ms(199), vote(3, 1, 1));
  EXPECT_TRUE(won.is<Leader>());
  Server lost = s1;
  stepChecked(lost, ms(199), heartbeat(3, 1, 1));
  EXPECT_TRUE(lost.is<Follower>());
  EXPECT_EQ(lost.currentTerm, 1);
  stepChecked(s1, ms(200), Timeout{});
  EXPECT_TRUE(s1.is<Candidate>());
  EXPECT_EQ(s1.currentTerm, 2);
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

// §5.2: "The majority rule ensures that at most one candidate can win the election for a particular
// term" — each voter may hear either of the two candidates, s1 and s2, first.
TEST(Section52, AtMostOneOfTwoCandidatesWinsATerm) {
  for (std::uint32_t count = 3; count <= 6; ++count) {
    const std::uint32_t voters = count - 2;
    for (std::uint32_t order = 0; order < 1u << voters; ++order) {
      TestCluster cluster = freshCluster(count);
      for (ServerId id : {1, 2}) {
        cluster.now = ms(100);
        const std::vector<Envelope> requests = cluster.step(id, Timeout{});
        ASSERT_EQ(requests.size(), count - 1);
      }
      for (ServerId voter = 3; voter <= ServerId(count); ++voter) {
        const bool firstHearsS1 = (order >> (voter.value - 3) & 1) != 0;
        const ServerId first = firstHearsS1 ? 1 : 2;
        const ServerId second = firstHearsS1 ? 2 : 1;
        cluster.deliver({voteRequest(first, voter, 1), voteRequest(second, voter, 1)});
      }
      cluster.deliver({voteRequest(1, 2, 1), voteRequest(2, 1, 1)});
      const auto forS1 = static_cast<std::uint32_t>(std::popcount(order)) + 1;
      EXPECT_EQ(cluster.of(1).is<Leader>(), 2 * forS1 > count) << order;
      EXPECT_EQ(cluster.of(2).is<Leader>(), 2 * (count - forS1) > count) << order;
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

// §5.2: "if many followers become candidates at the same time, votes could be split so that no
// candidate obtains a majority" — "without extra measures split votes could repeat indefinitely"
TEST(Section52, IfAllStandAtOnceNobodyWinsHoweverOften) {
  TestCluster cluster = freshCluster(5);  // all timeouts are equal
  for (Term term : {1, 2, 3, 4, 5, 6, 7, 8}) {
    cluster.now = ms(100) * static_cast<std::int64_t>(term.value);
    std::vector<Envelope> requests;
    for (ServerId id : five) {
      for (const Envelope& request : cluster.step(id, Timeout{})) requests.push_back(request);
    }
    cluster.deliver(requests);
    for (ServerId id : five) {
      ASSERT_TRUE(cluster.of(id).is<Candidate>());
      EXPECT_EQ(cluster.of(id).currentTerm, term);
      EXPECT_EQ(cluster.of(id).as<Candidate>()->votesGranted, ServerSet{id});
      EXPECT_EQ(cluster.of(id).as<Candidate>()->votesResponded, five);
    }
  }
}

// §5.2: "When this happens, each candidate will time out and start a new election by incrementing
// its term and initiating another round of RequestVote RPCs."
TEST(Section52, ACandidateWithoutAWinnerStartsANewElection) {
  Server s1 = candidateOfTerm1(three);
  const Effects fx = stepChecked(s1, ms(200), Timeout{});
  EXPECT_EQ(s1.currentTerm, 2);
  for (ServerId peer : {2, 3}) {
    EXPECT_EQ(sent<RequestVote::Request>(fx, peer), (RequestVote::Request{2, 1, 0, 0}));
  }
}

// §5.2: "To prevent split votes in the first place, election timeouts are chosen randomly from a
// fixed interval (e.g., 150–300ms)."
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

// §5.2: "This spreads out the servers so that in most cases only a single server will time out; it
// wins the election and sends heartbeats before any other servers time out." — "The same mechanism
// is used to handle split votes."
TEST(Section52, InMostCasesOneServerTimesOutAloneAndWins) {
  const Duration roundTrips = ms(2);  // one for the votes, one for the heartbeats
  int alone = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    TestCluster cluster;
    for (ServerId id : five) {
      const std::uint64_t own = Random::stream(seed, 1, id.value).next();
      cluster.servers.push_back(Server::start(id, five, Settings{}, own, ms(0)));
      if (seed % 2 == 0) continue;
      cluster.now = ms(1000);  // all stand at once: a split vote
      cluster.step(id, Timeout{});
    }
    std::vector<std::pair<Time, ServerId>> due;
    for (const Server& server : cluster.servers) {
      const Candidate* candidate = server.as<Candidate>();
      due.emplace_back(candidate ? candidate->electionDeadline : server.deadline(), server.id);
    }
    std::ranges::sort(due);
    if (due[1].first - due[0].first < roundTrips) continue;
    ++alone;
    const ServerId winner = due[0].second;
    cluster.now = due[0].first;
    cluster.run(winner, Timeout{});
    EXPECT_TRUE(cluster.of(winner).is<Leader>());
    for (ServerId id : five) {
      EXPECT_TRUE(id == winner || cluster.of(id).deadline() >= cluster.now + ms(150)) << seed;
    }
  }
  EXPECT_GT(alone, 160);
}

// §5.2: "Each candidate restarts its randomized election timeout at the start of an election, and
// it waits for that timeout to elapse before starting the next election; this reduces the
// likelihood of another split vote in the new election."
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
