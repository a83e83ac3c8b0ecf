// Whole runs: worlds as values, seeds, and what must hold whatever goes wrong.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "sim/chaos_test_support.h"
#include "sim/digest.h"
#include "sim/recorder_test_support.h"

namespace raft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Nobody : Observer {};

// A busy world, with messages under way, writes unfinished, a server paused and one down.
World busy(std::uint64_t seed = 3) {
  World world({.servers = 5,
               .seed = seed,
               .disks = {{Duration(0), milliseconds(9)}},
               .link = {.lossPerMillion = 50'000, .duplicatePerMillion = 50'000},
               .clients = {{.interval = milliseconds(2)}, {.interval = milliseconds(3)}}});
  Nobody nobody;
  world.runUntil(seconds(1), nobody);
  world.pause(2, nobody);
  world.crash(4, nobody);
  world.runUntil(seconds(1) + milliseconds(40), nobody);
  return world;
}

TEST(Run, ACopyIsEqualAndGoesTheSameWay) {
  World original = busy();
  World copy = original;
  EXPECT_TRUE(copy == original);
  Recorder ofOriginal, ofCopy;
  for (int i = 0; i < 3000; ++i) {
    original.step(ofOriginal);
    copy.step(ofCopy);
    ASSERT_TRUE(i % 250 != 0 || copy == original) << "after step " << i;
  }
  EXPECT_TRUE(copy == original);
  EXPECT_TRUE(ofCopy == ofOriginal);
  EXPECT_GT(ofCopy.steps.size(), 2000u);
}

TEST(Run, ACopyIsNotTouchedByWhatBecomesOfTheOriginal) {
  World original = busy();
  const World copy = original;
  const World another = original;
  Nobody nobody;
  original.runUntil(seconds(5), nobody);
  EXPECT_FALSE(copy == original);
  EXPECT_TRUE(copy == another);
  original = copy;
  EXPECT_TRUE(original == another);
}

TEST(Run, AFaultInAForkMakesADifference) {
  World original = busy();
  World fork = original;
  Nobody nobody;
  fork.crash(1, nobody);
  EXPECT_FALSE(fork == original);
  original.runUntil(seconds(3), nobody);
  fork.runUntil(seconds(3), nobody);
  EXPECT_FALSE(fork == original);
}

TEST(Run, WorldsDifferByWhatIsAheadOfThemAlone) {
  // The same servers and links, at the same time; only one of them has a message under way.
  const WorldSettings settings{.servers = 2, .firstTimeout = {milliseconds(10), seconds(9)}};
  World sent(settings), lost(settings);
  Nobody nobody;
  for (World* world : {&sent, &lost}) world->runUntil(milliseconds(9), nobody);
  lost.setLink(1, 2, {.up = false}, nobody);
  EXPECT_FALSE(sent == lost);
  for (World* world : {&sent, &lost}) world->runUntil(milliseconds(10), nobody);
  lost.setLink(1, 2, {}, nobody);
  EXPECT_TRUE(sent.network() == lost.network());
  for (ServerId id : {1, 2}) EXPECT_TRUE(sent.server(id) == lost.server(id));
  EXPECT_FALSE(sent == lost);
}

TEST(Run, OneSeedGivesOneRunAndAnotherGivesAnother) {
  const auto digestOf = [](std::uint64_t seed) {
    Digest digest;
    World world(chaoticSettings(seed));
    makeChaos(world, seed, digest);
    return digest.value();
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(digestOf(seed), digestOf(seed)) << "seed " << seed;
    EXPECT_NE(digestOf(seed), digestOf(seed + 1)) << "seed " << seed;
  }
}

TEST(Run, WhoWatchesMakesNoDifference) {
  struct Curious : Recorder {
    bool needsBefore() const override { return true; }
  };
  World watched = busy(), unwatched = busy();
  Curious curious;
  Nobody nobody;
  watched.runUntil(seconds(2), curious);
  unwatched.runUntil(seconds(2), nobody);
  EXPECT_TRUE(watched == unwatched);
}

