#include "trace/story.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "trace/cluster_test_support.h"
#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::trace {
namespace {

using std::chrono::milliseconds;

const Names abc({"A", "B", "C", "D", "E"});

// The text as it was read in review: src/trace/testdata/<name>.txt. RAFTLAB_UPDATE_GOLDEN=1
// rewrites it.
void expectGolden(const std::string& name, const std::string& text) {
  const std::string path = RAFTLAB_SOURCE_DIR "/src/trace/testdata/" + name + ".txt";
  if (std::getenv("RAFTLAB_UPDATE_GOLDEN")) {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << "If this reads better: RAFTLAB_UPDATE_GOLDEN=1 rewrites "
                                << path;
}

// Runs tell(cluster) of so many servers and returns the story.
template <class Tell>
std::string storyOf(std::vector<Persistent> disks, StoryOptions options, Tell tell,
                    std::vector<Duration> firstTimeout = {milliseconds(10)}) {
  std::string out;
  options.names = abc;
  options.servers = static_cast<std::uint32_t>(disks.size());
  Story story(options, out);
  Narrator narrator(story, abc);
  Settings settings;
  settings.noopAtElection = false;
  TestCluster cluster(narrator, std::move(disks), settings, std::move(firstTimeout));
  tell(cluster);
  story.finish();
  EXPECT_EQ(narrator.findings(), 0u);
  return out;
}

void elect(TestCluster& cluster) {
  cluster.latency[0][2] = milliseconds(3);
  cluster.latency[2][0] = milliseconds(1);
  cluster.runUntil(milliseconds(16));
}

void replicate(TestCluster& cluster) {
  elect(cluster);
  cluster.runUntil(milliseconds(20));
  cluster.give(1, Propose{{"SetX=10"}});
  cluster.runUntil(milliseconds(120));
}

void loseTheLeader(TestCluster& cluster) {
  replicate(cluster);
  cluster.crash(1);
  cluster.runUntil(milliseconds(500));
  cluster.restart(1);
  cluster.runUntil(milliseconds(700));
}

void partitionTheLeader(TestCluster& cluster) {
  cluster.runUntil(milliseconds(40));
  cluster.partition({{1, 2}, {3, 4, 5}});
  cluster.give(1, Propose{{"lost"}});
  cluster.runUntil(milliseconds(400));
  for (ServerId id : cluster.running) {
    if (cluster.of(id).is<Leader>() && id != ServerId{1}) cluster.give(id, Propose{{"kept"}});
  }
  cluster.runUntil(milliseconds(600));
  cluster.heal();
  cluster.runUntil(milliseconds(800));
}

TEST(Story, TellsTheChallengesElection) {
  expectGolden("election", storyOf(std::vector<Persistent>(3), {}, elect));
}

TEST(Story, TellsTheChallengesElectionInDetail) {
  expectGolden("election_details",
               storyOf(std::vector<Persistent>(3), {.details = true, .explain = false}, elect));
}

TEST(Story, TellsHowACommandIsReplicated) {
  expectGolden("replication", storyOf(std::vector<Persistent>(3), {}, replicate));
}

TEST(Story, TellsHowALeaderIsLostAndAnotherElected) {
  expectGolden("failure", storyOf(std::vector<Persistent>(3), {.width = 140}, loseTheLeader));
}

TEST(Story, TellsHowAPartitionedLeaderIsRepaired) {
  expectGolden("partition", storyOf(std::vector<Persistent>(5), {}, partitionTheLeader));
}

TEST(Story, IsAsciiWhenAsked) {
  const std::string story = storyOf(std::vector<Persistent>(3), {.ascii = true}, loseTheLeader);
  EXPECT_EQ(std::ranges::count_if(story, [](char c) { return (c & 0x80) != 0; }), 0) << story;
  expectGolden("failure_ascii", story);
}

TEST(Story, IsColouredByTermWhenAsked) {
  expectGolden("election_colour",
               storyOf(std::vector<Persistent>(3), {.colour = true, .explain = false}, elect));
}

TEST(Story, TellsSplitVotesOnce) {
  expectGolden("split_vote", storyOf(std::vector<Persistent>(3), {.explain = false},
                                     [](TestCluster& c) { c.runUntil(milliseconds(400)); },
                                     {milliseconds(10), milliseconds(10), milliseconds(10)}));
}

// The first fact of each kind and shade in several runs, with its reason.
struct FirstOfEachKind : FactSink {
  void told(const Fact& fact) override {
    std::string shade(kindName(fact));
    if (const auto* f = fact.as<VoteRefused>()) shade += text(static_cast<std::uint8_t>(f->why));
    if (const auto* f = fact.as<AppendRefused>()) {
      shade += text(static_cast<std::uint8_t>(f->why)) + (f->ours ? "other" : "none");
    }
    if (const auto* f = fact.as<MessageIgnored>()) shade += text(static_cast<std::uint8_t>(f->why));
    if (const auto* f = fact.as<MessageLost>()) shade += text(static_cast<std::uint8_t>(f->why));
    if (const auto* f = fact.as<CommitAdvanced>()) shade += f->byCounting ? "counted" : "told";
    if (const auto* f = fact.as<BecameFollower>()) shade += f->newerTerm ? "newer" : "heard";
    if (!seen.insert(shade).second) return;
    out += sentence(fact, abc) + "\n";
  }
  std::set<std::string> seen;
  std::string out;
};

TEST(Facts, OfEachKindHaveTheirReasons) {
  FirstOfEachKind sink;
  Narrator narrator(sink, abc);
  Settings settings;
  settings.noopAtElection = false;
  {
    TestCluster cluster(narrator, std::vector<Persistent>(3), settings, {milliseconds(10)});
    loseTheLeader(cluster);
  }
  {
    TestCluster cluster(narrator, std::vector<Persistent>(5), settings, {milliseconds(10)});
    partitionTheLeader(cluster);
  }
  {
    TestCluster cluster(narrator, std::vector<Persistent>(3), settings,
                        {milliseconds(10), milliseconds(10), milliseconds(10)});
    cluster.runUntil(milliseconds(400));
  }
  {  // logs that differ, in an old term: refusals, steps back, a commit held back (Figure 8)
    std::vector<Persistent> disks(5, {.currentTerm = 2, .votedFor = {}, .log = {}});
    disks[0].log = Log{{1, "a"}, {2, "b"}};
    disks[1].log = Log{{1, "a"}, {1, "c"}, {1, "d"}};
    disks[4].log = Log{{1, "a"}, {2, "b"}, {2, "e"}};
    TestCluster cluster(narrator, disks, settings, {milliseconds(10)});
    cluster.give(2, Propose{{"x"}});
    cluster.runUntil(milliseconds(100));
    const Envelope old{
        3, 2,
        AppendEntries::Request{.term = 1, .leaderId = 3, .prevLogIndex = 0, .prevLogTerm = 0}};
    cluster.give(2, old);
    cluster.give(2,
                 Envelope{3, 2,
                          RequestVote::Request{
                              .term = 1, .candidateId = 3, .lastLogIndex = 0, .lastLogTerm = 0}});
    cluster.give(4, old);
    narrator.paused(cluster.now, 3);
    narrator.resumed(cluster.now, 3);
    narrator.duplicated(cluster.now, old);
    narrator.lost(cluster.now, old, Lost::Chance);
    narrator.tell(cluster.now, Expected{"A leads", false}, "there is no leader");
  }
  expectGolden("reasons", sink.out);
  EXPECT_EQ(narrator.findings(), 0u);
}

TEST(Story, ManyServersHaveNoLanes) {
  const std::string story = storyOf(std::vector<Persistent>(9), {.explain = false},
                                    [](TestCluster& c) { c.runUntil(milliseconds(40)); });
  expectGolden("nine_servers", story);
}

}  // namespace
}  // namespace raft::trace
