// Changes of members: what is told of them, and what no rule explains.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::trace {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

const Names abcd({"A", "B", "C", "D", "E"});

// A step, told: a sentence of each fact on a line of its own.
std::string told(const Server& before, const Input& input, const Server& after,
                 const Effects& effects, Time now) {
  std::string out;
  for (const Fact& fact : factsOf({now, &before, input, effects, after}, abcd)) {
    out += sentence(fact, abcd) + "\n";
  }
  return out;
}

// A leads term 2 and has committed an entry of it; all have everything.
struct Cluster {
  Time now = milliseconds(1000);
  Server a = leader();

  static Server leader() {
    Server a{.id = 1,
             .configuration = {{1, 2, 3}},
             .currentTerm = 2,
             .votedFor = ServerId{1},
             .log = Log(Entries{Entry::noop(2)}),
             .commitIndex = 1,
             .lastApplied = 1,
             .durableIndex = 1,
             .baseConfiguration = {{1, 2, 3}}};
    Leader role{.heartbeatDeadline = milliseconds(1030)};
    role.progress.assign(3, {.nextIndex = 2, .matchIndex = 1});
    a.role = role;
    return a;
  }
  std::string step(const Input& input) {
    const Server before = a;
    Effects effects = a.step(now, input);
    return told(before, input, a, effects, now);
  }
  std::string durable() { return step(Written{a.lastWrite}); }
  std::string acknowledges(ServerId peer, Index index, Round round = 0) {
    return step(Envelope{peer, 1,
                         AppendEntries::Response{.term = a.currentTerm,
                                                 .success = true,
                                                 .prevLogIndex = index,
                                                 .matchIndex = index,
                                                 .round = round}});
  }
};

TEST(MembershipTelling, ANewServerLearnsAndThenVotes) {
  Cluster s;
  const std::string begins = s.step(ChangeConfiguration{.voters = {4}});
  EXPECT_THAT(begins, HasSubstr("A begins to make D a voter: D must catch up first, without a vote "
                                "(thesis §4.2.1)"));
  EXPECT_THAT(begins, HasSubstr("A uses the configuration {A B C} learning {D}"));
  EXPECT_THAT(begins + s.durable() + s.acknowledges(2, 2), Not(HasSubstr("no rule")));
  const std::string close = s.acknowledges(4, 2, 1);
  EXPECT_THAT(close, HasSubstr("A finds D close enough to vote: round 1 took 0 ms"));
  EXPECT_THAT(close, HasSubstr("only the vote of D changes"));
  EXPECT_THAT(close, Not(HasSubstr("no rule")));
  s.durable();
  s.acknowledges(2, 3, 1);
  const std::string end = s.acknowledges(3, 3, 1);
  EXPECT_THAT(end, HasSubstr("A has completed its change of members: the configuration {A B C D} "
                             "is committed"));
  EXPECT_THAT(end, Not(HasSubstr("no rule")));
}

TEST(MembershipTelling, AJointConfigurationIsLeftWhenItIsCommitted) {
  Cluster s;
  s.step(ChangeConfiguration{.removed = {2, 3}});
  EXPECT_EQ(s.a.configuration, (Configuration{.voters = {1, 2, 3}, .nextVoters = {1}}));
  s.durable();
  const std::string end = s.acknowledges(2, 2);
  EXPECT_THAT(end, HasSubstr("2 of 3 old and 1 of 1 new voters"));
  EXPECT_THAT(end, HasSubstr("the joint configuration is committed, so the new one can follow"));
  EXPECT_THAT(end, Not(HasSubstr("no rule")));
}

TEST(MembershipTelling, ARemovedLeaderStepsDown) {
  Cluster s;
  s.step(ChangeConfiguration{.removed = {1}});
  s.durable();
  s.acknowledges(2, 2);
  const std::string end = s.acknowledges(3, 2);
  EXPECT_THAT(end, HasSubstr("A steps down from leader to follower: the configuration {B C} is "
                             "committed, in which it does not vote (thesis §4.2.2)"));
  EXPECT_THAT(end, Not(HasSubstr("no rule")));
}

