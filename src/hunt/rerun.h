// Runs plans that are as another up to some step from there on, and not from the beginning.
#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "hunt/plan.h"
#include "hunt/trial.h"

namespace raft::hunt {

// A plan, and its run as it was before some of its steps. May be used by several threads at once.
class Rerun {
 public:
  explicit Rerun(const Plan& plan);

  // The same as hunt::run(candidate). It is faster if the candidate is the plan without some steps.
  Trial run(const Plan& candidate) const;

 private:
  // Which steps of the plan the candidate lacks, if that is all in which they differ.
  std::optional<std::vector<std::size_t>> lacking(const Plan& candidate) const;

  Plan plan_;
  ScenarioOfPlan scenario_;
  std::vector<Running> snapshots_ = {};  // by how many steps were done
};

}  // namespace raft::hunt
