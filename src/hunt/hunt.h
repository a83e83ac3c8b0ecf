// Many worlds from many seeds, on all cores.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "hunt/coverage.h"
#include "hunt/trial.h"

namespace raft::hunt {

struct HuntOptions {
  std::uint64_t first = 1;  // seeds, both included
  std::uint64_t last = 1;
  std::uint32_t threads = 1;
  bool untilFirstFind = false;
  const sim::Rules* rules = nullptr;  // somebody's own
  // Asked by each thread before each run; true: no more are begun.
  std::function<bool()> stop = {};
  // Told now and then, by the thread that hunts: how many runs are done, and with how many finds.
  std::function<void(std::uint64_t runs, std::uint64_t finds)> progress = {};
};

// The first find of a kind, by seed, and how many there were.
struct Kind {
  Find find;
  std::uint64_t seed;
  std::uint64_t count = 1;
  bool operator==(const Kind&) const = default;
};

// What came of it. Those of several hunts can be added up.
struct Tally {
  std::uint64_t runs = 0;
  std::uint64_t events = 0;
  Duration simulated = {};
  Coverage coverage = {};
  std::vector<Kind> finds = {};  // by seed

  void add(std::uint64_t seed, const Trial& trial);
  void add(const Tally& other);
  std::uint64_t findCount() const;
  bool operator==(const Tally&) const = default;
};

// Runs a plan for each seed. If it was not stopped early, the same for any number of threads.
Tally hunt(const HuntOptions& options);

}  // namespace raft::hunt
