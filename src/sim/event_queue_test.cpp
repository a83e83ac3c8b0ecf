#include "sim/event_queue.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "raft/random.h"

namespace raft::sim {
namespace {

Envelope marked(std::uint64_t term) {
  return {.from = 1, .to = 2, .message = RequestVote::Response{.term = term}};
}

std::uint64_t markOf(const Input& input) { return termOf(std::get<Envelope>(input).message).value; }

TEST(MessageQueue, ComesOutByTimeAndThenByCause) {
  MessageQueue queue;
  Random chance{.seed = 5};
  std::vector<Moment> expected;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    expected.push_back({.time = Time(chance.below(50)), .sequence = i});
    queue.push(expected.back(), marked(i));
  }
  std::ranges::sort(expected, [](const Moment& a, const Moment& b) { return a < b; });

  for (const Moment& moment : expected) {
    EXPECT_EQ(queue.next(), moment);
    const MessageQueue::Event event = queue.pop();
    EXPECT_EQ(event.at, moment);
    EXPECT_EQ(markOf(queue[event.slot]), moment.sequence);
    queue.release(event.slot);
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.next().time, never);
}

TEST(MessageQueue, UsesASlotAgainOnceItIsReleased) {
  MessageQueue queue;
  queue.push({Time(1), 1}, marked(1));
  const std::uint32_t slot = queue.pop().slot;
  queue.push({Time(2), 2}, marked(2));
  EXPECT_NE(queue.pop().slot, slot) << "its message may still be read";
  queue.release(slot);
  queue.push({Time(3), 3}, marked(3));
  EXPECT_EQ(queue.pop().slot, slot);
}

TEST(Alarms, TheEarliestIsAtHandHoweverTheyWerePutOff) {
  const std::uint32_t owners = 13;
  Alarms alarms(owners);
  std::vector<Moment> all(owners);
  Random chance{.seed = 6};
  for (std::uint64_t i = 1; i <= 5000; ++i) {
    const auto owner = static_cast<std::uint32_t>(chance.below(owners));
    all[owner] = chance.below(5) == 0 ? Moment{} : Moment{Time(chance.below(300)), i};
    alarms.set(owner, all[owner]);
    const auto first =
        std::ranges::min_element(all, [](const Moment& a, const Moment& b) { return a < b; });
    ASSERT_EQ(alarms.next(), *first);
    ASSERT_EQ(alarms.of(owner), all[owner]);
    if (first->time == never) continue;
    ASSERT_EQ(alarms.nextOwner(), first - all.begin());
  }
}

TEST(Alarms, AtEqualTimesTheOneSetFirstRings) {
  Alarms alarms(3);
  alarms.set(2, {Time(10), 1});
  alarms.set(0, {Time(10), 2});
  alarms.set(1, {Time(10), 3});
  EXPECT_EQ(alarms.nextOwner(), 2u);
  alarms.set(2, {Time(10), 4});  // again, to the same time: now it was caused last
  EXPECT_EQ(alarms.nextOwner(), 0u);
  alarms.turnOff(0);
  EXPECT_EQ(alarms.nextOwner(), 1u);
}

}  // namespace
}  // namespace raft::sim
