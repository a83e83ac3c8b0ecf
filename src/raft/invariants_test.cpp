// Each invariant is broken by hand once, and named.
#include "raft/invariants.h"

#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

enum : std::uint8_t { follower, candidate, leader };

// A step as the invariants see it.
struct Step {
  Vitals before;
  Server after;
  Effects effects = {};
};

// s2, a follower of term 4 with the log 1^1 2^2 3^2, in a step that changes nothing.
Step idle() {
  const Server s2{.id = 2,
                  .configuration = {{1, 2, 3}},
                  .settings = plain,
                  .currentTerm = 4,
                  .votedFor = 3,
                  .log = logOf({1, 2, 2}),
                  .commitIndex = 1,
                  .lastApplied = 1,
                  .lastWrite = 5,
                  .durableIndex = 3};
  return {.before = Vitals::of(s2), .after = s2};
}

// The same, that appends 4^4 and answers.
Step appends() {
  Step step = idle();
  step.after.log = logOf({1, 2, 2, 4});
  step.after.lastWrite = 6;
  step.after.writing = {{6, 4}};
  step.effects.write =
      Write{.id = 6, .currentTerm = 4, .votedFor = 3, .from = 4, .entries = entriesFrom(4, {4})};
  step.effects.send = {{.envelope = {2, 3, AppendEntries::Response{4, true, 3, 4}}, .after = 6}};
  return step;
}

// The same, that applies 1^1.
Step applies() {
  Step step = idle();
  step.before.commitIndex = step.before.lastApplied = 0;
  step.effects.apply = {.first = 1, .entries = entriesFrom(1, {1})};
  return step;
}

// The same, that takes a snapshot of what it has applied, 1^1.
Step compacts() {
  Step step = idle();
  step.after.snapshot = {1, 1, three, "state"};
  step.after.log.compactTo(1);
  step.after.lastWrite = 6;
  step.after.writing = {{6, 3}};
  step.effects.write =
      Write{.id = 6, .currentTerm = 4, .votedFor = 3, .snapshot = step.after.snapshot};
  step.effects.compaction = Compaction::Done;
  return step;
}

// The same, that installs a snapshot up to 5^4.
Step installs() {
  Step step = compacts();
  step.after.snapshot = {5, 4, three, "state"};
  step.after.log = logAfter(5, 4, {});
  step.after.commitIndex = step.after.lastApplied = 5;
  step.after.writing = {{6, 5}};
  step.effects = {.write = step.effects.write, .restore = step.after.snapshot};
  step.effects.write->from = 6;
  step.effects.write->snapshot = step.after.snapshot;
  return step;
}

// The same, that appends a configuration, which is in force.
Step configures() {
  Step step = appends();
  const Entry entry{.term = 4, .command = encode(three), .type = EntryType::Configuration};
  step.after.log = logOf({1, 2, 2});
  step.after.log.append(entry);
  step.after.configurationIndex = 4;
  step.effects.write->entries = {entry};
  return step;
}

// s2 leads term 4, before the step and after it.
Step leads(Step step = idle()) {
  step.after.votedFor = step.before.votedFor = 2;
  if (step.effects.write) step.effects.write->votedFor = 2;
  step.after.role = Leader{.progress = std::vector<Progress>(3, {.nextIndex = 4, .matchIndex = 3})};
  step.before.role = leader;
  return step;
}

// s2 asks whether it could win.
Step canvasses() {
  Step step = idle();
  step.after.role = Follower{.canvass = Canvass{.responded = {2}, .granted = {2}}};
  return step;
}

// s2 leads, hands over to s3 and tells it to stand.
Step handsOver() {
  Step step = leads();
  step.after.as<Leader>()->transfer = Transfer{.to = 3};
  step.effects.send = {{.envelope = {2, 3, TimeoutNow::Request{.term = 4, .leaderId = 2}}}};
  return step;
}

// s2 leads term 4, and two messages are in flight to s1, which are all that the settings allow.
Step pipelines() {
  Step step = leads();
  step.after.settings.maxMessagesInFlight = 2;
  step.after.as<Leader>()->of(1) = {.nextIndex = 4,
                                    .matchIndex = 1,
                                    .waiting = true,
                                    .state = Progress::State::Replicate,
                                    .inFlight = {{.last = 2, .bytes = 0}, {.last = 3, .bytes = 0}}};
  return step;
}

