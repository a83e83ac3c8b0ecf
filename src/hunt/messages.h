// A plan that leaves no message to chance.
#pragma once
#include "hunt/plan.h"

namespace raft::hunt {

// The same run, in which messages take two milliseconds and those that fare otherwise do so by
// steps of their own: which are lost, late or doubled stands there one by one, for a shrinker to
// take away. Of what is sent after `end` nothing is said.
Plan withSingleMessages(const Plan& plan, Time end);

// Whether the plan says how messages fare.
bool speaksOfTheNetwork(const Plan& plan);

// Whether the step is about a message.
bool isOfMessage(const Step& step);

}  // namespace raft::hunt
