// Why an entry is not committed, or not applied.
#include "raft/quorum.h"
#include "trace/why_world.h"

namespace raft::trace {

namespace {

// Whose log an index speaks of: the leader's, or that of the running server most up-to-date.
ServerId authority(const View& view) {
  if (const std::optional<ServerId> leader = leaderOf(view)) return *leader;
  const ServerSet up = running(view);
  ServerId best = up.empty() ? ServerId{1} : *up.begin();
  for (ServerId id : up) {
    if (!atLeastAsUpToDate(serverOf(view, best).log, serverOf(view, id).log)) best = id;
  }
  return best;
}

struct Place {
  Index index;
  Term term;
};

ServerSet holders(const View& view, Place entry) {
  ServerSet all;
  for (std::uint32_t i = 1; i <= count(view); ++i) {
    if (serverOf(view, i).log.matches(entry.index, entry.term)) all.insert(i);
  }
  return all & votersOf(view);
}

// "is sending", or why it does not send that entry yet.
std::string whatItSends(const Server& leader, ServerId to, Index index) {
  const Progress& p = leader.as<Leader>()->of(to);
  const Settings& its = leader.settings;
  if (its.maxMessagesInFlight <= 1 || !p.waiting || index < p.nextIndex) return "is sending";
  if (p.state == Progress::State::Replicate) {
    const bool messages = p.inFlight.size() >= its.maxMessagesInFlight;
    const std::string what = messages ? counted(its.maxMessagesInFlight, "message", "messages")
                                      : text(its.maxBytesInFlight) + " bytes";
    return "holds it back: as much is under way as may be, " + what + " (thesis §10.2.2)";
  }
  return "probes where the logs part, with one message at a time (§5.3)";
}

// Why those who lack the entry do.
void sayWhatHinders(const View& view, ServerId leader, Place entry, Answer& answer) {
  const ServerSet have = holders(view, entry);
  for (ServerId i : votersOf(view)) {
    if (have.contains(i) || !exists(view, i)) continue;
    const std::string silence = whyNoTalk(view, leader, i);
    const Server& server = serverOf(view, i);
    if (!silence.empty()) {
      answer.push_back(view.names.of(i) + " lacks it: " + silence + ".");
    } else if (server.log.lastIndex() >= entry.index) {
      answer.push_back(view.names.of(i) + " has " + placeIn(server.log, entry.index) +
                       " in its place, until the leader overwrites that (§5.3).");
    } else {
      answer.push_back(view.names.of(i) + " lacks it: its log ends at index " +
                       text(server.log.lastIndex().value) + ", and the leader " +
                       whatItSends(serverOf(view, leader), i, entry.index) + ".");
    }
  }
}

// Who has the entry in memory alone.
void sayWhoseDiskHinders(const View& view, Place entry, Answer& answer) {
  for (ServerId id : view.badDisks) {
    const Server& server = serverOf(view, id);
    const bool inMemory = server.log.matches(entry.index, entry.term) &&
                          server.durableIndex < entry.index && runs(view, id);
    if (!inMemory) continue;
    answer.push_back(view.names.of(id) + "'s disk stalls or fails: " + view.names.of(id) +
                     " has it in memory alone, and does not count before it is durable "
                     "(thesis §10.2.1).");
  }
}

void sayWhatLeaderKnows(const View& view, ServerId id, Place entry, Answer& answer) {
  const Server& leader = serverOf(view, id);
  const std::string own = view.names.of(id);
  ServerSet known;
  for (ServerId server : leader.configuration.members()) {
    if (leader.as<Leader>()->of(server).matchIndex >= entry.index) known.insert(server);
  }
  if (!isMajority(known, leader.configuration)) {
    answer.push_back("Leader " + own + " knows so of " + view.names.of(known) +
                     " only; the other acknowledgements have not reached it (§5.3).");
    if (!view.badDisks.empty()) {
      sayWhoseDiskHinders(view, entry, answer);
    } else if (!known.contains(id)) {
      answer.push_back(
          "It does not count itself before its own disk has the entry "
          "(thesis §10.2.1).");
    }
  } else if (entry.term < leader.currentTerm) {
    answer.push_back("It is of term " + text(entry.term.value) + ": the leader of term " +
                     text(leader.currentTerm.value) +
                     " may not commit it by counting (§5.4.2). It will be committed with the first "
                     "entry of term " +
                     text(leader.currentTerm.value) + " that a majority holds.");
  } else {
    answer.push_back("It should be committed: this is a mistake in the protocol's code.");
  }
}

}  // namespace

Answer whyNotCommitted(const View& view, Index index) {
  ServerSet know;
  for (std::uint32_t i = 1; i <= count(view); ++i) {
    if (serverOf(view, i).commitIndex >= index) know.insert(i);
  }
  const std::optional<ServerId> leader = leaderOf(view);
  const ServerId source = know.empty() ? authority(view) : *know.begin();
  const Log& log = serverOf(view, source).log;
  const std::string whose =
      leader && know.empty() ? "leader " + view.names.of(source) : view.names.of(source);
  if (index == Index{0} || index > log.lastIndex()) {
    return {"There is no entry at index " + text(index.value) + ": the log of " + whose +
            (log.lastIndex() == Index{0}
                 ? " is empty."
                 : " ends in " + entryText(log.lastIndex(), log.lastTerm()) + ".")};
  }
  const bool known = index >= log.baseIndex();  // otherwise it is committed, as all that snapshots
  const Place entry{index, known ? log.term(index) : Term{0}};  // stand for
  const std::string what = "Entry " + placeIn(log, index);
  if (!know.empty()) {
    return {what + " is committed; " + view.names.of(know) +
            (know.size() == 1 ? " knows" : " know") + " that."};
  }
  const ServerSet have = holders(view, entry);
  const std::uint32_t need = majority(votersOf(view).size());
  Answer answer;
  answer.push_back(
      what + " stands on " + text(have.size()) + " of " + text(votersOf(view).size()) +
      " servers (" + view.names.of(have) + ")" +
      (have.size() < need ? "; " + text(need) + " are needed (§5.3)." : ", a majority."));
  if (!leader) {
    answer.push_back("Only a leader commits (§5.3).");
    for (std::string& each : whyNoLeader(view)) answer.push_back(std::move(each));
    return answer;
  }
  if (have.size() < need) {
    sayWhatHinders(view, *leader, entry, answer);
    sayWhoseDiskHinders(view, entry, answer);
    if (entry.term < serverOf(view, *leader).currentTerm) {
      answer.push_back("And it is of term " + text(entry.term.value) + ": the leader of term " +
                       text(serverOf(view, *leader).currentTerm.value) +
                       " commits it only along with an entry of its own term (§5.4.2).");
    }
    return answer;
  }
  sayWhatLeaderKnows(view, *leader, entry, answer);
  return answer;
}

Answer whyNotApplied(const View& view, ServerId id, Index index) {
  if (!exists(view, id)) {
    return {"There is no server " + view.names.of(id) + " in this cluster."};
  }
  const Server& server = serverOf(view, id);
  const std::string own = view.names.of(id);
  if (server.lastApplied >= index && index > Index{0}) {
    return {own + " has applied index " + text(index.value) + "."};
  }
  Answer answer;
  const std::optional<ServerId> leader = leaderOf(view);
  ServerSet know;
  for (std::uint32_t i = 1; i <= count(view) && index > Index{0}; ++i) {
    if (serverOf(view, i).commitIndex >= index) know.insert(i);
  }
  if (know.empty()) return whyNotCommitted(view, index);
  if (!leader || !know.contains(*leader)) {
    const Log& log = serverOf(view, *know.begin()).log;
    const std::string what = "Entry " + placeIn(log, index) + " is committed";
    if (leader) {
      return {what + ", and " + view.names.of(know) + (know.size() == 1 ? " knows" : " know") +
              " that, but leader " + view.names.of(*leader) +
              " does not know it yet, and only a leader tells the others (§5.3, §5.4.2)."};
    }
    answer.push_back(what + ", but no leader is there to tell " + own + " (§5.3).");
    for (std::string& each : whyNoLeader(view)) answer.push_back(std::move(each));
    return answer;
  }
  const Log& leaders = serverOf(view, *leader).log;
  const bool compacted = server.log.lastIndex() < leaders.baseIndex();
  const std::string silence = id == *leader ? "" : whyNoTalk(view, *leader, id);
  if (!silence.empty()) {
    answer.push_back("It is committed, but " + own + " does not learn it from leader " +
                     view.names.of(*leader) + ": " + silence + ".");
  } else if (compacted) {
    answer.push_back(own + "'s log ends at index " + text(server.log.lastIndex().value) +
                     ", and the leader's begins after " +
                     entryText(leaders.baseIndex(), leaders.baseTerm()) + ": " + own +
                     " needs the leader's snapshot, which is sent in chunks (§7).");
  } else if (index >= leaders.baseIndex() && !server.log.matches(index, leaders.term(index))) {
    answer.push_back(own + " does not have " + placeIn(leaders, index) + " yet (§5.3).");
  } else {
    answer.push_back(own + " has " + placeIn(leaders, index) +
                     " and learns with the leader's next "
                     "AppendEntries that it is committed (§5.3).");
  }
  return answer;
}

Answer whySnapshot(const View& view, ServerId id) {
  if (!exists(view, id)) {
    return {"There is no server " + view.names.of(id) + " in this cluster."};
  }
  const Server& server = serverOf(view, id);
  const std::string own = view.names.of(id);
  const Index base = server.log.baseIndex();
  Answer answer = {server.snapshot.exists() ? own + "'s snapshot stands for all up to " +
                                                  entryText(base, server.log.baseTerm()) + " (§7)."
                                            : own + " has no snapshot."};
  if (server.receiving) {
    answer.push_back(
        "It is receiving one up to " +
        entryText(server.receiving->lastIncludedIndex, server.receiving->lastIncludedTerm) +
        " and has " + counted(server.receiving->size, "byte") + " of it (§7).");
  }
  const Index applied = server.lastApplied;
  const std::uint64_t after = server.settings.compactAfter;
  std::string next = own + " has applied " +
                     counted(applied.value - base.value, "entry", "entries") +
                     (server.snapshot.exists() ? " since" : "");
  if (applied == base) {
    next += ", so there is nothing to take one of (§7).";
  } else if (after == 0) {
    next += "; it takes a snapshot only when it is told to (§7).";
  } else {
    next += "; it takes a snapshot after " + text(after) + " (§7).";
  }
  answer.push_back(next);
  return answer;
}

}  // namespace raft::trace
