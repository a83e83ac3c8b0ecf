// Plans that are a little simpler than a plan: what a shrinker tries.
#pragma once
#include <vector>

#include "hunt/plan.h"

namespace raft::hunt {

// Each without one run of `part` steps, the first without the first ones.
std::vector<Plan> withFewerSteps(const Plan& plan, std::size_t part);
// Each without two steps: a crash and its restart go only together. Of short plans only.
std::vector<Plan> withoutPairs(const Plan& plan);
// Each without one client, or with one that does less.
std::vector<Plan> withFewerClients(const Plan& plan);
// Without the last server, and the steps and values that name it; if there is another.
std::vector<Plan> withFewerServers(const Plan& plan);
// Each without one setting; or with one end of a range; or without a member of a mapping.
std::vector<Plan> withSimplerSettings(const Plan& plan);
// Each with one deed done in a plainer way.
std::vector<Plan> withSimplerSteps(const Plan& plan);
// With times in hundreds, tens and whole milliseconds: of all steps, then of each.
std::vector<Plan> withRounderTimes(const Plan& plan);

}  // namespace raft::hunt
