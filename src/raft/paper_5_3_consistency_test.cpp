// §5.3 Log replication, sentence by sentence, as far as a server does it: how the logs of different
// servers are kept consistent.
#include <algorithm>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

const ServerSet five = ServerSet::firstServers(5);

std::vector<AppendEntries::Response> refusalsIn(const std::vector<Envelope>& messages) {
  std::vector<AppendEntries::Response> all;
  for (const Envelope& envelope : messages) {
    const auto* response = std::get_if<AppendEntries::Response>(&envelope.message);
    if (response && !response->success) all.push_back(*response);
  }
  return all;
}

// The last index at which the two logs have entries of the same term; 0: they have none.
Index lastAgreement(const Log& a, const Log& b) {
  Index last = std::min(a.lastIndex(), b.lastIndex());
  while (a.term(last) != b.term(last)) last = last - 1;
  return last;
}

// §5.3: "If two entries in different logs have the same index and term, then they store the same
// command. If two entries in different logs have the same index and term, then the logs are
// identical in all preceding entries." — "the consistency check preserves the Log Matching Property
// whenever logs are extended"
TEST(Section53, LogsAreIdenticalUpToWhereIndexAndTermAreTheSame) {
  std::uint64_t diverged = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto check = [&](TestCluster& cluster) {
      for (const Server& a : cluster.servers) {
        for (const Server& b : cluster.servers) {
          const Index last = lastAgreement(a.log, b.log);
          EXPECT_EQ(a.log.between(1, last), b.log.between(1, last)) << "seed " << seed;
          diverged += last < std::min(a.log.lastIndex(), b.log.lastIndex());
        }
      }
    };
    runWithFailures(
        seed, 300, [](TestCluster&) {}, check);
  }
  EXPECT_GT(diverged, 1000u);
}

// §5.3: "a leader creates at most one entry with a given log index in a given term, and log entries
// never change their position in the log"
TEST(Section53, ALeaderCreatesOneEntryWithAnIndexInATermAndItStaysThere) {
  TestCluster cluster;
  cluster.servers = {leaderOf(1, 2, logOf({1}), three), followerOf(2, 2, logOf({1}), three),
                     followerOf(3, 2, logOf({}), three)};
  std::vector<Entry> created{entryAt(1, 1)};
  for (Index index = 2; index < Index{20}; ++index) {
    const std::string command = std::to_string(index.value);
    created.push_back({2, Command(std::string_view(command))});
    cluster.run(1, Propose{{created.back().command}});
    cluster.deliver({{2, 1, AppendEntries::Response{2, true, 0, 1}},  // late and doubled answers
                     {3, 1, AppendEntries::Response{2, false, index - 1, 0}}});
    for (const Server& server : cluster.servers) {
      EXPECT_TRUE(std::ranges::equal(server.log.from(1), created)) << server.id.value;
    }
  }
}

// §5.3: "When sending an AppendEntries RPC, the leader includes the index and term of the entry in
// its log that immediately precedes the new entries." — "The leader maintains a nextIndex for each
// follower, which is the index of the next log entry the leader will send to that follower."
TEST(Section53, ForEachFollowerALeaderKnowsTheNextEntryAndNamesTheOneBefore) {
  const Log log = logOf({1, 1, 3, 4, 4});
  Server s1 = leaderOf(1, 4, log, five);
  for (std::uint32_t peer : {2, 3, 4, 5}) s1.as<Leader>()->of(peer).nextIndex = peer;
  const Effects fx = stepChecked(s1, ms(20), Timeout{});
  for (std::uint32_t peer : {2, 3, 4, 5}) {
    EXPECT_EQ(sent<AppendEntries::Request>(fx, peer),
              (AppendEntries::Request{4, 1, peer - 1, log.term(peer - 1), log.from(peer), 0}));
  }
}

// §5.3: "If the follower does not find an entry in its log with the same index and term, then it
// refuses the new entries."
TEST(Section53, AFollowerRefusesEntriesThatDoNotContinueItsLog) {
  for (auto [index, term] : {std::pair<Index, Term>{3, 1}, {2, 2}, {9, 9}}) {
    Server s2 = followerOf(2, 9, logOf({1, 1}), three);
    const Effects fx = stepChecked(
        s2, ms(1), Envelope{1, 2, AppendEntries::Request{9, 1, index, term, entriesFrom(1, {9})}});
    EXPECT_FALSE(sent<AppendEntries::Response>(fx, 1).success);
    EXPECT_EQ(s2.log, logOf({1, 1}));
  }
}

// Logs that a follower may have when the leader's is 1^1 2^1 3^3 4^4: with entries missing, of
// other terms, and beyond.
const ServerSet two{1, 2};
const Log leadersLog = logOf({1, 1, 3, 4});
const Log followersLogs[] = {logOf({}),
                             logOf({1}),
                             logOf({1, 1, 3}),
                             logOf({1, 2, 2}),
                             logOf({1, 1, 2, 2, 2}),
                             logOf({1, 1, 3, 3, 3, 3}),
                             leadersLog,
                             logOf({1, 1, 3, 4, 4})};

