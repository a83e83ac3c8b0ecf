#include "trace/why.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raft::trace {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

// Five servers that can all talk, as followers of term 1 with the logs given; s1 may lead.
struct World {
  std::vector<Server> servers;
  ServerSet up = ServerSet::firstServers(5);
  ServerSet paused;
  std::vector<ServerSet> reaches = std::vector<ServerSet>(5, ServerSet::firstServers(5));

  explicit World(std::vector<Log> logs, Term term = 1) {
    Settings settings;
    settings.electionTimeoutMin = settings.electionTimeoutMax = milliseconds(100);
    for (std::uint32_t i = 0; i < 5; ++i) {
      servers.push_back(Server::start(
          i + 1, ServerSet::firstServers(5), settings, i, Time(0),
          {.currentTerm = term, .votedFor = {}, .log = i < logs.size() ? logs[i] : Log{}}));
    }
  }
  Server& of(std::uint32_t id) { return servers[id - 1]; }
  Leader& lead(std::uint32_t id) {
    of(id).votedFor = ServerId(id);
    Leader leader;
    leader.progress.assign(5, Progress{.nextIndex = of(id).log.lastIndex() + 1});
    leader.of(id).matchIndex = of(id).log.lastIndex();
    of(id).role = leader;
    return *of(id).as<Leader>();
  }
  void separate(const ServerSet& one, const ServerSet& other) {
    for (ServerId a : one) {
      for (ServerId b : other) {
        reaches[a.value - 1].erase(b);
        reaches[b.value - 1].erase(a);
      }
    }
  }
  View view() const {
    View view{.now = Time(0),
              .servers = {},
              .up = up,
              .paused = paused,
              .reaches = reaches,
              .names = Names({"A", "B", "C", "D", "E"})};
    for (const Server& server : servers) view.servers.push_back(&server);
    return view;
  }
};

TEST(Why, NoLeaderBecauseTooFewRun) {
  World world({});
  world.up = {1, 2};
  EXPECT_THAT(whyNoLeader(world.view()),
              ElementsAre("No leader: only A and B run, and 3 of 5 are needed for a majority "
                          "(§5.2).",
                          "C, D and E are down."));
}

TEST(Why, NoLeaderBecauseNoneCanTalkWithAMajority) {
  World world({});
  world.separate({1, 2}, {3, 4, 5});
  world.separate({3, 4}, {5});
  EXPECT_THAT(whyNoLeader(world.view()),
              ElementsAre("No leader: at most 2 servers (A and B) can talk with each other, and "
                          "3 of 5 are needed for a majority (§5.2)."));
}

TEST(Why, NoLeaderBecauseVotesAreSplit) {
  World world({});
  for (std::uint32_t id : {1, 2}) {
    world.of(id).votedFor = ServerId(id);
    world.of(id).role = Candidate{.votesResponded = {id},
                                  .votesGranted = {id},
                                  .electionDeadline = milliseconds(200),
                                  .retryDeadline = milliseconds(150)};
  }
  const Answer answer = whyNoLeader(world.view());
  EXPECT_THAT(answer, testing::Contains("The votes of term 1 are split: A for A, B for B."));
  EXPECT_THAT(answer, testing::Contains("The next timer to elapse is C's, at 100 ms."));
}

TEST(Why, NoLeaderYet) {
  World world({});
  EXPECT_THAT(whyNoLeader(world.view()),
              ElementsAre("No leader yet, though A, B, C, D and E could win an election (§5.2).",
                          "No election is under way; the next election timeout is A's, at "
                          "100 ms."));
}

TEST(Why, ALeaderThatCanCommitNothing) {
  World world({});
  world.lead(1);
  world.separate({1, 2}, {3, 4, 5});
  EXPECT_THAT(whyNoLeader(world.view()),
              ElementsAre("There is a leader: A, of term 1.",
                          "But it can commit nothing: of those who run, it can talk with no "
                          "others than A and B, and 3 of 5 are needed for a majority (§5.2)."));
}

TEST(Why, NotCommittedBecauseTooFewHoldIt) {
  const Log log{{1, "x"}};
  World world({log, log});
  world.lead(1);
  world.up = {1, 2, 3, 4};
  world.separate({1}, {4});
  EXPECT_THAT(
      whyNotCommitted(world.view(), 1),
      ElementsAre("Entry 1^1 stands on 2 of 5 servers (A and B); 3 are needed (§5.3).",
                  "C lacks it: its log ends at index 0, and the leader is sending.",
                  "D lacks it: the links between A and D are down.", "E lacks it: E is down."));
}

TEST(Why, NotCommittedBecauseOfAnEarlierTerm) {
  const Log log{{1, "x"}, {2, "y"}};
  World world({log, log, log}, 4);
  Leader& leader = world.lead(1);
  leader.of(2).matchIndex = leader.of(3).matchIndex = 2;
  EXPECT_THAT(whyNotCommitted(world.view(), 2),
              ElementsAre("Entry 2^2 stands on 3 of 5 servers (A, B and C), a majority.",
                          "It is of term 2: the leader of term 4 may not commit it by counting "
                          "(§5.4.2). It will be committed with the first entry of term 4 that a "
                          "majority holds."));
}

TEST(Why, NotCommittedBecauseTheLeaderDoesNotKnow) {
  const Log log{{1, "x"}};
  World world({log, log, log});
  world.lead(1).of(2).matchIndex = 1;
  EXPECT_THAT(whyNotCommitted(world.view(), 1),
              ElementsAre("Entry 1^1 stands on 3 of 5 servers (A, B and C), a majority.",
                          "Leader A knows so of A and B only; the other acknowledgements have not "
                          "reached it (§5.3)."));
}

