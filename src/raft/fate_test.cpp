// What became of the commands that a server accepted as leader: committed, lost, or unknown.
#include <map>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "raft/unreliable_cluster_test_support.h"

namespace raft {
namespace {

using enum Fate::Outcome;
using Fates = std::vector<Fate>;

// s1 leads term 4 with 1^1 2^2, both committed.
Server leader() {
  Server s1 = leaderOf(1, 4, logOf({1, 2}), three);
  s1.settings.tellFates = true;
  s1.commitIndex = s1.lastApplied = 2;
  return s1;
}

Envelope accepts(ServerId from, Index prevLogIndex, Index matchIndex) {
  return {from, 1, AppendEntries::Response{4, true, prevLogIndex, matchIndex}};
}

Envelope fromLeader(ServerId leader, Term term, Index prevLogIndex, Term prevLogTerm,
                    Entries entries, Index leaderCommit) {
  return {leader, 1,
          AppendEntries::Request{term, leader, prevLogIndex, prevLogTerm, std::move(entries),
                                 leaderCommit}};
}

// s1 has accepted 3^4 4^4 5^4, of which s2 has the first; then it hears of term 5.
Server deposed() {
  Server s1 = leader();
  stepChecked(s1, ms(1), Propose{{"3^4", "4^4"}});
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  stepChecked(s1, ms(2), Written{2});
  EXPECT_EQ(stepChecked(s1, ms(3), Envelope{2, 1, RequestVote::Response{5, false}}).fates,
            (Fates{{4, 3, 5, Unknown}}));
  return s1;
}

TEST(Fate, WhatIsAppliedIsCommitted) {
  Server s1 = leader();
  stepChecked(s1, ms(1), Propose{{"3^4", "4^4"}});
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  stepChecked(s1, ms(1), Written{2});
  const Effects fx = stepChecked(s1, ms(2), accepts(2, 2, 4));
  EXPECT_EQ(fx.apply, (Apply{3, entriesFrom(3, {4, 4})}));
  EXPECT_EQ(fx.fates, (Fates{{4, 3, 4, Committed}}));
  EXPECT_EQ(stepChecked(s1, ms(2), accepts(2, 2, 4)).fates, Fates{});
  EXPECT_EQ(stepChecked(s1, ms(3), accepts(3, 2, 5)).fates, (Fates{{4, 5, 5, Committed}}));
  EXPECT_TRUE(s1.pending.empty());
}

TEST(Fate, IsNotToldUnlessTheSettingsSaySo) {
  Server s1 = leader();
  s1.settings.tellFates = false;
  stepChecked(s1, ms(1), Propose{{"3^4"}});
  stepChecked(s1, ms(1), Written{1});
  EXPECT_EQ(stepChecked(s1, ms(2), accepts(2, 2, 3)).fates, Fates{});
}

TEST(Fate, ALeaderThatIsDeposedDoesNotKnow) {
  Server s1 = deposed();
  EXPECT_EQ(stepChecked(s1, ms(4), Envelope{3, 1, RequestVote::Response{6, false}}).fates,
            Fates{});  // said once
}

// Figure 8: what was overwritten here may stand on others, who commit it in a later term.
TEST(Fate, ATruncationIsNotALoss) {
  Server s1 = deposed();
  EXPECT_EQ(stepChecked(s1, ms(4), fromLeader(3, 5, 2, 2, {{5, "x"}}, 2)).fates, Fates{});
  EXPECT_FALSE(s1.log.matches(3, 4));
  const Entries back{entryAt(3, 4), {6, "y"}};
  EXPECT_EQ(stepChecked(s1, ms(5), fromLeader(2, 6, 2, 2, back, 2)).fates, Fates{});
  EXPECT_EQ(stepChecked(s1, ms(6), fromLeader(2, 6, 4, 6, {}, 3)).fates,
            (Fates{{4, 3, 3, Committed}}));
  EXPECT_EQ(stepChecked(s1, ms(7), fromLeader(2, 6, 4, 6, {}, 4)).fates, (Fates{{4, 4, 5, Lost}}));
}

TEST(Fate, WhatALaterLeaderCommitsIsCommitted) {
  Server s1 = deposed();
  EXPECT_EQ(stepChecked(s1, ms(4), fromLeader(2, 5, 5, 4, {{5, "x"}}, 6)).fates,
            (Fates{{4, 3, 5, Committed}}));
}

// Along a log terms never fall: what is committed of a later term leaves no place for these.
TEST(Fate, AllIsLostOnceALaterTermIsCommittedBeforeIt) {
  Server s1 = deposed();
  EXPECT_EQ(stepChecked(s1, ms(4), fromLeader(3, 5, 2, 2, {{5, "x"}}, 3)).fates,
            (Fates{{4, 3, 5, Lost}}));
  EXPECT_TRUE(s1.pending.empty());
}

TEST(Fate, AllIsLostAlsoIfThatStandsBeforeTheFirst) {
  Server s1 = leader();
  s1.log.append(Entry::noop(4));
  s1.log.takeChange();
  s1.durableIndex = 3;
  s1.as<Leader>()->of(1).matchIndex = 3;
  stepChecked(s1, ms(1), Propose{{"4^4", "5^4"}});
  EXPECT_EQ(stepChecked(s1, ms(2), fromLeader(3, 5, 2, 2, {{5, "x"}}, 3)).fates,
            (Fates{{4, 4, 5, Lost}}));
}

// … and what is committed of an earlier one: their leader had them all together (Log Matching).
TEST(Fate, AllIsLostOnceAnotherEntryIsCommittedInTheFirstPlace) {
  Server s1 = deposed();
  const Entries older{{3, "x"}, {3, "y"}, {5, "z"}};
  EXPECT_EQ(stepChecked(s1, ms(4), fromLeader(3, 5, 2, 2, older, 3)).fates,
            (Fates{{4, 3, 5, Lost}}));
}

// A step that deposes a leader and settles the matter says how it ends, and nothing else.
TEST(Fate, IsToldOnceInAStep) {
  Server s1 = leader();
  stepChecked(s1, ms(1), Propose{{"3^4", "4^4"}});
  EXPECT_EQ(stepChecked(s1, ms(2), fromLeader(3, 5, 3, 4, {{5, "x"}}, 4)).fates,
            (Fates{{4, 3, 3, Committed}, {4, 4, 4, Lost}}));
}

// Who leads again does not know more than before of what it accepted in its earlier term.
TEST(Fate, EachTermHasItsOwn) {
  Server s1 = deposed();
  stepChecked(s1, ms(300), Timeout{});
  stepChecked(s1, ms(300), Written{s1.lastWrite});
  stepChecked(s1, ms(301), Envelope{2, 1, RequestVote::Response{6, true}});
  ASSERT_TRUE(s1.is<Leader>());
  EXPECT_EQ(stepChecked(s1, ms(302), Propose{{"6^6"}}).fates, Fates{});
  EXPECT_EQ(s1.pending, (std::vector<Server::Pending>{{4, 3, 5, true}, {6, 6, 6}}));
  stepChecked(s1, ms(303), Written{s1.lastWrite});
  const Envelope all{2, 1, AppendEntries::Response{6, true, 5, 6}};
  EXPECT_EQ(stepChecked(s1, ms(304), all).fates,
            (Fates{{4, 3, 5, Committed}, {6, 6, 6, Committed}}));
}

TEST(Fate, AProposalOfNothingHasNone) {
  Server s1 = leader();
  stepChecked(s1, ms(1), Propose{});
  EXPECT_TRUE(s1.pending.empty());
}

TEST(Fate, ACrashForgetsThem) {
  const Server s1 = leader();
  EXPECT_TRUE(Server::start(1, three, s1.settings, 1, ms(0), {s1.currentTerm, s1.votedFor, s1.log})
                  .pending.empty());
}

// A snapshot stands for what is committed up to an entry of which index and term are known.
Fates whenASnapshotIsInstalled(Server s1, Index lastIncludedIndex, Term lastIncludedTerm) {
  s1.log.restore(lastIncludedIndex, lastIncludedTerm);
  s1.log.takeChange();
  s1.commitIndex = s1.lastApplied = lastIncludedIndex;
  s1.durableIndex = s1.log.lastIndex();
  return s1.step(ms(4), Timeout{}).fates;
}

TEST(Fate, ASnapshotThatEndsInItsTermCommitsAllUpToThere) {
  EXPECT_EQ(whenASnapshotIsInstalled(deposed(), 5, 4), (Fates{{4, 3, 5, Committed}}));
  EXPECT_EQ(whenASnapshotIsInstalled(deposed(), 4, 4), (Fates{{4, 3, 4, Committed}}));
}

TEST(Fate, ASnapshotThatEndsInAnEarlierTermLeavesNoPlace) {
  EXPECT_EQ(whenASnapshotIsInstalled(deposed(), 3, 3), (Fates{{4, 3, 5, Lost}}));
}

TEST(Fate, WhatASnapshotOfALaterTermJumpsOverStaysUnknown) {
  EXPECT_EQ(whenASnapshotIsInstalled(deposed(), 4, 6), (Fates{{4, 5, 5, Lost}}));
  EXPECT_EQ(whenASnapshotIsInstalled(deposed(), 9, 6), Fates{});
  Server s1 = deposed();
  s1.pending[0].unknown = false;
  EXPECT_EQ(whenASnapshotIsInstalled(s1, 9, 6), (Fates{{4, 3, 5, Unknown}}));
}

// All that a server accepted and did not crash after: told, rightly, and not twice.
struct Told {
  Term term;
  bool unknown = false;
  std::optional<Fate::Outcome> outcome = {};
};

class Fates5Servers {
 public:
  explicit Fates5Servers(UnreliableCluster& cluster) : cluster_(cluster), all_(5) {
    cluster.watch = [this](const Server&, const Input& input, const Server& after,
                           const Effects& effects) { note(input, after, effects); };
    cluster.crashed = [this](ServerId id) { all_[id.value - 1].clear(); };
  }

