// Committing by the leader's counting or its word (§5.3, §5.4.2), applying, and the disk.
#include <algorithm>

#include "raft/quorum.h"
#include "trace/reading.h"

namespace raft::trace {

Index Reading::majorityIndexOf(const Leader& leader) const {
  return majorityIndex(was_.configuration, [&](ServerId i) { return leader.of(i).matchIndex; });
}

// "2 of 3"; of a joint configuration, "2 of 3 old and 1 of 3 new voters".
std::string Reading::share(const ServerSet& servers) const {
  const Configuration& c = counted_;
  const auto of = [&](const ServerSet& voters) {
    return text((servers & voters).size()) + " of " + text(voters.size());
  };
  if (!c.isJoint()) return of(c.voters);
  return of(c.voters) + " old and " + of(c.nextVoters) + " new voters";
}

ServerSet Reading::holdersOf(const Leader& leader, Index index) const {
  ServerSet holders;
  for (ServerId server : counted_.voters | counted_.nextVoters) {
    if (leader.of(server).matchIndex >= index) holders.insert(server);
  }
  return holders;
}

// Leaders: if there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and
// log[N].term == currentTerm: set commitIndex = N (§5.3, §5.4).
void Reading::advanceCommit(Index majorityBefore) {
  const Leader& leader = *std::get_if<Leader>(&role_);
  const Index n = majorityIndexOf(leader);
  if (n <= commitIndex_ || n > was_.log.lastIndex()) return;
  if (was_.log.term(n) == term_) {
    commitIndex_ = n;
  } else if (n > majorityBefore) {
    tell(CommitHeldBack{.index = n, .term = was_.log.term(n), .holders = holdersOf(leader, n)},
         "it is of term " + text(was_.log.term(n).value) + ", and the leader of term " +
             text(term_.value) +
             " counts only entries of its own, for another leader might still overwrite it "
             "(§5.4.2)");
  }
}

void Reading::compareCommit() {
  const Index is = is_.commitIndex;
  const Leader* leader = std::get_if<Leader>(&role_);
  if (is == was_.commitIndex && is == commitIndex_) return;
  if (is == commitIndex_ && is <= is_.log.lastIndex()) {
    CommitAdvanced advanced{
        .before = was_.commitIndex, .after = is, .byCounting = leader != nullptr, .holders = {}};
    if (!leader) {
      const Envelope& told = *std::get_if<Envelope>(&step_.input);
      const bool bySnapshot = std::holds_alternative<InstallSnapshot::Request>(told.message);
      return tell(advanced, bySnapshot ? "a snapshot covers just what is committed (§7)"
                                       : "leader " + name(told.from) + " says so (§5.3)");
    }
    advanced.holders = holdersOf(*leader, is);
    const bool one = was_.commitIndex + 1 == is;
    return tell(advanced,
                names_.of(advanced.holders) + (advanced.holders.size() == 1 ? " has " : " have ") +
                    (one ? "it, " : "them, ") + share(advanced.holders) +
                    " and so a majority, and " + (one ? "it" : "the last") +
                    " is of the leader's own term " + text(term_.value) + " (§5.3, §5.4.2)");
  }
  std::string why = "by the rules it is " + text(commitIndex_.value);
  if (is > is_.log.lastIndex()) {
    why = "its log ends at " + text(is_.log.lastIndex().value);
  } else if (leader && is > was_.commitIndex &&
             !isMajority(holdersOf(*leader, is), was_.configuration)) {
    why = "only " + names_.of(holdersOf(*leader, is)) +
          " hold it: " + share(holdersOf(*leader, is)) + ", no majority (§5.3)";
  } else if (leader && is > was_.commitIndex && is_.log.term(is) != term_) {
    why = entryText(is, is_.log.term(is)) + " is of an earlier term than " + text(term_.value) +
          ", and only entries of the leader's term are committed by counting (§5.4.2)";
  }
  unexplained("has commitIndex " + text(is.value), why);
}

// All Servers: if commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state
// machine (§5.3).
void Reading::compareApplied() {
  if (installed_) return;  // compareSnapshot() looks at it
  const Index to = std::min(std::max(is_.commitIndex, was_.lastApplied), is_.log.lastIndex());
  Apply expected;
  if (to > was_.lastApplied) {
    expected = {.first = was_.lastApplied + 1,
                .entries = is_.log.between(was_.lastApplied + 1, to)};
  }
  if (effects_.apply != expected || is_.lastApplied != std::max(to, was_.lastApplied)) {
    return unexplained("applies " + entriesText(effects_.apply.first, effects_.apply.entries) +
                           " and has lastApplied " + text(is_.lastApplied.value),
                       "what is committed and not applied is " +
                           entriesText(was_.lastApplied + 1, expected.entries) + " (§5.3)");
  }
  if (!expected.entries.empty()) {
    tell(Applied{.first = expected.first, .entries = expected.entries},
         "committed entries are applied in the order of the log (§5.3)");
    expectCompactionAsked();
  }
}

// A write has become durable.
void Reading::on(const Written& written) {
  std::uint64_t done = 0;
  while (done < writing_.size() && writing_[done].id <= written.id) {
    durableIndex_ = writing_[done++].lastIndex;
  }
  if (done == 0) return;
  writing_.erase(writing_.begin(), writing_.begin() + static_cast<std::int64_t>(done));
  tell(WriteDurable{.id = written.id, .durableIndex = durableIndex_});
  if (Leader* leader = std::get_if<Leader>(&role_)) {
    const Index majorityBefore = majorityIndexOf(*leader);
    leader->of(was_.id).matchIndex = durableIndex_;
    return advanceCommit(majorityBefore);
  }
  const Candidate* candidate = std::get_if<Candidate>(&role_);
  if (candidate && writing_.empty()) countVotes(Candidate(*candidate));
}

void Reading::compareWrite() {
  const bool term = is_.currentTerm != was_.currentTerm;
  const bool vote = term || is_.votedFor != was_.votedFor;
  const Index differs = firstDifference(was_.log, is_.log);
  const bool log = differs <= std::max(was_.log.lastIndex(), is_.log.lastIndex());
  const bool newSnapshot = snapshot_.lastIncludedIndex != was_.snapshot.lastIncludedIndex;
  const bool changed = term || vote || log || rewrite_ || newSnapshot;
  const Index from = rewrite_     ? rewrite_->from
                     : installed_ ? is_.log.baseIndex() + 1
                     : log        ? differs
                                  : Index{0};
  if (effects_.write.has_value() != changed) {
    unexplained(changed ? "does not write what has changed" : "writes what has not changed",
                "persistent state is updated on stable storage, when it changes (§5.1)");
  } else if (changed) {
    const Write& write = *effects_.write;
    Write expected{.id = was_.lastWrite + 1,
                   .currentTerm = is_.currentTerm,
                   .votedFor = is_.votedFor,
                   .from = from};
    if (from != Index{0} && from <= is_.log.lastIndex()) expected.entries = is_.log.from(from);
    if (newSnapshot || (rewrite_ && rewrite_->snapshot)) expected.snapshot = snapshot_;
    if (write != expected) {
      unexplained("asks to " + effectsText(Effects{.write = write}, names_),
                  "what has changed is: " + effectsText(Effects{.write = expected}, names_));
    } else {
      tell(WriteAsked{.id = write.id,
                      .term = term,
                      .vote = is_.votedFor != was_.votedFor,
                      .from = from,
                      .entries = write.entries.size(),
                      .again = rewrite_.has_value(),
                      .snapshot = write.snapshot ? snapshot_.lastIncludedIndex : Index{0}},
           rewrite_ ? "it says all that may not have reached the disk"
                    : "it must be durable before it is spoken of (§5.1)");
    }
  }
  compareWriting(effects_.write.has_value(), from);
}

void Reading::compareWriting(bool changed, Index from) {
  if (changed) {
    lastWrite_ = lastWrite_ + 1;
    if (from != Index{0}) {
      durableIndex_ = std::min(durableIndex_, from - 1);
      for (Server::Writing& each : writing_) each.lastIndex = std::min(each.lastIndex, from - 1);
    }
    const bool newSnapshot = snapshot_.lastIncludedIndex != was_.snapshot.lastIncludedIndex;
    writing_.push_back({.id = lastWrite_,
                        .lastIndex = is_.log.lastIndex(),
                        .overdue = overdue(),
                        .snapshot = newSnapshot || (rewrite_ && rewrite_->snapshot)});
  }
  if (is_.lastWrite == lastWrite_ && is_.writing == writing_ && is_.durableIndex == durableIndex_) {
    return;
  }
  unexplained("takes its log to be durable up to " + text(is_.durableIndex.value) +
                  " and its last write to be " + text(is_.lastWrite.value),
              "by what was written it is durable up to " + text(durableIndex_.value) +
                  " and the last write is " + text(lastWrite_.value) + " (thesis §10.2.1)");
}

}  // namespace raft::trace
