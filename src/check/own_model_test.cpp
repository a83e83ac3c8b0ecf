// A model of one's own: what a reader of linearizability.h would write.
#include <deque>

#include <gtest/gtest.h>

#include "check/linearizability.h"
#include "check/states.h"
#include "raft/random.h"

namespace raft::check {
namespace {

// A queue: an operation enqueues a number, or dequeues what then was its first; 0: it was empty.
struct Deed {
  bool enqueues;
  int number;
};

struct Hash {
  std::uint64_t operator()(const std::deque<int>& queue) const {
    std::uint64_t hash = 1;
    for (const int number : queue) hash = mixBits(hash + static_cast<std::uint64_t>(number));
    return hash;
  }
};

class QueueModel final : public Model {
 public:
  explicit QueueModel(std::vector<Deed> deeds) : deeds_(std::move(deeds)) {}

  StateId initial() override { return states_.numberOf({}); }
  StateId step(StateId state, OperationId operation, bool responded) override {
    std::deque<int> queue = states_[state];
    const Deed& deed = deeds_[operation];
    if (deed.enqueues) {
      queue.push_back(deed.number);
      return states_.numberOf(queue);
    }
    const int first = queue.empty() ? 0 : queue.front();
    if (responded && first != deed.number) return noState;
    if (!queue.empty()) queue.pop_front();
    return states_.numberOf(queue);
  }

 private:
  std::vector<Deed> deeds_;
  States<std::deque<int>, Hash> states_;
};

constexpr Deed enqueue(int number) { return {true, number}; }
constexpr Deed dequeue(int number) { return {false, number}; }

TEST(OwnModel, OfAQueueIsSearchedLikeAnyOther) {
  QueueModel model({enqueue(1), enqueue(2), dequeue(2), dequeue(1)});
  EXPECT_EQ(linearize({{0, 2}, {1, 3}, {4, 5}, {6, 7}}, model).order,
            (std::vector<OperationId>{1, 0, 2, 3}));
}

TEST(OwnModel, IsExplainedLikeAnyOther) {
  QueueModel model({enqueue(1), enqueue(2), dequeue(2), dequeue(1)});
  const std::vector<Interval> operations = {{0, 1}, {2, 3}, {4, 5}, {6, 7}};
  const Linearization found = linearize(operations, model);
  EXPECT_EQ(found.verdict, Verdict::NotLinearizable);
  const auto why = explain(operations, model, found);
  ASSERT_TRUE(why);
  EXPECT_EQ(why->culprit, 2u);
  EXPECT_EQ(why->order, (std::vector<OperationId>{0, 1}));
  EXPECT_EQ(why->possible.size(), 1u);
}

TEST(OwnModel, MayHaveOperationsThatNeverResponded) {
  QueueModel model({enqueue(1), dequeue(0), dequeue(1)});
  EXPECT_EQ(linearize({{0, never}, {1, 2}, {3, 4}}, model).verdict, Verdict::Linearizable);
  QueueModel lost({enqueue(1), dequeue(0), dequeue(0)});
  EXPECT_EQ(linearize({{0, 1}, {2, never}, {3, 4}}, lost).verdict, Verdict::Linearizable);
}

}  // namespace
}  // namespace raft::check
