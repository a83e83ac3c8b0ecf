// Beyond Figure 2: what became of the commands that this server accepted as leader.
//
// A leader that is deposed does not know whether its entries will be committed: the next leader may
// have them, and even one that was overwritten here can come back and commit (Figure 8). What is
// known is known from the committed entries alone. Along them terms never fall, and by Log Matching
// an entry of the term stands among them only together with all that its leader had before it.
#include <algorithm>

#include "raft/server.h"

namespace raft {

// The commands are about to be appended from `first` on.
void Server::rememberProposal(Index first, std::uint64_t commands) {
  if (commands == 0) return;
  const Index last = first + (commands - 1);
  if (!pending.empty() && pending.back().term == currentTerm && pending.back().last + 1 == first) {
    pending.back().last = last;
  } else {
    pending.push_back({.term = currentTerm, .first = first, .last = last});
  }
}

void Server::tellFates(Effects& out) {
  std::erase_if(pending, [&](Pending& p) { return tellFate(p, out); });
}

// Tells what is new. Returns whether all is told.
bool Server::tellFate(Pending& p, Effects& out) const {
  using enum Fate::Outcome;
  const auto tell = [&](Index first, Index last, Fate::Outcome outcome) {
    out.beyond().fates.push_back(
        {.term = p.term, .first = first, .last = last, .outcome = outcome});
  };
  if (p.first <= log.baseIndex() && log.baseTerm() != p.term) {  // a snapshot has jumped over it
    const Index included = std::min(p.last, log.baseIndex());
    const bool may = log.baseTerm() > p.term;  // … and may include it
    if (may && !p.unknown) tell(p.first, included, Unknown);
    const Index lost = may ? included + 1 : p.first;
    if (lost <= p.last) tell(lost, p.last, Lost);
    return true;
  }
  // Of log[first … last], those that are committed are of the term up to some index, and none is
  // beyond it.
  const Index known = std::min(p.last, commitIndex);
  Index mine = std::max(p.first - 1, std::min(known, log.baseIndex()));
  while (mine < known && log.term(mine + 1) == p.term) ++mine;
  if (mine >= p.first) {
    tell(p.first, mine, Committed);
    p.first = mine + 1;
  }
  if (p.first > p.last) return true;
  // Another entry is committed in the place of the first, or one of a later term somewhere before:
  // then none of these can ever be.
  if (mine < known || log.term(commitIndex) > p.term) {
    tell(p.first, p.last, Lost);
    return true;
  }
  if (!p.unknown && (!is<Leader>() || currentTerm != p.term)) {
    tell(p.first, p.last, Unknown);
    p.unknown = true;
  }
  return false;
}

}  // namespace raft
