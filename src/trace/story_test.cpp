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

// Facts by hand: what is told of them, without the explanations.
struct Teller {
  std::string out;
  Story story = Story({.names = abc, .width = 1000, .explain = false, .legend = false}, out);
  std::uint64_t step = 0;

  void tell(int at, ServerId server, What what, std::string reason = {}) {
    story.told({.time = milliseconds(at),
                .step = ++step,
                .server = server,
                .term = 2,
                .what = std::move(what),
                .reason = std::move(reason)});
  }
  std::string told() {
    story.finish();
    return out;
  }
};

Envelope acknowledgement(ServerId from, ServerId to, Index matchIndex) {
  return {from, to,
          AppendEntries::Response{
              .term = 2, .success = true, .prevLogIndex = 0, .matchIndex = matchIndex}};
}

TEST(Story, TellsALostAcknowledgementOnceATerm) {
  Teller teller;
  for (const int at : {10, 60}) {
    teller.tell(at, 3, AppendAccepted{.leader = 1, .matchIndex = 1, .entries = 1});
    teller.tell(at, 3, MessageLost{acknowledgement(3, 1, 1), Lost::LinkDown});
  }
  const std::string sentence = "C's acknowledgement does not reach A: the link is down.\n";
  const std::string told = teller.told();
  EXPECT_TRUE(told.ends_with(sentence)) << told;
  EXPECT_EQ(told.find(sentence), told.rfind(sentence)) << told;
}

TEST(Story, SaysWhomTheLeaderHearsWhileItsHeartbeatsGoOn) {
  Teller teller;
  for (const int at : {50, 100}) {
    teller.tell(at, 1, HeartbeatsSent{.to = {2, 3, 4}});
    teller.tell(at + 1, 2, AppendAccepted{.leader = 1});
    teller.tell(at + 1, 3, AppendAccepted{.leader = 1});
    teller.tell(at + 1, 3, MessageLost{acknowledgement(3, 1, 0), Lost::LinkDown});
    teller.tell(at + 2, 1, MessageDelivered{acknowledgement(2, 1, 0)});
  }
  const std::string told = teller.told();
  EXPECT_NE(told.find("A goes on sending heartbeats, every 50 ms (2 times); B follows; C follows, "
                      "but its answers are lost; D does not answer."),
            std::string::npos)
      << told;
}

// What a server does at the instant that ends the quiet is no part of it.
TEST(Story, TellsTheQuietBeforeWhatEndsIt) {
  Teller teller;
  teller.tell(50, 1, HeartbeatsSent{.to = {2}});
  teller.tell(100, 1, HeartbeatsSent{.to = {2}});
  teller.tell(120, 2, Resumed{});
  teller.tell(120, 2, AppendAccepted{.leader = 1});
  const std::string told = teller.told();
  EXPECT_LT(told.find("B does not answer."), told.find("B goes on.")) << told;
  EXPECT_EQ(told.find("B follows"), std::string::npos) << told;
}

TEST(Story, NamesAServerOnceInASentence) {
  Teller teller;
  const VoteRefused refused{.candidate = 3, .why = VoteRefusal::OldTerm};
  for (const int server : {1, 1, 2}) {
    teller.tell(5, ServerId(static_cast<std::uint32_t>(server)), refused, "why");
  }
  const std::string told = teller.told();
  EXPECT_TRUE(told.ends_with("  A and B refuse their votes to C: why.\n")) << told;
}

TEST(Story, TellsAVotersRefusalsTogether) {
  Teller teller;
  teller.tell(5, 1, VoteRefused{.candidate = 2, .why = VoteRefusal::AlreadyVoted}, "why");
  teller.tell(5, 1, VoteRefused{.candidate = 3, .why = VoteRefusal::AlreadyVoted}, "why");
  const std::string told = teller.told();
  EXPECT_TRUE(told.ends_with("  A refuses its vote to B and C: why.\n")) << told;
}

TEST(Story, ExplainsANotionOnceInSeveralStories) {
  const Fact fact{.time = milliseconds(10), .step = 1, .server = 1, .what = BecameCandidate{}};
  std::string first;
  Story one({.names = abc}, first);
  one.told(fact);
  one.finish();
  EXPECT_NE(first.find("(A term is"), std::string::npos) << first;
  std::string second;
  Story two({.names = abc, .explained = one.explained()}, second);
  two.told(fact);
  two.finish();
  EXPECT_EQ(second.find("(A term is"), std::string::npos) << second;
}

TEST(Story, ExplainsAnEntryByTheFirstThatIsMet) {
  std::string out;
  Story story({.names = abc, .width = 1000}, out);
  const Log log{{1, "a"}, {3, "b"}};
  story.told({.time = milliseconds(10),
              .step = 1,
              .server = 1,
              .what = EntriesAppended{.first = 2, .entries = log.from(2)}});
  story.finish();
  EXPECT_NE(out.find("(2^3 is the entry at index 2 of the log, made by the leader of term 3."),
            std::string::npos)
      << out;
}

TEST(Story, HasNoCharacterBeyondAsciiWhenAsked) {
  std::string out;
  Story story({.names = Names({"Zoë", "日本"}), .servers = 2, .ascii = true}, out);
  story.told({.time = milliseconds(10), .step = 1, .server = 1, .what = Started{}});
  story.told({.time = milliseconds(10), .step = 2, .what = Said{"“Ω” → §"}});
  story.finish();
  EXPECT_EQ(std::ranges::count_if(out, [](char c) { return (c & 0x80) != 0; }), 0) << out;
  EXPECT_NE(out.find("Zo? starts"), std::string::npos) << out;
  EXPECT_NE(out.find("??? -> sec. "), std::string::npos) << out;
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
