// Steps and deeds: that they do what they say, at their time, and what happens if they cannot.
#include "scenario/run.h"

#include <gtest/gtest.h>

#include "scenario/yaml.h"
#include "trace/json.h"

namespace raft::scenario {
namespace {

const std::string three =
    "servers: [A, B, C]\nno-op: off\nfirst election timeout: {A: 10 ms}\nnetwork: 2 ms\n";

Scenario read(const std::string& text) {
  Read read = readYaml(text);
  for (const Mistake& mistake : read.mistakes) {
    ADD_FAILURE() << mistake.at.line << ":" << mistake.at.column << ": " << mistake.message << "\n"
                  << text;
  }
  return read.scenario.value_or(Scenario{});
}

Result play(const std::string& text, const RunOptions& options = {}) {
  const Scenario scenario = read(text);
  scenario::Run run(scenario, options);
  run.finish();
  for (const check::Violation& violation : run.result().violations) {
    ADD_FAILURE() << check::nameOf(violation.property) << "\n" << text;
  }
  return run.result();
}

std::string failuresOf(const Result& result) {
  std::string out;
  for (const Failure& failure : result.failures) {
    out += failure.expected + " | " + failure.instead + "\n";
  }
  return out;
}

void expectHolds(const std::string& text) { EXPECT_EQ(failuresOf(play(text)), "") << text; }

std::string jsonOf(const std::string& text, std::uint64_t seed) {
  const Scenario scenario = read(text);
  scenario::Run run(scenario, {.seed = seed});
  std::string out;
  trace::JsonLines json(run.names(), out);
  trace::Narrator narrator(json, run.names());
  run.finish(&narrator);
  return out;
}

TEST(ScenarioRun, CrashLosesWhatIsNotDurableAndRestartBringsItBack) {
  expectHolds(three + R"(
disk latency: {C: 20 ms}
steps:
  - at: 100 ms
    propose: SetX=1
  - at: 103 ms
    expect: C has SetX=1
    crash: C
  - at: 110 ms
    expect: C is down
    restart: C
  - at: 111 ms
    expect: C has no SetX=1
)");
}

TEST(ScenarioRun, PauseLosesNothing) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    pause: A
  - when: B or C is leader
    within: 2 s
    expect: A is leader in term 1
    resume: A
  - when: A is follower
    within: 200 ms
)");
}

TEST(ScenarioRun, APartitionKeepsGroupsApartAndHealingEndsIt) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    partition: [[A]]
    propose: SetX=1
    never: an entry commits
    for: 100 ms
  - at: 150 ms
    expect: B and C have no SetX=1
    heal: all
  - when: SetX=1 is applied everywhere
    within: 2 s
)");
}

TEST(ScenarioRun, ABridgeSeesBothSides) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    partition: {groups: [[A], [B]], bridge: C}
    propose: SetX=1
  - at: 60 ms
    expect: [C has SetX=1, B has no SetX=1, SetX=1 is committed]
)");
}

TEST(ScenarioRun, ACutIsOfOneDirectionAndIsMended) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    cut: B -> A
    propose: SetX=1
  - at: 60 ms
    expect: B has SetX=1
  - at: 70 ms
    cut: A <-> C
    propose: SetX=2
  - at: 80 ms
    expect: SetX=2 is not committed
    mend: [B -> A]
  - when: SetX=2 is committed
    within: 200 ms
)");
}

TEST(ScenarioRun, TheNetworkIsChangedByTheStepAndByTheLink) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    network: {latency: 10 ms, links: {A -> C: 30 ms}}
    propose: SetX=1
  - at: 60 ms
    expect: {happens: B appends SetX=1}
  - at: 70 ms
    expect: {happens: A commits SetX=1}
  - at: 80 ms
    expect: {happens: C appends SetX=1}
)");
}

TEST(ScenarioRun, ACommandGoesToWhomItIsSentEvenIfHeDoesNotLead) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    propose: {command: SetX=1, to: B}
  - at: 60 ms
    expect: nobody has SetX=1
    propose: [SetX=2, SetX=3]
expect: {applied: [SetX=2, SetX=3]}
)");
}

TEST(ScenarioRun, NamesGivenByStepsMeanWhomTheyMeantThen) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    crash: leader
    as: old
  - when: there is a new leader
    name: {new: leader}
    expect: [old is down, A is down, B or C is leader]
  - after: 50 ms
    restart: old
    crash: new
  - after: 10 ms
    expect: [A is up, new is down]
)");
}

TEST(ScenarioRun, KeysStandInAnyOrderEvenIfTheySpeakOfNames) {
  expectHolds(three + R"(
never: third is leader
always: third is follower
expect: first is leader
steps:
  - at: 50 ms
    name: {first: leader}
  - at: 50 ms
    name: {third: C}
)");
}

