// Phrases: "B or C is leader in term 2", "A, B and the leader", "A <-> others".
//
// Each function takes the words of one scalar and answers with a value or with a sentence that says
// what stood there and what was expected.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "scenario/condition.h"
#include "scenario/scenario.h"
#include "scenario/words.h"

namespace raft::scenario {

// Who there is to speak of.
struct Cast {
  std::vector<std::string> servers = {};
  std::vector<std::string> named = {};  // by steps: `as:` and `name:`
  std::size_t clients = 0;              // numbered from 1

  std::vector<std::string> words() const;  // all that may be said of a server
};

// Whether a server may be called so. Otherwise a sentence.
std::string wrongName(std::string_view name);

// "A", "the leader", "a follower".
Parsed<Target> parseTarget(std::string_view text, const Cast& cast);
// "A, B and C", "followers": for deeds.
Parsed<std::vector<Target>> parseTargets(std::string_view text, const Cast& cast);
// The same, and "A or B", "nobody": for conditions.
Parsed<Who> parseWho(std::string_view text, const Cast& cast);
// "A -> B", "A <-> B, C".
Parsed<Arrow> parseArrow(std::string_view text, const Cast& cast);
// "3", "1 SetX=10", "SetX=10", "2 no-op".
Parsed<EntryPattern> parseEntry(std::string_view text);
// What befalls a disk: "stalls for 1 s", "fails its next write", "flips a bit of entry 3".
Parsed<DiskDeed> parseDisk(std::string_view text);
// What becomes of a message: "is lost", "takes 40 ms", "takes 2 ms and its copy 40 ms".
Parsed<sim::Carriage> parseCarriage(std::string_view text);
std::string textOf(const sim::Carriage& carriage);
// "5 % fast", "0.1 % slow", in parts of a million; below 0: slow.
Parsed<std::int32_t> parseDrift(std::string_view text);
// A whole phrase. Condition::at is left as it is.
Parsed<Condition> parseCondition(std::string_view text, const Cast& cast);

}  // namespace raft::scenario
