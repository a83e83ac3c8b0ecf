// From a tree of values to a scenario: what the words mean, and every mistake in them.
#pragma once
#include <optional>
#include <vector>

#include "scenario/mistake.h"
#include "scenario/scenario.h"
#include "scenario/value.h"

namespace raft::scenario {

struct Read {
  std::optional<Scenario> scenario = {};  // if there is no mistake
  std::vector<Mistake> mistakes = {};     // sorted by position
};

Read readScenario(const Value& root);

}  // namespace raft::scenario
