// Who is meant, taken from the words of a phrase. Internal to the parsers (parse_*.cpp).
//
// Each function takes what it can use from the left; if it finds nothing, `wrong` says why.
#pragma once
#include <optional>
#include <string>

#include "scenario/parse.h"
#include "scenario/tokens.h"

namespace raft::scenario {

// "A", "the leader", "a follower".
std::optional<Target> takeTarget(Tokens& in, const Cast& cast, std::string& wrong);
// "A", "A and B", "A, B or C", "nobody".
std::optional<Who> takeWho(Tokens& in, const Cast& cast, std::string& wrong);

}  // namespace raft::scenario
