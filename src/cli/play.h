// Plays a scenario once and tells it: as a story, as JSON lines, or its outcome alone.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/load.h"
#include "scenario/run.h"

namespace raft::cli {

struct PlayOptions {
  scenario::RunOptions run = {};
  bool json = false;
  bool quiet = false;
  bool details = false;
  bool ascii = false;
  bool colour = false;
  std::uint32_t width = 80;

  // As it is to be shown: what a terminal could take amiss, and with `ascii` our signs, spelt.
  std::string shown(std::string_view text) const;
};

// What came of one run, in numbers and words.
struct Outcome {
  scenario::Result result;
  std::vector<std::string> findings;  // assertions that broke, deeds that no rule explains
  std::vector<trace::Fact> ledThere;  // to the first violation: the latest deeds before it
  bool complete = true;               // false: it was interrupted

  bool passed() const { return result.passed() && findings.empty(); }
};

// Runs without telling; deeds that no rule explains are counted if `explained`.
Outcome runQuietly(const scenario::Scenario& scenario, const scenario::RunOptions& options,
                   bool explained);

// Plays all, one after another, to standard output. Returns the exit code.
int playAll(const std::vector<Loaded>& scenarios, const PlayOptions& options);

// The failures of a run, as lines: where, what was expected, what was so, why.
std::string failureText(const Loaded& loaded, const Outcome& outcome, const PlayOptions& options);

}  // namespace raft::cli
