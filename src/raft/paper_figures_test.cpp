// Figure 7 and Figure 8 of the paper, as literal states.
#include <algorithm>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

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

Server serverOf(ServerId id, Term term, const Log& log, const ServerSet& voters) {
  return {.id = id,
          .voters = voters,
          .settings = plain,
          .currentTerm = term,
          .log = log,
          .role = Follower{.electionDeadline = ms(100)},
          .durableIndex = log.lastIndex()};
}

// The step of a server whose disk writes at once, and what it then sends.
std::vector<Envelope> stepAndWrite(Server& server, Time now, const Input& input) {
  const Effects effects = stepChecked(server, now, input);
  std::vector<Envelope> sent;
  for (const Send& send : effects.send) sent.push_back(send.envelope);
  if (effects.write) {
    const Effects more = stepChecked(server, now, Written{effects.write->id});
    for (const Send& send : more.send) sent.push_back(send.envelope);
  }
  return sent;
}

// Servers 1 to 7: the leader at the top, then (a) to (f), all in term 7.
std::vector<Server> serversOfFigure7() {
  const ServerSet seven = ServerSet::firstServers(7);
  std::vector<Server> servers{serverOf(1, 7, leadersLog, seven)};
  for (const Possible& p : figure7) {
    servers.push_back(serverOf(static_cast<std::uint32_t>(p.name - 'a') + 2, 7, p.log, seven));
  }
  return servers;
}

// Delivers each message and those that follow from it, first come first served.
void deliverAll(std::vector<Server>& servers, std::vector<Envelope> messages, Time now) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_LT(i, 1000u) << "no end";
    const Envelope envelope = messages[i];
    const auto sent = stepAndWrite(servers[envelope.to.value - 1], now, envelope);
    messages.insert(messages.end(), sent.begin(), sent.end());
  }
}

// Figure 7: the leader of term 8 is elected by (a), (b), (e) and (f); (c) and (d) have more.
TEST(Figure7, TheLeaderIsElectedByThoseWhoseLogsAreNotMoreUpToDate) {
  std::vector<Server> servers = serversOfFigure7();
  for (const Envelope& request : stepAndWrite(servers[0], ms(100), Timeout{})) {
    Server& voter = servers[request.to.value - 1];
    const auto answer = stepAndWrite(voter, ms(101), request);
    ASSERT_EQ(answer.size(), 1u);
    const Possible& p = figure7[request.to.value - 2];
    EXPECT_EQ(answer[0].message, Message(RequestVote::Response{8, p.votes})) << p.name;
  }
}

// Figure 7 and §5.4.1: which of the followers could win an election in term 8 themselves.
TEST(Figure7, AFollowerWinsIfItsLogIsAsUpToDateAsThatOfAMajority) {
  const bool wins[] = {true, false, true, true, false, false};
  for (const Possible& p : figure7) {
    std::vector<Server> servers = serversOfFigure7();
    const auto id = static_cast<std::size_t>(p.name - 'a') + 1;
    deliverAll(servers, stepAndWrite(servers[id], ms(100), Timeout{}), ms(100));
    EXPECT_EQ(servers[id].is<Leader>(), wins[p.name - 'a']) << p.name;
  }
}

// Figure 7 and §5.3: "After a rejection, the leader decrements nextIndex and retries the
// AppendEntries RPC."
TEST(Figure7, EachFollowerIsBroughtToTheLeadersLog) {
  for (const Possible& p : figure7) {
    const ServerSet two{1, 2};
    Server leader = serverOf(1, 8, leadersLog, two);
    leader.votedFor = 1;
    leader.role = Leader{.progress = {{.nextIndex = 11, .matchIndex = 10}, {.nextIndex = 11}}};
    std::vector<Server> servers{leader, serverOf(2, 7, p.log, two)};
    std::vector<Envelope> toFollower = stepAndWrite(servers[0], ms(20), Timeout{});
    std::uint64_t refusals = 0;
    while (!toFollower.empty()) {
      ASSERT_EQ(toFollower.size(), 1u);
      const auto answers = stepAndWrite(servers[1], ms(20), toFollower[0]);
      ASSERT_EQ(answers.size(), 1u);
      refusals += !std::get<AppendEntries::Response>(answers[0].message).success;
      toFollower = stepAndWrite(servers[0], ms(20), answers[0]);
    }
    EXPECT_EQ(refusals, p.back) << p.name;
    // Extra entries are harmless until the leader has an entry of its own to put in their place.
    toFollower = stepAndWrite(servers[0], ms(21), Propose{{"11^8"}});
    deliverAll(servers, toFollower, ms(21));
    EXPECT_EQ(servers[1].log.from(1), servers[0].log.from(1)) << p.name;
    EXPECT_EQ(servers[0].log.from(1), entriesFrom(1, {1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8}));
    EXPECT_EQ(servers[0].commitIndex, 11) << p.name;
  }
}