// s2 led term 3, accepted 3^3 and then, in term 4, 4^4; it has just said that it does not know of
// the first.
Step pends() {
  Step step = leads(appends());
  step.after.pending = {{.term = 3, .first = 3, .last = 3, .unknown = true},
                        {.term = 4, .first = 4, .last = 4}};
  step.effects.fates = {{3, 3, 3, Fate::Outcome::Unknown}};
  return step;
}

Leader& leaderOf(Step& step) { return *step.after.as<Leader>(); }

struct Case {
  const char* sentence;
  Step step;
  std::function<void(Step&)> breakIt;
};

std::vector<Case> states() {
  return {
      {"lastApplied <= commitIndex", idle(), [](Step& s) { s.after.lastApplied = 2; }},
      {"what is committed is applied in the same step", idle(),
       [](Step& s) { s.after.commitIndex = 2; }},
      {"commitIndex <= index of last log entry", idle(),
       [](Step& s) { s.after.commitIndex = s.after.lastApplied = 4; }},
      {"no entry has a term above currentTerm", idle(), [](Step& s) { s.after.currentTerm = 1; }},
      {"nothing is durable beyond the log", idle(), [](Step& s) { s.after.durableIndex = 4; }},
      {"what is not on its way to the disk is durable", idle(),
       [](Step& s) { s.after.durableIndex = 2; }},
      {"the configuration is the latest in the log (thesis §4.1)", configures(),
       [](Step& s) { s.after.configuration.learners = {4}; }},
      {"the configuration is the latest in the log (thesis §4.1)", configures(),
       [](Step& s) { s.after.configurationIndex = 3; }},
      {"the configuration is the latest in the log (thesis §4.1)", idle(),
       [](Step& s) { s.after.configurationIndex = 4; }},
      {"only a voter stands for election (thesis §4.2.1)", leads(),
       [](Step& s) {
         s.after.role = Candidate{.votesResponded = {2}, .votesGranted = {2}};
         s.after.configuration = {{1, 3}, {}, {2}};
       }},
      {"a leader that is removed leads until that is committed (thesis §4.2.2)", leads(),
       [](Step& s) {
         s.after.configuration = {{1, 3}};
       }},
      {"a candidate votes for itself", idle(),
       [](Step& s) { s.after.role = Candidate{.votesResponded = {2}, .votesGranted = {2}}; }},
      {"a candidate votes for itself", leads(), [](Step& s) { s.after.role = Candidate{}; }},
      {"who granted a vote has answered", leads(),
       [](Step& s) {
         s.after.role = Candidate{.votesResponded = {2}, .votesGranted = {1, 2}};
       }},
      {"a follower does not follow itself", idle(),
       [](Step& s) { s.after.role = Follower{.leaderId = 2}; }},
      {"who asks whether it could win knows of no leader (thesis §9.6)", canvasses(),
       [](Step& s) { s.after.as<Follower>()->leaderId = 1; }},
      {"who asks whether it could win would vote for itself", canvasses(),
       [](Step& s) { s.after.as<Follower>()->canvass->granted = {}; }},
      {"who would grant a vote has answered", canvasses(),
       [](Step& s) { s.after.as<Follower>()->canvass->granted.insert(3); }},
      {"a leader hands over to another server (thesis §3.10)", leads(),
       [](Step& s) { leaderOf(s).transfer = Transfer{.to = 2}; }},
      {"a leader has voted for itself", leads(), [](Step& s) { s.after.votedFor = 3; }},
      {"a leader keeps track of each member", leads(),
       [](Step& s) { s.after.configuration.learners = {4}; }},
      {"nextIndex and matchIndex lie within the leader's log", leads(),
       [](Step& s) { leaderOf(s).of(1).nextIndex = 5; }},
      {"nextIndex and matchIndex lie within the leader's log", leads(),
       [](Step& s) { leaderOf(s).of(1).matchIndex = 4; }},
      {"nextIndex and matchIndex lie within the leader's log", leads(),
       [](Step& s) { leaderOf(s).of(3) = {.nextIndex = 0}; }},
      {"matchIndex < nextIndex", leads(), [](Step& s) { leaderOf(s).of(3).nextIndex = 3; }},
      {"a leader counts itself only for what is durable (thesis §10.2.1)", leads(appends()),
       [](Step& s) { leaderOf(s).of(2).matchIndex = 4; }},
  };
}

