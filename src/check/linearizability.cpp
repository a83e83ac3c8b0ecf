#include "check/linearizability.h"

#include <algorithm>

#include "check/search.h"

namespace raft::check {
namespace {

// What happened until the event `last`: who had not responded by then had only been called.
std::vector<Interval> cutAfter(std::vector<Interval> operations, std::uint32_t last) {
  for (Interval& operation : operations) {
    if (operation.call > last) operation = {.call = never};
    if (operation.response > last) operation.response = never;
  }
  return operations;
}

}  // namespace

Linearization linearize(const std::vector<Interval>& operations, Model& model,
                        const Limits& limits) {
  return Search(operations, model, limits).decide();
}

std::optional<Explanation> explain(const std::vector<Interval>& operations, Model& model,
                                   const Linearization& found, const Limits& limits) {
  if (found.verdict != Verdict::NotLinearizable) return std::nullopt;
  std::vector<OperationId> responses;
  for (OperationId i = 0; i < operations.size(); ++i) {
    if (operations[i].call != never && operations[i].response != never) responses.push_back(i);
  }
  std::ranges::sort(responses, {}, [&](OperationId i) { return operations[i].response; });
  const auto firstOnes = [&](std::uint64_t count) {
    return cutAfter(operations, operations[responses[count - 1]].response);
  };
  // With so many responses there is an order, and with so many there is none. What came later may
  // have hidden from the search how far one can get.
  std::uint64_t good = found.responsesPlaced;
  std::uint64_t bad = responses.size();
  bool exact = true;
  Linearization best{.verdict = Verdict::Linearizable};
  bool bisects = false;  // until then in growing strides: it is mostly near
  for (std::uint64_t stride = 1; good + 1 < bad; stride *= 2) {
    const std::uint64_t middle =
        bisects ? good + (bad - good) / 2 : std::min(good + stride, bad - 1);
    Linearization some = linearize(firstOnes(middle), model, limits);
    if (some.verdict == Verdict::Unknown) {
      exact = false;
      break;
    }
    if (some.verdict == Verdict::NotLinearizable) {
      bad = middle;
      bisects = true;
    } else {
      good = middle;
      best = std::move(some);
    }
  }
  Explanation out{.culprit = responses[bad - 1], .exact = exact};
  if (good > 0 && best.order.empty()) best = linearize(firstOnes(good), model, limits);
  out.order = std::move(best.order);
  if (!exact) return out;
  // The culprit had been called when the one before it responded, or is called right after.
  std::vector<Interval> before = cutAfter(operations, operations[out.culprit].response - 1);
  Search around(before, model, limits, out.culprit);
  if (const auto states = around.statesAroundWatched()) {
    out.possible = *states;
    out.allPossible = true;
  }
  return out;
}

}  // namespace raft::check