// Figure 8: five servers whose terms and logs are those of a step; all are followers.
std::vector<Server> serversOfFigure8(std::initializer_list<std::pair<Term, Log>> states) {
  std::vector<Server> servers;
  for (const auto& [term, log] : states) {
    const auto id = static_cast<std::uint32_t>(servers.size()) + 1;
    servers.push_back(serverOf(id, term, log, ServerSet::firstServers(5)));
  }
  return servers;
}

// Has the server stand for election; `reached` are those whom its requests and their answers reach.
void elect(std::vector<Server>& servers, ServerId id, std::initializer_list<ServerId> reached) {
  Server& candidate = servers[id.value - 1];
  const Time now = candidate.deadline() + ms(100);  // past the retries of an election before
  for (const Envelope& request : stepAndWrite(candidate, now, Timeout{})) {
    if (std::ranges::find(reached, request.to) == reached.end()) continue;
    for (const Envelope& answer : stepAndWrite(servers[request.to.value - 1], now, request)) {
      stepAndWrite(candidate, now, answer);  // heartbeats are lost
    }
  }
}

// Sends the leader's entries to one peer, with all retries.
void replicate(std::vector<Server>& servers, ServerId leader, ServerId peer) {
  Server& from = servers[leader.value - 1];
  std::vector<Envelope> sent = stepAndWrite(from, from.deadline(), Timeout{});
  std::erase_if(sent, [&](const Envelope& envelope) { return envelope.to != peer; });
  deliverAll(servers, sent, from.deadline() - ms(20));
}

// Figure 8 (a): "S1 is leader and partially replicates the log entry at index 2."
TEST(Figure8, StepA) {
  std::vector<Server> s = serversOfFigure8(
      {{1, logOf({1})}, {1, logOf({1})}, {1, logOf({1})}, {1, logOf({1})}, {1, logOf({1})}});
  elect(s, 1, {2, 3, 4, 5});
  ASSERT_TRUE(s[0].is<Leader>());
  stepAndWrite(s[0], ms(101), Propose{{"2^2"}});
  replicate(s, 1, 2);
  EXPECT_EQ(s[0].log, s[1].log);
  EXPECT_EQ(s[1].log.from(1), entriesFrom(1, {1, 2}));
  EXPECT_EQ(s[0].commitIndex, 0);  // on two of five
}

// Figure 8 (b): "S1 crashes; S5 is elected leader for term 3 with votes from S3, S4, and itself,
// and accepts a different entry at log index 2."
TEST(Figure8, StepB) {
  std::vector<Server> s = serversOfFigure8(
      {{2, logOf({1, 2})}, {2, logOf({1, 2})}, {2, logOf({1})}, {2, logOf({1})}, {2, logOf({1})}});
  elect(s, 5, {2});
  EXPECT_FALSE(s[4].is<Leader>());
  EXPECT_EQ(s[1].votedFor, std::nullopt);  // S2 has more
  s = serversOfFigure8(
      {{2, logOf({1, 2})}, {2, logOf({1, 2})}, {2, logOf({1})}, {2, logOf({1})}, {2, logOf({1})}});
  elect(s, 5, {3, 4});
  ASSERT_TRUE(s[4].is<Leader>());
  EXPECT_EQ(s[4].currentTerm, 3);
  stepAndWrite(s[4], ms(102), Propose{{"2^3"}});
  EXPECT_EQ(s[4].log.from(1), entriesFrom(1, {1, 3}));
}

