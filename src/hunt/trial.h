// One run of a plan, with every checker on.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hunt/coverage.h"
#include "hunt/plan.h"
#include "scenario/run.h"
#include "trace/narrator.h"

namespace raft::hunt {

// What a run found.
struct Find {
  // What two finds have in common that are of one mistake: the property, "Assertion" with its
  // place, or "Unexplained".
  std::string kind;
  std::string sentence;  // what happened, in this run
  Time time;             // when
  bool operator==(const Find&) const = default;
};

struct Trial {
  std::optional<Find> find = {};          // the first
  std::vector<std::size_t> skipped = {};  // steps of the plan that could not be done
  std::uint64_t events = 0;
  Time end = {};  // simulated
  Coverage coverage = {};
};

// Runs the plan; it ends with the first find. Steps that cannot be done are left out. One
// that cannot be read, as a shrinker may make it, finds nothing.
Trial run(const Plan& plan);

// The plan without these steps.
Plan without(const Plan& plan, const std::vector<std::size_t>& steps);

// A plan as it is run; null if it cannot be read.
using ScenarioOfPlan = std::shared_ptr<const scenario::Scenario>;
ScenarioOfPlan scenarioOf(const Plan& plan);

// A trial under way. It can be copied, and goes on from there with other steps.
class Running : private trace::FactSink {
 public:
  explicit Running(ScenarioOfPlan scenario, const sim::Rules* rules = nullptr);
  Running(const Running& other, ScenarioOfPlan scenario);  // see scenario::Run::goOnWith
  Running(const Running& other) : Running(other, other.scenario_) {}
  Running& operator=(const Running&) = delete;

  bool done() const { return run_.done() || trial_.find; }
  std::size_t stepsDone() const { return run_.stepsDone(); }
  const sim::World& world() const { return run_.world(); }
  void advance();
  // So far.
  Trial trial() const;

 private:
  void told(const trace::Fact& fact) override;

  ScenarioOfPlan scenario_;
  scenario::Run run_;
  trace::Narrator narrator_;
  Trial trial_ = {};
};

}  // namespace raft::hunt
