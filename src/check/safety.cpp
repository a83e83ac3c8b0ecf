// The five properties of Figure 3, and what restarts must find.
#include "check/safety.h"

#include <algorithm>

namespace raft::check {

namespace {

// Up to here the two are the same, since they stand in the same storage; 0: they do not.
Index sharedUpTo(const Log& a, const Log& b) {
  const Index first = std::max(a.baseIndex(), b.baseIndex()) + 1;
  const Index both = std::min(a.lastIndex(), b.lastIndex());
  return both >= first && &a[first] == &b[first] ? both : Index{0};
}

}  // namespace

Safety::Seen& Safety::seen(ServerId server) {
  if (server.value > servers_.size()) servers_.resize(server.value, Seen{.log = {Chain{0}}});
  return servers_[server.value - 1];
}

void Safety::report(Violation violation) {
  const auto same = [&](const Violation& v) { return v.property == violation.property; };
  if (std::ranges::none_of(found_, same)) found_.push_back(std::move(violation));
}

bool Safety::operator==(const Safety& other) const {
  return found_ == other.found_ && servers_ == other.servers_ && entries_ == other.entries_ &&
         leaders_ == other.leaders_ && commits_ == other.commits_ && snapshots_ == other.snapshots_;
}

Safety::Durable Safety::durableOf(const Server& s, const Seen& seen) const {
  return {.id = s.lastWrite,
          .currentTerm = s.currentTerm,
          .votedFor = s.votedFor,
          .last = {seen.lastIndex(), seen.lastTerm},
          .chain = seen.log.back()};
}

void Safety::crashed(Time, const Server& server) { seen(server.id).logAtCrash = server.log; }

void Safety::started(Time now, const Server& server, bool again) {
  Seen& known = seen(server.id);
  Seen fresh{.log = {Chain{0}}};
  const Index same = sharedUpTo(known.logAtCrash, server.log);
  if (same > Index{0}) {  // what it had before the crash needs no second look
    fresh.log = std::move(known.log);
    fresh.log.resize(same.value + 1);
  }
  if (server.log.baseIndex() > Index{0}) checkSnapshot(now, server, fresh);
  checkLog(now, server, fresh, same + 1);
  fresh.durable = durableOf(server, fresh);
  if (again) checkRestored(now, server, known, fresh.durable);
  known = std::move(fresh);
  if (server.is<Leader>()) checkElected(now, server, known);
  checkCommitted(now, server, known);
  known.lastApplied = std::min(server.lastApplied, known.lastIndex());
  known.applied = known.log[known.lastApplied.value];
}

void Safety::stepped(const trace::Step& step) {
  const Server& server = step.after;
  Seen& known = seen(server.id);
  const std::optional<Write>& write = step.effects.write;

  if (const Written* written = std::get_if<Written>(&step.input)) {
    auto done = known.asked.begin();
    while (done != known.asked.end() && done->id <= written->id) known.durable = *done++;
    known.asked.erase(known.asked.begin(), done);
  }
  if (server.log.baseIndex() != known.base) checkSnapshot(step.time, server, known);
  if (write && write->from != Index{0}) {
    const Index longest = std::min(known.lastIndex(), server.log.lastIndex());
    checkLog(step.time, server, known, std::min(write->from, longest + 1));
  } else if (server.log.lastIndex() != known.lastIndex() ||
             server.log.lastTerm() != known.lastTerm) {
    checkLog(step.time, server, known, 1);  // a change that the core did not tell
  }
  // Whatever the core says must be written: once it is, the disk holds what the server is now.
  if (write) {
    known.asked.push_back(durableOf(server, known));
    known.asked.back().from = write->from;
    checkCarried(step.time, server, write->from, write->entries);
  }
  for (const Send& send : step.effects.send) {
    const auto* append = std::get_if<AppendEntries::Request>(&send.envelope.message);
    if (append) checkCarried(step.time, server, append->prevLogIndex + 1, append->entries);
  }

  if (server.is<Leader>() && known.leaderOf != server.currentTerm) {
    checkElected(step.time, server, known);
  }
  if (step.effects.restore) checkRestoredState(step.time, server, known);
  if (!step.effects.apply.entries.empty()) {
    checkApplied(step.time, server, known, step.effects.apply);
  }
  if (server.commitIndex != known.commitIndex) checkCommitted(step.time, server, known);
}

void Safety::invariantBroken(Time now, const Server& server, const char* sentence) {
  report({.property = Property::Invariant,
          .time = now,
          .servers = {server.id},
          .term = server.currentTerm,
          .sentence = "{s1} breaks a promise: " + std::string(sentence)});
}

// Takes over the snapshot that stands for the beginning of the log: what is before its last
// included entry is what was seen before that entry, in whatever log it was.
void Safety::checkSnapshot(Time now, const Server& server, Seen& known) {
  const Position last{server.log.baseIndex(), server.log.baseTerm()};
  known.base = last.index;
  // At the start of a run a disk may hold what nobody was seen to write.
  const Entry bytes{.term = last.term, .command = server.snapshot.data};
  const KnownSnapshot own{.lastIncludedIndex = last.index,
                          .state = chainWith(0, bytes),
                          .since = now,
                          .server = server.id};
  for (Index i = 1; entries_.lastIndex() < last.index; ++i) {
    if (i <= entries_.lastIndex()) continue;
    entries_.note(i, {.term = last.term,
                      .termBefore = i == Index{1} ? Term{0} : last.term,
                      .chain = chainWith(i.value, bytes),
                      .since = now,
                      .server = server.id});
  }
  if (!entries_.find(last.index, last.term)) {
    report({.property = Property::StateMachineSafety,
            .time = now,
            .servers = {server.id},
            .entries = {last},
            .term = server.currentTerm,
            .sentence = "{s1} has a snapshot that ends with {e1}, which never stood in a log"});
    known.log.resize(last.index.value + 1);
  } else if (last.index > known.lastIndex() ||
             entries_.termOf(last.index, known.log[last.index.value]) != last.term) {
    entries_.follow(known.log, last);
  }
  if (known.lastIndex() == last.index) known.lastTerm = last.term;
  if (const KnownSnapshot* other = snapshots_.note(own)) {
    report({.property = Property::StateMachineSafety,
            .time = now,
            .servers = {server.id, other->server},
            .entries = {last},
            .term = server.currentTerm,
            .earlier = other->since,
            .sentence = "{s1} has a snapshot up to {e1} that is not that of {s2} ({then})"});
  }
}

// Its state machine is now that of the snapshot: what that stands for counts as applied.
void Safety::checkRestoredState(Time now, const Server& server, Seen& known) {
  const Index last = std::min(known.base, known.lastIndex());
  if (last == Index{0}) return;
  known.lastApplied = last;
  known.applied = known.log[last.value];
  decide(now, server, 1, last, known.log.data() + 1, Decision::Applied);
}

// Takes over the log as it is now, from index `from` on, below which it is as it was.
//
// Leader Append-Only: a leader never overwrites or deletes entries in its log; it only appends new
// entries (§5.3).
// Log Matching: if two logs contain an entry with the same index and term, then the logs are
// identical in all entries up through the given index (§5.3).
void Safety::checkLog(Time now, const Server& server, Seen& known, Index from) {
  from = std::max(from, server.log.baseIndex() + 1);
  const Index lastBefore = known.lastIndex();
  const Chain chainBefore = known.log.back();
  const Position lost{from, entries_.termOf(from, from <= lastBefore ? known.log[from.value] : 0)};

  known.log.resize(from.value);
  known.lastTerm = server.log.term(from - 1);
  for (Index i = from; i <= server.log.lastIndex(); ++i) {
    const Entry& entry = server.log[i];
    const Chain chain = chainWith(known.log.back(), entry);
    const EntryTable::Known& first = entries_.note(i, {.term = entry.term,
                                                       .termBefore = known.lastTerm,
                                                       .chain = chain,
                                                       .since = now,
                                                       .server = server.id});
    if (first.chain != chain) differentLogs(now, server, i, known.lastTerm, first);
    known.log.push_back(chain);
    known.lastTerm = entry.term;
  }

  const bool leads = known.leaderOf == server.currentTerm && server.currentTerm != Term{0};
  if (!leads || from > lastBefore) return;
  if (known.lastIndex() >= lastBefore && known.log[lastBefore.value] == chainBefore) return;
  report({.property = Property::LeaderAppendOnly,
          .time = now,
          .servers = {server.id},
          .entries = {lost},
          .term = server.currentTerm,
          .sentence = "{s1} removes {e1} from its log, though it leads term {term}"});
}

void Safety::differentLogs(Time now, const Server& server, Index index, Term termBefore,
                           const EntryTable::Known& first) {
  Violation v{.property = Property::LogMatching,
              .time = now,
              .servers = {server.id, first.server},
              .entries = {{index, first.term}},
              .term = first.term,
              .earlier = first.since};
  if (termBefore != first.termBefore) {
    v.entries.push_back({index - 1, termBefore});
    v.entries.push_back({index - 1, first.termBefore});
    v.sentence =
        "{e1} stands after {e2} in the log of {s1}, but after {e3} in that of {s2} ({then})";
  } else {
    v.sentence = "{e1} is not the same entry in the log of {s1} as in that of {s2} ({then})";
  }
  report(std::move(v));
}

// Election Safety: at most one leader can be elected in a given term (§5.2).
void Safety::checkElected(Time now, const Server& server, Seen& known) {
  known.leaderOf = server.currentTerm;
  const Leadership leadership{.term = server.currentTerm,
                              .server = server.id,
                              .since = now,
                              .last = {known.lastIndex(), known.lastTerm}};
  if (const Leadership* first = leaders_.note(leadership)) {
    const char* sentence = first->server == server.id
                               ? "{s1} is elected leader of term {term} again (first at {then})"
                               : "{s1} is elected leader of term {term}, as {s2} was at {then}";
    report({.property = Property::ElectionSafety,
            .time = now,
            .servers = {server.id, first->server},
            .term = server.currentTerm,
            .earlier = first->since,
            .sentence = sentence});
  }
  // Commits in earlier terms come first, since their terms never fall with the index.
  const auto inEarlierTerm = [&](const Commit& c) { return c.term < server.currentTerm; };
  auto frontier = commits_.end();
  while (frontier != commits_.begin() && !inEarlierTerm(*(frontier - 1))) --frontier;
  const Index committed = frontier - commits_.begin();
  checkHasCommitted(now, leadership, committed);
}

// Leader Completeness: if a log entry is committed in a given term, then that entry will be present
// in the logs of the leaders for all higher-numbered terms (§5.4). The chain at `committed` stands
// for all that precedes it.
void Safety::checkHasCommitted(Time now, const Leadership& leader, Index committed) {
  if (committed == Index{0}) return;
  const auto has = [&](Index i) {
    return i <= leader.last.index &&
           entries_.chainAt(i, leader.last) == commits_[i.value - 1].chain;
  };
  if (has(committed)) return;
  Index missing = committed;
  while (missing > Index{1} && !has(missing - 1)) missing = missing - 1;
  const Commit& commit = commits_[missing.value - 1];
  report({.property = Property::LeaderCompleteness,
          .time = now,
          .servers = {leader.server, commit.server},
          .entries = {{missing, entries_.termOf(missing, commit.chain)}},
          .term = leader.term,
          .earlier = commit.since,
          .earlierTerm = commit.term,
          .sentence = "{s1} leads term {term} without {e1}, which {s2} had committed in term "
                      "{termThen} ({then})"});
}

// State Machine Safety: if a server has applied a log entry at a given index to its state machine,
// no other server will ever apply a different log entry for the same index (§5.4.3).
void Safety::checkApplied(Time now, const Server& server, Seen& known, const Apply& apply) {
  // Out of order, nobody can say what it applies; that is told as a broken invariant.
  if (apply.first != known.lastApplied + 1) return;
  const Index last = apply.first + apply.entries.size() - 1;
  // Nearly always these are the entries of its log itself, whose chains are known.
  const bool fromLog = last <= known.lastIndex() && apply.first > server.log.baseIndex() &&
                       known.applied == known.log[known.lastApplied.value] &&
                       apply.entries.begin() == &server.log[apply.first];
  std::vector<Chain> chains;
  const Chain* chain = known.log.data() + apply.first.value;
  if (!fromLog) {
    chains.push_back(known.applied);
    for (const Entry& entry : apply.entries) chains.push_back(chainWith(chains.back(), entry));
    chain = chains.data() + 1;
  }
  known.lastApplied = last;
  known.applied = chain[apply.entries.size() - 1];
  decide(now, server, apply.first, last, chain, Decision::Applied);
}

// What is committed will be applied, so it too must be the same everywhere.
void Safety::checkCommitted(Time now, const Server& server, Seen& known) {
  const Index first = std::min(known.commitIndex, server.commitIndex) + 1;
  const Index last = std::min(server.commitIndex, known.lastIndex());
  known.commitIndex = server.commitIndex;
  if (first > last) return;
  decide(now, server, first, last, known.log.data() + first.value, Decision::Committed);
}

// Server decided, in its currentTerm, on entries [first, last]; chains[0] is that at `first`.
void Safety::decide(Time now, const Server& server, Index first, Index last, const Chain* chains,
                    Decision decision) {
  const Index known = commits_.size();
  if (first > known + 1) return;  // a gap: what is decided there is decided by nobody yet
  const Index shared = std::min(last, known);
  if (shared >= first && commits_[shared.value - 1].chain != chains[shared.value - first.value]) {
    return differentDecision(now, server, first, shared, chains, decision);
  }
  const Term term = server.currentTerm;
  // It is news that this much was committed as early as in this term.
  const bool news = last > known || commits_[last.value - 1].term > term;
  if (!news) return;
  for (Index i = shared; i >= Index{1} && commits_[i.value - 1].term > term; i = i - 1) {
    commits_[i.value - 1].term = term;
  }
  for (Index i = std::max(first, known + 1); i <= last; ++i) {
    commits_.push_back(
        {.chain = chains[i.value - first.value], .term = term, .since = now, .server = server.id});
  }
  for (const Leadership* l = leaders_.after(term); l != leaders_.end(); ++l) {
    checkHasCommitted(now, *l, last);
  }
}

void Safety::differentDecision(Time now, const Server& server, Index first, Index last,
                               const Chain* chains, Decision decision) {
  Index at = last;  // the first that differs
  while (at > first && commits_[at.value - 2].chain != chains[at.value - 1 - first.value]) {
    at = at - 1;
  }
  const Commit& commit = commits_[at.value - 1];
  // Where Log Matching is broken, the table of entries knows only the first of two.
  const Term known = entries_.termOf(at, chains[at.value - first.value]);
  const bool inLog = known == Term{0} && at <= server.log.lastIndex();
  const Term here = inLog ? server.log.term(at) : known;
  const Term there = entries_.termOf(at, commit.chain);
  std::string sentence = decision == Decision::Applied ? "{s1} applies {e1}" : "{s1} commits {e1}";
  sentence += here == there ? ", another entry than the {e2} that {s2} applied ({then})"
                            : " where {s2} applied {e2} ({then})";
  report({.property = Property::StateMachineSafety,
          .time = now,
          .servers = {server.id, commit.server},
          .entries = {{at, here}, {at, there}},
          .term = server.currentTerm,
          .earlier = commit.since,
          .earlierTerm = commit.term,
          .sentence = std::move(sentence)});
}

// Whether `found` is what a crash leaves of `write` that tears it: its first entries.
bool Safety::isPartOf(const Durable& write, const Durable& found) const {
  return write.from != Index{0} && write.currentTerm == found.currentTerm &&
         write.votedFor == found.votedFor && write.from <= found.last.index + 1 &&
         found.last.index < write.last.index &&
         entries_.chainAt(found.last.index, write.last) == found.chain;
}

// An index and a term name one entry, for ever: in what is written and what is sent as well, where
// that is not the log itself.
void Safety::checkCarried(Time now, const Server& server, Index first, const Entries& entries) {
  const bool inLog = !entries.empty() && first > server.log.baseIndex() &&
                     first <= server.log.lastIndex() && entries.begin() == &server.log[first];
  if (inLog || first == Index{0}) return;
  Index index = first;
  for (const Entry& entry : entries) {
    const Index at = index;
    ++index;
    const bool same =
        at > server.log.baseIndex() && at <= server.log.lastIndex() && server.log[at] == entry;
    const EntryTable::Known* known = entries_.find(at, entry.term);
    if (same || !known) continue;
    const EntryTable::Known* before = entries_.find(at - 1, known->termBefore);
    const Chain chain = before ? before->chain : Chain{0};
    if (chainWith(chain, entry) == known->chain) continue;
    return report({.property = Property::LogMatching,
                   .time = now,
                   .servers = {server.id, known->server},
                   .entries = {{at, entry.term}},
                   .term = server.currentTerm,
                   .earlier = known->since,
                   .sentence = "{s1} writes or sends another {e1} than {s2} had ({then})"});
  }
}

// Persistent state on all servers (updated on stable storage before responding to RPCs), Figure 2:
// a server finds what it was told to be durable, or that and some of the writes under way.
void Safety::checkRestored(Time now, const Server& server, const Seen& known,
                           const Durable& found) {
  const auto isThis = [&](const Durable& d) {
    return d.currentTerm == found.currentTerm && d.votedFor == found.votedFor &&
           d.last == found.last && d.chain == found.chain;
  };
  const auto partly = [&](const Durable& write) { return isPartOf(write, found); };
  if (isThis(known.durable) || std::ranges::any_of(known.asked, isThis) ||
      std::ranges::any_of(known.asked, partly)) {
    return;
  }
  const Durable& d = known.durable;
  Violation v{.property = Property::Durability,
              .time = now,
              .servers = {server.id},
              .entries = {found.last, d.last},
              .term = found.currentTerm,
              .earlierTerm = d.currentTerm};
  if (found.currentTerm < d.currentTerm) {
    v.sentence = "{s1} restarts in term {term}, though it had written term {termThen}";
  } else if (found.currentTerm == d.currentTerm && d.votedFor && found.votedFor != d.votedFor) {
    v.servers.push_back(*d.votedFor);
    v.sentence = "{s1} restarts without its vote for {s2} in term {term}, which was written";
  } else if (found.last.index < d.last.index) {
    v.sentence = "{s1} restarts with a log that ends with {e1}, though it had written {e2}";
  } else {
    v.sentence = "{s1} restarts with what it never wrote (term {term}, a log that ends with {e1})";
  }
  report(std::move(v));
}

}  // namespace raft::check
