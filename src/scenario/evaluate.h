// Whether a condition holds in a run at this moment, what is so instead, and why.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "scenario/condition.h"
#include "scenario/happenings.h"
#include "sim/world.h"
#include "trace/why.h"

namespace raft::scenario {

// What changes are measured against: how it was when one began to look.
struct Baseline {
  Index highestCommit = 0;
  Term highestTerm = 0;
  Term leaderTerm = 0;  // the highest term of which a leader was seen
  bool operator==(const Baseline&) const = default;
};

using Bindings = std::map<std::string, ServerSet>;  // whom the names given by steps mean

// All that a condition may ask of. References, for the duration of a question.
struct Scene {
  const sim::World& world;
  const Happenings& happenings;
  const Bindings& bindings;
  const Baseline& baseline;
  const trace::Names& names;
};

Baseline baselineOf(const sim::World& world, const Happenings& happenings);

// Of a target, who is meant now. `Others` means nobody here: it has no meaning without a context.
ServerSet serversOf(const Target& target, const Scene& scene);
// Everybody of whom a condition speaks; all if it names nobody in particular.
ServerSet spokenOf(const Who& who, const Scene& scene);

bool matches(const EntryPattern& pattern, const Entry& entry);
// The first place in a log at which `thing` stands, of those up to `last`.
std::optional<Index> indexOf(const Thing& thing, const Log& log, Index last);
// How far a server is: with its log, its commitIndex or its lastApplied.
Index reached(const Server& server, Stage stage);

bool holds(const Condition& condition, const Scene& scene);
// Whether steps have given all the names of which the condition speaks.
bool namesAreGiven(const Condition& condition, const Scene& scene);
// What is the case, as far as the condition asks for it.
std::string insteadOf(const Condition& condition, const Scene& scene);
// Why the condition does not hold, if there is more to say; may be empty.
trace::Answer whyNot(const Condition& condition, const Scene& scene);
// Why it holds, though it never should; may be empty.
trace::Answer whySo(const Condition& condition, const Scene& scene);
// Why there is no leader, or why something is not committed, if that is what the condition says and
// what is so. Empty for all others.
trace::Answer whyDenied(const Condition& condition, const Scene& scene);
// The same of a condition that must never hold: 'there is a leader', 'an entry commits'.
trace::Answer whyNever(const Condition& condition, const Scene& scene);

// What a run knows of its happenings costs a little: whether this condition asks for it.
bool needsHappenings(const Condition& condition);

}  // namespace raft::scenario
