// YAML text to a tree of values, with yaml-cpp. Anchors, aliases, tags and several documents are
// refused: a scenario says what it means where it stands.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scenario/mistake.h"
#include "scenario/reader.h"
#include "scenario/value.h"

namespace raft::scenario {

struct ParsedYaml {
  std::optional<Value> root = {};  // if the text is YAML of the kind that we read
  std::vector<Mistake> mistakes = {};
};

ParsedYaml parseYaml(const std::string& text);

// parseYaml() and readScenario(), with the mistakes of both.
Read readYaml(const std::string& text, Contradictions = Contradictions::AreMistakes);

}  // namespace raft::scenario
