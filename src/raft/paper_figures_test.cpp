// Figure 7 and Figure 8 of the paper, as literal states.
#include <algorithm>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

const ServerSet five = ServerSet::firstServers(5);
const Log leadersLog = logOf({1, 1, 1, 4, 4, 5, 5, 6, 6, 6});

struct Possible {
  char name;
  Log log;
  bool votes;          // whether it votes for the leader
  std::uint64_t back;  // by how much nextIndex falls until the logs match
};

// Figure 7: "When the leader at the top comes to power, it is possible that any of scenarios (a–f)
// could occur in follower logs."
const Possible figure7[] = {
    {'a', logOf({1, 1, 1, 4, 4, 5, 5, 6, 6}), true, 1},
    {'b', logOf({1, 1, 1, 4}), true, 6},
    {'c', logOf({1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6}), false, 0},
    {'d', logOf({1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7}), false, 0},
    {'e', logOf({1, 1, 1, 4, 4, 4, 4}), true, 5},
    {'f', logOf({1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3}), true, 7},
};

// Servers 1 to 7: the leader at the top, then (a) to (f), all in term 7.
TestCluster serversOfFigure7() {
  const ServerSet seven = ServerSet::firstServers(7);
  TestCluster cluster;
  cluster.servers.push_back(followerOf(1, 7, leadersLog, seven));
  for (const Possible& p : figure7) {
    const auto id = static_cast<std::uint32_t>(p.name - 'a') + 2;
    cluster.servers.push_back(followerOf(id, 7, p.log, seven));
  }
  return cluster;
}

// Figure 7: the leader of term 8 is elected by (a), (b), (e) and (f); (c) and (d) have more.
TEST(Figure7, TheLeaderIsElectedByThoseWhoseLogsAreNotMoreUpToDate) {
  TestCluster cluster = serversOfFigure7();
  cluster.now = ms(100);
  for (const Envelope& request : cluster.step(1, Timeout{})) {
    const auto answer = cluster.step(request.to, request);
    ASSERT_EQ(answer.size(), 1u);
    const Possible& p = figure7[request.to.value - 2];
    EXPECT_EQ(answer[0].message, Message(RequestVote::Response{8, p.votes})) << p.name;
  }
}

// Figure 7 and §5.4.1: which of the followers could win an election in term 8 themselves.
TEST(Figure7, AFollowerWinsIfItsLogIsAsUpToDateAsThatOfAMajority) {
  const bool wins[] = {true, false, true, true, false, false};
  for (const Possible& p : figure7) {
    TestCluster cluster = serversOfFigure7();
    const auto id = static_cast<std::uint32_t>(p.name - 'a') + 2;
    cluster.stand(id);
    EXPECT_EQ(cluster.of(id).is<Leader>(), wins[p.name - 'a']) << p.name;
  }
}

// Figure 7 and §5.3: "After a rejection, the leader decrements nextIndex and retries the
// AppendEntries RPC."
TEST(Figure7, EachFollowerIsBroughtToTheLeadersLog) {
  for (const Possible& p : figure7) {
    TestCluster cluster;
    cluster.servers = {leaderOf(1, 8, leadersLog, ServerSet{1, 2}),
                       followerOf(2, 7, p.log, ServerSet{1, 2})};
    cluster.timeOut(1);
    std::uint64_t refusals = 0;
    for (const Envelope& envelope : cluster.delivered) {
      const auto* response = std::get_if<AppendEntries::Response>(&envelope.message);
      refusals += response && !response->success;
    }
    EXPECT_EQ(refusals, p.back) << p.name;
    // Extra entries are harmless until the leader has an entry of its own to put in their place.
    cluster.run(1, Propose{{"11^8"}});
    EXPECT_EQ(cluster.of(2).log.from(1), cluster.of(1).log.from(1)) << p.name;
    EXPECT_EQ(cluster.of(1).log.from(1), entriesFrom(1, {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8}));
    EXPECT_EQ(cluster.of(1).commitIndex, 11) << p.name;
  }
}

// Figure 8: five servers whose terms and logs are those of a step; all are followers.
TestCluster serversOfFigure8(std::initializer_list<std::pair<Term, Log>> states) {
  TestCluster cluster;
  for (const auto& [term, log] : states) {
    const auto id = static_cast<std::uint32_t>(cluster.servers.size()) + 1;
    cluster.servers.push_back(followerOf(id, term, log, five));
  }
  return cluster;
}

// Has the server stand for election; `reached` are those whom its requests and their answers reach.
void elect(TestCluster& cluster, ServerId id, std::initializer_list<ServerId> reached) {
  cluster.now = std::max(cluster.now, cluster.of(id).deadline()) + ms(100);
  for (const Envelope& request : cluster.step(id, Timeout{})) {
    if (std::ranges::find(reached, request.to) == reached.end()) continue;
    for (const Envelope& answer : cluster.step(request.to, request)) {
      cluster.step(id, answer);  // heartbeats are lost
    }
  }
}

// Sends the leader's entries to one peer, with all retries.
void replicate(TestCluster& cluster, ServerId leader, ServerId peer) {
  cluster.reached = {leader, peer};
  cluster.timeOut(leader);
}

// Figure 8 (a): "S1 is leader and partially replicates the log entry at index 2."
TEST(Figure8, StepA) {
  TestCluster s = serversOfFigure8(
      {{1, logOf({1})}, {1, logOf({1})}, {1, logOf({1})}, {1, logOf({1})}, {1, logOf({1})}});
  elect(s, 1, {2, 3, 4, 5});
  ASSERT_TRUE(s.of(1).is<Leader>());
  s.step(1, Propose{{"2^2"}});
  replicate(s, 1, 2);
  EXPECT_EQ(s.of(1).log, s.of(2).log);
  EXPECT_EQ(s.of(2).log.from(1), entriesFrom(1, {1, 2}));
  EXPECT_EQ(s.of(1).commitIndex, 0);  // on two of five
}

