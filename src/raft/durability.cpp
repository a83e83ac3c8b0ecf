// Not in Figure 2: persistent state is updated on stable storage before responding to RPCs, though
// the disk takes its time (thesis §10.2.1), and may fail or stall.
//
// What a failed or stalled disk must not lead to is a second entry of one index and term: a leader
// that took back what it could not write, and went on in its term, would number anew what some of
// its followers hold already. So the log in memory is what counts: nothing of it is taken back, the
// disk is brought to it, and nothing that speaks of it leaves before. A leader gives up its role.
#include <algorithm>

#include "raft/server.h"

namespace raft {

namespace {

// A leader may send AppendEntries before its own write is durable: it counts itself only when it is
// (thesis §10.2.1). What its snapshot stands for is committed, with or without it. Nor does a
// TimeoutNow speak of its disk: it names the term that it was elected in. Everything else speaks of
// what must not be forgotten: a vote, a term, an entry.
bool speaksOfWhatIsWritten(const Message& message) {
  return !std::holds_alternative<AppendEntries::Request>(message) &&
         !std::holds_alternative<InstallSnapshot::Request>(message) &&
         !std::holds_alternative<TimeoutNow::Request>(message);
}

}  // namespace

// What became different is written, so no rule can forget it; and what speaks of it waits. Within a
// term a vote is given once, and not taken back (§5.2).
void Server::writeChanges(Term termBefore, bool votedBefore, Time now, Effects& out) {
  const Index from = log.takeChange();
  const bool mustWrite =
      from != Index{0} || currentTerm != termBefore || votedFor.has_value() != votedBefore ||
      (out.write && out.write->id == WriteId{0});  // a new snapshot, which is there already
  if (mustWrite) {
    const bool patient = settings.writeTimeout == Duration(0);
    askForWrite(from, patient ? Time::max() : now + settings.writeTimeout, out);
  }
  if (!allDurable()) holdBack(out);
}

void Server::askForWrite(Index from, Time overdue, Effects& out) {
  ++lastWrite;
  Write& write = out.write ? *out.write : out.write.emplace();  // it may bring a snapshot already
  write.id = lastWrite;
  write.currentTerm = currentTerm;
  write.votedFor = votedFor;
  write.from = from;
  if (from == Index{0}) {
    write.entries = {};
  } else {
    write.entries = log.from(from);
    // What an earlier write made durable beyond `from`, or will, is no longer of this log.
    durableIndex = std::min(durableIndex, from - 1);
    for (Writing& earlier : writing) earlier.lastIndex = std::min(earlier.lastIndex, from - 1);
  }
  writing.push_back({.id = lastWrite,
                     .lastIndex = log.lastIndex(),
                     .overdue = overdue,
                     .snapshot = write.snapshot.has_value()});
}

void Server::holdBack(Effects& out) const {
  for (Send& send : out.send) {
    if (speaksOfWhatIsWritten(send.envelope.message)) send.after = lastWrite;
  }
}

void Server::on(const Written& written, Time now, Effects& out) {
  auto done = writing.begin();
  while (done != writing.end() && done->id <= written.id) durableIndex = (done++)->lastIndex;
  if (done == writing.begin()) return;
  writing.erase(writing.begin(), done);

  if (Leader* leader = as<Leader>()) {
    leader->of(id).matchIndex = durableIndex;
    advanceCommitIndex(durableIndex);
  }
  // A cluster of one server has a majority with its own vote, once that is durable.
  if (allDurable()) countVotes(now, out);
}

// Not in the thesis. What was not durable before is written again, all of it in one write, from
// where the log is durable or will be by what is still under way. That write lasts since the first
// of those that failed was asked for: a disk that fails again and again stalls.
//
// A leader gives up its role. It still may count on its followers for what it cannot write itself,
// but as long as its disk fails it is one server less for every entry, and the next leader is not.
void Server::on(const WriteFailed& failed, Time now, Effects& out) {
  const auto lost = std::ranges::find(writing, failed.id, &Writing::id);
  if (lost == writing.end()) return;  // told before, or of what was asked for anew since
  const Time overdue = lost->overdue;
  const bool snapshotLost = std::any_of(lost, writing.end(), [](auto& w) { return w.snapshot; });
  writing.erase(lost, writing.end());
  if (snapshotLost) out.write.emplace().snapshot = snapshot;
  if (is<Leader>()) stepDown(now);
  const Index kept = writing.empty() ? durableIndex : writing.back().lastIndex;
  askForWrite(std::max(kept, log.baseIndex()) + 1, overdue, out);
}

}  // namespace raft
