// What is told of replication beyond Figure 2: messages in flight, hints, back-pressure, fates.
#include <algorithm>

#include <gtest/gtest.h>

#include "raft/unreliable_cluster_test_support.h"
#include "trace/cluster_test_support.h"
#include "trace/narrator.h"
#include "trace/sentence.h"
#include "trace/why.h"

namespace raft::trace {
namespace {

using std::chrono::milliseconds;

const Names abc({"A", "B", "C"});

Settings flowing() {
  Settings settings;
  settings.noopAtElection = false;
  settings.tellFates = true;
  return settings;
}

// The sentences of all facts of these kinds.
template <class... Kinds>
std::vector<std::string> sentences(const std::vector<Fact>& facts) {
  std::vector<std::string> all;
  for (const Fact& fact : facts) {
    if ((fact.is<Kinds>() || ...)) all.push_back(sentence(fact, abc));
  }
  return all;
}

// A leads from 14 ms on; `told` has what was told since then.
struct Led {
  explicit Led(const Settings& settings, std::vector<Persistent> disks = {{}, {}, {}})
      : narrator(told, abc),
        cluster(narrator, std::move(disks), settings,
                {milliseconds(10), milliseconds(700), milliseconds(800)}) {
    cluster.runUntil(milliseconds(30));
    EXPECT_TRUE(cluster.of(1).is<Leader>());
    told.facts.clear();
  }
  ~Led() { EXPECT_EQ(narrator.findings(), 0u); }

  FactList told;
  Narrator narrator;
  TestCluster cluster;
};

using Sentences = std::vector<std::string>;

TEST(Replication, TellsWhatIsHeldBackAndWhy) {
  Settings settings = flowing();
  settings.maxMessagesInFlight = 2;
  Led led(settings);
  for (const char* command : {"1", "2", "3", "4"}) led.cluster.give(1, Propose{{command}});
  EXPECT_EQ((sentences<EntriesHeld, EntriesSent>(led.told.facts)),
            (Sentences{"A sends entry 1 to B and C: followers get what they miss from nextIndex on "
                       "(§5.3)",
                       "A sends entry 2 to B and C: followers get what they miss from nextIndex on "
                       "(§5.3)",
                       "A holds back entry 3 from B and C: as many messages are under way as may "
                       "be: 2"}));
  const Answer why = whyNotCommitted(led.cluster.view(abc), 4);
  EXPECT_TRUE(std::ranges::find(
                  why,
                  "B lacks it: its log ends at index 0, and the leader holds it back: "
                  "as much is under way as may be, 2 messages (thesis §10.2.2).") != why.end())
      << testing::PrintToString(why);
}

TEST(Replication, TellsWhyAMessageCarriesAPart) {
  Settings settings = flowing();
  settings.maxMessagesInFlight = 3;
  settings.maxBytesPerMessage = 4;
  settings.maxBytesInFlight = 6;
  Led led(settings);
  led.cluster.give(1, Propose{{"123", "1", "12", "1"}});
  EXPECT_EQ((sentences<EntriesHeld, EntriesSent>(led.told.facts)),
            (Sentences{"A sends entries 1 to 2 to B and C: followers get what they miss from "
                       "nextIndex on; the most bytes that a message carries are 4 (§5.3)",
                       "A sends entry 3 to B and C: followers get what they miss from nextIndex "
                       "on; the most bytes that may be under way are 6 (§5.3)",
                       "A holds back entry 4 from B and C: as many bytes are under way as may be: "
                       "6"}));
}

TEST(Replication, TellsThatALostMessageIsSentAgain) {
  Settings settings = flowing();
  settings.maxMessagesInFlight = 4;
  Led led(settings);
  led.cluster.reaches[0] = {1, 2};
  led.cluster.give(1, Propose{{"1"}});
  led.cluster.reaches[0] = {1, 2, 3};
  led.cluster.give(1, Propose{{"2"}});
  led.cluster.runUntil(milliseconds(40));
  EXPECT_EQ((sentences<NextIndexLowered>(led.told.facts)),
            (Sentences{"A goes back to index 1 for C: C refuses what would follow index 1: "
                       "something before it is lost or late, so the leader sends again what is "
                       "not known to match (thesis §10.2.2)"}));
  EXPECT_EQ((sentences<PipeliningBegun>(led.told.facts)),
            (Sentences{"A goes on to send to C without waiting for answers: its log is known to "
                       "match up to index 2 (thesis §10.2.2)"}));
}

TEST(Replication, TellsWhatAHintSays) {
  Settings settings = flowing();
  settings.conflictHints = true;
  const auto disk = [](std::initializer_list<std::uint64_t> terms) {
    Log log;
    for (std::uint64_t term : terms) log.append({.term = term, .command = "x"});
    return Persistent{.currentTerm = 7, .log = log};
  };
  FactList told;
  Narrator narrator(told, abc);
  TestCluster cluster(narrator, {disk({1, 1, 4, 4, 6}), disk({1, 1, 2, 2, 2}), disk({})}, settings,
                      {milliseconds(10), milliseconds(700), milliseconds(800)});
  cluster.runUntil(milliseconds(30));
  EXPECT_EQ((sentences<NextIndexLowered>(told.facts)),
            (Sentences{"A goes back to index 3 for B: B has no 5^6, and what B has may match up to "
                       "5^2, its entries of term 2 beginning at index 3, so the leader tries there "
                       "(§5.3)",
                       "A goes back to index 1 for C: C has no 5^6, and nothing that C has can "
                       "match, so the leader tries there (§5.3)"}));
  EXPECT_EQ(narrator.findings(), 0u);
}

TEST(Replication, TellsWhyAProposalIsPutOff) {
  Settings settings = flowing();
  settings.maxUncommittedBytes = 5;
  Led led(settings);
  led.cluster.give(1, Propose{{"1234"}});
  led.cluster.give(1, Propose{{"12"}});
  EXPECT_EQ((sentences<ProposalRefused>(led.told.facts)),
            (Sentences{"A refuses a command for the time being: 4 bytes wait to be committed "
                       "already, and with 2 more they would be above 5"}));
}

TEST(Replication, TellsWhatBecomesOfProposals) {
  Led led(flowing());
  led.cluster.give(1, Propose{{"1"}});
  led.cluster.runUntil(milliseconds(40));
  led.cluster.partition({{1}, {2, 3}});
  led.cluster.give(1, Propose{{"2"}});
  led.cluster.give(1, Propose{{"3"}});
  led.cluster.runUntil(milliseconds(900));
  ASSERT_TRUE(led.cluster.of(2).is<Leader>() || led.cluster.of(3).is<Leader>());
  led.cluster.give(led.cluster.of(2).is<Leader>() ? 2 : 3, Propose{{"4"}});
  led.cluster.heal();
  led.cluster.runUntil(milliseconds(1200));
  std::erase_if(led.told.facts, [](const Fact& fact) { return fact.server != ServerId{1}; });
  const Sentences all = sentences<FateTold>(led.told.facts);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0],
            "A knows the command that it accepted as 1^1 to be committed: it is applied, with this "
            "index and term (§5.3)");
  EXPECT_EQ(all[1],
            "A does not know what becomes of the commands that it accepted as 2^1 to 3^1: it leads "
            "no longer: another leader may have what it sent and commit it, or put others in its "
            "place (§5.3)");
  EXPECT_TRUE(all[2].starts_with("A knows the commands that it accepted as 2^1 to 3^1 to be lost"));
}

