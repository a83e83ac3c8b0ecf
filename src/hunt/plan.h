// What one run of a hunt does: a scenario as lines, before anybody has read it.
//
// A generator makes such lines, a shrinker takes them away, and what is left is a file that anyone
// can run, read and change: there is no other form of a find.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "raft/types.h"
#include "sim/rules.h"

namespace raft::hunt {

// One key of the scenario: {"network", "{latency: 1..5 ms, loss: 10 %}"}.
struct Line {
  std::string key;
  std::string value;
  bool operator==(const Line&) const = default;
};

struct Step {
  Time at;
  Line deed;  // {"crash", "leader"}
  bool operator==(const Step&) const = default;
};

struct Plan {
  std::uint32_t servers = 3;  // called A, B, C …
  std::uint64_t seed = 1;
  std::vector<Line> settings = {};        // of the cluster
  std::vector<std::string> clients = {};  // "{keys: 3, session: on}"
  std::vector<Step> steps = {};           // in order of time
  Time until = {};
  const sim::Rules* rules = nullptr;  // somebody's own, which the text does not tell
  bool operator==(const Plan&) const = default;
};

// The plan under somebody's own rules: what is proposed is theirs. Without any, as it is.
Plan under(const sim::Rules* rules, Plan plan);

// What stands above a plan: what was found, in words.
struct Heading {
  std::string title;
  std::string about;  // lines
};

// The scenario file.
std::string textOf(const Plan& plan, const Heading& heading = {});

// "A", "B" …, as scenarios call servers by number.
std::string nameOf(std::uint32_t server);

}  // namespace raft::hunt
