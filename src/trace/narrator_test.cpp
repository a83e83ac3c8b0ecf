#include "trace/narrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace/cluster_test_support.h"
#include "trace/sentence.h"

namespace raft::trace {
namespace {

using std::chrono::milliseconds;

const Names abc({"A", "B", "C", "D", "E"});

std::string findingsOf(const FactList& list) {
  std::string out;
  for (const Fact& fact : list.facts) {
    if (isFinding(fact)) out += text(fact.time) + "  " + sentence(fact, abc) + "\n";
  }
  return out;
}

TEST(Narrator, ExplainsAWholeRunWithFaults) {
  for (const Duration disk : {Duration(0), Duration(milliseconds(3))}) {
    for (std::uint32_t count : {1, 2, 3, 5}) {
      FactList list;
      Narrator narrator(list, abc);
      TestCluster cluster(narrator, std::vector<Persistent>(count), {});
      cluster.disk = disk;
      for (std::uint32_t round = 0; round < 24; ++round) {
        cluster.runUntil(cluster.now + milliseconds(200));
        for (ServerId id : cluster.running) cluster.give(id, Propose{{"x=1", "y=2"}});
        const ServerId target = round % count + 1;
        if (round % 4 == 0 && cluster.running.contains(target)) cluster.crash(target);
        if (round % 4 == 3) {
          for (ServerId id : ServerSet::firstServers(count)) {
            if (!cluster.running.contains(id)) cluster.restart(id);
          }
        }
        if (round % 6 == 1) cluster.partition({{target, target + 1}, {target + 2, target + 3}});
        if (round % 6 == 5) cluster.heal();
      }
      EXPECT_EQ(findingsOf(list), "");
      EXPECT_EQ(narrator.findings(), 0u);
    }
  }
}

}  // namespace
}  // namespace raft::trace
