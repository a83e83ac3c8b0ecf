#include "raft/server.h"

#include <algorithm>
#include <concepts>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

// A server is a value, and so is all that enters and leaves a step.
static_assert(std::regular<Server>);
static_assert(std::regular<Input>);
static_assert(std::regular<Effects>);
static_assert(std::regular<Persistent>);

// Inputs that bring s1 of three servers through all roles, and more than once.
std::vector<Input> eventfulLife() {
  return {Timeout{},
          Written{1},
          Envelope{2, 1, RequestVote::Response{1, true}},
          Propose{{"a", "b"}},
          Written{2},
          Written{3},
          Envelope{3, 1, AppendEntries::Response{1, true, 0, 1}},
          Timeout{},
          Envelope{2, 1, RequestVote::Request{4, 2, 9, 3}},
          Envelope{2, 1, AppendEntries::Request{4, 2, 1, 1, entriesFrom(2, {3, 4}), 1}},
          Written{5},
          Timeout{},
          Timeout{}};
}

// Two that share nothing but what they were told; a copy of a server shares the entries of its log.
TEST(Server, EqualServersGivenEqualInputsBecomeEqualAndAskForTheSame) {
  Server s1 = Server::start(1, three, {}, 7, ms(0));
  Server twin = Server::start(1, three, {}, 7, ms(0));
  const std::vector<Input> inputs = eventfulLife();
  const std::vector<Input> same = eventfulLife();
  ServerSet roles;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Time now = s1.deadline();
    const Effects effects = stepChecked(s1, now, inputs[i]);
    EXPECT_EQ(stepChecked(twin, now, same[i]), effects);
    EXPECT_EQ(twin, s1);
    roles.insert(static_cast<std::uint32_t>(s1.role.index()) + 1);
  }
  EXPECT_EQ(roles.size(), 3u);
  EXPECT_EQ(s1.log.from(2), entriesFrom(2, {3, 4}));
}

// What becomes of one is nothing to the other, though they share the storage of their logs.
TEST(Server, ACopyGoesItsOwnWay) {
  const Server before = leaderOf(1, 2, logOf({1, 1}), three);
  Server one = before;
  Server other = before;
  stepChecked(one, ms(1), Propose{{"x"}});
  stepChecked(other, ms(1), Propose{{"y"}});
  stepChecked(other, ms(1), Propose{{"z"}});
  EXPECT_EQ(before, leaderOf(1, 2, logOf({1, 1}), three));
  EXPECT_EQ(one.log.from(3), (Entries{{2, "x"}}));
  EXPECT_EQ(other.log.from(3), (Entries{{2, "y"}, {2, "z"}}));
}

// §5.2: "election timeouts are chosen randomly" — by the seed that a server is started with.
TEST(Server, ARestartWithAnotherSeedDrawsOtherTimeouts) {
  const auto timeouts = [](std::uint64_t seed) {
    Server s1 = Server::start(1, three, {}, seed, ms(0), {4, ServerId{3}, logOf({1, 2, 4})});
    std::vector<Time> all;
    for (int i = 0; i < 20; ++i) {
      all.push_back(s1.deadline());
      stepChecked(s1, s1.deadline(), Timeout{});
    }
    return all;
  };
  EXPECT_EQ(timeouts(8), timeouts(8));
  EXPECT_NE(timeouts(8), timeouts(9));
  EXPECT_NE(timeouts(8)[0], timeouts(9)[0]);
}

TEST(Server, AClusterOfOneElectsItselfOnceItsVoteIsDurable) {
  Server s1 = Server::start(1, ServerSet{1}, {}, 7, Time(0));
  const Time due = s1.deadline();
  EXPECT_FALSE(s1.step(due - Duration(1), Timeout{}).write);

  Effects fx = s1.step(due, Timeout{});
  EXPECT_EQ(fx.write, (Write{.id = 1, .currentTerm = 1, .votedFor = ServerId{1}}));
  EXPECT_TRUE(s1.is<Candidate>());

  fx = s1.step(due, Written{1});
  EXPECT_TRUE(s1.is<Leader>());
  EXPECT_EQ(s1.commitIndex, Index{0});  // its no-op is not durable yet
  fx = s1.step(due, Written{2});
  EXPECT_EQ(fx.apply, (Apply{.first = 1, .entries = {Entry::noop(1)}}));
}

// A host that keeps one Effects, and one that begins each step with new ones, are told the same.
TEST(Server, EffectsThatAreUsedAgainSayWhatTheLastStepSaid) {
  Server s1 = Server::start(1, three, {}, 7, ms(0));
  Server twin = s1;
  Effects again;
  std::vector<Input> inputs{Read{}, ChangeConfiguration{.voters = {4}}, TransferLeadership{2},
                            Compact{.index = 5}, Propose{{"x"}}};  // each is refused, in words
  std::ranges::copy(eventfulLife(), std::back_inserter(inputs));
  for (const Input& input : inputs) {
    const Time now = s1.deadline();
    s1.step(now, input, again);
    EXPECT_EQ(again, twin.step(now, input));
  }
}

TEST(Server, EffectsThatWereFilledByHandAreClearedAsWell) {
  Effects fx{.write = Write{.id = 1, .currentTerm = 1},
             .send = {{.envelope = {1, 2, RequestVote::Response{}}}},
             .apply = {.first = 1, .entries = {{1, "x"}}},
             .proposed = NotLeader{},
             .restore = Snapshot{},
             .compaction = Compaction::Done,
             .transferred = Transferred::Begun,
             .fates = {Fate{}},
             .change = Change{},
             .read = NotLeader{},
             .readable = 1,
             .readsLost = 1};
  fx.clear();
  EXPECT_EQ(fx, Effects{});
}

}  // namespace
}  // namespace raft
