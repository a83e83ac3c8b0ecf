// Facts as sentences: the words for each kind of fact, in one place.
#pragma once
#include <string>
#include <string_view>

#include "trace/fact.h"
#include "trace/notation.h"

namespace raft::trace {

// What is done, after the subject and without reason: "refuses its vote to A". `many`: for several
// subjects ("refuse their votes to A").
std::string predicate(const Fact& fact, const Names& names, bool many = false);
// "C refuses its vote to A"; a fact of the world has its own subject, or none.
std::string deed(const Fact& fact, const Names& names);
// "C refuses its vote to A: C's log is more up-to-date (term 2 > 1, §5.4.1)". No full stop.
std::string sentence(const Fact& fact, const Names& names);
// "voteRefused": the kind's name, as it stands in JSON.
std::string_view kindName(const Fact& fact);

}  // namespace raft::trace
