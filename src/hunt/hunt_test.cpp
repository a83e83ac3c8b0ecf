#include "hunt/hunt.h"

#include <gtest/gtest.h>

#include "hunt/generate.h"
#include "hunt/messages.h"
#include "hunt/record.h"
#include "hunt/rerun.h"
#include "hunt/shrink.h"
#include "hunt/simpler.h"
#include "scenario/yaml.h"

namespace raft::hunt {
namespace {

using scenario::Contradictions;
using std::chrono::milliseconds;

TEST(Generate, EachPlanCanBeRead) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const std::string text = textOf(generate(seed));
    const scenario::Read read = scenario::readYaml(text, Contradictions::AreLeftToTheRun);
    ASSERT_TRUE(read.scenario) << "seed " << seed << ": " << read.mistakes[0].message << "\n"
                               << text;
  }
}

TEST(Generate, DependsOnTheSeedAlone) {
  EXPECT_EQ(generate(7), generate(7));
  EXPECT_NE(generate(7), generate(8));
}

TEST(Trial, IsTheSameEachTime) {
  const Trial one = run(generate(3));
  const Trial other = run(generate(3));
  EXPECT_EQ(one.events, other.events);
  EXPECT_EQ(one.end, other.end);
  EXPECT_EQ(one.coverage, other.coverage);
}

// Without what could not be done a plan is a scenario that a person might have written.
TEST(Trial, LeavesOutWhatCannotBeDone) {
  std::size_t skipped = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = generate(seed);
    const Trial trial = run(plan);
    const Plan rest = without(plan, trial.skipped);
    const scenario::Read read = scenario::readYaml(textOf(rest));
    ASSERT_TRUE(read.scenario) << read.mistakes[0].message << "\n" << textOf(rest);
    const Trial again = run(rest);
    EXPECT_EQ(again.events, trial.events);
    EXPECT_TRUE(again.skipped.empty());
    skipped += trial.skipped.size();
  }
  EXPECT_GT(skipped, 20u);
}

TEST(Hunt, IsTheSameForAnyNumberOfThreads) {
  const Tally one = hunt({.first = 1, .last = 30, .threads = 1});
  EXPECT_EQ(one, hunt({.first = 1, .last = 30, .threads = 3}));
  EXPECT_EQ(one.runs, 30u);
  EXPECT_GT(one.simulated, std::chrono::minutes(1));
}

TEST(Hunt, OfPartsAddUp) {
  Tally sum = hunt({.first = 1, .last = 10});
  sum.add(hunt({.first = 11, .last = 20}));
  EXPECT_EQ(sum, hunt({.first = 1, .last = 20}));
}

TEST(Hunt, StopsWhenItIsTold) {
  int asked = 0;
  const Tally tally = hunt({.first = 1, .last = 1000, .stop = [&] { return ++asked > 5; }});
  EXPECT_EQ(tally.runs, 5u);
}

// Roles, terms, truncations, snapshots, lost writes, retries …
TEST(Hunt, MeetsWhatItIsToMeet) {
  const Tally tally = hunt({.first = 1, .last = 150});
  const std::vector<std::string> names = namesOfKinds();
  for (const char* kind :
       {"becameLeader", "entriesTruncated", "commitHeldBack", "snapshotInstalled", "writeFailed",
        "tornTailDropped", "steppedDown", "preVoteRefused", "readsLost", "leaseExtended",
        "toldToStand", "transferGivenUp", "clientTimedOut", "replied", "membershipChange",
        "caughtUp", "entriesHeld", "fateTold"}) {
    const auto at = std::ranges::find(names, kind);
    ASSERT_NE(at, names.end()) << kind;
    EXPECT_GT(tally.coverage.runs[static_cast<std::size_t>(at - names.begin())], 0u) << kind;
  }
  for (const Kind& kind : tally.finds) {
    ADD_FAILURE() << "seed " << kind.seed << ": " << kind.find.kind << ": " << kind.find.sentence;
  }
}

Kind kindOf(std::string name, std::uint64_t seed) {
  return {.find = {.kind = std::move(name), .sentence = "a \"b\"", .time = milliseconds(seed)},
          .seed = seed};
}

TEST(Tally, KeepsTheFirstOfEachKind) {
  Tally tally;
  tally.finds = {kindOf("Durability", 7)};
  Tally other;
  other.finds = {kindOf("Durability", 5), kindOf("LogMatching", 9)};
  tally.add(other);
  ASSERT_EQ(tally.finds.size(), 2u);
  EXPECT_EQ(tally.finds[0].seed, 5u);
  EXPECT_EQ(tally.finds[0].count, 2u);
  EXPECT_EQ(tally.findCount(), 3u);
}

TEST(Record, IsReadAsItWasWritten) {
  Record record{.seeds = {{1, 10}}, .tally = hunt({.first = 1, .last = 10})};
  record.tally.finds = {kindOf("Durability", 7)};
  Record read;
  EXPECT_EQ(hunt::read(textOf(record), read), "");
  EXPECT_EQ(read.seeds, record.seeds);
  EXPECT_EQ(read.tally, record.tally);
}

TEST(Record, OfSeedsThatAreThereAlreadyIsNotAdded) {
  Record record{.seeds = {{1, 10}}};
  EXPECT_EQ(record.add({.seeds = {{11, 20}}}), "");
  EXPECT_EQ(record.add({.seeds = {{5, 30}}}), "seed 5 was hunted twice: in 1..10 and in 5..30");
  EXPECT_EQ(record.seeds.size(), 2u);
}

