// Beyond Figure 2: finding in few round trips where two logs part (§5.3).
//
// "If desired, the protocol can be optimized to reduce the number of rejected AppendEntries RPCs.
// For example, when rejecting an AppendEntries request, the follower can include the term of the
// conflicting entry and the first index it stores for that term."
#include <algorithm>

#include "raft/server.h"

namespace raft {

namespace {

// The last index up to `limit` whose term is not above `term`: along a log terms never fall, so all
// that follow it, up to there, are of later terms. The base, if there is none: it is committed, and
// what is committed matches.
Index lastNotAbove(const Log& log, Index limit, Term term) {
  if (limit <= log.baseIndex() || log.term(limit) <= term) return limit;
  Index low = log.baseIndex();
  Index high = limit - 1;
  while (low < high) {
    const Index middle = high - (high.value - low.value) / 2;
    if (log.term(middle) <= term) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace

// The follower's part: its refusal has just been added to `out`. Up to prevLogIndex the leader has
// no entry of a term above prevLogTerm, so what is of a later one does not match and is passed
// over.
void Server::addHint(const AppendEntries::Request& m, Effects& out) const {
  ConflictHint hint;
  hint.last = lastNotAbove(log, std::min(m.prevLogIndex, log.lastIndex()), m.prevLogTerm);
  hint.term = log.term(hint.last);
  hint.first =
      hint.last > log.baseIndex() ? lastNotAbove(log, hint.last, hint.term - 1) + 1 : hint.last + 1;
  std::get<AppendEntries::Response>(out.send.back().envelope.message).hint = hint;
}

// "With this information, the leader can decrement nextIndex to bypass all of the conflicting
// entries in that term; one AppendEntries RPC will be required for each term with conflicting
// entries, rather than one RPC per entry." (§5.3)
//
// The leader passes over its own entries of terms above the hint's. If it then finds the hint's
// term, both logs have that run from its first entry on (Log Matching), and match where the
// shorter ends; if not, nothing of the run matches.
Index Server::nextIndexByHint(const Progress& progress, const ConflictHint& hint) const {
  const Index refused = progress.nextIndex - 1;  // prevLogIndex, at which they do not match
  Index match = lastNotAbove(log, std::min(hint.last, refused - 1), hint.term);
  if (match >= hint.first && match >= log.baseIndex() && log.term(match) != hint.term) {
    match = std::max(hint.first - 1, log.baseIndex());
  }
  return std::max(match, progress.matchIndex) + 1;
}

}  // namespace raft
