// What is told of expectations that do not hold, and of those that say that something is not so.
#include <gtest/gtest.h>

#include "scenario/run.h"
#include "scenario/yaml.h"

namespace raft::scenario {
namespace {

// A leads from 14 ms. At 100 ms it is alone with SetX=2, at index 2; B or C leads term 2 by 700 ms,
// and has SetX=3 in its place.
const std::string cluster = R"(
servers: [A, B, C]
no-op: off
first election timeout: {A: 10 ms}
election timeout: {B: 150..215 ms, others: 220..300 ms}
network: 2 ms
steps:
  - at: 30 ms
    propose: SetX=1
  - at: 100 ms
    partition: [[A], [B, C]]
    propose: SetX=2
  - at: 700 ms
    propose: SetX=3
  - after: 0 ms
    name: {x: A}
)";

Read parsed(const std::string& text) {
  Read out = readYaml(text);
  for (const Mistake& mistake : out.mistakes) {
    ADD_FAILURE() << mistake.at.line << ": " << mistake.message << "\n" << text;
  }
  return out;
}

// A step's expectation fails: what is so instead, and below it why.
std::string told(const std::string& text, const std::string& expectation) {
  const Read read = parsed(text + "    expect: " + expectation + "\n");
  if (!read.scenario) return {};
  scenario::Run run(*read.scenario);
  run.finish();
  const Result result = run.result();
  if (result.failures.size() != 1) return std::to_string(result.failures.size()) + " failures";
  std::string out = result.failures[0].instead;
  for (const std::string& sentence : result.failures[0].why) out += "\n" + sentence;
  return out;
}

void expectTold(const std::string& text, const std::string& expectation,
                const std::vector<std::string>& parts) {
  const std::string all = told(text, expectation);
  for (const std::string& part : parts) {
    EXPECT_NE(all.find(part), all.npos) << expectation << "\n" << all;
  }
}

std::string stepAt(const std::string& time, const std::string& deed = "note: x") {
  return cluster.substr(0, cluster.find("  - at: 100 ms")) + "  - at: " + time + "\n    " + deed +
         "\n";
}

TEST(Explain, WhatShallNeverHappenDoes) {
  const std::string times = "  - when: A times out\n    never: A times out\n";
  const Read read = parsed(cluster.substr(0, cluster.find("  - at: 30 ms")) + times);
  ASSERT_TRUE(read.scenario);
  scenario::Run run(*read.scenario);
  run.finish();
  ASSERT_EQ(run.result().failures.size(), 1);
  EXPECT_TRUE(run.result().failures[0].instead.starts_with("at that moment it happens\nA@1 "))
      << run.result().failures[0].instead;
}

TEST(Explain, ACommandThatIsNotCommittedIsLookedForInTheLogs) {
  const std::string at = stepAt("31 ms");
  expectTold(
      at, "SetX=1 is committed",
      {"A has committed nothing\nB has", "Entry 1^1 stands on 1 of 3 servers (A); 2 are needed"});
  expectTold(at, "SetX=9 is committed everywhere", {"\nSetX=9 stands in no log."});
  expectTold(at, "{committed: [SetX=1]}",
             {"A has committed nothing", "Entry 1^1 stands on 1 of 3"});
  expectTold(at, "{committed: {B: [SetX=1]}}", {"B has committed nothing", "Entry 1^1 stands on"});
  expectTold(at, "{log: {B: [1 SetX=1]}}", {"B has nothing", "B lacks 1^1."});
  expectTold(at, "{log: {A: [1 SetX=9]}}",
             {"A has 1^1 (SetX=1)\nSetX=9 of term 1 stands in no log."});
  expectTold(at, "B has SetX=1", {"B has nothing", "B lacks 1^1."});
  expectTold(at, "entry 2 is committed", {"There is no entry at index 2: the log of leader A"});
  expectTold(at, "entry 1 of term 2 is committed", {"Entry 1 of term 2 stands in no log."});
  expectTold(at, "A commits SetX=1", {"Entry 1^1 stands on 1 of 3 servers"});
  expectTold(at, "an entry commits", {"Entry 1^1 stands on 1 of 3 servers"});
}

TEST(Explain, WhatIsCommittedAndNotKnownEverywhere) {
  const std::string at = stepAt("40 ms");
  expectTold(at, "SetX=1 is committed on B",
             {"B has committed nothing\nB has 1^1 and learns with"});
  expectTold(at, "{applied: [SetX=1, SetX=9]}", {"SetX=9 stands in no log."});
  expectTold(at, "{applied: {B: [SetX=1]}}", {"B has applied nothing\nB has 1^1 and learns with"});
  expectTold(at, "SetX=1 is not committed", {"Entry 1^1 is committed; A knows that."});
  const std::string alone = stepAt("40 ms", "crash: A");
  expectTold(alone, "entry 1 is applied on B",
             {"Entry 1^1 is committed, but no leader is there to tell B (§5.3)."});
  // No leader is needed to say that a command is nowhere.
  expectTold(alone, "SetX=9 is committed", {"SetX=9 stands in no log."});
}

TEST(Explain, AnEntryOfALeaderThatIsCutOffIsNotThatOfTheNewLeader) {
  expectTold(cluster, "SetX=2 is committed",
             {"Entry 2^1 (SetX=2) stands on 1 of 3 servers (A); 2 are needed (§5.3).",
              "Leader B has 2^2 in its place (§5.3)."});
}

TEST(Explain, WhoLeadsIsSaidWhereNobodyShould) {
  const std::string at = stepAt("40 ms");
  for (const char* expectation : {"nobody is leader", "A is not leader", "there is no leader",
                                  "{leader: none}", "A is follower"}) {
    expectTold(at, expectation, {"A leads term 1: a majority voted for it (§5.2)."});
  }
  expectTold(at, "B is leader", {"B follows A, the leader of term 1 (§5.2)."});
  expectTold(at, "A is leader in term 2", {"A leads term 1"});
  expectTold(at, "B becomes leader", {"B follows A, the leader of term 1"});
  expectTold(at, "B follows C", {"B follows A, the leader of term 1"});
  expectTold(cluster, "there is one leader",
             {"A leads term 1, B leads term 2", "A leads term 1: a majority voted for it",
              "It does not know yet that B leads the newer term 2 (§5.1)."});
}

TEST(Explain, AVoteThatIsNotGiven) {
  const std::string at = stepAt("40 ms");
  expectTold(at, "B votes for C", {"B voted for A in term 1, and a server votes once in a term"});
  expectTold(at, "B votes for A", {"B has voted for A in term 1."});
  expectTold(at, "B has voted for C", {"B voted for A in term 1"});
}

TEST(Explain, ALinkThatLosesAllIsNone) {
  expectTold(stepAt("50 ms", "network: {loss: 100 %}\n    propose: SetX=2\n  - at: 60 ms"),
             "SetX=2 is committed", {"B lacks it: the links between A and B are down."});
}

TEST(Explain, ThatNoServerIsUpComesFirst) {
  const std::string at = stepAt("40 ms", "crash: all");
  expectTold(at, "SetX=1 is applied on B", {"B has applied nothing  (down)\nNo server is up.\n"});
  expectTold(at, "A is leader", {"\nNo server is up.\n"});
  expectTold(at, "all are in term 1", {"\nNo server is up."});
}

// What a step watches comes to hold, though it never should: what is so, and below it why.
void expectToldOfNever(const std::string& condition, const std::vector<std::string>& parts) {
  const Read read = parsed(cluster + "never: " + condition + "\nuntil: 900 ms\n");
  ASSERT_TRUE(read.scenario);
  scenario::Run run(*read.scenario);
  run.finish();
  const Result result = run.result();
  ASSERT_EQ(result.failures.size(), 1u) << condition;
  std::string all;
  for (const std::string& sentence : result.failures[0].why) all += sentence + "\n";
  for (const std::string& part : parts) {
    EXPECT_NE(all.find(part), all.npos) << condition << "\n" << all;
  }
}

TEST(Explain, ATermIsExplainedByHowAServerCameByIt) {
  expectTold(stepAt("31 ms"), "B is in term 7", {"\nB is in term 1, that of its leader A (§5.1)."});
  expectTold(stepAt("31 ms"), "A is in term 7", {"\nA is in term 1, for it stood for election"});
  expectTold(cluster, "A is in term 2",
             {"\nA is in term 1, for", "\nThere is a term 2, but no message of it has reached A"});
}

TEST(Explain, WhatShouldNeverHaveBeenIsExplained) {
  expectToldOfNever("there is a leader", {"A leads term 1: a majority voted for it"});
  expectToldOfNever("B or C is leader", {" leads term 2: a majority voted for it"});
  expectToldOfNever("A becomes candidate", {"A is in term 1, for it stood for election in it"});
  expectToldOfNever("A is candidate", {"A is in term 1, for it stood for election in it"});
  expectToldOfNever("B is in term 1", {"B is in term 1, in which it has voted for A"});
  expectToldOfNever("a term changes", {"A is in term 1, for it stood for election in it"});
  expectToldOfNever("an entry commits", {"is committed"});
  expectToldOfNever("SetX=1 is committed", {"Entry 1^1 is committed"});
}

// What holds and has a reason is told with it.
std::vector<std::string> heldAndWhy(const std::string& text) {
  const Read read = parsed(text);
  std::vector<std::string> out;
  if (!read.scenario) return out;
  scenario::Run run(*read.scenario);
  trace::FactList facts;
  trace::Narrator narrator(facts, run.names());
  run.finish(&narrator);
  EXPECT_TRUE(run.result().passed());
  for (const trace::Fact& fact : facts.facts) {
    if (const auto* held = fact.as<trace::Expected>())
      out.push_back(held->text + " | " + fact.reason);
  }
  return out;
}

TEST(Explain, WhatIsNotSoAsExpectedIsToldWithItsReason) {
  const std::vector<std::string> held = heldAndWhy(stepAt("100 ms", R"(crash: [B, C]
    propose: SetX=2
    never: [an entry commits, there is a new leader, B is candidate]
    for: 50 ms
  - at: 200 ms
    expect: [A is leader, SetX=2 is not committed, B is not leader, A is in term 1]
    crash: A
  - at: 300 ms
    expect: there is no leader
)"));
  EXPECT_EQ(held, (std::vector<std::string>{
                      "at no time: an entry commits | Entry 2^1 stands on 1 of 3 servers (A); 2 "
                      "are needed (§5.3). B lacks it: B is down",
                      "at no time: there is a new leader | There is a leader: A, of term 1. But it "
                      "can commit nothing: of those who run, it can talk with nobody but itself, "
                      "and 2 of 3 are needed for a majority (§5.2)",
                      "at no time: B is candidate | ", "A is leader; A is in term 1 | ",
                      "SetX=2 is not committed | Entry 2^1 stands on 1 of 3 servers (A); 2 are "
                      "needed (§5.3). B lacks it: B is down",
                      "B is not leader | B is down",
                      "there is no leader | No server runs, and 2 of 3 are needed for a majority "
                      "(§5.2). A, B and C are down"}));
}

}  // namespace
}  // namespace raft::scenario
