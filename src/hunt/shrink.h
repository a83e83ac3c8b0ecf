// From a plan that finds something to the shortest one that still does.
//
// Delta debugging (Zeller and Hildebrandt, 2002) over the steps, then over everything else that a
// plan says: clients, servers, settings, times. What remains is what the find needs.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "hunt/plan.h"
#include "hunt/trial.h"

namespace raft::hunt {

struct ShrinkOptions {
  std::uint64_t trials = 20'000;    // at most
  std::uint32_t threads = 1;        // what comes of it does not depend on them
  std::function<bool()> stop = {};  // asked now and then; true: the shortest so far will do
};

struct Shrunk {
  Plan plan;  // has a find of the same kind
  Find find;  // what it finds
  std::uint64_t trials = 0;
};

// Requires that run(plan) finds something of this kind.
Shrunk shrink(const Plan& plan, const Find& find, const ShrinkOptions& options = {});

// What stands above a find that was shrunk.
Heading headingOf(const Shrunk& shrunk, std::uint64_t seed, std::size_t stepsBefore);

}  // namespace raft::hunt