  void checkAllTold() const {
    for (const auto& ofOne : all_) {
      for (const auto& [place, told] : ofOne) {
        EXPECT_TRUE(told.outcome.has_value()) << place.first << '^' << place.second;
      }
    }
  }
  std::map<Fate::Outcome, std::uint64_t> count = {};

 private:
  void note(const Input& input, const Server& after, const Effects& effects) {
    auto& own = all_[after.id.value - 1];
    const auto* accepted = effects.proposed ? std::get_if<Accepted>(&*effects.proposed) : nullptr;
    if (accepted) {
      const std::uint64_t commands = std::get<Propose>(input).commands.size();
      for (std::uint64_t i = 0; i < commands; ++i) {
        own[{accepted->index.value + i, accepted->term.value}] = {.term = accepted->term};
      }
    }
    for (const Fate& fate : effects.fates) {
      for (Index index = fate.first; index <= fate.last; ++index) take(own, index, fate);
    }
  }
  void take(std::map<std::pair<std::uint64_t, std::uint64_t>, Told>& own, Index index,
            const Fate& fate) {
    const auto found = own.find({index.value, fate.term.value});
    ASSERT_NE(found, own.end()) << "of a proposal that it did not accept";
    Told& told = found->second;
    ++count[fate.outcome];
    EXPECT_FALSE(told.outcome.has_value()) << "told twice";
    if (fate.outcome == Unknown) {
      EXPECT_FALSE(told.unknown) << "told twice";
      told.unknown = true;
      return;
    }
    told.outcome = fate.outcome;
    const bool stands = index.value <= cluster_.committed.size() &&
                        cluster_.committed[index.value - 1].term == fate.term;
    EXPECT_EQ(stands, fate.outcome == Committed) << index.value << '^' << fate.term.value;
  }

  UnreliableCluster& cluster_;
  std::vector<std::map<std::pair<std::uint64_t, std::uint64_t>, Told>> all_;
};

TEST(Fate, OfEveryProposalIsToldRightlyAndOnce) {
  std::map<Fate::Outcome, std::uint64_t> count;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Settings settings = plain;
    settings.electionTimeoutMax = ms(200);
    settings.noopAtElection = true;
    settings.tellFates = true;
    settings.maxMessagesInFlight = seed % 2 == 0 ? 1 : 4;
    UnreliableCluster cluster(5, settings, seed);
    Fates5Servers fates(cluster);
    for (int i = 0; i < 1500 && !HasFailure(); ++i) cluster.happen();
    cluster.settle();
    fates.checkAllTold();
    for (const auto& [outcome, times] : fates.count) count[outcome] += times;
    if (HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(count[Committed], 1000u);
  EXPECT_GT(count[Lost], 100u);
  EXPECT_GT(count[Unknown], 100u);
}

}  // namespace
}  // namespace raft
