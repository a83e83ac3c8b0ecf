#include "raft/configuration.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

TEST(Configuration, ASetOfServersIsAConfigurationOfVoters) {
  const Configuration configuration = three;
  EXPECT_EQ(configuration, (Configuration{.voters = {1, 2, 3}}));
  EXPECT_FALSE(configuration.isJoint());
}

TEST(Configuration, ItsMembersAreAllWhoReceiveEntries) {
  const Configuration c{.voters = {1, 2}, .nextVoters = {2, 70}, .learners = {1, 200}};
  EXPECT_EQ(c.members(), (ServerSet{1, 2, 70, 200}));
  EXPECT_TRUE(c.isJoint());
  EXPECT_TRUE(c.isVoter(1));
  EXPECT_TRUE(c.isVoter(70));
  EXPECT_FALSE(c.isVoter(200));
  EXPECT_TRUE(c.contains(200));
  EXPECT_FALSE(c.contains(3));
}

// While it is joint, a voter that becomes a learner is both.
TEST(Configuration, InTheEndNoLearnerVotesAndSomebodyDoes) {
  EXPECT_TRUE(Configuration(three).isPossible());
  EXPECT_FALSE(Configuration{}.isPossible());
  EXPECT_FALSE((Configuration{.learners = {1}}.isPossible()));
  EXPECT_FALSE((Configuration{.voters = {1, 2}, .learners = {2}}.isPossible()));
  EXPECT_FALSE((Configuration{.nextVoters = {1, 2}}.isPossible()));
  EXPECT_TRUE((Configuration{.voters = {1, 2}, .nextVoters = {1}, .learners = {2}}.isPossible()));
  EXPECT_FALSE((Configuration{.voters = {1}, .nextVoters = {1, 2}, .learners = {2}}.isPossible()));
}

TEST(Configuration, IsReadBackAsItWasWritten) {
  const std::vector<Configuration> all{
      three,
      {.voters = {1}, .nextVoters = {2}, .learners = {3}},
      {.voters = {8, 9, 16, 17}, .learners = {255}},
      {.voters = ServerSet::firstServers(256), .nextVoters = ServerSet::firstServers(255)},
  };
  for (const Configuration& each : all) EXPECT_EQ(decode(encode(each)), each);
}

// Each set of up to eight servers takes two bytes.
TEST(Configuration, OfASmallClusterNeedsNoAllocation) {
  const Configuration c{.voters = {1, 2, 3}, .nextVoters = {3, 4, 32}, .learners = {32}};
  EXPECT_LE(encode(c).bytes().size(), Command::maxInPlace);
}

// Every text of up to three bytes, of each kind of byte that matters, and every beginning of a true
// one: what is read is what would be written.
TEST(Configuration, WhatNobodyWroteIsNotRead) {
  const Configuration c{.voters = {1, 2, 20}, .nextVoters = {3}, .learners = {4}};
  const std::string whole(encode(c).bytes());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decode(std::string_view(whole).substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(decode(std::string_view(whole + '\0')), std::nullopt);
  const std::string bytes{'\0', '\1', '\2', '\3', '\x20', '\x21', '\xff'};
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::optional<Configuration> read = decode(std::string_view(texts[i]));
    EXPECT_EQ(encode(read.value_or(Configuration{})).bytes(), read ? texts[i] : std::string(3, 0));
    if (texts[i].size() == 6) continue;
    for (char byte : bytes) texts.push_back(texts[i] + byte);
  }
}

TEST(Configuration, OneThatIsNotPossibleIsNotRead) {
  EXPECT_EQ(decode(encode({})), std::nullopt);
  EXPECT_EQ(decode(encode({.voters = {1, 2}, .learners = {2}})), std::nullopt);
}

}  // namespace
}  // namespace raft
