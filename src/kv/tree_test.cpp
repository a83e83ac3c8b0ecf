#include "kv/tree.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace raft::kv {
namespace {

using Numbers = Tree<std::uint64_t, std::uint64_t>;

std::map<std::uint64_t, std::uint64_t> contentOf(const Numbers& tree) {
  std::map<std::uint64_t, std::uint64_t> out;
  std::vector<std::uint64_t> keys;
  tree.each([&](std::uint64_t key, std::uint64_t value) {
    EXPECT_TRUE(keys.empty() || keys.back() < key);
    keys.push_back(key);
    out[key] = value;
  });
  return out;
}

TEST(Tree, HoldsWhatAMapHoldsThroughAnyChangesAndCopies) {
  Random chance{.seed = 1};
  Numbers tree;
  std::map<std::uint64_t, std::uint64_t> map;
  std::vector<std::pair<Numbers, std::map<std::uint64_t, std::uint64_t>>> copies;
  for (std::uint32_t round = 0; round < 20'000; ++round) {
    const std::uint64_t key = chance.below(200);
    if (chance.below(3) == 0) {
      tree.erase(key);
      map.erase(key);
    } else {
      tree.set(key, round);
      map[key] = round;
    }
    ASSERT_EQ(tree.size(), map.size());
    ASSERT_EQ(tree.empty(), map.empty());
    const auto at = map.find(key);
    const std::uint64_t* found = tree.find(key);
    ASSERT_EQ(found != nullptr, at != map.end());
    ASSERT_TRUE(!found || *found == at->second);
    if (round % 500 == 0) copies.emplace_back(tree, map);
  }
  EXPECT_EQ(contentOf(tree), map);
  for (const auto& [copy, was] : copies) EXPECT_EQ(contentOf(copy), was);
}

TEST(Tree, IsTheSameHoweverItsContentCameIn) {
  Numbers up, down, detour;
  for (std::uint64_t key = 0; key < 100; ++key) up.set(key, 7 * key);
  for (std::uint64_t key = 100; key-- > 0;) down.set(key, 7 * key);
  for (std::uint64_t key = 0; key < 300; ++key) detour.set(key * 37 % 300, 1);
  for (std::uint64_t key = 100; key < 300; ++key) detour.erase(key);
  for (std::uint64_t key = 0; key < 100; ++key) detour.set(key, 7 * key);
  EXPECT_EQ(up, down);
  EXPECT_EQ(up, detour);
  EXPECT_EQ(up.digest(), down.digest());
  EXPECT_EQ(up.digest(), detour.digest());
}

TEST(Tree, HasAnotherDigestWithAnotherContent) {
  Numbers tree;
  tree.set(1, 2);
  Numbers other = tree;
  EXPECT_EQ(tree.digest(), other.digest());
  other.set(1, 3);
  EXPECT_NE(tree, other);
  EXPECT_NE(tree.digest(), other.digest());
  other.set(1, 2);
  EXPECT_EQ(tree, other);
  other.set(2, 2);
  EXPECT_NE(tree.digest(), other.digest());
  other.erase(2);
  EXPECT_EQ(tree.digest(), other.digest());
  other.erase(1);
  EXPECT_EQ(other.digest(), Numbers().digest());
}

TEST(Tree, MovesAndAssignsAsAValueDoes) {
  Numbers tree;
  tree.set(1, 2);
  Numbers moved = std::move(tree);
  EXPECT_EQ(moved.size(), 1u);
  Numbers assigned;
  assigned = moved;
  assigned = *&assigned;
  EXPECT_EQ(assigned, moved);
  assigned.erase(5);  // was never there
  EXPECT_EQ(assigned, moved);
}

TEST(Tree, TakesKeysOfAnyBytesInTheirOrder) {
  Tree<Command, Command> tree;
  const std::vector<std::string> keys = {"", std::string(1, '\0'), "a", "aa", "b", "\xff"};
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    tree.set(std::string_view(*key), "v");
  }
  std::vector<std::string> seen;
  tree.each([&](const Command& key, const Command&) { seen.emplace_back(key.bytes()); });
  EXPECT_EQ(seen, keys);
}

}  // namespace
}  // namespace raft::kv