TEST(Record, OfAnotherKindIsRefused) {
  Record record;
  for (const char* text : {"", "{", "[]", "{}", "{\"seeds\": 3}", "{\"seeds\": [[1, \"x\"]]}"}) {
    EXPECT_TRUE(read(text, record).starts_with("is no record of a hunt: ")) << text;
  }
}

// Each message fares as it did by chance.
TEST(SingleMessages, MakeTheSameRun) {
  std::ptrdiff_t messages = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Plan plan = generate(seed);
    const Trial trial = run(plan);
    const Plan spelledOut = withSingleMessages(plan, trial.end);
    const Trial again = run(spelledOut);
    EXPECT_EQ(again.events, trial.events) << "seed " << seed;
    EXPECT_EQ(again.end, trial.end) << "seed " << seed;
    messages += std::ranges::count_if(spelledOut.steps, isOfMessage);
  }
  EXPECT_GT(messages, 2000);
}

TEST(Rerun, IsTheSameAsARunFromTheBeginning) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Plan plan = generate(seed);
    const Rerun rerun(plan);
    for (const std::size_t part : {1u, 7u}) {
      for (const Plan& candidate : withFewerSteps(plan, part)) {
        const Trial trial = run(candidate);
        const Trial again = rerun.run(candidate);
        ASSERT_EQ(again.events, trial.events) << "seed " << seed;
        ASSERT_EQ(again.end, trial.end) << "seed " << seed;
        ASSERT_EQ(again.coverage, trial.coverage) << "seed " << seed;
        ASSERT_EQ(again.skipped, trial.skipped) << "seed " << seed;
      }
    }
    Plan other = plan;
    other.settings.clear();
    EXPECT_EQ(rerun.run(other).coverage, run(other).coverage) << "seed " << seed;
  }
}

TEST(Simpler, OfAMessageThatIsLateOrDoubled) {
  Plan plan;
  plan.steps = {{milliseconds(5), {"message", "{A -> B: takes 12.345 ms and its copy 40 ms}"}}};
  std::vector<std::string> deeds;
  for (const Plan& simpler : withSimplerSteps(plan)) deeds.push_back(simpler.steps[0].deed.value);
  EXPECT_EQ(deeds, (std::vector<std::string>{"{A -> B: takes 12.345 ms}", "{A -> B: takes 40 ms}",
                                             "{A -> B: takes 10 ms and its copy 40 ms}",
                                             "{A -> B: takes 12 ms and its copy 40 ms}"}));
  plan.steps[0].deed.value = "{A -> B: takes 1 ms}";
  ASSERT_EQ(withSimplerSteps(plan).size(), 1u);
  EXPECT_EQ(withSimplerSteps(plan)[0].steps[0].deed.value, "{A -> B: is lost}");
}

// A server that starts from an empty disk is no mistake of the core, so it can stand here for one.
Plan broken(std::uint64_t seed) {
  Plan plan = generate(seed);
  const auto insert = [&](int at, Line deed) {
    const Step step{milliseconds(at), std::move(deed)};
    plan.steps.insert(std::ranges::upper_bound(plan.steps, step.at, {}, &Step::at), step);
  };
  insert(1000, {"disk", "{A: is lost}"});
  insert(1001, {"restart", "all"});
  return plan;
}

TEST(Shrink, LeavesWhatTheFindNeeds) {
  std::uint64_t shrunkOnes = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const Plan plan = broken(seed);
    const Trial trial = run(plan);
    if (!trial.find) continue;
    const Shrunk shrunk = shrink(plan, *trial.find, {.threads = 2});
    EXPECT_EQ(shrunk.find.kind, trial.find->kind);
    EXPECT_LE(shrunk.plan.steps.size(), 3u) << textOf(shrunk.plan);
    EXPECT_LE(shrunk.plan.settings.size(), 2u) << textOf(shrunk.plan);
    const std::string text = textOf(shrunk.plan, headingOf(shrunk, seed, plan.steps.size()));
    const scenario::Read read = scenario::readYaml(text);
    ASSERT_TRUE(read.scenario) << read.mistakes[0].message << "\n" << text;
    EXPECT_EQ(run(shrunk.plan).find, shrunk.find);
    ++shrunkOnes;
  }
  EXPECT_GT(shrunkOnes, 5u);
}

TEST(Shrink, IsTheSameForAnyNumberOfThreads) {
  const Plan plan = broken(1);
  const Trial trial = run(plan);
  ASSERT_TRUE(trial.find);
  const Plan alone = shrink(plan, *trial.find, {.threads = 1}).plan;
  EXPECT_EQ(alone, shrink(plan, *trial.find, {.threads = 3}).plan) << textOf(alone);
}

TEST(Shrink, KeepsWhatItHasWhenItIsStopped) {
  const Plan plan = broken(1);
  const Trial trial = run(plan);
  ASSERT_TRUE(trial.find);
  const Shrunk shrunk = shrink(plan, *trial.find, {.stop = [] { return true; }});
  EXPECT_EQ(shrunk.plan.steps, plan.steps);
  EXPECT_EQ(shrunk.find, *trial.find);
}

}  // namespace
}  // namespace raft::hunt