// §5.3: "whenever AppendEntries returns successfully, the leader knows that the follower's log is
// identical to its own log up through the new entries"
TEST(Section53, ASuccessTellsTheLeaderThatTheLogsAreIdenticalUpToTheNewEntries) {
  for (const Log& log : followersLogs) {
    TestCluster cluster;
    cluster.servers = {leaderOf(1, 5, leadersLog, two), followerOf(2, 5, log, two)};
    cluster.watch = [&](const Server&, const Server& after, const Effects&) {
      if (!after.is<Leader>()) return;
      const Index known = after.as<Leader>()->of(2).matchIndex;
      ASSERT_LE(known, cluster.of(2).log.lastIndex());
      EXPECT_EQ(cluster.of(2).log.between(1, known), after.log.between(1, known));
    };
    cluster.now = ms(20);
    const std::vector<Envelope> heartbeats = cluster.step(1, Timeout{});
    const std::vector<Envelope> requests = cluster.step(1, Propose{{"5^5"}});
    cluster.deliver(heartbeats);  // when they are answered, the leader has one entry more
    EXPECT_GE(cluster.of(1).as<Leader>()->of(2).matchIndex, Index{4});
    cluster.deliver(requests);
    EXPECT_EQ(cluster.of(1).as<Leader>()->of(2).matchIndex, 5);
  }
}

// §5.3: "During normal operation, the logs of the leader and followers stay consistent, so the
// AppendEntries consistency check never fails."
TEST(Section53, InNormalOperationNoRequestIsRefused) {
  TestCluster cluster;
  for (ServerId id : five) cluster.servers.push_back(followerOf(id, 0, logOf({}), five));
  cluster.stand(2);
  for (int i = 0; i < 50; ++i) {
    cluster.run(2, Propose{{"x", "y"}});
    if (i % 3 == 0) cluster.timeOut(2);
    for (const Server& server : cluster.servers) EXPECT_EQ(server.log, cluster.of(2).log);
  }
  EXPECT_TRUE(refusalsIn(cluster.delivered).empty());
  EXPECT_EQ(cluster.of(2).commitIndex, 100);
}

// §5.3: "In Raft, the leader handles inconsistencies by forcing the followers' logs to duplicate
// its own. This means that conflicting entries in follower logs will be overwritten with entries
// from the leader's log." — "To bring a follower's log into consistency with its own, the leader
// must find the latest log entry where the two logs agree, delete any entries in the follower's log
// after that point, and send the follower all of the leader's entries after that point."
TEST(Section53, ALeaderFindsWhereTheLogsAgreeAndForcesItsOwnEntriesAfterThat) {
  const Entries all = entriesFrom(1, {1, 1, 3, 4, 5});
  for (const Log& log : followersLogs) {
    TestCluster cluster;
    cluster.servers = {leaderOf(1, 5, leadersLog, two), followerOf(2, 5, log, two)};
    cluster.run(1, Propose{{"5^5"}});
    const auto messages = cluster.delivered.size();
    ASSERT_GE(messages, 2u);
    const Message& lastRequest = cluster.delivered[messages - 2].message;
    const Index agreed = lastAgreement(leadersLog, log);
    EXPECT_EQ(std::get<AppendEntries::Request>(lastRequest),
              (AppendEntries::Request{5, 1, agreed, leadersLog.term(agreed),
                                      cluster.of(1).log.from(agreed + 1), 0}));
    EXPECT_EQ(cluster.of(2).log.from(1), all);
    EXPECT_EQ(cluster.of(1).log.from(1), all);
  }
}

// §5.3: "When a leader first comes to power, it initializes all nextIndex values to the index just
// after the last one in its log"
TEST(Section53, ANewLeaderBeginsJustAfterItsLastEntry) {
  Server s1 = followerOf(1, 4, logOf({1, 1, 3}), three);
  s1.votedFor = 1;
  s1.role = Candidate{.votesResponded = {1}, .votesGranted = {1}};
  stepChecked(s1, ms(1), Envelope{2, 1, RequestVote::Response{4, true}});
  for (ServerId peer : {2, 3}) EXPECT_EQ(s1.as<Leader>()->of(peer), (Progress{.nextIndex = 4}));
}

