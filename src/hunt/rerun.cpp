#include "hunt/rerun.h"

#include <algorithm>

namespace raft::hunt {

namespace {

constexpr std::size_t mostSnapshots = 24;  // each is a whole world

}  // namespace

Rerun::Rerun(const Plan& plan) : plan_(plan), scenario_(scenarioOf(plan)) {
  if (!scenario_) return;
  const std::size_t every = plan.steps.size() / mostSnapshots + 1;
  Running running(scenario_, plan.rules);
  for (std::size_t next = 0; !running.done();) {
    if (running.stepsDone() >= next) {
      snapshots_.push_back(running);
      next = running.stepsDone() + every;
    }
    running.advance();
  }
}

std::optional<std::vector<std::size_t>> Rerun::lacking(const Plan& candidate) const {
  std::vector<std::size_t> out;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    if (kept < candidate.steps.size() && candidate.steps[kept] == plan_.steps[i]) {
      ++kept;
    } else {
      out.push_back(i);
    }
  }
  if (out.empty() || without(plan_, out) != candidate) return std::nullopt;
  return out;
}

Trial Rerun::run(const Plan& candidate) const {
  const std::optional<std::vector<std::size_t>> left = lacking(candidate);
  if (!left || snapshots_.empty()) return hunt::run(candidate);
  auto scenario = std::make_shared<scenario::Scenario>(*scenario_);
  std::erase_if(scenario->steps, [&, place = std::size_t{0}](const scenario::Step&) mutable {
    return std::ranges::binary_search(*left, place++);
  });
  const auto later = std::ranges::upper_bound(snapshots_, left->front(), {}, &Running::stepsDone);
  Running running(*std::prev(later), scenario);
  while (!running.done()) running.advance();
  return running.trial();
}

}  // namespace raft::hunt