std::vector<Case> snapshots() {
  return {
      {"the log begins where the snapshot ends (§7)", compacts(),
       [](Step& s) { s.after.snapshot.lastIncludedIndex = 0; }},
      {"the log begins where the snapshot ends (§7)", compacts(),
       [](Step& s) { s.after.snapshot.lastIncludedTerm = 2; }},
      {"a snapshot covers just what was applied (§7)", compacts(),
       [](Step& s) { s.after.commitIndex = s.after.lastApplied = 0; }},
      {"chunks of a snapshot come from the leader of the term (§7)", leads(),
       [](Step& s) {
         s.after.receiving = PartialSnapshot{5, 4};
       }},
      {"a leader sends snapshots that it took (§7)", leads(compacts()),
       [](Step& s) { leaderOf(s).transfers = {{.to = 2, .snapshot = s.after.snapshot}}; }},
      {"a leader sends snapshots that it took (§7)", leads(compacts()),
       [](Step& s) {
         leaderOf(s).transfers = {{.to = 3, .snapshot = s.after.snapshot, .offset = 6}};
       }},
      {"a leader sends snapshots that it took (§7)", leads(compacts()),
       [](Step& s) {
         leaderOf(s).transfers = {{.to = 3, .snapshot = {2, 2, three}}};
       }},
  };
}

// Of what is sent to each peer, and of proposals.
std::vector<Case> replication() {
  return {
      {"only who is replicated to has messages in flight", pipelines(),
       [](Step& s) { leaderOf(s).of(1).state = Progress::State::Probe; }},
      {"what is in flight lies in order after matchIndex", pipelines(),
       [](Step& s) { leaderOf(s).of(1).matchIndex = 2; }},
      {"what lies between matchIndex and nextIndex is in flight", pipelines(),
       [](Step& s) { leaderOf(s).of(1).inFlight.pop_back(); }},
      {"no more is in flight than the settings allow", pipelines(),
       [](Step& s) { s.after.settings.maxMessagesInFlight = 1; }},
      {"a leader waits if and only if the window is full", pipelines(),
       [](Step& s) { leaderOf(s).of(1).waiting = false; }},
      {"a leader waits if and only if the window is full", pipelines(),
       [](Step& s) { s.after.settings.maxMessagesInFlight = 3; }},
      {"a leader sends what the window allows", pipelines(),
       [](Step& s) {
         leaderOf(s).of(1) = {.nextIndex = 3, .matchIndex = 2, .state = Progress::State::Replicate};
       }},
      {"proposals are remembered in the order of their terms", pends(),
       [](Step& s) { s.after.pending[0].term = 5; }},
      {"proposals are remembered in the order of their terms", pends(),
       [](Step& s) { s.after.pending[0].last = 2; }},
      {"what is committed or lost is told", pends(), [](Step& s) { s.after.pending[0].first = 1; }},
      {"who leads no longer has said that it does not know", pends(),
       [](Step& s) { s.after.pending[0].unknown = false; }},
      {"a fate is what the committed entries say", pends(),
       [](Step& s) { s.effects.fates[0].outcome = Fate::Outcome::Committed; }},
  };
}

