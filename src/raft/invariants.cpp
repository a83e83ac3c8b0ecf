#include "raft/invariants.h"

#include <algorithm>

namespace raft {

namespace {

enum : std::uint8_t { follower, candidate, leader };

struct Rule {
  const char* sentence;
  bool holds;
};

// As arguments and not as an array, so that rules that hold cost a test each.
template <class... Rules>
const char* firstBroken(const Rules&... rules) {
  const char* broken = nullptr;
  const auto holds = [&](const Rule& rule) {
    if (!rule.holds) broken = rule.sentence;
    return rule.holds;
  };
  static_cast<void>((holds(rules) && ...));
  return broken;
}

// Whether it stands where it says. That no later one does, brokenInWrite() sees.
bool hasLatestConfiguration(const Server& s) {
  if (s.configurationIndex <= s.log.baseIndex()) return true;
  if (s.configurationIndex > s.log.lastIndex()) return false;
  const Entry& entry = s.log[s.configurationIndex];
  return entry.type == EntryType::Configuration && decode(entry.command) == s.configuration;
}

const char* brokenInState(const Server& s) {
  return firstBroken(
      Rule{"lastApplied <= commitIndex", s.lastApplied <= s.commitIndex},
      Rule{"what is committed is applied in the same step", s.lastApplied == s.commitIndex},
      Rule{"commitIndex <= index of last log entry", s.commitIndex <= s.log.lastIndex()},
      Rule{"no entry has a term above currentTerm", s.log.lastTerm() <= s.currentTerm},
      Rule{"nothing is durable beyond the log", s.durableIndex <= s.log.lastIndex()},
      Rule{"what is not on its way to the disk is durable",
           !s.writing.empty() || s.durableIndex == s.log.lastIndex()},
      Rule{"the log begins where the snapshot ends (§7)",
           s.log.baseIndex() == s.snapshot.lastIncludedIndex &&
               s.log.baseTerm() == s.snapshot.lastIncludedTerm},
      Rule{"a snapshot covers just what was applied (§7)", s.log.baseIndex() <= s.lastApplied},
      Rule{"chunks of a snapshot come from the leader of the term (§7)",
           !s.receiving || s.is<Follower>()},
      Rule{"the configuration is the latest in the log (thesis §4.1)", hasLatestConfiguration(s)});
}

const char* brokenInFollower(const Server& s, const Follower& f) {
  if (f.leaderId == s.id) return "a follower does not follow itself";
  if (!f.canvass) return nullptr;
  return firstBroken(
      Rule{"who asks whether it could win knows of no leader (thesis §9.6)", !f.leaderId},
      Rule{"who asks whether it could win would vote for itself",
           f.canvass->granted.contains(s.id)},
      Rule{"who would grant a vote has answered",
           (f.canvass->granted & f.canvass->responded) == f.canvass->granted});
}

// Beyond Figure 2: what is under way is accounted for, and bounded.
const char* brokenInFlight(const Server& s, const Progress& p) {
  using State = Progress::State;
  if (p.state != State::Replicate) {
    return p.inFlight.empty() ? nullptr : "only who is replicated to has messages in flight";
  }
  const Settings& its = s.settings;
  Index last = p.matchIndex;
  std::uint64_t bytes = 0;
  bool inOrder = true;
  for (const Progress::InFlight& message : p.inFlight) {
    inOrder = inOrder && message.last > last;
    last = message.last;
    bytes += message.bytes;
  }
  const bool full = p.inFlight.size() >= its.maxMessagesInFlight ||
                    (its.maxBytesInFlight != 0 && bytes >= its.maxBytesInFlight);
  return firstBroken(
      Rule{"what is in flight lies in order after matchIndex", inOrder},
      Rule{"what lies between matchIndex and nextIndex is in flight", last + 1 == p.nextIndex},
      Rule{"no more is in flight than the settings allow",
           p.inFlight.size() <= its.maxMessagesInFlight},
      Rule{"a leader waits if and only if the window is full", p.waiting == full},
      Rule{"a leader sends what the window allows", full || p.nextIndex > s.log.lastIndex()});
}

const char* brokenInRole(const Server& s) {
  if (const Candidate* c = s.as<Candidate>()) {
    return firstBroken(
        Rule{"a candidate votes for itself", s.votedFor == s.id && c->votesGranted.contains(s.id)},
        Rule{"who granted a vote has answered",
             (c->votesGranted & c->votesResponded) == c->votesGranted},
        Rule{"only a voter stands for election (thesis §4.2.1)", s.mayStand()});
  }
  if (const Follower* f = s.as<Follower>()) return brokenInFollower(s, *f);
  const Leader& l = *s.as<Leader>();
  if (s.votedFor != s.id) return "a leader has voted for itself";
  if (!s.configuration.isVoter(s.id) && s.configurationIndex <= s.commitIndex) {
    return "a leader that is removed leads until that is committed (thesis §4.2.2)";
  }
  if (l.progress.size() < s.configuration.members().last().value) {
    return "a leader keeps track of each member";
  }
  if (l.transfer && l.transfer->to == s.id) {
    return "a leader hands over to another server (thesis §3.10)";
  }
  for (ServerId server : s.configuration.members()) {
    const Progress& p = l.of(server);
    const bool inOrder = p.nextIndex >= Index{1} && p.matchIndex <= s.log.lastIndex() &&
                         p.nextIndex <= s.log.lastIndex() + 1;
    if (!inOrder) return "nextIndex and matchIndex lie within the leader's log";
    if (server != s.id && p.matchIndex >= p.nextIndex) return "matchIndex < nextIndex";
    if (const char* broken = brokenInFlight(s, p)) return broken;
    if (server == s.id && p.matchIndex > s.durableIndex) {
      return "a leader counts itself only for what is durable (thesis §10.2.1)";
    }
  }
  for (const SnapshotTransfer& t : l.transfers) {
    const bool possible = t.to != s.id && t.offset <= t.snapshot.data.bytes().size() &&
                          Index{0} < t.snapshot.lastIncludedIndex &&
                          t.snapshot.lastIncludedIndex <= s.snapshot.lastIncludedIndex;
    if (!possible) return "a leader sends snapshots that it took (§7)";
  }
  return nullptr;
}

// Beyond Figure 2: the proposals whose fate is not known.
const char* brokenInPending(const Server& s) {
  bool inOrder = true;
  bool open = true;
  bool told = true;
  Term term = 0;
  for (const Server::Pending& p : s.pending) {
    inOrder = inOrder && term <= p.term && p.term <= s.currentTerm && p.first <= p.last;
    open = open && p.first > s.commitIndex && s.log.term(s.commitIndex) <= p.term;
    told = told && p.unknown != (s.is<Leader>() && p.term == s.currentTerm);
    term = p.term;
  }
  return firstBroken(Rule{"proposals are remembered in the order of their terms", inOrder},
                     Rule{"what is committed or lost is told", open},
                     Rule{"who leads no longer has said that it does not know", told});
}

const char* brokenInChange(const Vitals& b, const Server& a) {
  const bool sameTerm = b.currentTerm == a.currentTerm;
  const auto role = a.role.index();
  const bool configures =
      sameTerm && b.role == leader && a.configurationIndex > b.configurationIndex;
  return firstBroken(
      Rule{"currentTerm never falls (§5.1)", b.currentTerm <= a.currentTerm},
      Rule{"a vote is not taken back within its term (§5.2)",
           !sameTerm || !b.votedFor || b.votedFor == a.votedFor},
      Rule{"commitIndex never falls", b.commitIndex <= a.commitIndex},
      Rule{"lastApplied never falls", b.lastApplied <= a.lastApplied},
      Rule{"a snapshot never gives way to an older one (§7)",
           b.snapshot <= a.snapshot.lastIncludedIndex},
      Rule{"a leader's log never shrinks (§5.3)",
           !sameTerm || b.role != leader || b.lastIndex <= a.log.lastIndex()},
      // Unless its disk fails it or stalls (step_down.cpp), which leaves something to be written;
      // or it hears from no majority (thesis §6.2); or it is removed (membership.cpp).
      Rule{"a leader stays one until its term ends (§5.2)",
           !sameTerm || b.role != leader || role == leader || !a.writing.empty() ||
               (role == follower && (a.settings.checkQuorum || !a.configuration.isVoter(a.id)))},
      Rule{"only a candidate becomes leader (§5.2)",
           role != leader || (sameTerm && b.role != follower)},
      Rule{"a leader commits by counting only entries of its own term (§5.4.2)",
           role != leader || b.role != leader || b.commitIndex == a.commitIndex ||
               a.log.term(a.commitIndex) == a.currentTerm},
      Rule{"one configuration is committed before the next begins (thesis §4.1)",
           !configures || b.configurationIndex <= a.commitIndex},
      Rule{"a leader changes members when an entry of its term is committed",
           !configures || b.isJoint || a.log.term(a.commitIndex) == a.currentTerm});
}

const char* brokenInWrite(const Vitals& b, const Server& a, const Write& w) {
  // What failed is written again: the log is as it was (Log Matching).
  const bool again = b.lastIndex == a.log.lastIndex() && b.lastTerm == a.log.lastTerm();
  const Index last = w.from == Index{0} ? b.lastIndex : w.from + w.entries.size() - 1;
  Term previous = w.from > Index{1} ? a.log.term(w.from - 1) : Term{0};
  Index index = w.from;
  for (const Entry& entry : w.entries) {
    if (entry.term < previous) return "terms never fall along a log";
    previous = entry.term;
    if (entry.type == EntryType::Configuration && a.configurationIndex < index) {
      return "a configuration is in force when it is appended (thesis §4.1)";
    }
    ++index;
  }
  const bool newSnapshot = b.snapshot != a.snapshot.lastIncludedIndex;
  return firstBroken(Rule{"a new snapshot is written, and none but the newest (§7)",
                          w.snapshot ? w.snapshot == a.snapshot : !newSnapshot},
                     Rule{"write ids rise by one", w.id == b.lastWrite + 1 && w.id == a.lastWrite},
                     Rule{"a write that is asked for is under way",
                          !a.writing.empty() && a.writing.back().id == w.id},
                     Rule{"a write carries the term and vote that it makes durable",
                          w.currentTerm == a.currentTerm && w.votedFor == a.votedFor},
                     Rule{"a write brings the disk to the log as it is", last == a.log.lastIndex()},
                     Rule{"nothing committed is truncated (§5.4)",
                          again || w.from == Index{0} || w.from > b.commitIndex},
                     Rule{"a leader only appends (§5.3)",
                          again || w.from == Index{0} || b.role != leader ||
                              b.currentTerm != a.currentTerm || w.from > b.lastIndex});
}

const char* brokenInSend(const Server& a, const Effects& fx, const Send& send) {
  const Message& message = send.envelope.message;
  const bool asksToStand = std::holds_alternative<TimeoutNow::Request>(message);
  const bool asksToAppend = std::holds_alternative<AppendEntries::Request>(message) ||
                            std::holds_alternative<InstallSnapshot::Request>(message);
  const bool mustWait = !asksToAppend && !asksToStand && (fx.write || !a.writing.empty());
  if (mustWait && send.after != a.lastWrite) return "what speaks of a write waits for it (§5.1)";
  if (termOf(message) != a.currentTerm) return "messages carry currentTerm (§5.1)";
  if (!asksToStand) return nullptr;
  const Leader* leader = a.as<Leader>();
  // One that is removed may have stepped down since (membership.cpp).
  if (!leader && !a.configuration.isVoter(a.id)) return nullptr;
  return leader && leader->transfer && leader->transfer->to == send.envelope.to &&
                 leader->of(send.envelope.to).matchIndex == a.log.lastIndex()
             ? nullptr
             : "whoever is told to stand has the leader's whole log (thesis §3.10)";
}

// The leader took the commands: then the first of them stands where it says.
bool standsInLog(const Server& s, const Vitals& before, const Accepted& accepted) {
  const bool nothing = s.log.lastIndex() == before.lastIndex;  // there were no commands
  return accepted.term == s.currentTerm && accepted.index == before.lastIndex + 1 &&
         (nothing || s.log.matches(accepted.index, accepted.term));
}

// Each entry is applied once, in order, or a snapshot stands for it.
const char* brokenInApply(const Vitals& b, const Server& a, const Effects& fx) {
  if (fx.restore) {
    const bool whole = fx.restore == a.snapshot && fx.apply.entries.empty() &&
                       a.lastApplied == a.snapshot.lastIncludedIndex;
    if (!whole) return "a restored state machine is where the snapshot ends (§7)";
    return a.lastApplied > b.lastApplied ? nullptr : "a state machine is not set back (§7)";
  }
  const Index applied = a.lastApplied - b.lastApplied.value;
  if (Index{fx.apply.entries.size()} != applied) return "what is applied is handed out, once";
  if (applied > Index{0} && fx.apply.first != b.lastApplied + 1) return "entries apply in order";
  return nullptr;
}

const char* brokenInFates(const Server& a, const Effects& fx) {
  for (const Fate& fate : fx.fates) {
    if (fate.first <= a.log.baseIndex()) continue;  // a snapshot has jumped over it
    const bool isCommitted = fate.last <= a.commitIndex && a.log.matches(fate.first, fate.term) &&
                             a.log.matches(fate.last, fate.term);
    if (isCommitted != (fate.outcome == Fate::Outcome::Committed)) {
      return "a fate is what the committed entries say";
    }
  }
  return nullptr;
}

// Of Effects that are used again: what is not noted would still be there after the next step.
bool isNoted(const Effects& fx) {
  if (fx.maySayMore.set) return true;
  return !fx.restore && fx.compaction == Compaction::None && !fx.transferred && fx.fates.empty() &&
         !fx.change && !fx.read && fx.readable == ReadId{0} && fx.readsLost == ReadId{0};
}

const char* brokenInEffects(const Vitals& b, const Server& a, const Effects& fx) {
  const bool persistentChanged = b.currentTerm != a.currentTerm || b.votedFor != a.votedFor ||
                                 b.lastIndex != a.log.lastIndex() ||
                                 b.lastTerm != a.log.lastTerm() ||
                                 b.snapshot != a.snapshot.lastIncludedIndex;
  if (persistentChanged && !fx.write) return "what became different is written";
  if (fx.write) {
    if (const char* broken = brokenInWrite(b, a, *fx.write)) return broken;
  }
  for (const Send& send : fx.send) {
    if (const char* broken = brokenInSend(a, fx, send)) return broken;
  }
  const auto* proposed = fx.proposed ? std::get_if<Accepted>(&*fx.proposed) : nullptr;
  if (proposed && !standsInLog(a, b, *proposed)) return "what is accepted stands in the log (§5.3)";
  if (proposed && a.as<Leader>()->transfer) {
    return "who hands over takes no commands (thesis §3.10)";
  }
  if (!isNoted(fx)) return "what is said beyond Figure 2 is noted";
  if (const char* broken = brokenInFates(a, fx)) return broken;
  return brokenInApply(b, a, fx);
}

}  // namespace

Vitals Vitals::of(const Server& s) {
  return {.currentTerm = s.currentTerm,
          .votedFor = s.votedFor,
          .lastIndex = s.log.lastIndex(),
          .lastTerm = s.log.lastTerm(),
          .commitIndex = s.commitIndex,
          .lastApplied = s.lastApplied,
          .lastWrite = s.lastWrite,
          .snapshot = s.snapshot.lastIncludedIndex,
          .configurationIndex = s.configurationIndex,
          .isJoint = s.configuration.isJoint(),
          .role = static_cast<std::uint8_t>(s.role.index())};
}

const char* brokenInvariant(const Vitals& before, const Server& after, const Effects& effects) {
  if (const char* broken = brokenInState(after)) return broken;
  if (const char* broken = brokenInRole(after)) return broken;
  if (const char* broken = brokenInPending(after)) return broken;
  if (const char* broken = brokenInChange(before, after)) return broken;
  return brokenInEffects(before, after, effects);
}

}  // namespace raft
