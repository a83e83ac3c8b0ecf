// Pre-vote, stickiness, check quorum and transfer done wrongly: each spoilt deed is a finding.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::trace {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const Names abc({"A", "B", "C"});
const ServerSet three{1, 2, 3};

Settings extended() {
  Settings settings{.electionTimeoutMin = milliseconds(100),
                    .electionTimeoutMax = milliseconds(100),
                    .heartbeatInterval = milliseconds(20),
                    .noopAtElection = false};
  settings.preVote = settings.leaderStickiness = settings.checkQuorum = true;
  return settings;
}

Server follower(std::uint32_t id = 2) {
  return {.id = id,
          .configuration = three,
          .settings = extended(),
          .currentTerm = 4,
          .role = Follower{.leaderId = ServerId(1),
                           .electionDeadline = milliseconds(100),
                           .withholdVotesUntil = milliseconds(90)}};
}

Server canvassing() {
  Server b = follower();
  b.step(milliseconds(100), Timeout{});
  return b;
}

Server leader() {
  Server a = follower(1);
  a.votedFor = ServerId(1);
  Leader role{.heartbeatDeadline = milliseconds(20)};
  role.progress.assign(3, Progress{.nextIndex = 1});
  a.role = role;
  return a;
}

struct Case {
  Server before;
  Input input;
  Time now;
  std::function<void(Server&, Effects&)> spoil;
  const char* told;
};

std::string findingsOf(const Case& c, bool spoilt) {
  Server after = c.before;
  Effects effects = after.step(c.now, c.input);
  if (spoilt) c.spoil(after, effects);
  std::string out;
  for (const Fact& fact : factsOf({c.now, &c.before, c.input, effects, after}, abc)) {
    if (isFinding(fact)) out += sentence(fact, abc) + "\n";
  }
  return out;
}

PreVote::Response& preVote(Effects& fx) {
  return std::get<PreVote::Response>(fx.send[0].envelope.message);
}

std::vector<Case> cases() {
  const Time early = milliseconds(10);
  const Time late = milliseconds(100);
  const Envelope ask{3, 2, PreVote::Request{5, 3, 0, 0}};
  const Envelope vote{3, 2, RequestVote::Request{9, 3, 0, 0}};
  const Envelope stand{1, 2, TimeoutNow::Request{4, 1}};
  return {
      {follower(), ask, early, [](Server&, Effects& fx) { preVote(fx).voteGranted = true; },
       "has heard leader A within the last 100 ms"},
      {follower(), ask, late, [](Server&, Effects& fx) { preVote(fx).voteGranted = false; },
       "heard no leader for an election timeout"},
      {follower(), ask, late, [](Server&, Effects& fx) { preVote(fx).requestTerm = 9; },
       "answers C"},
      {follower(), ask, late, [](Server&, Effects& fx) { fx.send.clear(); },
       "does not answer C's PreVote"},
      {follower(), Timeout{}, late, [](Server&, Effects& fx) { fx.send.pop_back(); },
       "does not ask all whether they would vote for it"},
      {follower(), Timeout{}, late,
       [](Server& b, Effects&) { b.as<Follower>()->canvass->granted.insert(3); },
       "asks who would vote for it, and has B and C"},
      {follower(), Timeout{}, late, [](Server& b, Effects&) { ++b.currentTerm; }, "goes to term 5"},
      {canvassing(), Envelope{3, 2, PreVote::Response{4, false, 5}}, late,
       [](Server& b, Effects&) { b.as<Follower>()->canvass->granted.insert(3); },
       "by the rules it asks who would vote for it, and has B"},
      {follower(), vote, early, [](Server& b, Effects&) { b.currentTerm = 9; }, "goes to term 9"},
      {follower(), Envelope{1, 2, AppendEntries::Request{4, 1, 0, 0}}, early,
       [](Server& b, Effects&) { b.as<Follower>()->withholdVotesUntil = {}; },
       "withholds its vote until 0 ms"},
      {leader(), Timeout{}, late, [](Server& a, Effects&) { a.role = leader().role; },
       "is leader now"},
      {leader(), TransferLeadership{2}, early, [](Server&, Effects& fx) { fx.send.clear(); },
       "does not tell B to stand"},
      {leader(), TransferLeadership{2}, early,
       [](Server&, Effects& fx) { fx.transferred = Transferred::ToItself; },
       "answers an order to hand over wrongly"},
      {leader(), TransferLeadership{2}, early,
       [](Server& a, Effects&) { a.as<Leader>()->transfer.reset(); }, "hands over to nobody"},
      {follower(), stand, early,
       [](Server& b, Effects&) { b.as<Candidate>()->leadershipTransfer = false; },
       "forgets that its leader told it to stand"},
  };
}

TEST(LeadershipFindings, EachDeedIsExplainedAndIsAFindingWhenItIsSpoilt) {
  for (const Case& c : cases()) {
    EXPECT_EQ(findingsOf(c, false), "") << c.told;
    EXPECT_THAT(findingsOf(c, true), HasSubstr(c.told));
  }
}

}  // namespace
}  // namespace raft::trace