std::vector<Server> afterStepB() {
  std::vector<Server> s = serversOfFigure8({{2, logOf({1, 2})},
                                            {2, logOf({1, 2})},
                                            {3, logOf({1})},
                                            {3, logOf({1})},
                                            {3, logOf({1, 3})}});
  for (ServerId voter : {3, 4, 5}) s[voter.value - 1].votedFor = 5;
  return s;
}

// Figure 8 (c): "S5 crashes; S1 restarts, is elected leader, and continues replication. At this
// point, the log entry from term 2 has been replicated on a majority of the servers, but it is not
// committed."
std::vector<Server> stepC() {
  std::vector<Server> s = afterStepB();
  elect(s, 1, {2, 3, 4});  // in term 3, in which S3 and S4 have voted for S5
  elect(s, 1, {2, 3, 4});
  EXPECT_EQ(s[0].currentTerm, 4);
  stepAndWrite(s[0], s[0].deadline() - ms(1), Propose{{"3^4"}});
  return s;
}

TEST(Figure8, StepC) {
  std::vector<Server> s = stepC();
  ASSERT_TRUE(s[0].is<Leader>());
  // S3 gets 2^2 alone, as if the request had left before the command.
  const AppendEntries::Request request{4, 1, 1, 1, entriesFrom(2, {2}), 0};
  const auto answers = stepAndWrite(s[2], ms(300), Envelope{1, 3, request});
  for (ServerId peer : {2, 3}) {
    stepAndWrite(s[0], ms(300), Envelope{peer, 1, AppendEntries::Response{4, true, 1, 2}});
  }
  EXPECT_EQ(answers[0].message, Message(AppendEntries::Response{4, true, 1, 2}));
  EXPECT_EQ(s[2].log.from(1), entriesFrom(1, {1, 2}));
  EXPECT_EQ(s[0].as<Leader>()->of(2).matchIndex, 2);
  EXPECT_EQ(s[0].as<Leader>()->of(3).matchIndex, 2);
  EXPECT_EQ(s[0].commitIndex, 0);
}

// Figure 8 (d): "If S1 crashes as in (d), S5 could be elected leader (with votes from S2, S3, and
// S4) and overwrite the entry with its own entry from term 3."
TEST(Figure8, StepD) {
  std::vector<Server> s = serversOfFigure8({{4, logOf({1, 2, 4})},
                                            {4, logOf({1, 2})},
                                            {4, logOf({1, 2})},
                                            {4, logOf({1})},
                                            {3, logOf({1, 3})}});
  for (ServerId voter : {1, 2, 3, 4}) s[voter.value - 1].votedFor = 1;
  elect(s, 5, {2, 3, 4});  // in term 4, in which they have voted for S1
  elect(s, 5, {2, 3, 4});
  ASSERT_TRUE(s[4].is<Leader>());
  EXPECT_EQ(s[4].currentTerm, 5);
  for (ServerId peer : {1, 2, 3, 4}) replicate(s, 5, peer);
  for (const Server& server : s) EXPECT_EQ(server.log.from(1), entriesFrom(1, {1, 3}));
  for (const Server& server : s) EXPECT_EQ(server.commitIndex, 0);
}

// Figure 8 (e): "if S1 replicates an entry from its current term on a majority of the servers
// before crashing, as in (e), then this entry is committed (S5 cannot win an election)."
TEST(Figure8, StepE) {
  std::vector<Server> s = stepC();
  ASSERT_TRUE(s[0].is<Leader>());
  replicate(s, 1, 2);
  EXPECT_EQ(s[0].commitIndex, 0);
  replicate(s, 1, 3);
  EXPECT_EQ(s[0].commitIndex, 3);
  EXPECT_EQ(s[2].log.from(1), entriesFrom(1, {1, 2, 4}));
  for (int election = 0; election < 5; ++election) elect(s, 5, {2, 3, 4});
  ASSERT_TRUE(s[4].is<Candidate>());
  EXPECT_GT(s[4].currentTerm, 4);
  EXPECT_EQ(s[4].as<Candidate>()->votesGranted, (ServerSet{4, 5}));
}

}  // namespace
}  // namespace raft
