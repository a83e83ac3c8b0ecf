// What is under way to a peer: pipelining, bounds on messages, entries and bytes, and what a lost
// message does to them; and what waits to be committed.
#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "raft/unreliable_cluster_test_support.h"

namespace raft {
namespace {

using State = Progress::State;

// s1 leads term 4 with 1^1 2^2 3^4 4^4, which s2 has; of s3 it knows nothing. Commands have three
// bytes each.
Server leader(Settings settings) {
  Server s1 = leaderOf(1, 4, logOf({1, 2, 4, 4}), three);
  s1.settings = settings;
  s1.as<Leader>()->of(2) = {.nextIndex = 5, .matchIndex = 4, .state = State::Replicate};
  return s1;
}

Settings pipelined(std::uint32_t messages) {
  Settings settings = plain;
  settings.maxMessagesInFlight = messages;
  return settings;
}

Envelope accepts(ServerId from, Index prevLogIndex, Index matchIndex) {
  return {from, 1, AppendEntries::Response{4, true, prevLogIndex, matchIndex}};
}

Envelope refuses(ServerId from, Index prevLogIndex) {
  return {from, 1, AppendEntries::Response{4, false, prevLogIndex, 0}};
}

// Of the AppendEntries to s2, each: prevLogIndex and how many entries.
using Sent = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
Sent sentToS2(const Effects& effects) {
  Sent all;
  for (const Send& send : effects.send) {
    const auto* m = std::get_if<AppendEntries::Request>(&send.envelope.message);
    if (m && send.envelope.to == 2) all.emplace_back(m->prevLogIndex.value, m->entries.size());
  }
  return all;
}

// Thesis §10.2.2: the leader updates the next index immediately after sending, rather than waiting
// for the acknowledgment.
TEST(Flow, WhatIsProposedIsSentWithoutWaitingForTheAnswer) {
  Server s1 = leader(pipelined(3));
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(1), Propose{{"5^4"}})), (Sent{{4, 1}}));
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(2), Propose{{"6^4", "7^4"}})), (Sent{{5, 2}}));
  EXPECT_EQ(s1.as<Leader>()->of(2),
            (Progress{.nextIndex = 8,
                      .matchIndex = 4,
                      .state = State::Replicate,
                      .inFlight = {{.last = 5, .bytes = 0}, {.last = 7, .bytes = 0}}}));
}

TEST(Flow, AFullWindowOpensWithAnAcknowledgement) {
  Server s1 = leader(pipelined(2));
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  stepChecked(s1, ms(1), Propose{{"6^4"}});
  EXPECT_TRUE(s1.as<Leader>()->of(2).waiting);
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(2), Propose{{"7^4"}})), Sent{});
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(2), Propose{{"8^4"}})), Sent{});
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(3), accepts(2, 4, 5))), (Sent{{6, 2}}));
  EXPECT_TRUE(s1.as<Leader>()->of(2).waiting);
}

TEST(Flow, AHeartbeatThatFindsTheWindowFullCarriesNothing) {
  Server s1 = leader(pipelined(2));
  for (const char* command : {"5^4", "6^4", "7^4"}) stepChecked(s1, ms(1), Propose{{command}});
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(20), Timeout{})), (Sent{{6, 0}}));
  EXPECT_EQ(s1.as<Leader>()->of(2).inFlight.size(), 2u);
}

// One acknowledgement stands for all before it, so lost, late and doubled ones change nothing.
TEST(Flow, AcknowledgementsMayBeLostReorderedAndDoubled) {
  Server s1 = leader(pipelined(3));
  for (const char* command : {"5^4", "6^4", "7^4"}) stepChecked(s1, ms(1), Propose{{command}});
  stepChecked(s1, ms(2), accepts(2, 5, 6));
  const std::vector<Progress::InFlight> seventh{{.last = 7, .bytes = 0}};
  EXPECT_EQ(s1.as<Leader>()->of(2).inFlight, seventh);
  EXPECT_FALSE(s1.as<Leader>()->of(2).waiting);
  stepChecked(s1, ms(2), accepts(2, 4, 5));
  stepChecked(s1, ms(2), accepts(2, 5, 6));
  EXPECT_EQ(s1.as<Leader>()->of(2).inFlight, seventh);
  stepChecked(s1, ms(2), accepts(2, 6, 7));
  EXPECT_EQ(s1.as<Leader>()->of(2),
            (Progress{.nextIndex = 8, .matchIndex = 7, .state = State::Replicate}));
}

