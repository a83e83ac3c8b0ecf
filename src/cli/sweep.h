// Runs scenarios over many seeds, on all cores; tells a line a seed, in order, then a summary.
#pragma once
#include <cstdint>
#include <vector>

#include "cli/load.h"
#include "cli/play.h"

namespace raft::cli {

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

struct SweepOptions {
  Seeds seeds = {};
  PlayOptions play = {};
  bool progress = false;  // on standard error, for a person who waits
};

// Returns the exit code. What is told does not depend on how many cores there are.
int sweep(const std::vector<Loaded>& scenarios, const SweepOptions& options);

}  // namespace raft::cli
