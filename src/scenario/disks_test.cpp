// Disks and clocks in scenarios: that steps do what they say, and what happens if they cannot.
#include <gtest/gtest.h>

#include "scenario/run.h"
#include "scenario/yaml.h"

namespace raft::scenario {
namespace {

// A leads from 14 ms; a message takes 2 ms.
const std::string three =
    "servers: [A, B, C]\nno-op: off\nfirst election timeout: {A: 10 ms}\nnetwork: 2 ms\n";

Scenario read(const std::string& text) {
  const Read read = readYaml(text);
  for (const Mistake& mistake : read.mistakes) {
    ADD_FAILURE() << mistake.at.line << ":" << mistake.at.column << ": " << mistake.message << "\n"
                  << text;
  }
  return read.scenario.value_or(Scenario{});
}

// "expected | instead" of each failure, a violation by its name.
std::string failuresOf(const std::string& text) {
  const Scenario scenario = read(text);
  scenario::Run run(scenario);
  run.finish();
  std::string out;
  for (const Failure& failure : run.result().failures) {
    out += failure.expected + " | " + failure.instead + "\n";
    for (const std::string& each : failure.why) out += each + "\n";
  }
  for (const check::Violation& violation : run.result().violations) {
    out += std::string(check::nameOf(violation.property)) + "\n";
  }
  return out;
}

TEST(Disks, AStallLastsAsLongAsItSays) {
  EXPECT_EQ(failuresOf(three + R"(
steps:
  - at: 100 ms
    disk: {B and C: stalls for 200 ms}
    propose: SetX=1
    never: SetX=1 is committed
    until: 299 ms
  - at: 310 ms
    expect: SetX=1 is committed
)"),
            "");
}

TEST(Disks, AStallWithoutAnEndLastsUntilTheDiskWorks) {
  EXPECT_EQ(failuresOf(three + R"(
steps:
  - at: 100 ms
    disk: {followers: stalls}
    propose: SetX=1
    never: SetX=1 is committed
    until: 2 s
  - at: 2 s
    disk: {followers: works}
  - at: 2010 ms
    expect: SetX=1 is committed
)"),
            "");
}

TEST(Disks, WritesFailAsOftenAsIsSaid) {
  EXPECT_EQ(failuresOf(three + R"(
steps:
  - at: 100 ms
    disk: {B: fails its next 2 writes, C: fails every write for 50 ms}
    propose: SetX=1
  - at: 121 ms
    expect: SetX=1 is not committed
  - at: 125 ms
    expect: SetX=1 is committed
  - at: 200 ms
    crash: C
  - after: 1 ms
    restart: C
    expect: C has SetX=1
)"),
            "");
}

TEST(Disks, WhyTellsOfADiskThatStalls) {
  EXPECT_EQ(failuresOf(three + R"(
steps:
  - at: 100 ms
    disk: {B and C: stalls}
    propose: SetX=1
  - at: 150 ms
    expect: SetX=1 is committed
)"),
            "SetX=1 is committed | A has committed nothing\nB has committed nothing\n"
            "C has committed nothing\nEntry 1^1 stands on 3 of 3 servers (A, B and C), a "
            "majority.\nLeader A knows so of A only; the other acknowledgements have not reached "
            "it (§5.3).\nB's disk stalls or fails: B has it in memory alone, and does not count "
            "before it is durable (thesis §10.2.1).\nC's disk stalls or fails: C has it in memory "
            "alone, and does not count before it is durable (thesis §10.2.1).\n");
}

TEST(Disks, WhatCannotBeDoneFailsTheRun) {
  EXPECT_EQ(failuresOf(three + R"(
steps:
  - at: 100 ms
    crash: {servers: B, torn after: 1 entry}
)"),
            "this can be done: crash: {servers: B, torn after: 1 entry} | B writes nothing now\n");
  EXPECT_EQ(failuresOf(three + R"(
steps:
  - at: 100 ms
    disk: {B: flips a bit of entry 1}
)"),
            "this can be done: disk: {B: flips a bit of entry 1} | there is no entry 1 on the "
            "disk of B\n");
}

TEST(Disks, AnEmptyDiskUnderAnOldNameIsAViolationUnlessTheFileSaysSo) {
  const std::string text = three + R"(
steps:
  - at: 100 ms
    disk: {B: is lost}
    as: empty
  - after: 10 ms
    expect: B is down
    restart: empty
)";
  EXPECT_EQ(failuresOf(text), "Durability\n");
  EXPECT_EQ(failuresOf(text + "violates: Durability\n"), "");
  EXPECT_EQ(failuresOf(text + "violates: [Durability, LogMatching]\n"),
            "LogMatching is violated | it holds\n");
}

TEST(Disks, AClockThatDriftsMovesItsTimeouts) {
  EXPECT_EQ(failuresOf(R"(
servers: [A, B, C]
first election timeout: {A: 30 ms}
clock drift: {A: 50 % fast}
steps:
  - at: 20 ms
    expect: {happens: A times out}
)"),
            "");
}

}  // namespace
}  // namespace raft::scenario