TEST(ScenarioRun, ACommandThatIsANumberStandsInQuotesWhereATermCouldStand) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    propose: 7
expect:
  - applied: ["7"]
  - committed: {all: [1 7]}
  - log: [1 7]
)");
}

TEST(ScenarioRun, AllMeansThoseToWhomItCanBeDone) {
  expectHolds(three + R"(
steps:
  - at: 50 ms
    crash: B
  - at: 60 ms
    crash: all
    expect: {down: all}
  - at: 70 ms
    restart: all
    expect: {up: all}
)");
}

TEST(ScenarioRun, AFollowerIsDrawnBySeed) {
  const std::string text = three + "steps:\n  - at: 50 ms\n    crash: a follower\n";
  std::string crashed;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Scenario scenario = read(text);
    scenario::Run run(scenario, {.seed = seed});
    run.finish();
    EXPECT_TRUE(run.world().isUp(1));
    EXPECT_NE(run.world().isUp(2), run.world().isUp(3));
    crashed += run.world().isUp(2) ? 'C' : 'B';
  }
  EXPECT_NE(crashed.find('B'), crashed.npos);
  EXPECT_NE(crashed.find('C'), crashed.npos);
}

TEST(ScenarioRun, WhatCannotBeDoneEndsTheRunAsAFailure) {
  const std::pair<const char*, const char*> cases[] = {
      {"crash: leader", "there is no leader now"},
      {"propose: SetX=1", "there is no leader now"},
      {"crash: a candidate", "there is no candidate now"},
      {"pause: followers\n  - after: 1 ms\n    pause: B", "B is paused"},
      {"partition: [[A, a follower], [B, C]]", " would be in two groups"},
      {"resume: all", "there is no server to which it could be done"},
      {"name: {x: A}\n    crash: A\n    propose: {command: SetX=1, to: x}",
       "A is down: it takes no command"},
      {"name: {x: A}\n    pause: x\n    propose: {command: SetX=1, to: A}",
       "A is paused: it takes no command"},
  };
  for (const auto& [deed, why] : cases) {
    const Result result = play("steps:\n  - at: 1 ms\n    " + std::string(deed) +
                               "\n  - after: 1 ms\n    note: never said\n");
    ASSERT_EQ(result.failures.size(), 1u) << deed;
    EXPECT_NE(result.failures[0].instead.find(why), std::string::npos)
        << deed << ": " << result.failures[0].instead;
    EXPECT_GE(result.stepsLeft, 1u);
  }
}

TEST(ScenarioRun, AWaitThatLapsesIsAFailureWithItsTime) {
  const Result result = play(three + R"(
steps:
  - at: 100 ms
    note: waiting
  - when: B is leader
    within: 200 ms
    note: never said
)");
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].expected, "B is leader within 200 ms");
  EXPECT_EQ(result.failures[0].time, std::chrono::milliseconds(300));
  EXPECT_EQ(result.stepsLeft, 1u);
}

TEST(ScenarioRun, WhatIsRemovedIsKnownByItsCommandAndItsTerm) {
  const std::string text = three + R"(
steps:
  - at: 50 ms
    partition: [[A]]
    propose: SetX=1
  - after: 1 ms
    propose: SetX=2
  - when: B or C is leader
    propose: SetX=3
  - after: 100 ms
    heal: all
  - when: A removes anything
    within: 100 ms
    expect: [)";
  expectHolds(text +
              "A removes SetX=1, A removes SetX=2, A removes entry 2 of term 1, "
              "A removes entry 1, A appends SetX=3]");
  for (const char* other : {"SetX=3", "SetX=4", "entry 3", "entry 1 of term 2", "no-op"}) {
    EXPECT_EQ(play(text + "A removes " + other + "]").failures.size(), 1u) << other;
  }
}

TEST(ScenarioRun, AStepWhoseTimeIsOverIsAFailure) {
  const Result result = play(three + R"(
steps:
  - when: A is leader
  - at: 10 ms
    note: never said
expect: A is leader
)");
  EXPECT_EQ(failuresOf(result), "this step is at 10 ms | the step before it was done at 14 ms\n");
  EXPECT_EQ(result.failures[0].at, (Position{.line = 8, .column = 5}));
  EXPECT_EQ(result.stepsLeft, 1u);
  // It may come at the very moment.
  expectHolds(three + "steps: [{when: A is leader}, {at: 14 ms, expect: A is leader}]");
}