TEST(Why, NotCommittedBecauseThereIsNoSuchEntry) {
  World world({Log{{1, "x"}}});
  world.lead(1);
  EXPECT_THAT(whyNotCommitted(world.view(), 7),
              ElementsAre("There is no entry at index 7: the log of leader A ends in 1^1."));
  EXPECT_THAT(whyNotCommitted(world.view(), 0), testing::SizeIs(1));
}

TEST(Why, CommittedAfterAll) {
  World world({Log{{1, "x"}}});
  world.lead(1);
  world.of(1).commitIndex = 1;
  EXPECT_THAT(whyNotCommitted(world.view(), 1),
              ElementsAre("Entry 1^1 is committed; A knows that."));
}

TEST(Why, NoVoteForAStaleLog) {
  World world({Log{{1, "x"}}, Log{{2, "y"}}}, 3);
  world.of(1).votedFor = ServerId{1};
  world.of(1).role = Candidate{.votesResponded = {1}, .votesGranted = {1}};
  EXPECT_THAT(whyNoVote(world.view(), 2, 1),
              ElementsAre("B's log is more up-to-date: it ends in 1^2, A's in 1^1 (§5.4.1)."));
  world.of(2).votedFor = ServerId{3};
  EXPECT_THAT(whyNoVote(world.view(), 2, 1),
              testing::Contains("B voted for C in term 3, and a server votes once in a term "
                                "(§5.2)."));
  EXPECT_THAT(whyNoVote(world.view(), 9, 1), ElementsAre("There is no server s9 in this cluster."));
}

TEST(Why, NotLeaderAndLeader) {
  World world({});
  world.lead(1);
  world.of(2).role = Follower{.leaderId = ServerId{1}};
  world.of(2).votedFor = world.of(3).votedFor = ServerId{1};
  EXPECT_THAT(whyNotLeader(world.view(), 2),
              ElementsAre("B follows A, the leader of term 1 (§5.2)."));
  EXPECT_THAT(whyLeader(world.view(), 1),
              ElementsAre("A leads term 1: a majority voted for it (§5.2). A, B and C remember "
                          "that."));
}

TEST(Why, InTerm) {
  World world({});
  EXPECT_THAT(whyInTerm(world.view(), 1),
              ElementsAre("A is in term 1, as a message or its disk told it (§5.1)."));
  world.lead(1);
  world.of(2).role = Follower{.leaderId = ServerId{1}};
  world.of(3).votedFor = ServerId{1};
  world.of(4).currentTerm = 0;
  EXPECT_THAT(whyInTerm(world.view(), 1),
              ElementsAre("A is in term 1, for it stood for election in it (§5.2)."));
  EXPECT_THAT(whyInTerm(world.view(), 2),
              ElementsAre("B is in term 1, that of its leader A (§5.1)."));
  EXPECT_THAT(whyInTerm(world.view(), 3),
              ElementsAre("C is in term 1, in which it has voted for A (§5.2)."));
  EXPECT_THAT(whyInTerm(world.view(), 4),
              ElementsAre("D is in term 0, for it has heard of no election yet (§5.1).",
                          "There is a term 1, but no message of it has reached D (§5.1)."));
  EXPECT_THAT(whyInTerm(world.view(), 9), ElementsAre("There is no server s9 in this cluster."));
}

TEST(Why, LogsDiffer) {
  World world({Log{{1, "x"}, {1, "y"}}, Log{{1, "x"}, {2, "z"}}, Log{{1, "x"}}});
  EXPECT_THAT(whyLogsDiffer(world.view(), 1, 2),
              ElementsAre("The logs of A and B agree up to 1^1 (§5.3).",
                          "At index 2 A has 2^1 and B 2^2: two leaders received them, and at most "
                          "one of the two can ever commit.",
                          "There is no leader to make them equal."));
  EXPECT_THAT(whyLogsDiffer(world.view(), 1, 3), testing::Contains("C lacks 2^1."));
  EXPECT_THAT(whyLogsDiffer(world.view(), 4, 5),
              ElementsAre("The logs of D and E are equal: empty."));
}

TEST(Why, NotApplied) {
  const Log log{{1, "x"}};
  World world({log, log});
  world.lead(1);
  world.of(1).commitIndex = world.of(1).lastApplied = 1;
  EXPECT_THAT(whyNotApplied(world.view(), 1, 1), ElementsAre("A has applied index 1."));
  EXPECT_THAT(whyNotApplied(world.view(), 2, 1),
              ElementsAre("B has 1^1 and learns with the leader's next AppendEntries that it is "
                          "committed (§5.3)."));
  EXPECT_THAT(whyNotApplied(world.view(), 3, 1), ElementsAre("C does not have 1^1 yet (§5.3)."));
  world.up.erase(1);
  EXPECT_THAT(
      whyNotApplied(world.view(), 2, 1),
      testing::Contains("Entry 1^1 is committed, but no leader is there to tell B (§5.3)."));
  world.lead(2);
  EXPECT_THAT(whyNotApplied(world.view(), 3, 1),
              ElementsAre("Entry 1^1 is committed, and A knows that, but leader B does not know it "
                          "yet, and only a leader tells the others (§5.3, §5.4.2)."));
}

}  // namespace
}  // namespace raft::trace