TEST(Run, WhoAsksForItIsToldTheServerAsItWasBefore) {
  struct Witness : Observer {
    std::map<std::uint32_t, Server> last;
    int compared = 0;
    bool needsBefore() const override { return true; }
    void started(Time, const Server& s, bool) override { last[s.id.value] = s; }
    void stepped(const trace::Step& step) override {
      ASSERT_NE(step.before, nullptr);
      EXPECT_EQ(*step.before, last[step.after.id.value]);
      last[step.after.id.value] = step.after;
      ++compared;
    }
  };
  Witness witness;
  for (std::uint64_t seed = 12; seed < 15; ++seed) {
    World world(chaoticSettings(seed));
    makeChaos(world, seed, witness);
  }
  EXPECT_GT(witness.compared, 1000);
}

// Small versions of Figure 3, enough to tell that the world treats its servers rightly.
struct Properties : Observer {
  std::map<std::uint64_t, ServerId> leaders;  // by term
  std::map<std::uint64_t, Entry> applied;     // by index
  std::uint64_t answers = 0;

  void stepped(const trace::Step& step) override {
    const Server& s = step.after;
    if (s.is<Leader>()) {
      const auto [its, first] = leaders.emplace(s.currentTerm.value, s.id);
      EXPECT_EQ(its->second, s.id) << "two leaders in term " << s.currentTerm.value;
    }
    for (std::uint64_t i = 0; i < step.effects.apply.entries.size(); ++i) {
      const std::uint64_t index = step.effects.apply.first.value + i;
      const Entry& entry = step.effects.apply.entries[i];
      const auto [its, first] = applied.emplace(index, entry);
      EXPECT_EQ(its->second, entry) << "two entries were applied at index " << index;
    }
  }
  void client(Time, const trace::ClientDeed& deed) override {
    answers += std::holds_alternative<ClientAnswered>(deed);
  }
  void invariantBroken(Time t, const Server& s, const char* sentence) override {
    ADD_FAILURE() << "s" << s.id.value << " at " << t.count() << " us: " << sentence;
  }
  using ClientAnswered = trace::ClientAnswered;
};

// Proposes again and again until the leader takes it: it may have no room for a while.
Accepted proposeAtLast(World& world, Properties& properties) {
  Nobody nobody;
  for (int tries = 0; tries < 100; ++tries) {
    const Proposed proposed = world.propose(*world.leader(), "end", nobody);
    if (const auto* at = std::get_if<Accepted>(&proposed)) return *at;
    world.runUntil(world.now() + milliseconds(7), properties);
  }
  return {};
}

// Whether all voters have the entry, committed, within a while: those who were away may be far
// behind a leader that sends an entry at a time, or a snapshot in small chunks. A learner may stay
// behind for ever: nobody waits for it.
bool reachesAll(World& world, Accepted entry, Properties& properties) {
  const auto has = [&](const Server& s) {
    if (!world.server(*world.leader()).configuration.isVoter(s.id)) return true;
    return s.commitIndex >= entry.index && s.log.matches(entry.index, entry.term);
  };
  for (int waits = 0; waits < 100; ++waits) {
    world.runUntil(world.now() + milliseconds(100), properties);
    bool all = world.leader().has_value();
    for (std::uint32_t id = 1; all && id <= world.size(); ++id) all = all && has(world.server(id));
    if (all) return true;
  }
  return false;
}

TEST(Run, ChaosOf200SeedsBreaksNothingAndPasses) {
  std::uint64_t answers = 0, lateTerms = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Properties properties;
    World world(chaoticSettings(seed));
    makeChaos(world, seed, properties);
    mend(world, properties);
    ASSERT_TRUE(world.leader());
    const Accepted end = proposeAtLast(world, properties);
    ASSERT_NE(end.index, Index{0});
    ASSERT_TRUE(reachesAll(world, end, properties));
    ASSERT_TRUE(world.leader());
    const Server& leader = world.server(*world.leader());
    for (std::uint32_t id = 1; id <= world.size(); ++id) {
      if (!leader.configuration.isVoter(id)) continue;
      EXPECT_EQ(world.disk(id).currentTerm, leader.currentTerm);
    }
    for (const auto& [index, entry] : properties.applied) {
      ASSERT_LE(Index{index}, leader.log.lastIndex());
      if (Index{index} <= leader.log.baseIndex()) continue;  // its snapshot is checked by check/
      EXPECT_EQ(leader.log[index], entry) << "what was applied was lost at " << index;
    }
    answers += properties.answers;
    lateTerms += leader.currentTerm > Term{3};
    if (HasFailure()) break;
  }
  EXPECT_GT(answers, 10'000u) << "the runs were too quiet to tell anything";
  EXPECT_GT(lateTerms, 50u);
}

}  // namespace
}  // namespace raft::sim
