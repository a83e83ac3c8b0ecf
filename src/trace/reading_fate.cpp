// Beyond Figure 2: what became of proposals, worked out for each of them alone.
#include <algorithm>

#include "trace/reading.h"

namespace raft::trace {

namespace {

using enum Fate::Outcome;

// Of one proposed command; Unknown: neither is known.
Fate::Outcome fateOf(const Server& server, Term term, Index first, Index index) {
  const Index commit = server.commitIndex;
  const Log& log = server.log;
  if (index <= log.baseIndex()) {  // a snapshot has jumped over it
    if (log.baseTerm() == term) return Committed;
    return log.baseTerm() < term ? Lost : Unknown;
  }
  if (first <= log.baseIndex() && log.baseTerm() != term) return Lost;
  if (index <= commit) return server.log.term(index) == term ? Committed : Lost;
  // Its leader had all its commands together, and along a log terms never fall.
  const bool another = commit >= first && server.log.term(commit) != term;
  return another || server.log.term(commit) > term ? Lost : Unknown;
}

}  // namespace

std::string Reading::whyFate(const FateTold& f) const {
  const std::string commit = entryText(is_.commitIndex, is_.log.term(is_.commitIndex));
  if (f.outcome == Committed) return "it is applied, with this index and term (§5.3)";
  if (f.outcome == Unknown && f.last <= is_.log.baseIndex()) {
    return "a snapshot that it was given stands for what was committed there (§5)";
  }
  if (f.outcome == Unknown) {
    return "it leads no longer: another leader may have what it sent and commit it, or put others "
           "in its place (§5.3)";
  }
  return commit + " is committed, and so is no entry of term " + text(f.term.value) +
         " from index " + text(f.first.value) + " on (§5.4)";
}

void Reading::expectFates() {
  const bool leads = is_.is<Leader>();
  std::vector<Fate> expected;
  std::vector<Server::Pending> left;
  for (const Server::Pending& p : pending_) {
    for (Index index = p.first; index <= p.last; ++index) {
      const Fate::Outcome outcome = fateOf(is_, p.term, p.first, index);
      const bool ahead = outcome == Unknown;
      const bool says = !ahead || (!p.unknown && (!leads || is_.currentTerm != p.term));
      if (ahead && index > is_.log.baseIndex()) {
        const bool unknown = p.unknown || says;
        const bool goesOn =
            !left.empty() && left.back().term == p.term && left.back().last + 1 == index;
        if (goesOn) left.back().last = index;
        if (!goesOn) left.push_back({p.term, index, index, unknown});
      }
      if (!says) continue;
      const bool goesOn = !expected.empty() && expected.back().term == p.term &&
                          expected.back().outcome == outcome && expected.back().last + 1 == index;
      if (goesOn) expected.back().last = index;
      if (!goesOn) expected.push_back({p.term, index, index, outcome});
    }
  }
  for (const Fate& fate : effects_.fates) {
    const FateTold told{
        .first = fate.first, .last = fate.last, .term = fate.term, .outcome = fate.outcome};
    if (std::ranges::find(expected, fate) == expected.end()) {
      unexplained("says what became of " + entryText(fate.first, fate.term) + " and what follows",
                  "by the entries that are committed it is not so (§5.4)");
    } else {
      tell(told, whyFate(told));
    }
  }
  if (effects_.fates.size() < expected.size()) {
    unexplained("does not say what became of its proposals",
                "of each it is told once whether it is committed or lost");
  }
  pending_ = std::move(left);
}

void Reading::compareFates() {
  if (pending_.empty() && effects_.fates.empty() && is_.pending.empty()) return;
  if (is_.commitIndex > is_.log.lastIndex()) return;  // told as a finding already
  expectFates();
  if (is_.pending != pending_) {
    unexplained("remembers " + text(is_.pending.size()) + " runs of proposals",
                "by the rules the fate of " + text(pending_.size()) + " is open");
  }
}

}  // namespace raft::trace
