// AppendEntries received and answered (§5.3), and what becomes of the log.
#include <algorithm>

#include "trace/reading.h"

namespace raft::trace {

Index firstDifference(const Log& a, const Log& b) {
  const Index base = std::max(a.baseIndex(), b.baseIndex());  // before it there is nothing to see
  const Index common = std::min(a.lastIndex(), b.lastIndex());
  if (common < base) return common + 1;
  if (a.term(base) != b.term(base)) return base;
  const Entries as = a.between(base + 1, common);
  const Entries bs = b.between(base + 1, common);
  // Logs that share their storage are equal as far as both go: no need to look.
  if (as.begin() == bs.begin()) return common + 1;
  const auto at = std::mismatch(as.begin(), as.end(), bs.begin()).first;
  return base + static_cast<std::uint64_t>(at - as.begin()) + 1;
}

// AppendEntries RPC, receiver implementation.
void Reading::receive(const Envelope& envelope, const AppendEntries::Request& m) {
  if (m.term < term_) return refuseAppend(envelope, m, AppendRefusal::OldTerm);
  if (!comesFromLeader(envelope, m.leaderId)) return;
  hearLeader(m.leaderId, "AppendEntries");
  if (!was_.log.matches(m.prevLogIndex, m.prevLogTerm)) {
    return refuseAppend(envelope, m, AppendRefusal::NoMatch);
  }
  storeEntries(envelope, m);
}

// Of this term.
bool Reading::comesFromLeader(const Envelope& envelope, ServerId leaderId) {
  if (envelope.from != leaderId) {
    tell(MessageIgnored{envelope, Ignored::Forged},
         "it names " + name(leaderId) + " as its sender");
    return false;
  }
  if (!std::holds_alternative<Leader>(role_)) return true;
  tell(MessageIgnored{envelope, Ignored::SecondLeader},
       own() + " itself leads term " + text(term_.value) +
           ", and a term has at most one leader (§5.2)");
  return false;
}

void Reading::hearLeader(ServerId leader, const char* rpc) {
  if (std::holds_alternative<Candidate>(role_)) {
    tell(BecameFollower{.was = RoleName::Candidate, .newerTerm = false, .from = leader},
         name(leader) + " won the election of term " + text(term_.value) + " (§5.2)");
  }
  const Follower* follower = std::get_if<Follower>(&role_);
  if (!follower || follower->leaderId != leader) {
    tell(LeaderHeard{.leader = leader},
         "only the leader of term " + text(term_.value) + " sends " + rpc + " in it (§5.2)");
  }
  role_ = Follower{.leaderId = leader, .withholdVotesUntil = withholdVotesUntil()};
  timerSet_ = true;
}

void Reading::refuseAppend(const Envelope& envelope, const AppendEntries::Request& m,
                           AppendRefusal why) {
  AppendRefused refused{.leader = envelope.from,
                        .why = why,
                        .prevLogIndex = m.prevLogIndex,
                        .prevLogTerm = m.prevLogTerm,
                        .ours = {},
                        .hint = {}};
  const std::string wanted = entryText(m.prevLogIndex, m.prevLogTerm);
  std::string reason;
  if (why == AppendRefusal::OldTerm) {
    reason = termIsOver(m.term);
  } else if (m.prevLogIndex > was_.log.lastIndex()) {
    reason = "it names " + wanted + " as the entry before, and " + own() + "'s log " +
             (was_.log.lastIndex() == Index{0}
                  ? "is empty"
                  : "ends in " + entryText(was_.log.lastIndex(), was_.log.lastTerm())) +
             " (§5.3)";
  } else {
    refused.ours = was_.log.term(m.prevLogIndex);
    reason = "it names " + wanted + " as the entry before, and " + own() + " has " +
             entryText(m.prevLogIndex, *refused.ours) + " there (§5.3)";
  }
  if (why == AppendRefusal::NoMatch) refused.hint = hintFor(m);
  const auto* answer = answerTo<AppendEntries::Response>(envelope.from, "AppendEntries");
  if (!answer) return;
  if (answer->success) {
    unexplained("accepts " + name(envelope.from) + "'s AppendEntries", reason);
  } else if (answer->term != term_ || answer->prevLogIndex != m.prevLogIndex ||
             answer->round != m.round || answer->priority != was_.settings.priority) {
    unexplained("answers " + name(envelope.from) + ": " + messageText(Message(*answer), names_),
                "the answer carries currentTerm and the request's prevLogIndex (§5.3)");
  } else if (answer->hint != refused.hint) {
    unexplained(
        "answers " + name(envelope.from) + ": " + messageText(Message(*answer), names_),
        refused.hint.given() ? hintText(was_.id, refused.hint) : "its settings give no hints");
  } else {
    tell(refused, reason);
  }
}

void Reading::storeEntries(const Envelope& envelope, const AppendEntries::Request& m) {
  const Entry* fresh = m.entries.begin();
  Index index = m.prevLogIndex;
  while (fresh != m.entries.end() && was_.log.matches(index + 1, fresh->term)) ++fresh, ++index;
  const bool conflict = fresh != m.entries.end() && index < was_.log.lastIndex();
  if (conflict && index < was_.commitIndex) {
    return tell(MessageIgnored{envelope, Ignored::ContradictsCommit},
                "entry " + entryText(index + 1, was_.log.term(index + 1)) +
                    " is committed and stays (§5.4)");
  }
  Term previous = fresh == m.entries.end() ? Term{0} : was_.log.term(index);
  for (const Entry* entry = fresh; entry != m.entries.end(); previous = (entry++)->term) {
    if (previous <= entry->term && entry->term <= m.term) continue;
    return tell(MessageIgnored{envelope, Ignored::Forged},
                "along a log terms never fall, and none is above its leader's (§5.3)");
  }
  const auto unreadable = [](const Entry& entry) {
    return entry.type == EntryType::Configuration && !decode(entry.command);
  };
  if (std::any_of(fresh, m.entries.end(), unreadable)) {
    return tell(MessageIgnored{envelope, Ignored::Forged},
                "it carries a configuration that no server would append (thesis §4.1)");
  }
  if (conflict) {
    keep_ = index;
    tell(EntriesTruncated{.first = index + 1,
                          .last = was_.log.lastIndex(),
                          .ours = was_.log.term(index + 1),
                          .theirs = fresh->term,
                          .leader = envelope.from},
         "at index " + text(index.value + 1) + " stands an entry of term " +
             text(was_.log.term(index + 1).value) + ", and leader " + name(envelope.from) +
             " has one of term " + text(fresh->term.value) + " there (§5.3)");
  }
  const bool one = fresh != m.entries.end() && fresh + 1 == m.entries.end();
  std::string why = one ? "it is the first entry, so nothing before it has to match (§5.3)"
                        : "they begin the log, so nothing before them has to match (§5.3)";
  if (index != Index{0}) {
    why = (one ? "it follows " : "they follow ") + placeIn(was_.log, index) +
          ", which both logs have (§5.3)";
  }
  expectAppended(fresh, m.entries.end(), Source::Leader, envelope.from, std::move(why));
  if (conflict || !append_.empty()) followConfiguration();

  const Index lastNew = m.prevLogIndex + m.entries.size();
  commitIndex_ = std::max(commitIndex_, std::min(m.leaderCommit, lastNew));
  const auto* answer = answerTo<AppendEntries::Response>(envelope.from, "AppendEntries");
  if (!answer) return;
  const AppendEntries::Response expected{.term = term_,
                                         .success = true,
                                         .prevLogIndex = m.prevLogIndex,
                                         .matchIndex = lastNew,
                                         .round = m.round,
                                         .priority = was_.settings.priority};
  why = m.entries.empty() ? "it has heard its leader and starts its election timeout again (§5.2)"
        : m.prevLogIndex == Index{0} ? "the entries begin where all logs begin (§5.3)"
                                     : "it has " + entryText(m.prevLogIndex, m.prevLogTerm) +
                                           ", which the message follows (§5.3)";
  if (*answer != expected) {
    return unexplained(
        "answers " + name(envelope.from) + ": " + messageText(Message(*answer), names_),
        "the answer should be: " + messageText(Message(expected), names_) + ", for " + why);
  }
  tell(AppendAccepted{.leader = envelope.from, .matchIndex = lastNew, .entries = m.entries.size()},
       why);
}

void Reading::expectAppended(const Entry* first, const Entry* last, Source source,
                             std::optional<ServerId> from, std::string reason) {
  append_.assign(first, last);
  if (append_.empty() || !logBeginsAsExpected()) return;  // compareLog() tells what is wrong
  tell(EntriesAppended{.first = keep_ + 1,
                       .entries = is_.log.between(keep_ + 1, keep_ + append_.size()),
                       .source = source,
                       .from = from},
       std::move(reason));
}

// A configuration may follow in the same step.
bool Reading::logBeginsAsExpected() const {
  if (is_.log.lastIndex() < keep_ + append_.size()) return false;
  if (firstDifference(was_.log, is_.log) <= keep_) return false;
  return std::ranges::equal(is_.log.between(keep_ + 1, keep_ + append_.size()), append_);
}

bool Reading::logIsAsExpected() const {
  if (is_.log.baseIndex() != snapshot_.lastIncludedIndex ||
      is_.log.baseTerm() != snapshot_.lastIncludedTerm) {
    return false;
  }
  if (installed_) return is_.log.lastIndex() == is_.log.baseIndex();
  return is_.log.lastIndex() == keep_ + append_.size() && logBeginsAsExpected();
}

void Reading::compareLog() {
  if (logIsAsExpected()) return;
  if (installed_ || is_.log.baseIndex() != snapshot_.lastIncludedIndex) {
    return unexplained("has the log " + logText(is_.log) + " now",
                       "a snapshot stands for all up to index " +
                           text(snapshot_.lastIncludedIndex.value) + " (§7)");
  }
  const Index changed = firstDifference(was_.log, is_.log);
  if (changed <= keep_ && changed > was_.log.baseIndex()) {
    unexplained("drops " + entriesText(changed, was_.log.from(changed)) + " from its log",
                "nothing in this step conflicts with " +
                    entryText(changed, was_.log.term(changed)) + " (§5.3)");
  }
  std::string expected;
  for (std::uint64_t i = 0; i < append_.size() && i < 10; ++i) {
    expected += " " + entryText(keep_ + 1 + i, append_[i].term);
  }
  unexplained("has the log " + logText(is_.log) + " now",
              "by the rules it keeps what it had up to index " + text(keep_.value) +
                  (append_.empty() ? " and appends nothing" : ", followed by" + expected) +
                  " (§5.3)");
}

// A leader is answered, unless the answer does not count: then that is told, and this is null.
Leader* Reading::answered(const Envelope& envelope, Term term, Round round) {
  const ServerId peer = envelope.from;
  const auto ignore = [&](Ignored why, const std::string& reason) {
    tell(MessageIgnored{envelope, why}, reason);
    return nullptr;
  };
  Leader* leader = std::get_if<Leader>(&role_);
  if (term < term_) {
    return ignore(Ignored::LeadershipOver,
                  "it answers a leader of term " + text(term.value) + ", which is over (§5.1)");
  }
  if (!leader) return ignore(Ignored::LeadershipOver, "it is not leader (§5.3)");
  if (!was_.configuration.contains(peer)) {
    return ignore(Ignored::Foreign, name(peer) + " is not of this cluster");
  }
  Progress& progress = leader->of(peer);
  if (round < progress.since) {
    return ignore(Ignored::Late,
                  "it answers what was sent before " + name(peer) + " was added (thesis §4.1)");
  }
  progress.round = std::max(progress.round, round);
  if (was_.settings.checkQuorum) progress.heardAt = now_;
  return leader;
}

void Reading::receive(const Envelope& envelope, const AppendEntries::Response& m) {
  const ServerId peer = envelope.from;
  Leader* leader = answered(envelope, m.term, m.round);
  if (!leader) return;
  missing_.insert(peer);
  takeAnswer(envelope, m, *leader);
  handOver(peer, m.priority);
}

void Reading::takeAnswer(const Envelope& envelope, const AppendEntries::Response& m,
                         Leader& leader) {
  const ServerId peer = envelope.from;
  Progress& progress = leader.of(peer);
  if (m.success && m.matchIndex > was_.log.lastIndex()) {
    return tell(
        MessageIgnored{envelope, Ignored::Forged},
        "it claims to match up to " + text(m.matchIndex.value) + ", beyond the leader's log");
  }
  if (m.success) {
    const Index majorityBefore = majorityIndexOf(leader);
    if (m.matchIndex >= progress.nextIndex) progress.waiting = false;
    if (m.matchIndex > progress.matchIndex) {
      tell(MatchIndexRaised{.follower = peer, .before = progress.matchIndex, .after = m.matchIndex},
           name(peer) + " has acknowledged them (§5.3)");
    }
    progress.matchIndex = std::max(progress.matchIndex, m.matchIndex);
    progress.nextIndex = std::max(progress.nextIndex, m.matchIndex + 1);
    noteAcknowledged(peer, progress);
    return advanceCommit(majorityBefore);
  }
  if (progress.state == Progress::State::Replicate) return refusedInFlight(envelope, m, progress);
  if (m.prevLogIndex != progress.nextIndex - 1 || progress.nextIndex <= progress.matchIndex + 1) {
    return tell(MessageIgnored{envelope, Ignored::Late}, "it refuses what would follow index " +
                                                             text(m.prevLogIndex.value) +
                                                             "; that is settled by now (§5.3)");
  }
  const bool hinted = was_.settings.conflictHints && m.hint.given();
  const Index next = hinted ? afterHint(progress, m.hint) : progress.nextIndex - 1;
  tell(NextIndexLowered{.follower = peer, .before = progress.nextIndex, .after = next},
       name(peer) + " has no " + placeIn(was_.log, std::min(m.prevLogIndex, was_.log.lastIndex())) +
           (hinted ? ", and " + hintText(peer, m.hint) + ", so the leader tries there (§5.3)"
                   : ", so the leader tries one entry earlier (§5.3)"));
  progress.nextIndex = next;
  progress.waiting = false;
}

}  // namespace raft::trace