// Thesis §10.2.2: if the consistency check fails, the leader moves its next index back.
TEST(Flow, ARefusalSendsAgainFromWhatIsKnownToMatch) {
  Server s1 = leader(pipelined(3));
  for (const char* command : {"5^4", "6^4", "7^4"}) stepChecked(s1, ms(1), Propose{{command}});
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(2), refuses(2, 5))), (Sent{{4, 3}}));
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 5, .matchIndex = 4, .waiting = true}));
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(2), refuses(2, 6))), Sent{});  // of those before
  stepChecked(s1, ms(3), accepts(2, 4, 7));
  EXPECT_EQ(s1.as<Leader>()->of(2),
            (Progress{.nextIndex = 8, .matchIndex = 7, .state = State::Replicate}));
}

TEST(Flow, ARefusalOfWhatIsSettledChangesNothing) {
  Server s1 = leader(pipelined(3));
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  const Server before = s1;
  for (Index prevLogIndex : {0, 3, 4, 6, 99}) {
    EXPECT_EQ(stepChecked(s1, ms(2), refuses(2, prevLogIndex)), Effects{});
    EXPECT_EQ(s1, before);
  }
}

// If all that was sent is lost, and nothing more is proposed: the next heartbeat asks for it.
TEST(Flow, AHeartbeatGetsALostTailUnstuck) {
  Server s1 = leader(pipelined(1 + 1));
  Server s2 = followerOf(2, 4, logOf({1, 2, 4, 4}), three);
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  stepChecked(s1, ms(1), Propose{{"6^4"}});
  const Effects heartbeat = stepChecked(s1, ms(20), Timeout{});
  EXPECT_EQ(sentToS2(heartbeat), (Sent{{6, 0}}));
  const Envelope ask{1, 2, sent<AppendEntries::Request>(heartbeat, 2)};
  const Envelope refusal = stepChecked(s2, ms(21), ask).send[0].envelope;
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(22), refusal)), (Sent{{4, 2}}));
}

// If all acknowledgements are lost, the answer to a heartbeat stands for them.
TEST(Flow, AHeartbeatMakesGoodForLostAcknowledgements) {
  Server s1 = leader(pipelined(2));
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  stepChecked(s1, ms(1), Propose{{"6^4"}});
  stepChecked(s1, ms(20), Timeout{});
  stepChecked(s1, ms(21), accepts(2, 6, 6));
  EXPECT_EQ(s1.as<Leader>()->of(2),
            (Progress{.nextIndex = 7, .matchIndex = 6, .state = State::Replicate}));
}

// Where the logs part is not known: one message at a time, as without pipelining.
TEST(Flow, WhoseLogIsNotKnownIsProbedUntilItMatches) {
  Server s1 = leader(pipelined(3));
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  EXPECT_EQ(s1.as<Leader>()->of(3), (Progress{.nextIndex = 5, .waiting = true}));
  EXPECT_TRUE(sentTo<AppendEntries::Request>(stepChecked(s1, ms(1), Propose{{"6^4"}}), 3) ==
              nullptr);
  stepChecked(s1, ms(2), refuses(3, 4));
  EXPECT_EQ(s1.as<Leader>()->of(3), (Progress{.nextIndex = 4, .waiting = true}));
  stepChecked(s1, ms(3), accepts(3, 3, 6));
  EXPECT_EQ(s1.as<Leader>()->of(3),
            (Progress{.nextIndex = 7, .matchIndex = 6, .state = State::Replicate}));
}

