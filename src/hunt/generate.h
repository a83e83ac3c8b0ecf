// Worlds to hunt in: one plan for each seed.
//
// Swarm testing (Groce et al., 2012): which faults there are at all, how often, which features are
// on, how large the cluster is and who its clients are is drawn first, so that most runs lack most
// of it. A run with all faults at once hides what only some of them expose.
#pragma once
#include <cstdint>

#include "hunt/plan.h"

namespace raft::hunt {

// Two phases: faults; then all is mended, and for a while nothing happens but what the cluster owes
// (check/progress.h). Equal seeds give equal plans, with every compiler.
Plan generate(std::uint64_t seed);

}  // namespace raft::hunt