TEST(MembershipTelling, RefusalsSayWhy) {
  Cluster s;
  const auto answer = [&](const ChangeConfiguration& wish) { return s.step(wish); };
  EXPECT_THAT(answer({.voters = {4}, .removed = {4}}), HasSubstr("D cannot both vote and be gone"));
  EXPECT_THAT(answer({.removed = {1, 2, 3}}), HasSubstr("nobody would be left to vote"));
  EXPECT_THAT(answer({.voters = {2}}), HasSubstr("all of that is so already"));
  s.step(ChangeConfiguration{.removed = {3}});
  EXPECT_THAT(answer({.removed = {2}}), HasSubstr("one change is complete before the next"));
  Cluster early;
  early.a.currentTerm = 3;
  EXPECT_THAT(early.step(ChangeConfiguration{.removed = {3}}),
              HasSubstr("no entry of term 3 is committed yet"));
  Cluster follower;
  follower.a.role = Follower{.leaderId = ServerId{2}};
  EXPECT_THAT(follower.step(ChangeConfiguration{.removed = {3}}),
              HasSubstr("A refuses to remove C and names B as the leader"));
}

TEST(MembershipTelling, ALearnerThatIsSilentIsGivenUp) {
  Cluster s;
  s.step(ChangeConfiguration{.voters = {4}});
  s.durable();
  s.acknowledges(2, 2);
  s.now += milliseconds(5000);
  const std::string end = s.step(Timeout{});
  EXPECT_THAT(end, HasSubstr("A gives up waiting for D: D acknowledged nothing new for 5000 ms"));
  EXPECT_THAT(end, Not(HasSubstr("no rule")));
}

// Each is done as the core does it, and then spoilt.
TEST(MembershipTelling, WhatNoRuleExplainsIsFound) {
  const Cluster start;
  const Input wish = ChangeConfiguration{.removed = {3}};
  Server after = start.a;
  const Effects effects = after.step(start.now, wish);
  const auto findings = [&](const std::function<void(Server&, Effects&)>& spoil) {
    Server spoilt = after;
    Effects told = effects;
    spoil(spoilt, told);
    return raft::trace::told(start.a, wish, spoilt, told, start.now);
  };
  EXPECT_THAT(findings([](Server& s, Effects&) {
                s.configuration = {{1, 2, 3}};
              }),
              HasSubstr("uses the configuration {A B C} of index 2, which no rule explains"));
  EXPECT_THAT(findings([](Server& s, Effects&) { s.configurationIndex = 0; }),
              HasSubstr("of index 0, which no rule explains"));
  EXPECT_THAT(findings([](Server&, Effects& e) { e.change.reset(); }),
              HasSubstr("says of a change of members: nothing, which no rule explains"));
  EXPECT_THAT(findings([](Server& s, Effects&) { s.as<Leader>()->changing = false; }),
              HasSubstr("is not changing its members, which no rule explains"));
  EXPECT_THAT(findings([](Server& s, Effects&) { ++s.as<Leader>()->round; }),
              HasSubstr("is in round 1, which no rule explains"));
  EXPECT_THAT(findings([](Server&, Effects& e) { e.send.clear(); }),
              HasSubstr("sends nothing to B, which no rule explains"));
}

TEST(MembershipTelling, AnAnswerFromBeforeAServerWasAddedIsIgnored) {
  Cluster s;
  s.step(ChangeConfiguration{.learners = {4}});
  EXPECT_THAT(s.acknowledges(4, 1, 0),
              HasSubstr("it answers what was sent before D was added (thesis §4.1)"));
}

// Found by a hunt (seed 14026): one that was never committed is cut off, and another stands there.
TEST(MembershipTelling, AConfigurationThatReplacesAnotherAtItsIndexIsUsed) {
  Cluster s;
  s.step(ChangeConfiguration{.learners = {4}});  // at index 2, and durable nowhere else
  const Configuration other{.voters = {1, 2, 3}, .learners = {5}};
  const Entry entry{.term = 3, .command = encode(other), .type = EntryType::Configuration};
  const std::string said = s.step(Envelope{2, 1,
                                           AppendEntries::Request{.term = 3,
                                                                  .leaderId = 2,
                                                                  .prevLogIndex = 1,
                                                                  .prevLogTerm = 2,
                                                                  .entries = Entries{entry},
                                                                  .leaderCommit = 1}});
  EXPECT_EQ(s.a.configuration, other);
  EXPECT_THAT(said, HasSubstr("uses the configuration {A B C} learning {E}"));
  EXPECT_THAT(said, Not(HasSubstr("no rule explains")));
}

}  // namespace
}  // namespace raft::trace