// Figure 8 (b): "S1 crashes; S5 is elected leader for term 3 with votes from S3, S4, and itself,
// and accepts a different entry at log index 2."
TEST(Figure8, StepB) {
  const TestCluster afterStepA = serversOfFigure8(
      {{2, logOf({1, 2})}, {2, logOf({1, 2})}, {2, logOf({1})}, {2, logOf({1})}, {2, logOf({1})}});
  TestCluster s = afterStepA;
  elect(s, 5, {2});
  EXPECT_FALSE(s.of(5).is<Leader>());
  EXPECT_EQ(s.of(2).votedFor, std::nullopt);  // S2 has more
  s = afterStepA;
  elect(s, 5, {3, 4});
  ASSERT_TRUE(s.of(5).is<Leader>());
  EXPECT_EQ(s.of(5).currentTerm, 3);
  s.step(5, Propose{{"2^3"}});
  EXPECT_EQ(s.of(5).log.from(1), entriesFrom(1, {1, 3}));
}

TestCluster afterStepB() {
  TestCluster s = serversOfFigure8({{2, logOf({1, 2})},
                                    {2, logOf({1, 2})},
                                    {3, logOf({1})},
                                    {3, logOf({1})},
                                    {3, logOf({1, 3})}});
  for (ServerId voter : {3, 4, 5}) s.of(voter).votedFor = 5;
  return s;
}

// S1 has restarted from its disk, is leader of term 4 and has accepted 3^4, which nobody has yet.
TestCluster s1LeadsAgain() {
  TestCluster s = afterStepB();
  s.of(1) = Server::start(1, five, plain, 1, ms(500), {2, ServerId{1}, logOf({1, 2})});
  elect(s, 1, {2, 3, 4});  // in term 3, in which S3 and S4 have voted for S5
  EXPECT_TRUE(s.of(1).is<Candidate>());
  elect(s, 1, {2, 3, 4});
  EXPECT_TRUE(s.of(1).is<Leader>());
  EXPECT_EQ(s.of(1).currentTerm, 4);
  s.step(1, Propose{{"3^4"}});
  return s;
}

// Figure 8 (c): "S5 crashes; S1 restarts, is elected leader, and continues replication. At this
// point, the log entry from term 2 has been replicated on a majority of the servers, but it is not
// committed."
TEST(Figure8, StepC) {
  TestCluster s = s1LeadsAgain();
  ASSERT_TRUE(s.of(1).is<Leader>());
  // S3 gets 2^2 alone, as if the request had left before the command.
  const AppendEntries::Request request{4, 1, 1, 1, entriesFrom(2, {2}), 0};
  const auto answers = s.step(3, Envelope{1, 3, request});
  for (ServerId peer : {2, 3}) {
    s.step(1, Envelope{peer, 1, AppendEntries::Response{4, true, 1, 2}});
  }
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].message, Message(AppendEntries::Response{4, true, 1, 2}));
  EXPECT_EQ(s.of(3).log.from(1), entriesFrom(1, {1, 2}));
  EXPECT_EQ(s.of(1).as<Leader>()->of(2).matchIndex, 2);
  EXPECT_EQ(s.of(1).as<Leader>()->of(3).matchIndex, 2);
  EXPECT_EQ(s.of(1).commitIndex, 0);
}

// Figure 8 (d): "If S1 crashes as in (d), S5 could be elected leader (with votes from S2, S3, and
// S4) and overwrite the entry with its own entry from term 3."
TEST(Figure8, StepD) {
  TestCluster s = serversOfFigure8({{4, logOf({1, 2, 4})},
                                    {4, logOf({1, 2})},
                                    {4, logOf({1, 2})},
                                    {4, logOf({1})},
                                    {3, logOf({1, 3})}});
  for (ServerId voter : {1, 2, 3, 4}) s.of(voter).votedFor = 1;
  elect(s, 5, {2, 3, 4});  // in term 4, in which they have voted for S1
  elect(s, 5, {2, 3, 4});
  ASSERT_TRUE(s.of(5).is<Leader>());
  EXPECT_EQ(s.of(5).currentTerm, 5);
  for (ServerId peer : {1, 2, 3, 4}) replicate(s, 5, peer);
  for (const Server& server : s.servers) EXPECT_EQ(server.log.from(1), entriesFrom(1, {1, 3}));
  for (const Server& server : s.servers) EXPECT_EQ(server.commitIndex, 0);
}

// Figure 8 (e): "if S1 replicates an entry from its current term on a majority of the servers
// before crashing, as in (e), then this entry is committed (S5 cannot win an election)."
TEST(Figure8, StepE) {
  TestCluster s = s1LeadsAgain();
  ASSERT_TRUE(s.of(1).is<Leader>());
  replicate(s, 1, 2);
  EXPECT_EQ(s.of(1).commitIndex, 0);
  replicate(s, 1, 3);
  EXPECT_EQ(s.of(1).commitIndex, 3);
  EXPECT_EQ(s.of(3).log.from(1), entriesFrom(1, {1, 2, 4}));
  for (int election = 0; election < 5; ++election) elect(s, 5, {2, 3, 4});
  ASSERT_TRUE(s.of(5).is<Candidate>());
  EXPECT_GT(s.of(5).currentTerm, 4);
  EXPECT_EQ(s.of(5).as<Candidate>()->votesGranted, (ServerSet{4, 5}));
}

}  // namespace
}  // namespace raft
