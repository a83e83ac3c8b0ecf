// From a tree of values to a scenario: what the words mean, and every mistake in them.
#pragma once
#include <cstdint>
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

// Deeds that contradict each other, as to restart a server that runs: a person meant something
// else; a program that draws its steps leaves it to the run (RunOptions::skipsImpossible).
enum class Contradictions : std::uint8_t { AreMistakes, AreLeftToTheRun };

Read readScenario(const Value& root, Contradictions = Contradictions::AreMistakes);

}  // namespace raft::scenario
