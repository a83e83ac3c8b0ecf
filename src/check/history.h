// What the checkers remember of a run: every entry that ever stood in a log, every leader, every
// commit. Tables by index and term; nothing is ever taken back.
//
// A log is known by the chain at its end: a hash of the chain before and of the last entry, so two
// logs with equal chains are equal up to there (but for one chance in 2^64).
#pragma once
#include <cstdint>
#include <vector>

#include "check/violation.h"
#include "raft/log.h"
#include "raft/types.h"

namespace raft::check {

using Chain = std::uint64_t;  // 0 for the empty log

// The chain of a log whose chain was `before` when `entry` is appended to it.
Chain chainWith(Chain before, const Entry& entry);

// Every entry that ever stood in any log, by (index, term).
class EntryTable {
 public:
  struct Known {
    Term term;
    Term termBefore;  // of the entry before it
    Chain chain;
    Time since;              // when it was first seen …
    ServerId server;         // … in whose log
    std::uint32_t next = 0;  // another term at this index: 1 + its place in others_; 0: none
    bool operator==(const Known&) const = default;
  };

  // What is known at (index, entry.term): `entry` itself if nothing was, and then remembers it.
  // Requires that something is known at index - 1, or that index is 1.
  const Known& note(Index index, const Known& entry);
  // Null: no entry of that term ever stood there.
  const Known* find(Index index, Term term) const;
  Index lastIndex() const { return first_.size(); }
  // The entry at `index` whose chain is `chain`; term 0 if there is none.
  Term termOf(Index index, Chain chain) const;
  // The chain at `index` of the log that ends with `last`. Requires index <= last.index, and that
  // `last` was noted. Takes time linear in the difference.
  Chain chainAt(Index index, Position last) const;
  // Makes `log`, the chains of a log from index 0 on, those of the log that ends with `last`, which
  // must be known. Takes time linear in what becomes different.
  void follow(std::vector<Chain>& log, Position last) const;

  bool operator==(const EntryTable&) const = default;

 private:
  std::vector<Known> first_ = {};   // by index; the first that was seen there
  std::vector<Known> others_ = {};  // of other terms
};

// Every leader that was ever elected, in the order of terms.
struct Leadership {
  Term term;
  ServerId server;
  Time since;
  Position last;  // the end of its log when it was elected
  bool operator==(const Leadership&) const = default;
};

class LeaderTable {
 public:
  // Who was elected in leadership.term before: null if nobody was, and then remembers it.
  const Leadership* note(const Leadership& leadership);
  // The leaders of terms above `term`, in rising order: [after(term), end()).
  const Leadership* after(Term term) const;
  const Leadership* end() const { return leaders_.data() + leaders_.size(); }

  bool operator==(const LeaderTable&) const = default;

 private:
  std::vector<Leadership> leaders_ = {};
};

// The snapshots of the state machine, by their last included index: the first that was seen there.
// Equal states are equal bytes, so any two of one index must be equal, whoever made them.
struct KnownSnapshot {
  Index lastIncludedIndex;
  Chain state;  // the chain of its bytes
  Time since;
  ServerId server;
  bool operator==(const KnownSnapshot&) const = default;
};

class SnapshotTable {
 public:
  // Null: none of that index was known, or it has these bytes; otherwise the one it differs from.
  const KnownSnapshot* note(const KnownSnapshot& snapshot);
  bool operator==(const SnapshotTable&) const = default;

 private:
  std::vector<KnownSnapshot> all_ = {};  // rising
};

// What was ever committed, by index, and the earliest term in which it is known to have been.
struct Commit {
  Chain chain;
  Term term;  // never falls with the index: what is committed commits all that precedes it
  Time since;
  ServerId server;  // who committed it first
  bool operator==(const Commit&) const = default;
};

}  // namespace raft::check
