// Reads without the log, told (thesis §6.4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace/cluster_test_support.h"
#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::trace {
namespace {

using std::chrono::milliseconds;

const Names abc({"A", "B", "C", "D", "E"});

struct ReadCluster {
  FactList list;
  Narrator narrator{list, abc};
  TestCluster cluster;

  explicit ReadCluster(Settings settings, std::uint32_t servers = 3)
      : cluster(narrator, std::vector<Persistent>(servers), settings, {milliseconds(10)}) {}

  std::string told() const {  // of reads
    std::string out;
    for (const Fact& fact : list.facts) {
      const bool ofReads = fact.is<ReadTaken>() || fact.is<ReadRefused>() ||
                           fact.is<ReadRoundBegan>() || fact.is<ReadsConfirmed>() ||
                           fact.is<ReadsLost>();
      if (ofReads || isFinding(fact)) out += sentence(fact, abc) + "\n";
    }
    return out;
  }
};

TEST(ReadsTold, ARoundOfHeartbeatsConfirms) {
  ReadCluster run({});
  run.cluster.runUntil(milliseconds(40));
  run.cluster.give(1, Read{});
  run.cluster.give(2, Read{});
  run.cluster.runUntil(milliseconds(50));
  EXPECT_EQ(
      run.told(),
      "A takes read 1: it is to be answered from the state machine, once it is sure that "
      "nobody else can have committed anything since (thesis §6.4)\n"
      "A asks B and C whether it still leads, for read 1: answers of a majority will prove that "
      "nobody else led meanwhile (thesis §6.4)\n"
      "B refuses a read and names A as the leader: only the leader knows what is committed "
      "(thesis §6.4)\n"
      "A may answer read 1: A and B, a majority, took it for the leader after the read had "
      "arrived (thesis §6.4)\n");
}

TEST(ReadsTold, ALeaseConfirmsAtOnce) {
  ReadCluster run({.leases = true});
  run.cluster.runUntil(milliseconds(40));
  run.cluster.give(1, Read{});
  EXPECT_EQ(run.told(),
            "A takes read 1: it is to be answered from the state machine, once it is sure that "
            "nobody else can have committed anything since (thesis §6.4)\n"
            "A may answer read 1: until 161.029 ms no majority votes for anybody else: it has a "
            "lease (thesis §6.4.1)\n");
}

TEST(ReadsTold, ReadsOfALeaderThatIsReplacedAreLost) {
  ReadCluster run({});
  run.cluster.runUntil(milliseconds(40));
  run.cluster.partition({{1}, {2, 3}});
  run.cluster.give(1, Read{});
  run.cluster.runUntil(milliseconds(800));
  run.cluster.heal();
  run.cluster.runUntil(milliseconds(900));
  EXPECT_THAT(run.told(), testing::HasSubstr("A cannot answer read 1 any more: it does not lead "
                                             "any more; the next leader has to be asked"));
  EXPECT_EQ(run.narrator.findings(), 0u) << run.told();
}

// Reads at every server all the time, with and without leases, while servers crash and links break.
TEST(ReadsTold, NoReadOfAnEventfulRunIsUnexplained) {
  for (const bool leases : {false, true}) {
    for (const std::uint32_t count : {1, 2, 3, 5}) {
      ReadCluster run({.leases = leases}, count);
      TestCluster& cluster = run.cluster;
      cluster.disk = milliseconds(leases ? 3 : 0);
      for (std::uint32_t round = 0; round < 120; ++round) {
        for (ServerId id : cluster.running) {
          cluster.give(id, Read{});
          if (round % 3 == 0) cluster.give(id, Propose{{"x=1"}});
        }
        cluster.runUntil(cluster.now + milliseconds(1 + round % 7 * 9));
        const ServerId target = round % count + 1;
        if (round % 20 == 9 && cluster.running.contains(target)) cluster.crash(target);
        if (round % 20 == 15) {
          for (ServerId id : ServerSet::firstServers(count)) {
            if (!cluster.running.contains(id)) cluster.restart(id);
          }
        }
        if (round % 30 == 5) cluster.partition({{target, target + 1}, {target + 2, target + 3}});
        if (round % 30 == 25) cluster.heal();
      }
      EXPECT_EQ(run.narrator.findings(), 0u) << run.told();
    }
  }
}

// What the core might do wrongly is told.
TEST(ReadsTold, AReadThatMayNotBeAnsweredIsAFinding) {
  ReadCluster run({});
  run.cluster.runUntil(milliseconds(40));
  const Server before = run.cluster.of(1);
  Server after = before;
  Effects effects = after.step(milliseconds(41), Read{});
  effects.readable = after.readsEnded = after.lastRead;
  const Input input = Read{};
  std::string findings;
  for (const Fact& fact : factsOf({milliseconds(41), &before, input, effects, after}, abc)) {
    if (isFinding(fact)) findings += sentence(fact, abc);
  }
  EXPECT_THAT(findings, testing::HasSubstr("says of reads: read 1 accepted; reads up to 1 may be "
                                           "answered"));
}

}  // namespace
}  // namespace raft::trace