TEST(Flow, AHeartbeatThatMatchesEndsTheProbing) {
  Server s1 = leader(pipelined(3));
  stepChecked(s1, ms(2), accepts(3, 4, 4));
  EXPECT_EQ(s1.as<Leader>()->of(3),
            (Progress{.nextIndex = 5, .matchIndex = 4, .state = State::Replicate}));
}

// Entries that were sent while probing are still under way: they are not sent twice.
TEST(Flow, AHeartbeatsAnswerDoesNotEndTheProbingWhileEntriesAreUnderWay) {
  Server s1 = leader(pipelined(3));
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  EXPECT_EQ(stepChecked(s1, ms(2), accepts(3, 4, 4)).send, std::vector<Send>{});
  EXPECT_EQ(s1.as<Leader>()->of(3), (Progress{.nextIndex = 5, .matchIndex = 4, .waiting = true}));
}

TEST(Flow, AMessageCarriesNoMoreEntriesThanTheSettingsAllow) {
  Settings settings = pipelined(9);
  settings.maxEntriesPerMessage = 2;
  Server s1 = leader(settings);
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(1), Propose{{"a", "b", "c", "d", "e"}})),
            (Sent{{4, 2}, {6, 2}, {8, 1}}));
}

TEST(Flow, BoundedMessagesGoOneAtATimeWithoutPipelining) {
  Settings settings = plain;
  settings.maxEntriesPerMessage = 2;
  Server s1 = leader(settings);
  s1.as<Leader>()->of(2) = {.nextIndex = 5, .matchIndex = 4};
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(1), Propose{{"a", "b", "c"}})), (Sent{{4, 2}}));
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(2), Timeout{})), Sent{});
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(20), Timeout{})), (Sent{{4, 2}}));  // as it was sent before
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(21), accepts(2, 4, 6))), (Sent{{6, 1}}));
}

TEST(Flow, AMessageCarriesNoMoreBytesThanTheSettingsAllow) {
  Settings settings = pipelined(9);
  settings.maxBytesPerMessage = 7;
  Server s1 = leader(settings);
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(1), Propose{{"12345", "12", "1", "", "123456", "12"}})),
            (Sent{{4, 2}, {6, 3}, {9, 1}}));
}

// A message bounded in bytes always carries an entry, or the log would end there for ever.
TEST(Flow, AnEntryLargerThanAnyBoundGoesAlone) {
  Settings settings = pipelined(9);
  settings.maxBytesPerMessage = 4;
  Server s1 = leader(settings);
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(1), Propose{{"1", "12345", "1"}})),
            (Sent{{4, 1}, {5, 1}, {6, 1}}));
}

TEST(Flow, BytesInFlightAreBounded) {
  Settings settings = pipelined(9);
  settings.maxBytesInFlight = 10;
  Server s1 = leader(settings);
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(1), Propose{{"123456"}})), (Sent{{4, 1}}));
  // Only what fits into the window, and what follows waits …
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(1), Propose{{"1234", "1"}})), (Sent{{5, 1}}));
  EXPECT_TRUE(s1.as<Leader>()->of(2).waiting);
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(2), accepts(2, 4, 5))), (Sent{{6, 1}}));
  // … and an open window takes one entry, whatever its size.
  EXPECT_EQ(sentToS2(stepChecked(s1, ms(3), Propose{{"123456789", "1"}})), (Sent{{7, 1}}));
  EXPECT_EQ(s1.as<Leader>()->of(2).inFlight,
            (std::vector<Progress::InFlight>{{6, 4}, {7, 1}, {8, 9}}));
}

TEST(Flow, ANewLeaderBeginsWithNothingInFlight) {
  Server s1 = leader(pipelined(2));
  stepChecked(s1, ms(1), Propose{{"5^4"}});
  stepChecked(s1, ms(2), Envelope{3, 1, RequestVote::Response{7, false}});
  ASSERT_TRUE(s1.is<Follower>());
  stepChecked(s1, ms(300), Timeout{});
  stepChecked(s1, ms(300), Written{s1.lastWrite});
  stepChecked(s1, ms(301), Envelope{2, 1, RequestVote::Response{8, true}});
  ASSERT_TRUE(s1.is<Leader>());
  EXPECT_EQ(s1.as<Leader>()->of(2), (Progress{.nextIndex = 6}));
}

