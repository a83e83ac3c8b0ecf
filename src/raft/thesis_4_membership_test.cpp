// The thesis, chapter 4: Cluster membership changes, sentence by sentence, as far as the core does
// it.
#include <vector>

#include <gtest/gtest.h>

#include "raft/quorum.h"
#include "raft/raft_test_support.h"

namespace raft {
namespace {

using Outcome = Change::Outcome;

// `voters` led by s1 in term 2, which has committed 2^2, and beside them fresh servers that know of
// no cluster, up to `all`.
struct Cluster : TestCluster {
  std::vector<Change> changes = {};

  explicit Cluster(std::uint32_t all, const ServerSet& voters = three) {
    for (ServerId id : ServerSet::firstServers(all)) {
      servers.push_back(id == 1               ? leaderOf(id, 2, logOf({1, 2}), voters)
                        : voters.contains(id) ? followerOf(id, 2, logOf({1, 2}), voters)
                                              : Server::start(id, {}, plain, 1, now));
    }
    watch = [this](const Server&, const Server&, const Effects& effects) {
      if (effects.change) changes.push_back(*effects.change);
    };
    beat();
    beat();
  }
  void beat() { timeOut(1); }
  std::vector<Outcome> outcomes() const {
    std::vector<Outcome> all;
    for (const Change& change : changes) all.push_back(change.outcome);
    return all;
  }
  void elect(ServerId id) {
    stand(id);
    ASSERT_TRUE(of(id).is<Leader>()) << testing::PrintToString(of(id));
  }
  // Until nothing changes any more.
  void settle(ServerId leader) {
    for (int i = 0; i < 12 && of(leader).is<Leader>(); ++i) timeOut(leader);
  }
};

// All configurations of a log, in order.
std::vector<Configuration> configurationsOf(const Log& log) {
  std::vector<Configuration> all;
  for (const Entry& entry : log.from(1)) {
    if (entry.type == EntryType::Configuration) all.push_back(*decode(entry.command));
  }
  return all;
}

using Configurations = std::vector<Configuration>;

// §4.1: "When adding a single server … any majority of the old cluster overlaps with any majority
// of the new cluster": no joint configuration is needed.
// Membership.4.
TEST(Thesis41, OneServerIsAddedByOneEntryAfterItHasCaughtUp) {
  Cluster s(4);
  s.run(1, ChangeConfiguration{.voters = {4}});
  s.settle(1);
  EXPECT_EQ(configurationsOf(s.of(1).log),
            (Configurations{{.voters = {1, 2, 3}, .learners = {4}}, ServerSet{1, 2, 3, 4}}));
  EXPECT_EQ(s.outcomes(), (std::vector{Outcome::Begun, Outcome::Complete}));
  for (ServerId id : ServerSet::firstServers(4)) {
    EXPECT_EQ(s.of(id).log, s.of(1).log);
    EXPECT_EQ(s.of(id).configuration, Configuration(ServerSet{1, 2, 3, 4}));
    EXPECT_EQ(s.of(id).commitIndex, 4);
  }
}

// Membership.4.
TEST(Thesis41, OneServerIsRemovedByOneEntry) {
  Cluster s(3);
  s.run(1, ChangeConfiguration{.removed = {3}});
  s.settle(1);
  EXPECT_EQ(configurationsOf(s.of(1).log), (Configurations{ServerSet{1, 2}}));
  EXPECT_EQ(s.outcomes(), (std::vector{Outcome::Begun, Outcome::Complete}));
  EXPECT_EQ(s.of(3).log, logOf({1, 2}));  // nothing is sent to it any more
}

// §4.1: "The new configuration takes effect on each server as soon as it is added to that server's
// log": its own majority commits it, without the server that is removed.
// Membership.1.
TEST(Thesis41, ANewConfigurationCommitsItself) {
  Cluster s(3);
  s.reached = {1, 2};
  s.run(1, ChangeConfiguration{.removed = {3}});
  EXPECT_EQ(s.of(1).commitIndex, 3);
  Cluster other(2, {1, 2});
  other.reached = {1};
  other.run(1, ChangeConfiguration{.removed = {2}});
  EXPECT_EQ(other.of(1).commitIndex, 3);
}

// §4.1: "a change … is committed before the next one can begin"
// Membership.2.
TEST(Thesis41, OneChangeIsUnderWayAtATime) {
  Cluster s(5);
  s.reached = {1};
  s.run(1, ChangeConfiguration{.removed = {3}});
  const Log log = s.of(1).log;
  s.run(1, ChangeConfiguration{.removed = {2}});
  EXPECT_EQ(s.changes.back(), (Change{.outcome = Outcome::InFlight}));
  EXPECT_EQ(s.of(1).log, log);
  s.reached = {1, 2, 3, 4, 5};
  s.settle(1);
  s.run(1, ChangeConfiguration{.removed = {2}});
  EXPECT_EQ(s.of(1).configuration, Configuration(ServerSet{1}));
}

// While servers catch up, that change is under way, though no entry waits.
TEST(Thesis41, NoChangeBeginsWhileServersCatchUp) {
  Cluster s(5);
  s.reached = {1, 2, 3};
  s.run(1, ChangeConfiguration{.voters = {4}});
  s.settle(1);
  EXPECT_GE(s.of(1).commitIndex, s.of(1).configurationIndex);
  s.run(1, ChangeConfiguration{.removed = {2}});
  EXPECT_EQ(s.changes.back().outcome, Outcome::InFlight);
}

// A leader that hands over takes no change, as it takes no commands.
TEST(Thesis41, NoChangeBeginsWhileTheLeaderHandsOver) {
  Cluster s(4);
  s.reached = {1};
  s.run(1, TransferLeadership{2});
  const Log log = s.of(1).log;
  s.run(1, ChangeConfiguration{.learners = {4}});
  EXPECT_EQ(s.changes.back(), (Change{.outcome = Outcome::HandingOver}));
  EXPECT_EQ(s.of(1).log, log);
}

// It is not taken for lost before it had time to answer (thesis §6.2).
TEST(Thesis41, AServerThatIsAddedCountsAsHeardAtThatTime) {
  Cluster s(4);
  s.of(1).settings.checkQuorum = true;
  const Time then = s.now;
  s.reached = {1};
  s.run(1, ChangeConfiguration{.learners = {4}});
  EXPECT_EQ(s.of(1).as<Leader>()->of(4).heardAt, then);
}

// The erratum of 2015: a new leader may not know of a change that an earlier leader is about to
// commit, until it has committed an entry of its own.
// Membership.3.
TEST(Thesis41, ANewLeaderRefusesChangesUntilAnEntryOfItsTermIsCommitted) {
  Cluster s(4, ServerSet::firstServers(4));
  s.elect(2);
  s.run(2, ChangeConfiguration{.removed = {4}});
  EXPECT_EQ(s.changes.back(), (Change{.outcome = Outcome::TooEarly}));
  EXPECT_EQ(s.of(2).log, logOf({1, 2}));
  s.run(2, Propose{{"x"}});
  s.run(2, ChangeConfiguration{.removed = {4}});
  EXPECT_EQ(s.changes.back().outcome, Outcome::Complete);
}

TEST(Thesis41, WhatCannotBeIsRefusedWithItsReason) {
  Cluster s(4);
  const auto answer = [&](const ChangeConfiguration& wish) {
    s.run(1, wish);
    return s.changes.back();
  };
  using C = ChangeConfiguration;
  EXPECT_EQ(answer(C{.voters = {2, 4}, .learners = {3, 4}}),
            (Change{.outcome = Outcome::Contradictory, .servers = {4}}));
  EXPECT_EQ(answer(C{.voters = {4}, .removed = {4}}).outcome, Outcome::Contradictory);
  EXPECT_EQ(answer(C{.learners = {2}, .removed = {2}}).outcome, Outcome::Contradictory);
  EXPECT_EQ(answer(C{.removed = {1, 2, 3}}), (Change{.outcome = Outcome::NoVoter}));
  EXPECT_EQ(answer(C{.learners = {1, 2, 3}}), (Change{.outcome = Outcome::NoVoter}));
  EXPECT_EQ(answer(C{}), (Change{.outcome = Outcome::AlreadySo}));
  EXPECT_EQ(answer(C{.voters = {1}, .removed = {4}}), (Change{.outcome = Outcome::AlreadySo}));
  EXPECT_EQ(s.of(1).log, logOf({1, 2}));
  EXPECT_FALSE(s.of(1).as<Leader>()->changing);
  s.run(2, C{.removed = {3}});
  EXPECT_EQ(s.changes.back(), (Change{.outcome = Outcome::NotLeader, .leaderId = 1}));
}

// §4.2.1: "a new server joins the cluster as a non-voting member": neither its acknowledgements nor
// its votes count, and it is asked for none.
// Membership.5.
TEST(Thesis421, ALearnerNeverCounts) {
  Cluster s(5);
  s.run(1, ChangeConfiguration{.learners = {4, 5}});
  s.settle(1);
  EXPECT_EQ(s.of(5).log, s.of(1).log);
  s.reached = {1, 4, 5};
  s.run(1, Propose{{"x"}});
  EXPECT_EQ(s.of(5).log.lastIndex(), 4);
  EXPECT_EQ(s.of(1).commitIndex, 3);
  s.stand(2);
  for (const Envelope& each : s.step(2, Timeout{}))
    EXPECT_FALSE((ServerSet{4, 5}.contains(each.to)));
  EXPECT_TRUE(stepChecked(s.of(4), s.of(4).deadline(), Timeout{}).send.empty());
  EXPECT_TRUE(s.of(4).is<Follower>());
}

// §4.2.1: promoted "once the new server has caught up with the rest of the cluster"
TEST(Thesis421, ALearnerIsPromotedByTheLeaderWhenItIsClose) {
  Cluster s(4);
  s.reached = {1, 2, 3};
  s.run(1, ChangeConfiguration{.voters = {4}});
  s.settle(1);
  EXPECT_EQ(s.of(1).configuration, (Configuration{.voters = {1, 2, 3}, .learners = {4}}));
  s.reached.insert(4);
  s.settle(1);
  EXPECT_EQ(s.of(1).configuration, Configuration(ServerSet{1, 2, 3, 4}));
  EXPECT_EQ(s.outcomes(), (std::vector{Outcome::Begun, Outcome::Complete}));
}

// One that had everything and is gone now is not promoted: it is asked again.
TEST(Thesis421, ALearnerThatIsGoneIsNotPromoted) {
  Cluster s(4);
  s.run(1, ChangeConfiguration{.learners = {4}});
  s.settle(1);
  s.reached = {1, 2, 3};
  s.run(1, ChangeConfiguration{.voters = {4}});
  s.settle(1);
  EXPECT_FALSE(s.of(1).configuration.isVoter(4));
}

// §4.2.1: "the leader should also abort the change if the new server is unavailable"
TEST(Thesis421, AServerThatAcknowledgesNothingIsGivenUp) {
  Cluster s(4);
  s.reached = {1, 2, 3};
  const Time began = s.now;
  s.run(1, ChangeConfiguration{.voters = {4}});
  while (s.changes.size() < 2 && s.now < began + ms(9000)) s.beat();
  EXPECT_GE(s.now, began + plain.catchUpPatience);
  EXPECT_EQ(s.changes.back(), (Change{.outcome = Outcome::TooSlow, .servers = {4}}));
  EXPECT_EQ(s.of(1).configuration, (Configuration{.voters = {1, 2, 3}, .learners = {4}}));
  s.run(1, ChangeConfiguration{.removed = {4}});
  EXPECT_EQ(s.of(1).configuration, Configuration(three));
}

// Of two newcomers one has all, the other a part.
TEST(Thesis421, TheRoundEndsWhenAllNewcomersAreClose) {
  Cluster s(5);
  s.reached = three;
  s.run(1, ChangeConfiguration{.voters = {4, 5}});
  const Round round = s.of(1).as<Leader>()->round;
  for (const auto& [from, has] : {std::pair(4, 1), std::pair(5, 3), std::pair(4, 3)}) {
    EXPECT_TRUE(s.of(1).as<Leader>()->catchUp);
    s.step(1, Envelope{from, 1,
                       AppendEntries::Response{
                           .term = 2, .success = true, .matchIndex = has, .round = round}});
  }
  EXPECT_FALSE(s.of(1).as<Leader>()->catchUp);
  EXPECT_TRUE(s.of(1).configuration.isJoint());
}

// §4.2.1: "if the last round lasts less than an election timeout, then the leader adds the new
// server"; "otherwise … the leader aborts the configuration change with an error"
// Membership.6.
TEST(Thesis421, AServerWhoseRoundsAllTakeTooLongIsGivenUp) {
  Cluster s(4);
  s.reached = {1, 2, 3};
  s.run(1, ChangeConfiguration{.voters = {4}});
  for (std::uint32_t round = 1; round <= plain.catchUpRounds; ++round) {
    ASSERT_TRUE(s.of(1).as<Leader>()->catchUp) << round;
    EXPECT_EQ(s.of(1).as<Leader>()->catchUp->round, round);
    const Index goal = s.of(1).as<Leader>()->catchUp->goal;
    s.run(1, Propose{{"more"}});  // s4 always lacks what came during the round
    for (int i = 0; i < 6; ++i) s.beat();
    const AppendEntries::Response all{.term = 2, .success = true, .matchIndex = goal, .round = 1};
    s.run(1, Envelope{4, 1, all});
  }
  EXPECT_EQ(s.changes.back(), (Change{.outcome = Outcome::TooSlow, .servers = {4}}));
  EXPECT_FALSE(s.of(1).configuration.isVoter(4));
}

TEST(Thesis421, AServerWithOneShortRoundIsAdded) {
  Cluster s(4);
  s.reached = {1, 2, 3};
  s.run(1, ChangeConfiguration{.voters = {4}});
  for (int i = 0; i < 6; ++i) s.beat();
  s.run(1, Propose{{"more"}});
  s.reached.insert(4);
  s.beat();  // the end of the first round, which was long; the next one has begun
  s.settle(1);
  EXPECT_TRUE(s.of(1).configuration.isVoter(4));
}

// §4.2.2: "a leader that is removed … steps down … once the C_new entry is committed. … it manages
// a cluster that does not include itself; it replicates log entries but does not count itself in
// majorities."
// Membership.7.
TEST(Thesis422, ALeaderThatIsRemovedLeadsUntilThatIsCommittedAndDoesNotCountItself) {
  Cluster s(3);
  s.reached = {1, 2};
  s.run(1, ChangeConfiguration{.removed = {1}});
  EXPECT_EQ(s.of(2).log.lastIndex(), 3);
  s.beat();
  EXPECT_EQ(s.of(1).commitIndex, 2);
  EXPECT_TRUE(s.of(1).is<Leader>());
  s.run(1, Propose{{"x"}});
  s.reached = {1, 2, 3};
  s.beat();
  EXPECT_EQ(s.of(1).commitIndex, 4);
  EXPECT_TRUE(s.of(1).is<Follower>());
  EXPECT_EQ(s.outcomes(), (std::vector{Outcome::Begun, Outcome::Complete}));
  s.timeOut(1);
  EXPECT_TRUE(s.of(1).is<Follower>());
  EXPECT_EQ(s.of(1).currentTerm, 2);
  s.elect(2);
}

// A leader that becomes a learner steps down as well, and goes on learning.
TEST(Thesis422, ALeaderThatIsDemotedStepsDownAndLearns) {
  Cluster s(3);
  s.run(1, ChangeConfiguration{.learners = {1}});
  s.settle(1);
  EXPECT_TRUE(s.of(1).is<Follower>());
  s.elect(2);
  s.run(2, Propose{{"x"}});
  EXPECT_EQ(s.of(1).log, s.of(2).log);
}

// §4.2.2: "A server that is not part of its own latest configuration should still start new
// elections, as it might still be needed until the C_new entry is committed": of two servers the
// leader removes itself and fails. The other one has the shorter log.
// Membership.10.
TEST(Thesis422, AServerThatIsRemovedStandsAndLeadsUntilThatIsCommitted) {
  for (const bool asksFirst : {false, true}) {
    Cluster s(2, {1, 2});
    s.reached = {1};
    s.run(1, ChangeConfiguration{.removed = {1}});
    ASSERT_EQ(s.of(1).configuration, Configuration(ServerSet{2}));
    s.of(1) = Server::start(1, ServerSet{1, 2}, plain, 1, s.now, {2, ServerId{1}, s.of(1).log});
    s.of(1).settings.preVote = asksFirst;
    s.reached = {1, 2};
    s.stand(2);
    EXPECT_FALSE(s.of(2).is<Leader>());
    s.elect(1);
    EXPECT_EQ(s.of(1).commitIndex, 0);  // s2 is not known to have anything, and s1 does not count
    s.run(1, Propose{{"x"}});
    s.timeOut(1);
    EXPECT_TRUE(s.of(1).is<Follower>());
    EXPECT_EQ(s.of(1).commitIndex, 4);
    s.elect(2);
    s.timeOut(1);
    EXPECT_TRUE(s.of(1).is<Follower>());  // it is not needed any more
  }
}

// §4.3: "Once a given server adds the new configuration entry to its log, it uses that
// configuration for all future decisions": of three servers, two are replaced.
TEST(Thesis43, MoreThanOneVoterIsChangedThroughTheJointConfiguration) {
  Cluster s(5);
  s.run(1, ChangeConfiguration{.voters = {4, 5}, .removed = {2, 3}});
  s.settle(1);
  EXPECT_EQ(configurationsOf(s.of(1).log),
            (Configurations{{.voters = {1, 2, 3}, .learners = {4, 5}},
                            {.voters = {1, 2, 3}, .nextVoters = {1, 4, 5}},
                            ServerSet{1, 4, 5}}));
  EXPECT_EQ(s.outcomes(), (std::vector{Outcome::Begun, Outcome::Complete}));
  EXPECT_EQ(s.of(4).log, s.of(1).log);
  EXPECT_EQ(s.of(2).log.lastIndex(), 4);  // C_new is not sent to those who are gone
}

// A cluster of one server that has caught up new ones, in joint consensus with itself.
Cluster jointOfFive() {
  Cluster s(5);
  s.run(1, ChangeConfiguration{.learners = {4, 5}});
  s.settle(1);
  s.reached = {1};
  s.run(1, ChangeConfiguration{.voters = {4, 5}, .removed = {2, 3}});
  return s;
}

// §4.3: "Agreement (for elections and entry commitment) requires majorities from both the old and
// new configurations."
// Membership.8.
TEST(Thesis43, AJointConfigurationNeedsBothMajoritiesToCommit) {
  const Configuration joint{.voters = {1, 2, 3}, .nextVoters = {1, 4, 5}};
  for (const ServerSet& reached : {ServerSet{1, 2, 3}, {1, 4, 5}, {1, 2, 4}, {1, 3, 5}, {1}}) {
    TestCluster s;
    s.servers = {leaderOf(1, 2, logOf({1, 2}), joint)};
    for (ServerId id : {2, 3, 4, 5}) s.servers.push_back(followerOf(id, 2, logOf({1, 2}), joint));
    s.reached = reached;
    s.timeOut(1);
    s.run(1, Propose{{"x"}});
    EXPECT_EQ(s.of(1).commitIndex, isMajority(reached, joint) ? 3 : 0)
        << testing::PrintToString(reached);
  }
}

TEST(Thesis43, AJointConfigurationNeedsBothMajoritiesToElect) {
  const Configuration joint{.voters = {1, 2, 3}, .nextVoters = {1, 4, 5}};
  for (std::uint32_t bits = 0; bits < 16; ++bits) {
    TestCluster s;
    for (ServerId id : {1, 2, 3, 4, 5}) s.servers.push_back(followerOf(id, 2, logOf({2}), joint));
    s.reached = {1};
    for (std::uint32_t i = 0; i < 4; ++i) {
      if (bits >> i & 1) s.reached.insert(i + 2);
    }
    s.stand(1);
    EXPECT_EQ(s.of(1).is<Leader>(), isMajority(s.reached, joint)) << bits;
  }
}

// §4.3: "If the leader crashes, a new leader may be chosen under either C_old or C_old,new": one
// that has C_old,new commits it and goes on to C_new, though it never heard of the wish.
// Membership.9.
TEST(Thesis43, ANewLeaderCarriesOnWhatItFindsInItsLog) {
  Cluster s = jointOfFive();
  s.reached = {1, 2, 3, 4, 5};
  s.settle(1);
  ASSERT_EQ(s.of(1).configuration, Configuration(ServerSet{1, 4, 5}));

  TestCluster t;
  const Entry joint{.term = 2,
                    .command = encode({.voters = {1, 2, 3}, .nextVoters = {1, 4, 5}}),
                    .type = EntryType::Configuration};
  Log log = logOf({1, 2});
  log.append(joint);
  for (ServerId id : {1, 2, 3, 4, 5}) {
    t.servers.push_back(
        Server::start(id, three, plain, id.value, ms(0), {2, {}, Log(log.from(1))}));
  }
  t.stand(4);
  ASSERT_TRUE(t.of(4).is<Leader>());
  EXPECT_TRUE(t.of(4).as<Leader>()->changing);
  EXPECT_EQ(t.of(4).configurationIndex, 3);
  t.run(4, Propose{{"x"}});
  for (int i = 0; i < 4; ++i) t.timeOut(4);
  EXPECT_EQ(configurationsOf(t.of(4).log).back(), Configuration(ServerSet{1, 4, 5}));
  EXPECT_EQ(configurationsOf(t.of(4).log).size(), 2u);
  EXPECT_FALSE(t.of(4).as<Leader>()->changing);
}

// §4.3: one under C_old overwrites it, and everybody falls back.
TEST(Thesis43, ALeaderUnderTheOldConfigurationOverwritesWhatWasNotCommitted) {
  Cluster s(3);
  s.reached = {1};
  s.run(1, ChangeConfiguration{.learners = {4}});
  EXPECT_EQ(s.of(1).configuration.learners, ServerSet{4});
  s.reached = {2, 3};
  s.elect(2);
  s.run(2, Propose{{"x"}});
  s.reached = {1, 2, 3};
  s.timeOut(2);
  s.timeOut(2);
  EXPECT_EQ(s.of(1).configuration, Configuration(three));
  EXPECT_EQ(s.of(1).configurationIndex, 0);
}

// A server that is removed and added again within a term: an acknowledgement of its first time,
// which is still under way, says nothing about its log of now.
TEST(Membership, OldAcknowledgementsOfAServerThatWasAddedAgainDoNotCount) {
  Cluster s(3);
  const std::vector<Envelope> asked = s.step(1, Propose{{"x"}});
  std::vector<Envelope> answers;
  for (const Envelope& each : asked) {
    if (each.to == 3) answers = s.step(3, each);
  }
  ASSERT_EQ(answers.size(), 1u);
  s.reached = {1, 2};
  s.run(1, ChangeConfiguration{.removed = {3}});
  s.settle(1);
  ASSERT_EQ(s.of(1).configuration, Configuration(ServerSet{1, 2}));
  s.run(1, ChangeConfiguration{.learners = {3}});
  ASSERT_TRUE(s.of(1).configuration.contains(3));
  stepChecked(s.of(1), s.now, answers[0]);
  EXPECT_EQ(s.of(1).as<Leader>()->of(3).matchIndex, 0);
}

// Found by a hunt (seed 10990): the leader's own disk is slow, and it removes itself.
TEST(Thesis422, WhatAMajorityOfTheVotersWhoAreLeftHasIsCommittedAtOnce) {
  Server s1 = leaderOf(1, 2, logOf({1, 2}), Configuration{.voters = {1, 2}});
  s1.commitIndex = s1.lastApplied = 2;
  s1.as<Leader>()->of(2) = {.nextIndex = 3, .matchIndex = 2};
  stepChecked(s1, ms(1), Propose{.commands = {"x"}});  // its write is not durable yet
  stepChecked(s1, ms(2), Envelope{2, 1, AppendEntries::Response{2, true, 2, 3}});
  EXPECT_EQ(s1.commitIndex, 2);
  const Effects fx = stepChecked(s1, ms(3), ChangeConfiguration{.removed = {1}});
  EXPECT_EQ(s1.commitIndex, 3);
  EXPECT_EQ(fx.apply.first, 3);
  EXPECT_EQ(sent<AppendEntries::Request>(fx, 2).leaderCommit, 3);
}

}  // namespace
}  // namespace raft