// Whatever happens, under any settings: each step is explained by the rules.
TEST(Replication, NoStepIsUnexplained) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random = Random::stream(seed, 8, 8);
    Settings settings{.electionTimeoutMin = milliseconds(100),
                      .electionTimeoutMax = milliseconds(200),
                      .heartbeatInterval = milliseconds(20)};
    settings.noopAtElection = true;
    settings.maxMessagesInFlight = static_cast<std::uint32_t>(random.below(5)) + 1;
    settings.maxEntriesPerMessage = random.below(4);
    settings.maxBytesPerMessage = random.chance(500'000) ? 0 : random.below(60) + 1;
    settings.maxBytesInFlight = random.chance(500'000) ? 0 : random.below(90) + 1;
    settings.maxUncommittedBytes = random.chance(500'000) ? 0 : random.below(200) + 1;
    settings.conflictHints = random.chance(500'000);
    settings.tellFates = true;
    UnreliableCluster cluster(3, settings, seed);
    cluster.watch = [&](const Server& before, const Input& input, const Server& after,
                        const Effects& effects) {
      const Step step{.time = cluster.now,
                      .before = &before,
                      .input = input,
                      .effects = effects,
                      .after = after};
      for (const Fact& fact : factsOf(step, abc)) {
        EXPECT_FALSE(isFinding(fact)) << sentence(fact, abc);
      }
    };
    for (int i = 0; i < 500 && !HasFailure(); ++i) cluster.happen();
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace raft::trace