Settings backPressure(std::uint64_t bytes) {
  Settings settings = plain;
  settings.maxUncommittedBytes = bytes;
  return settings;
}

Effects refused(std::uint64_t bytes) { return {.proposed = TooMuchUncommitted{.bytes = bytes}}; }

bool isAccepted(const Effects& effects) {
  return std::holds_alternative<Accepted>(*effects.proposed);
}

TEST(BackPressure, AProposalIsRefusedWhileTooMuchWaitsToBeCommitted) {
  Server s1 = leader(backPressure(10));
  s1.commitIndex = s1.lastApplied = 4;
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(1), Propose{{"1234", "12"}})));
  const Index last = s1.log.lastIndex();
  EXPECT_EQ(stepChecked(s1, ms(2), Propose{{"12345"}}), refused(6));
  EXPECT_EQ(s1.log.lastIndex(), last);
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(3), Propose{{"1234"}})));  // just what is left
  EXPECT_EQ(stepChecked(s1, ms(4), Propose{{"1"}}), refused(10));
  stepChecked(s1, ms(5), Written{2});
  stepChecked(s1, ms(5), accepts(2, 4, 5));  // four bytes are committed
  EXPECT_EQ(stepChecked(s1, ms(6), Propose{{"12345"}}), refused(6));
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(6), Propose{{"1234"}})));
}

// It never blocks: were it not so, a proposal larger than the bound could never be made.
TEST(BackPressure, OneProposalOfAnySizeIsTakenWhenNothingWaits) {
  Server s1 = leader(backPressure(3));
  s1.commitIndex = s1.lastApplied = 4;
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(1), Propose{{"123456789"}})));
  EXPECT_EQ(stepChecked(s1, ms(2), Propose{{"1"}}), refused(9));
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(3), Propose{{""}})));  // adds nothing
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(3), Propose{})));
}

// The entries of earlier leaders wait, too, once this one leads.
TEST(BackPressure, WhatIsInheritedCounts) {
  Server s1 = leader(backPressure(10));
  s1.commitIndex = s1.lastApplied = 1;
  EXPECT_EQ(stepChecked(s1, ms(1), Propose{{"12"}}), refused(9));  // 2^2 3^4 4^4
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(1), Propose{{"1"}})));
}

// Were it not so, such a leader could never commit anything: there would be no room for the entry
// of its own term that commits the others (§5.4.2).
TEST(BackPressure, WhatIsInheritedDoesNotBlockALeaderWithoutAnEntryOfItsOwn) {
  Server s1 = leader(backPressure(3));
  s1.currentTerm = 5;
  s1.commitIndex = s1.lastApplied = 1;
  EXPECT_TRUE(isAccepted(stepChecked(s1, ms(1), Propose{{"12345"}})));
  EXPECT_EQ(stepChecked(s1, ms(1), Propose{{"1"}}), refused(14));
}

// Whatever was committed or appended between two proposals, without the leader or by it.
TEST(BackPressure, IsWhatTheLogSays) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Settings settings = backPressure(100);
    settings.electionTimeoutMax = ms(200);
    settings.noopAtElection = seed % 2 == 0;
    UnreliableCluster cluster(3, settings, seed);
    std::uint64_t refusals = 0;
    cluster.watch = [&](const Server& before, const Input& input, const Server& after,
                        const Effects& effects) {
      const auto* proposal = std::get_if<Propose>(&input);
      if (!proposal || !before.is<Leader>()) return;
      std::uint64_t waits = 0;
      for (const Entry& entry : before.log.from(before.commitIndex + 1)) {
        waits += entry.command.bytes().size();
      }
      std::uint64_t more = 0;
      for (const Command& command : proposal->commands) more += command.bytes().size();
      const bool own = before.log.lastTerm() == before.currentTerm;
      const bool taken = waits == 0 || !own || more == 0 || waits + more <= 100;
      EXPECT_EQ(isAccepted(effects), taken);
      EXPECT_EQ(after.log.lastIndex() > before.log.lastIndex(), taken);
      if (!taken) {
        EXPECT_EQ(effects, refused(waits));
      }
      refusals += !taken;
    };
    for (int i = 0; i < 1500 && !HasFailure(); ++i) cluster.happen();
    EXPECT_GT(refusals, 3u);
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

