#include "raft/server.h"

#include <gtest/gtest.h>

#include "raft/invariants.h"

namespace raft {
namespace {

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

}  // namespace
}  // namespace raft
