// `raftlab hunt` and `raftlab report`: search for what breaks, shrink it, add up what others found.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/sweep.h"

namespace raft::cli {

struct HuntingOptions {
  Seeds seeds = {};
  std::optional<Duration> time = {};  // of the clock on the wall, after which no run is begun
  bool untilFirstFind = false;
  std::string out = {};  // a folder for the finds and the record; empty: finds are printed
  bool colour = false;
  bool progress = false;  // on standard error, for a person who waits
  bool ascii = false;
  const sim::Rules* rules = nullptr;  // somebody's own
  std::string program = "raftlab";    // what plays a find
};

// Both return the exit code.
int hunting(const HuntingOptions& options);
int addUp(const std::vector<std::string>& folders, bool colour, bool ascii);

}  // namespace raft::cli