TEST(ScenarioRun, AStepBehindTheEndIsAFailureUnlessTheRunIsCutShortFromOutside) {
  const std::string text = three + R"(
until: 100 ms
steps:
  - when: A is leader
  - after: 200 ms
    note: never said
  - after: 1 ms
    note: nor this
expect: B is leader
)";
  const Result result = play(text);
  EXPECT_EQ(failuresOf(result), "this step, at 214 ms, is reached | the run ends at 100 ms\n");
  EXPECT_EQ(result.failures[0].at.line, 9u);
  EXPECT_EQ(result.stepsLeft, 2u);
  EXPECT_TRUE(play(text, {.until = std::chrono::milliseconds(90)}).passed());
}

TEST(ScenarioRun, AWatchWithoutTimeToWatchIsAFailure) {
  EXPECT_EQ(failuresOf(play(three + R"(
steps:
  - when: A is leader
    never: B is leader
    until: 13 ms
)")),
            "this is watched until 13 ms | the watch begins at 14 ms\n");
  const std::string text = three + R"(
until: 100 ms
steps:
  - when: A is leader
    never: B is leader
    for: 100 ms
)";
  EXPECT_EQ(failuresOf(play(text)),
            "at no time: B is leader, until 114 ms | the run ends at 100 ms\n");
  EXPECT_TRUE(play(text, {.until = std::chrono::milliseconds(50)}).passed());
}

TEST(ScenarioRun, AWatchFailsAtTheMomentAtWhichItIsBroken) {
  const Result result = play(three + "never: there is a leader\nuntil: 1 s\n");
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].expected, "at no time: there is a leader");
  EXPECT_EQ(result.failures[0].time, std::chrono::milliseconds(14));
  const Result always = play(three +
                             "steps:\n  - at: 20 ms\n    always: A is leader\n    for: 100 ms\n"
                             "  - at: 50 ms\n    crash: A\n");
  ASSERT_EQ(always.failures.size(), 1u);
  EXPECT_EQ(always.failures[0].expected, "at all times: A is leader");
  EXPECT_EQ(always.failures[0].time, std::chrono::milliseconds(50));
}

TEST(ScenarioRun, AWatchThatIsOverMindsNothing) {
  expectHolds(three + R"(
steps:
  - at: 20 ms
    always: A is leader
    until: 50 ms
  - at: 50 ms
    crash: A
)");
}

TEST(ScenarioRun, WithoutAnEndItEndsASecondAfterTheLastStep) {
  EXPECT_EQ(play(three).end, std::chrono::seconds(1));
  EXPECT_EQ(play(three + "steps: [{at: 200 ms, note: x}]").end, std::chrono::milliseconds(1200));
  EXPECT_EQ(play(three + "steps: [{at: 200 ms, never: B is leader, for: 3 s}]").end,
            std::chrono::milliseconds(4200));
  EXPECT_EQ(play(three + "until: 70 ms").end, std::chrono::milliseconds(70));
  EXPECT_EQ(play(three, {.until = std::chrono::milliseconds(33)}).end,
            std::chrono::milliseconds(33));
}

TEST(ScenarioRun, ARunThatIsCutShortIsNotBlamedForWhatItDidNotComeTo) {
  const std::string text = three + R"(
steps:
  - when: B is leader
    note: never
expect: {leader: B}
)";
  EXPECT_FALSE(play(text).passed());
  const Result result = play(text, {.until = std::chrono::milliseconds(100)});
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.stepsLeft, 1u);
}

TEST(ScenarioRun, ACopyGoesOnLikeTheOriginal) {
  const Scenario scenario = read(three + "clients: 2\nuntil: 500 ms\n");
  scenario::Run run(scenario);
  for (int i = 0; i < 200; ++i) run.advance();
  scenario::Run copy = run;
  run.finish();
  copy.finish();
  EXPECT_EQ(run.world(), copy.world());
  EXPECT_EQ(run.result(), copy.result());
}

TEST(ScenarioRun, OneSeedGivesOneRunToTheByteAndAnotherSeedAnother) {
  const std::string text = "clients: 2\nnetwork: {loss: 20 %, duplicates: 10 %}\nuntil: 2 s\n";
  EXPECT_EQ(jsonOf(text, 1), jsonOf(text, 1));
  EXPECT_NE(jsonOf(text, 1), jsonOf(text, 2));
}

TEST(ScenarioRun, BeingWatchedChangesNothing) {
  const Scenario scenario = read("clients: 2\nuntil: 2 s\n");
  scenario::Run alone(scenario);
  alone.finish();
  scenario::Run watched(scenario);
  trace::FactList facts;
  trace::Narrator narrator(facts, watched.names());
  watched.finish(&narrator);
  EXPECT_EQ(alone.world(), watched.world());
  EXPECT_FALSE(facts.facts.empty());
}

}  // namespace
}  // namespace raft::scenario