std::vector<Case> changes() {
  return {
      {"currentTerm never falls (§5.1)", idle(), [](Step& s) { s.before.currentTerm = 5; }},
      {"a vote is not taken back within its term (§5.2)", idle(),
       [](Step& s) { s.before.votedFor = 1; }},
      {"a vote is not taken back within its term (§5.2)", idle(),
       [](Step& s) { s.after.votedFor.reset(); }},
      {"commitIndex never falls", idle(), [](Step& s) { s.before.commitIndex = 2; }},
      {"lastApplied never falls", idle(), [](Step& s) { s.before.lastApplied = 2; }},
      {"a snapshot never gives way to an older one (§7)", compacts(),
       [](Step& s) { s.before.snapshot = 2; }},
      {"a leader's log never shrinks (§5.3)", leads(), [](Step& s) { s.before.lastIndex = 4; }},
      {"a leader stays one until its term ends (§5.2)", idle(),
       [](Step& s) { s.before.role = leader; }},
      {"a leader stays one until its term ends (§5.2)", idle(),
       [](Step& s) {
         s.before.role = leader;
         s.after.settings.checkQuorum = true;
         s.after.role = Candidate{.votesResponded = {2}, .votesGranted = {2}};
         s.before.votedFor = s.after.votedFor = 2;
       }},
      {"only a candidate becomes leader (§5.2)", leads(),
       [](Step& s) { s.before.role = follower; }},
      {"only a candidate becomes leader (§5.2)", leads(),
       [](Step& s) {
         s.before.currentTerm = 3;
         s.before.role = candidate;
       }},
      {"a leader commits by counting only entries of its own term (§5.4.2)", leads(applies()),
       [](Step&) {}},
      {"one configuration is committed before the next begins (thesis §4.1)", leads(configures()),
       [](Step& s) { s.before.configurationIndex = 2; }},
      {"a leader changes members when an entry of its term is committed", leads(configures()),
       [](Step&) {}},
  };
}

std::vector<Case> effects() {
  return {
      {"terms never fall along a log", appends(),
       [](Step& s) { s.effects.write->entries = entriesFrom(4, {1}); }},
      {"a configuration is in force when it is appended (thesis §4.1)", configures(),
       [](Step& s) { s.after.configurationIndex = 0; }},
      {"write ids rise by one", appends(), [](Step& s) { s.effects.write->id = 7; }},
      {"a write that is asked for is under way", appends(),
       [](Step& s) {
         s.after.writing.clear();
         s.after.durableIndex = 4;
       }},
      {"a new snapshot is written, and none but the newest (§7)", compacts(),
       [](Step& s) { s.effects.write->snapshot.reset(); }},
      {"a new snapshot is written, and none but the newest (§7)", compacts(),
       [](Step& s) { s.effects.write->snapshot->data = "others"; }},
      {"a new snapshot is written, and none but the newest (§7)", appends(),
       [](Step& s) {
         s.effects.write->snapshot = Snapshot{1, 1, three};
       }},
      {"what became different is written", compacts(), [](Step& s) { s.effects.write.reset(); }},
      {"a restored state machine is where the snapshot ends (§7)", installs(),
       [](Step& s) { s.effects.restore->lastIncludedIndex = 4; }},
      {"a restored state machine is where the snapshot ends (§7)", installs(),
       [](Step& s) { s.effects.apply = {.first = 2, .entries = entriesFrom(2, {4})}; }},
      {"a state machine is not set back (§7)", installs(),
       [](Step& s) { s.before.lastApplied = s.before.commitIndex = 5; }},
      {"what is applied is handed out, once", installs(),
       [](Step& s) { s.effects.restore.reset(); }},
      {"what is accepted stands in the log (§5.3)", leads(appends()),
       [](Step& s) { s.effects.proposed = Accepted{.index = 5, .term = 4}; }},
      {"what is accepted stands in the log (§5.3)", leads(appends()),
       [](Step& s) { s.effects.proposed = Accepted{.index = 4, .term = 3}; }},
      {"write ids rise by one", appends(), [](Step& s) { s.before.lastWrite = 4; }},
      {"a write carries the term and vote that it makes durable", appends(),
       [](Step& s) { s.effects.write->votedFor = 1; }},
      {"a write carries the term and vote that it makes durable", appends(),
       [](Step& s) { s.effects.write->currentTerm = 3; }},
      {"a write brings the disk to the log as it is", appends(),
       [](Step& s) {
         s.effects.write->entries = entriesFrom(4, {4, 4});
       }},
      {"a write brings the disk to the log as it is", appends(),
       [](Step& s) { s.effects.write->from = 0; }},
      {"nothing committed is truncated (§5.4)", appends(),
       [](Step& s) {
         s.effects.write->from = 1;
         s.effects.write->entries = entriesFrom(1, {1, 2, 2, 4});
       }},
      {"a leader only appends (§5.3)", leads(appends()),
       [](Step& s) {
         s.effects.write->from = 3;
         s.effects.write->entries = entriesFrom(3, {2, 4});
       }},
      {"what became different is written", idle(), [](Step& s) { s.before.currentTerm = 3; }},
      {"what became different is written", idle(), [](Step& s) { s.before.votedFor.reset(); }},
      {"what became different is written", idle(), [](Step& s) { s.before.lastIndex = 4; }},
      {"what became different is written", idle(), [](Step& s) { s.before.lastTerm = 3; }},
      {"what speaks of a write waits for it (§5.1)", appends(),
       [](Step& s) { s.effects.send[0].after = 0; }},
      {"messages carry currentTerm (§5.1)", idle(),
       [](Step& s) {
         s.effects.send = {{.envelope = {2, 1, RequestVote::Response{.term = 3}}}};
       }},
      {"what is applied is handed out, once", applies(), [](Step& s) { s.effects.apply = {}; }},
      {"what is applied is handed out, once", idle(),
       [](Step& s) { s.effects.apply = {.first = 1, .entries = entriesFrom(1, {1})}; }},
      {"entries apply in order", applies(), [](Step& s) { s.effects.apply.first = 2; }},
  };
}

