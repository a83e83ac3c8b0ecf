#include "raft/server_set.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"
#include "raft/random.h"

namespace raft {
namespace {

std::vector<std::uint32_t> members(const ServerSet& set) {
  std::vector<std::uint32_t> all;
  for (ServerId server : set) all.push_back(server.value);
  return all;
}

TEST(ServerSet, IsEmptyAtFirst) {
  EXPECT_TRUE(ServerSet().empty());
  EXPECT_EQ(ServerSet().size(), 0u);
  EXPECT_EQ(ServerSet().last(), 0);
  EXPECT_TRUE(members({}).empty());
}

TEST(ServerSet, HoldsEachServerOnceAndGivesThemInRisingOrder) {
  const ServerSet set{256, 3, 64, 1, 65, 3, 128, 129};
  EXPECT_EQ(members(set), (std::vector<std::uint32_t>{1, 3, 64, 65, 128, 129, 256}));
  EXPECT_EQ(set.size(), 7u);
  EXPECT_EQ(set.last(), 256);
  EXPECT_FALSE(set.empty());
}

TEST(ServerSet, InsertsAndErases) {
  ServerSet set{1, 2, 3};
  set.erase(2);
  set.erase(9);
  EXPECT_EQ(set, (ServerSet{1, 3}));
  EXPECT_FALSE(set.contains(2));
  set.insert(2);
  EXPECT_EQ(set, ServerSet::firstServers(3));
}

TEST(ServerSet, NeverContainsWhatCannotBeAServer) {
  ServerSet set = ServerSet::firstServers(ServerSet::maxServers);
  EXPECT_EQ(set.size(), 256u);
  for (ServerId impossible : {0u, 257u, 320u, ~0u}) {
    EXPECT_FALSE(set.contains(impossible));
    set.erase(impossible);
    set.insert(impossible);
    EXPECT_EQ(set, ServerSet::firstServers(256));
  }
}

TEST(ServerSet, IntersectsTwoSets) {
  EXPECT_EQ((ServerSet{1, 2, 70, 200} & ServerSet{2, 3, 200, 256}), (ServerSet{2, 200}));
  EXPECT_TRUE((ServerSet{1} & ServerSet{2}).empty());
}

TEST(ServerSet, BehavesAsASetOfNumbers) {
  Random random = Random::stream(5, 1, 1);
  for (std::uint32_t density : {2u, 20u, 200u}) {
    ServerSet set;
    std::set<std::uint32_t> model;
    for (int i = 0; i < 2000; ++i) {
      const auto server = static_cast<std::uint32_t>(random.below(256)) + 1;
      if (random.below(256) < density) {
        set.insert(server);
        model.insert(server);
      } else {
        set.erase(server);
        model.erase(server);
      }
      ASSERT_EQ(set.contains(server), model.contains(server));
    }
    EXPECT_EQ(members(set), std::vector<std::uint32_t>(model.begin(), model.end()));
    EXPECT_EQ(set.size(), model.size());
    EXPECT_EQ(set.last(), model.empty() ? 0 : *model.rbegin());
  }
}

}  // namespace
}  // namespace raft
