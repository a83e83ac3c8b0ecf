// Not in Figure 2: persistent state is updated on stable storage before responding to RPCs, though
// the disk takes its time (thesis §10.2.1).
#include <algorithm>

#include "raft/server.h"

namespace raft {

namespace {

// A leader may send AppendEntries before its own write is durable: it counts itself only when it is
// (thesis §10.2.1). Everything else speaks of what must not be forgotten: a vote, a term, an entry.
bool speaksOfWhatIsWritten(const Message& message) {
  return !std::holds_alternative<AppendEntries::Request>(message);
}

}  // namespace

// What became different is written, so no rule can forget it; and what speaks of it waits.
void Server::writeChanges(Term termBefore, std::optional<ServerId> votedForBefore, Effects& out) {
  const Index from = log.takeChange();
  if (from != Index{0} || currentTerm != termBefore || votedFor != votedForBefore) {
    askForWrite(from, out);
  }
  if (!allDurable()) holdBack(out);
}

void Server::askForWrite(Index from, Effects& out) {
  ++lastWrite;
  out.write.emplace();
  out.write->id = lastWrite;
  out.write->currentTerm = currentTerm;
  out.write->votedFor = votedFor;
  out.write->from = from;
  if (from != Index{0}) {
    out.write->entries = log.from(from);
    // What an earlier write made durable beyond `from`, or will, is no longer of this log.
    durableIndex = std::min(durableIndex, from - 1);
    for (Writing& earlier : writing) earlier.lastIndex = std::min(earlier.lastIndex, from - 1);
  }
  writing.push_back({.id = lastWrite, .lastIndex = log.lastIndex()});
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

}  // namespace raft
