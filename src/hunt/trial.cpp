#include "hunt/trial.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "scenario/assertions.h"
#include "scenario/run.h"
#include "scenario/yaml.h"
#include "trace/narrator.h"
#include "trace/sentence.h"

namespace raft::hunt {

namespace {

// Counts what is told, and keeps the first deed that no rule explains.
class Listener : public trace::FactSink {
 public:
  Listener(const trace::Names& names, Trial& out) : names_(names), out_(out) {}

  void told(const trace::Fact& fact) override {
    out_.coverage.add(fact);
    if (unexplained || !fact.is<trace::Unexplained>()) return;
    unexplained = Find{"Unexplained", trace::sentence(fact, names_), fact.time};
  }
  std::optional<Find> unexplained = {};

 private:
  const trace::Names& names_;
  Trial& out_;
};

Find findOf(const check::Violation& violation, const trace::Names& names) {
  return {check::nameOf(violation.property), check::tell(violation, names), violation.time};
}

Find findOf(const BrokenAssertion& broken, Time now) {
  const std::string file = std::filesystem::path(broken.file).filename().string();
  return {fmt::format("Assertion at {}:{}", file, broken.line),
          fmt::format("an assertion is broken: {} ({})", broken.meaning, broken.condition), now};
}

}  // namespace

Trial run(const Plan& plan) {
  const scenario::Read read =
      scenario::readYaml(textOf(plan), scenario::Contradictions::AreLeftToTheRun);
  Trial out;
  if (!read.scenario) return out;
  scenario::Run run(*read.scenario, {.skipsImpossible = true});
  Listener listener(run.names(), out);
  trace::Narrator narrator(listener, run.names());
  try {
    const scenario::AssertionsThrow assertionsThrow;
    while (!run.done() && !listener.unexplained && !out.find) {
      for (int i = 0; i < 64 && !run.done(); ++i) run.advance(&narrator);
      const std::vector<check::Violation> violations = run.result().violations;
      if (!violations.empty()) out.find = findOf(violations.front(), run.names());
    }
  } catch (const BrokenAssertion& broken) {
    out.find = findOf(broken, run.world().now());
  }
  if (!out.find) out.find = listener.unexplained;
  out.skipped = run.skipped();
  out.events = run.world().events();
  out.end = run.world().now();
  for (std::size_t i = 0; i < Coverage::kinds; ++i) {
    out.coverage.runs[i] = out.coverage.told[i] != 0;
  }
  return out;
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