// §5.3: "If a follower's log is inconsistent with the leader's, the AppendEntries consistency check
// will fail in the next AppendEntries RPC. After a rejection, the leader decrements nextIndex and
// retries the AppendEntries RPC. Eventually nextIndex will reach a point where the leader and
// follower logs match. When this happens, AppendEntries will succeed, which removes any conflicting
// entries in the follower's log and appends entries from the leader's log (if any)."
TEST(Section53, AnInconsistentFollowerIsBroughtToTheLeadersLogOneEntryBackAtATime) {
  TestCluster cluster;
  cluster.servers = {leaderOf(1, 4, leadersLog, three), followerOf(2, 4, logOf({1, 2, 2}), three),
                     followerOf(3, 4, leadersLog, three)};
  std::vector<Index> nextIndexes;
  cluster.watch = [&](const Server&, const Server& after, const Effects& effects) {
    if (!after.is<Leader>() || sentTo<AppendEntries::Request>(effects, 2) == nullptr) return;
    nextIndexes.push_back(after.as<Leader>()->of(2).nextIndex);
  };
  cluster.timeOut(1);
  EXPECT_EQ(nextIndexes, (std::vector<Index>{5, 4, 3, 2}));
  const std::vector<AppendEntries::Response> refusals{
      {4, false, 4, 0}, {4, false, 3, 0}, {4, false, 2, 0}};
  EXPECT_EQ(refusalsIn(cluster.delivered), refusals);
  EXPECT_EQ(cluster.of(2).log.from(1), leadersLog.from(1));
  EXPECT_EQ(cluster.of(1).as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 4}));
}

// §5.3: "Once AppendEntries succeeds, the follower's log is consistent with the leader's, and it
// will remain that way for the rest of the term." Whatever of the term arrives late, doubled or out
// of order.
TEST(Section53, AFollowerOnceConsistentRemainsSoForTheRestOfTheTerm) {
  TestCluster cluster;
  cluster.servers = {leaderOf(1, 4, leadersLog, three), followerOf(2, 4, logOf({1, 2, 2}), three),
                     followerOf(3, 4, logOf({}), three)};
  cluster.timeOut(1);
  const auto consistent = [&](const Server&, const Server& server, const Effects&) {
    const Log& log = cluster.of(1).log;
    ASSERT_GE(server.log.lastIndex(), Index{4});
    ASSERT_LE(server.log.lastIndex(), log.lastIndex());
    EXPECT_EQ(server.log.from(1), log.between(1, server.log.lastIndex()));
  };
  cluster.watch = consistent;
  Random random{.seed = 1};
  for (int i = 0; i < 200; ++i) {
    const bool reorder = random.chance(700'000);
    if (reorder) cluster.deliver({cluster.delivered[random.below(cluster.delivered.size())]});
    if (!reorder) cluster.run(1, Propose{{"x"}});
  }
  EXPECT_GT(cluster.of(1).commitIndex, 30);
}

// §5.3: "With this mechanism, a leader does not need to take any special actions to restore log
// consistency when it comes to power. It just begins normal operation, and the logs automatically
// converge in response to failures of the AppendEntries consistency check."
TEST(Section53, ANewLeaderJustBeginsAndTheLogsConverge) {
  TestCluster cluster;
  const Log logs[] = {leadersLog, leadersLog, logOf({1, 2, 2}), logOf({}), logOf({1, 1, 3, 3, 3})};
  for (ServerId id : five) {
    cluster.servers.push_back(followerOf(id, 4, logs[id.value - 1], five));
  }
  cluster.stand(1);
  ASSERT_TRUE(cluster.of(1).is<Leader>());
  for (const Envelope& envelope : cluster.delivered) {
    const auto* request = std::get_if<AppendEntries::Request>(&envelope.message);
    const bool first = request && request->prevLogIndex == Index{4};
    EXPECT_TRUE(!first || request->entries.empty());
  }
  EXPECT_EQ(refusalsIn(cluster.delivered).size(), 8u);
  cluster.run(1, Propose{{"5^5"}});
  for (const Server& server : cluster.servers) {
    EXPECT_EQ(server.log.from(1), entriesFrom(1, {1, 1, 3, 4, 5}));
  }
}

// §5.3: "A leader never overwrites or deletes entries in its own log"
TEST(Section53, NothingThatALeaderHearsDeletesAnEntryOfItsLog) {
  const Message heard[] = {
      AppendEntries::Request{4, 2, 0, 0, entriesFrom(1, {3}), 3},
      AppendEntries::Request{3, 2, 1, 1, entriesFrom(2, {3}), 3},
      AppendEntries::Response{4, false, 3, 0},
      AppendEntries::Response{4, false, 0, 0},
      RequestVote::Request{4, 2, 9, 4},
      RequestVote::Response{4, true},
  };
  Server s1 = leaderOf(1, 4, logOf({1, 1, 4}), three);
  for (const Message& message : heard) {
    stepChecked(s1, ms(1), Envelope{2, 1, message});
    EXPECT_TRUE(s1.is<Leader>());
    EXPECT_EQ(s1.log, logOf({1, 1, 4}));
  }
}

}  // namespace
}  // namespace raft
