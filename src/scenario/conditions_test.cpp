// Each condition, where it holds and where it does not, in a cluster whose every moment is known:
// A times out at 10 ms and leads from 14 ms; SetX=10 is proposed at 30 ms, committed by A at 34 ms
// and known to B and C with the heartbeat of 64 ms; C crashes and A takes a snapshot at
// 200 ms, B is paused at 210 ms.
#include <gtest/gtest.h>

#include "scenario/run.h"
#include "scenario/words.h"
#include "scenario/yaml.h"

namespace raft::scenario {
namespace {

std::string cluster(const std::string& at, const std::string& expect) {
  std::string text = R"(
servers: [A, B, C]
no-op: off
first election timeout: {A: 10 ms, others: 200 ms}
network: 2 ms
steps:
)";
  const std::pair<int, const char*> deeds[] = {
      {30000, "propose: SetX=10"}, {200000, "crash: C\n    snapshot: A"}, {210000, "pause: B"}};
  const auto micros = parseDuration(at).value->count();
  bool told = false;
  for (const auto& [time, deed] : deeds) {
    if (micros < time && !told) {
      text += "  - at: " + at + "\n    expect: " + expect + "\n";
      told = true;
    }
    text += "  - at: " + std::to_string(time) + " us\n    " + deed + "\n";
    if (micros == time && !told) {
      text += "    expect: " + expect + "\n";
      told = true;
    }
  }
  if (!told) text += "  - at: " + at + "\n    expect: " + expect + "\n";
  return text + "until: 230 ms\n";
}

Result play(const std::string& text) {
  const Read read = readYaml(text);
  for (const Mistake& mistake : read.mistakes) {
    ADD_FAILURE() << mistake.at.line << ":" << mistake.at.column << ": " << mistake.message << "\n"
                  << text;
  }
  if (!read.scenario) return {};
  scenario::Run run(*read.scenario);
  run.finish();
  EXPECT_TRUE(run.result().violations.empty()) << text;
  return run.result();
}

struct Case {
  const char* at;
  const char* holds;
  const char* doesNot;
};

const Case states[] = {
    {"5 ms", "there is no leader", "there is a leader"},
    {"5 ms", "all are followers", "A is candidate"},
    {"9 ms", "nobody is candidate", "the term changes"},
    {"10 ms", "A is candidate in term 1", "A is candidate in term 2"},
    {"10 ms", "nobody is leader", "somebody is leader"},
    {"10 ms", "B and C have voted for nobody", "B has voted for A"},
    {"13 ms", "B has voted for A", "B has not voted"},
    {"14 ms", "a leader exists", "no leader exists"},
    {"14 ms", "there is one leader", "there is no leader"},
    {"9 ms", "all are in term 0", "there is a new leader"},
    {"14 ms", "there is a new leader", "an entry commits"},
    {"14 ms", "the term changes", "all are in term 0"},
    {"20 ms", "B and C follow A", "B follows nobody"},
    {"20 ms", "A or B is leader", "A and B are leaders"},
    {"20 ms", "A is not candidate", "A is not leader"},
    {"20 ms", "the leader is up", "a follower is down"},
    {"20 ms", "all are in term 1", "A is in term 0"},
    {"32 ms", "all have entry 1", "C has no entry 1"},
    {"32 ms", "A and B have SetX=10", "A has SetX=11"},
    {"32 ms", "A has entry 1 of term 1", "A has entry 1 of term 2"},
    {"32 ms", "SetX=10 is not committed", "entry 1 is committed"},
    {"34 ms", "SetX=10 is committed", "entry 1 is committed everywhere"},
    {"34 ms", "entry 1 is committed on A", "SetX=10 is applied on B and C"},
    {"34 ms", "an entry commits", "entry 2 is committed"},
    {"30 ms", "{log: {A: [1 SetX=10], others: []}}", "the logs agree"},
    {"30 ms", "the logs of B and C agree", "the logs of A and B agree"},
    {"100 ms", "entry 1 is applied everywhere", "entry 2 is applied"},
    {"100 ms", "{leader: A}", "{leader: B}"},
    {"100 ms", "{leader: A or B}", "{leader: none}"},
    {"100 ms", "{leader: one}", "{leader: B or C}"},
    {"100 ms", "{roles: {A: leader, others: follower}}", "{roles: {all: follower}}"},
    {"100 ms", "{terms: 1}", "{terms: {A: 1, others: 2}}"},
    {"100 ms", "{votes: {all: A}}", "{votes: {B: nobody}}"},
    {"100 ms", "{log: [1 SetX=10]}", "{log: [2]}"},
    {"100 ms", "{log: [1]}", "{log: [1, 1]}"},
    {"100 ms", "{log: {A: [SetX=10]}}", "{log: {A: [1 no-op]}}"},
    {"100 ms", "{committed: 1}", "{committed: {A: 0}}"},
    {"100 ms", "{committed: [SetX=10]}", "{committed: []}"},
    {"100 ms", "{applied: {A and B: [SetX=10]}}", "{applied: {C: [SetX=10, SetX=11]}}"},
    {"100 ms", "nobody has a snapshot", "A has a snapshot"},
    {"100 ms", "A has no snapshot", "A has a snapshot up to entry 1"},
    {"220 ms", "A has a snapshot", "A has no snapshot"},
    {"220 ms", "A has a snapshot up to 1", "A has a snapshot up to entry 2"},
    {"220 ms", "A has SetX=10", "B has a snapshot"},
    {"220 ms", "SetX=10 is applied on A", "A has SetX=11"},
    {"220 ms", "{applied: {A: [SetX=10]}}", "{log: {A: [1]}, committed: {A: [SetX=11]}}"},
    {"100 ms", "{up: all}", "{down: A}"},
    {"100 ms", "all are running", "B is paused"},
    {"220 ms", "A is running", "B is running"},
    {"220 ms", "C is down", "all are up"},
    {"220 ms", "B is paused", "C is paused"},
    {"220 ms", "{up: A and B, down: C, paused: B}", "{up: [A, C]}"},
    {"220 ms", "C is not follower", "C is follower"},
    {"220 ms", "A and B are up", "A is not up"},
};

const Case happenings[] = {
    {"10 ms", "A times out", "B times out"},
    {"10 ms", "A becomes candidate", "A becomes leader"},
    {"10 ms", "A votes for A", "B votes for A"},
    {"10 ms", "A sends RequestVote to B and C", "A sends heartbeats"},
    {"11 ms", "nobody votes for A", "somebody votes for A"},
    {"12 ms", "B receives RequestVote from A", "B receives RequestVote from C"},
    {"12 ms", "B and C vote for A", "B refuses A"},
    {"12 ms", "B sends its vote to A", "A sends a vote to B"},
    {"14 ms", "A receives the vote of B", "A receives the vote of A"},
    {"14 ms", "A becomes leader", "A becomes follower"},
    {"14 ms", "A sends heartbeats to B and C", "A sends entries"},
    {"30 ms", "A appends SetX=10", "B appends SetX=10"},
    {"30 ms", "A sends entries to B", "A sends AppendEntries to A"},
    {"32 ms", "B and C append entry 1", "B appends entry 2"},
    {"32 ms", "B sends an acknowledgement to A", "A sends an acknowledgement"},
    {"34 ms", "A commits entry 1", "B commits entry 1"},
    {"34 ms", "A applies SetX=10", "A applies SetX=11"},
    {"34 ms", "A commits anything", "A removes anything"},
    {"200 ms", "C crashes", "C restarts"},
    {"200 ms", "A takes a snapshot", "A installs a snapshot"},
    {"200 ms", "nobody sends InstallSnapshot", "A sends a snapshot to B"},
};

TEST(Conditions, EachHoldsWhereItShouldAndNowhereElse) {
  for (const auto& cases : {std::vector(std::begin(states), std::end(states)),
                            std::vector(std::begin(happenings), std::end(happenings))}) {
    for (const Case& each : cases) {
      const Result good = play(cluster(each.at, each.holds));
      EXPECT_TRUE(good.failures.empty()) << each.at << ": " << each.holds << "\n"
                                         << good.failures[0].instead;
      EXPECT_EQ(good.stepsLeft, 0u);
      const Result bad = play(cluster(each.at, each.doesNot));
      ASSERT_EQ(bad.failures.size(), 1u) << each.at << ": " << each.doesNot;
      EXPECT_EQ(bad.failures[0].time, *parseDuration(each.at).value) << each.doesNot;
      EXPECT_FALSE(bad.failures[0].instead.empty()) << each.doesNot;
      EXPECT_GT(bad.failures[0].at.line, 5u);
    }
  }
}

TEST(Conditions, AFailureSaysWhereWhatWasExpectedWhatIsSoAndWhy) {
  const Result result = play(cluster("100 ms", "B is leader"));
  ASSERT_EQ(result.failures.size(), 1u);
  const Failure& failure = result.failures[0];
  EXPECT_EQ(failure.at, (Position{.line = 10, .column = 13}));
  EXPECT_EQ(failure.expected, "B is leader");
  EXPECT_EQ(failure.instead.substr(0, 12), "B@1 follower");
  EXPECT_FALSE(failure.why.empty());
}

}  // namespace
}  // namespace raft::scenario