std::vector<Case> effectsBeyondFigure2() {
  return {
      {"messages carry currentTerm (§5.1)", canvasses(),
       [](Step& s) {
         s.effects.send = {{.envelope = {2, 1, PreVote::Request{4, 2, 3, 2}}}};
       }},
      {"whoever is told to stand has the leader's whole log (thesis §3.10)", handsOver(),
       [](Step& s) { leaderOf(s).of(3).matchIndex = 2; }},
      {"whoever is told to stand has the leader's whole log (thesis §3.10)", handsOver(),
       [](Step& s) { leaderOf(s).transfer->to = 1; }},
      {"who hands over takes no commands (thesis §3.10)", handsOver(),
       [](Step& s) { s.effects.proposed = Accepted{.index = 4, .term = 4}; }},
      {"what is said beyond Figure 2 is noted", idle(),
       [](Step& s) {
         s.effects.clear();
         s.effects.readable = 1;
       }},
  };
}

void expectEachNamed(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    Step step = one.step;
    one.breakIt(step);
    const char* broken = brokenInvariant(step.before, step.after, step.effects);
    EXPECT_STREQ(broken, one.sentence) << testing::PrintToString(step.after);
  }
}

TEST(Invariants, HoldOfStepsThatAreRight) {
  for (const Step& step :
       {idle(), appends(), applies(), configures(), compacts(), installs(), leads(),
        leads(appends()), leads(compacts()), canvasses(), handsOver(), pipelines(), pends()}) {
    EXPECT_STREQ(brokenInvariant(step.before, step.after, step.effects), nullptr);
  }
}

TEST(Invariants, OfAStateAreNamedWhenTheyAreBroken) {
  expectEachNamed(states());
  expectEachNamed(replication());
}

TEST(Invariants, OfSnapshotsAreNamedWhenTheyAreBroken) { expectEachNamed(snapshots()); }

TEST(Invariants, OfAChangeAreNamedWhenTheyAreBroken) { expectEachNamed(changes()); }

TEST(Invariants, OfTheEffectsAreNamedWhenTheyAreBroken) {
  expectEachNamed(effects());
  expectEachNamed(effectsBeyondFigure2());
}

// A new invariant needs a case above.
TEST(Invariants, AreAllBrokenOnce) {
  std::set<std::string> named;
  for (const auto& cases :
       {states(), replication(), snapshots(), changes(), effects(), effectsBeyondFigure2()}) {
    for (const Case& one : cases) named.insert(one.sentence);
  }
  std::ifstream source(RAFTLAB_SOURCE_DIR "/src/raft/invariants.cpp");
  ASSERT_TRUE(source);
  std::set<std::string> stated;
  const std::regex quoted("\"([^\"]+)\"");
  for (std::string line; std::getline(source, line);) {
    std::smatch match;
    if (line.starts_with("#include")) continue;
    if (std::regex_search(line, match, quoted)) stated.insert(match[1]);
  }
  EXPECT_EQ(named, stated);
}

}  // namespace
}  // namespace raft
