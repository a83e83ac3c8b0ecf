// What the state machines hold, and what their clients have: conditions about them.
#pragma once
#include <optional>
#include <string>

#include "scenario/evaluate.h"
#include "scenario/parse.h"
#include "scenario/tokens.h"

namespace raft::scenario {

// "x is 10 on A", "x is nothing everywhere", "client 1 is done", "the read returned 10". Takes all
// words or none; `wrong` says what is wrong with what begins like one of these.
std::optional<decltype(Condition::what)> takeValueCondition(Tokens& in, const Cast& cast,
                                                            std::string& wrong);

bool valueIs(const ValueIs& condition, ServerId server, const Scene& scene);
std::string insteadOf(const ValueIs& condition, const Scene& scene);
std::string insteadOf(const ClientIsDone& condition, const Scene& scene);
bool readReturned(const ReadReturned& condition, const Scene& scene);
std::string insteadOf(const ReadReturned& condition, const Scene& scene);
// Which entry made the value what it is on a server where it should be another.
trace::Answer whyNot(const ValueIs& condition, const Scene& scene, const trace::View& view);

}  // namespace raft::scenario
