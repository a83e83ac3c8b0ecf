// Single messages in scenarios: that each fares as it was arranged.
#include <gtest/gtest.h>

#include "scenario/parse.h"
#include "scenario/run.h"
#include "scenario/yaml.h"

namespace raft::scenario {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Messages, WhatBecomesOfThemIsReadAsItIsWritten) {
  for (const char* text : {"is lost", "takes 40 ms", "takes 2 ms and its copy 1.5 ms"}) {
    const Parsed<sim::Carriage> carriage = parseCarriage(text);
    ASSERT_TRUE(carriage.value) << carriage.wrong;
    EXPECT_EQ(textOf(*carriage.value), text);
  }
  EXPECT_EQ(parseCarriage("takes 2 ms and its copy 1.5 ms").value,
            (sim::Carriage{.latency = milliseconds(2), .copyLatency = microseconds(1500)}));
}

// A stands at 10 ms. Its RequestVote to B is lost; C's vote takes 30 ms, and the acknowledgement
// after it is lost.
TEST(Messages, FareOnceAsWasArrangedInTheOrderInWhichTheyAreSent) {
  const Read read = readYaml(R"(
servers: [A, B, C]
first election timeout: {A: 10 ms}
network: 2 ms
steps:
  - at: 9 ms
    message: {A -> B: is lost, C -> A: [takes 30 ms, is lost]}
  - at: 12 ms
    expect: {happens: C votes for A}
  - at: 41 ms
    expect: A is candidate
  - at: 42 ms
    expect: A is leader
  - at: 44 ms
    expect: {happens: [B sends an acknowledgement to A, C sends an acknowledgement to A]}
    message: {A <-> B and C: takes 3 ms and its copy 4 ms}
  - at: 46 ms
    expect: {happens: A receives an acknowledgement from B}
    never: A receives an acknowledgement from C
    for: 40 ms
  - at: 92 ms
    expect: {happens: A sends a heartbeat to B}
  - at: 95 ms
    expect: {happens: B receives a heartbeat from A}
  - at: 96 ms
    expect: {happens: B receives a heartbeat from A}
)");
  ASSERT_TRUE(read.scenario) << read.mistakes[0].message;
  scenario::Run run(*read.scenario);
  run.finish();
  for (const Failure& failure : run.result().failures) {
    ADD_FAILURE() << failure.at.line << ": " << failure.expected << ": " << failure.instead;
  }
}

}  // namespace
}  // namespace raft::scenario