Settings anySettings(Random& random) {
  Settings settings = plain;
  settings.electionTimeoutMax = ms(200);
  settings.noopAtElection = true;
  settings.maxMessagesInFlight = static_cast<std::uint32_t>(random.below(5)) + 1;
  settings.maxEntriesPerMessage = random.below(4);
  settings.maxBytesPerMessage = random.chance(500'000) ? 0 : random.below(60) + 1;
  settings.maxBytesInFlight = random.chance(500'000) ? 0 : random.below(90) + 1;
  settings.maxUncommittedBytes = random.chance(500'000) ? 0 : random.below(200) + 1;
  settings.conflictHints = random.chance(500'000);
  settings.tellFates = random.chance(500'000);
  return settings;
}

void checkBounds(const Settings& its, const Effects& effects) {
  for (const Send& send : effects.send) {
    const auto* m = std::get_if<AppendEntries::Request>(&send.envelope.message);
    if (!m || m->entries.size() <= 1) continue;
    std::uint64_t bytes = 0;
    for (const Entry& entry : m->entries) bytes += entry.command.bytes().size();
    const auto within = [](std::uint64_t value, std::uint64_t bound) {
      return bound == 0 || value <= bound;
    };
    EXPECT_TRUE(within(m->entries.size(), its.maxEntriesPerMessage)) << m->entries.size();
    EXPECT_TRUE(within(bytes, its.maxBytesPerMessage)) << bytes;
    EXPECT_TRUE(within(bytes, its.maxBytesInFlight)) << bytes;
  }
}

// Whatever is lost, doubled, late or refused, and whoever leads: nothing leaks (the invariants say
// so after each step), and once nothing more is lost everything arrives.
TEST(Flow, NothingLeaksAndAllArrives) {
  std::uint64_t committed = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    Random random = Random::stream(seed, 3, 3);
    const Settings settings = anySettings(random);
    UnreliableCluster cluster(seed % 3 == 0 ? 5 : 3, settings, seed);
    cluster.watch = [&](const Server&, const Input&, const Server&, const Effects& effects) {
      checkBounds(settings, effects);
    };
    for (int i = 0; i < 800 && !HasFailure(); ++i) cluster.happen();
    cluster.settle();
    committed += cluster.committed.size();
    for (const Server& server : cluster.servers) {
      if (!server.is<Leader>()) continue;
      for (const Progress& progress : server.as<Leader>()->progress) {
        EXPECT_TRUE(progress.inFlight.empty());
        EXPECT_FALSE(progress.waiting);
      }
    }
    if (HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(committed, 150u * 20);
}

// An entry is known by its index and term: no two ever have the same, whatever a crash took away
// before it was durable and whatever was sent of it (§5.2, §5.3).
TEST(Flow, NoIndexAndTermAreEverUsedTwice) {
  std::uint64_t entries = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random = Random::stream(seed, 4, 4);
    UnreliableCluster cluster(3, anySettings(random), seed);
    std::map<std::pair<std::uint64_t, std::uint64_t>, Entry> all;  // by index and term
    cluster.watch = [&](const Server&, const Input&, const Server& after, const Effects& effects) {
      const Index from = effects.write ? effects.write->from : Index{0};
      if (from == Index{0}) return;
      for (Index index = from; index <= after.log.lastIndex(); ++index) {
        const Entry& entry = after.log[index];
        const auto [known, fresh] = all.emplace(std::pair(index.value, entry.term.value), entry);
        EXPECT_TRUE(fresh || known->second == entry) << index.value << '^' << entry.term.value;
      }
    };
    for (int i = 0; i < 1500 && !HasFailure(); ++i) cluster.happen();
    entries += all.size();
    if (HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(entries, 60u * 50);
}

}  // namespace
}  // namespace raft
