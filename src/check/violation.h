// What a checker found: which property of a run is broken, when, by whom, and what led there.
//
// A violation is a value that identifies the deeds it speaks of, so that a front end which keeps
// the latest facts can show them; tell() makes a sentence of it, with the servers' own names.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "raft/types.h"
#include "trace/notation.h"

namespace raft::check {

enum class Property : std::uint8_t {
  // Figure 3. Raft guarantees that each of these properties is true at all times.
  ElectionSafety,      // at most one leader can be elected in a given term (§5.2)
  LeaderAppendOnly,    // a leader never overwrites or deletes entries in its log (§5.3)
  LogMatching,         // logs with an entry of the same index and term agree up to it (§5.3)
  LeaderCompleteness,  // what is committed in a term stands in the logs of all later leaders (§5.4)
  StateMachineSafety,  // no two servers ever apply different entries at one index (§5.4.3)
  // Not in Figure 3.
  Durability,  // a restarted server finds what it had been told to be durable (Figure 2)
  Progress,    // a connected majority left in peace elects a leader and commits (§5.6)
  // Any two committed configurations that follow each other share a voter (thesis §4.1, §4.3).
  OverlappingMajorities,
  Invariant,    // a promise of a single server (raft/invariants.h)
  SameState,    // state machines that have applied the same entries are equal
  ExactlyOnce,  // a request of a session takes effect once, and has one reply (thesis §6.3)
  // What clients saw has an order: each request at one moment, between its call and its reply (§8;
  // Herlihy and Wing, 1990).
  Linearizability,
  FreshReads,  // a read sees all that was applied when it was asked (§8, thesis §6.4)
  Own,         // one that somebody brought along (sim/rules.h)
};

// As Figure 3 names it, without spaces: "ElectionSafety". Never null.
const char* nameOf(Property property);

// An entry, by where it stands. Told as index^term.
struct Position {
  Index index;
  Term term;
  bool operator==(const Position&) const = default;
};

struct Violation {
  Property property;
  Time time;                             // of the deed that broke the property
  std::vector<ServerId> servers = {};    // first who did it, then who did the earlier deed
  std::vector<Position> entries = {};    // those that are in question
  Term term = 0;                         // the term in question; 0: none
  std::optional<Time> earlier = {};      // of the deed that the later one contradicts
  std::optional<Term> earlierTerm = {};  // the term of it, where that differs
  // With places for what a listener names: {s1} and {s2}, servers[0] and [1]; {all}, all of them;
  // {e1}, {e2} and {e3}, entries; {term}; {then} and {termThen}, time and term of the earlier deed.
  std::string sentence = {};
  std::string own = {};  // of Property::Own, what its owner calls it
  bool operator==(const Violation&) const = default;
};

// Of the property that is broken: as above, or as its owner calls it.
std::string nameOf(const Violation& violation);
// The sentence, its places filled; without the property and the time.
std::string tell(const Violation& violation, const trace::Names& names = {});

}  // namespace raft::check
