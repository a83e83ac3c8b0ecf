#include "hunt/trial.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "scenario/assertions.h"
#include "scenario/yaml.h"
#include "trace/sentence.h"

namespace raft::hunt {

namespace {

Find findOf(const check::Violation& violation, const trace::Names& names) {
  return {check::nameOf(violation), check::tell(violation, names), violation.time};
}

Find findOf(const BrokenAssertion& broken, Time now) {
  const std::string file = std::filesystem::path(broken.file).filename().string();
  return {fmt::format("Assertion at {}:{}", file, broken.line),
          fmt::format("an assertion is broken: {} ({})", broken.meaning, broken.condition), now};
}

}  // namespace

ScenarioOfPlan scenarioOf(const Plan& plan) {
  scenario::Read read = scenario::readYaml(textOf(plan), scenario::Contradictions::AreLeftToTheRun);
  if (!read.scenario) return nullptr;
  return std::make_shared<const scenario::Scenario>(std::move(*read.scenario));
}

Running::Running(ScenarioOfPlan scenario, const sim::Rules* rules)
    : scenario_(std::move(scenario)),
      run_(*scenario_, {.skipsImpossible = true, .rules = rules}),
      narrator_(*this, run_.names()) {}

Running::Running(const Running& other, ScenarioOfPlan scenario)
    : scenario_(std::move(scenario)),
      run_(other.run_),
      narrator_(other.narrator_, *this),
      trial_(other.trial_) {
  run_.goOnWith(*scenario_);
}

// Counts what is told, and finds the deed that no rule explains.
void Running::told(const trace::Fact& fact) {
  trial_.coverage.add(fact);
  if (trial_.find || !fact.is<trace::Unexplained>()) return;
  trial_.find = Find{"Unexplained", trace::sentence(fact, run_.names()), fact.time};
}

void Running::advance() {
  try {
    const scenario::AssertionsThrow assertionsThrow;
    run_.advance(&narrator_);
  } catch (const BrokenAssertion& broken) {
    trial_.find = findOf(broken, run_.world().now());
  }
  if (!run_.isViolated()) return;
  const std::vector<check::Violation> violations = run_.result().violations;
  if (!violations.empty()) trial_.find = findOf(violations.front(), run_.names());
}

Trial Running::trial() const {
  Trial out = trial_;
  out.skipped = run_.skipped();
  out.events = run_.world().events();
  out.end = run_.world().now();
  for (std::size_t i = 0; i < Coverage::kinds; ++i) {
    out.coverage.runs[i] = out.coverage.told[i] != 0;
  }
  return out;
}

Trial run(const Plan& plan) {
  const ScenarioOfPlan scenario = scenarioOf(plan);
  if (!scenario) return {};
  Running running(scenario, plan.rules);
  while (!running.done()) running.advance();
  return running.trial();
}

Plan without(const Plan& plan, const std::vector<std::size_t>& steps) {
  Plan out = plan;
  out.steps.clear();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (std::ranges::count(steps, i) == 0) out.steps.push_back(plan.steps[i]);
  }
  return out;
}

}  // namespace raft::hunt
