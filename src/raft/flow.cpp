// Beyond Figure 2: pipelining, and bounds on what is under way to a peer and on what waits to be
// committed.
//
// A leader that knows where the logs match moves nextIndex on when it sends, not when it is
// answered (thesis §10.2.2); the consistency check of AppendEntries makes that safe. What is under
// way is no count that could leak: it is what lies between matchIndex and nextIndex. A lost message
// shows itself, for whatever is sent after it is refused, a heartbeat at the latest; a lost
// acknowledgement is made good by any later one.
#include <algorithm>

#include "raft/server.h"

namespace raft {

namespace {

std::uint64_t orUnbounded(std::uint64_t bound) { return bound == 0 ? ~std::uint64_t{0} : bound; }

}  // namespace

// All that may be sent to a peer now: as many messages as its window has room for; a heartbeat, if
// it has none or nothing is missing.
void Server::sendWithinBounds(ServerId to, Effects& out) {
  Progress& progress = as<Leader>()->of(to);
  do {
    const Index first = progress.nextIndex;
    const Index last = lastToSend(progress);
    if (progress.state == Progress::State::Probe) progress.waiting = first <= last;
    if (progress.state == Progress::State::Replicate) noteSent(progress, last);
    sendEntries(to, first, last, out);
  } while (progress.state == Progress::State::Replicate && !progress.waiting &&
           progress.nextIndex <= log.lastIndex());
}

// The last entry that the next message carries: nextIndex - 1, if none. A heartbeat that finds the
// window full carries none.
Index Server::lastToSend(const Progress& progress) const {
  if (progress.state != Progress::State::Probe && progress.waiting) return progress.nextIndex - 1;
  const Index end = log.lastIndex();
  if (progress.nextIndex >= end) return end;

  const std::uint64_t entries = orUnbounded(settings.maxEntriesPerMessage);
  std::uint64_t room = orUnbounded(settings.maxBytesPerMessage);
  const std::uint64_t window = orUnbounded(settings.maxBytesInFlight);
  const std::uint64_t underWay = bytesUnderWay(progress);
  room = std::min(room, window - std::min(window, underWay));

  Index last = progress.nextIndex;
  std::uint64_t bytes = bytesOf(last, last);
  while (last < end && last.value - progress.nextIndex.value + 1 < entries) {
    bytes += bytesOf(last + 1, last + 1);
    if (bytes > room) break;
    ++last;
  }
  return last;
}

// To support pipelining, the leader treats the next index for each follower optimistically: it
// moves on when the entries are sent (thesis §10.2.2).
void Server::noteSent(Progress& progress, Index last) const {
  if (progress.nextIndex <= last) {
    const bool counts = settings.maxBytesInFlight != 0;
    const std::uint64_t bytes = counts ? bytesOf(progress.nextIndex, last) : 0;
    progress.inFlight.push_back({.last = last, .bytes = bytes});
    progress.nextIndex = last + 1;
  }
  progress.waiting = windowIsFull(progress);
}

// matchIndex may have risen: what lies below it has arrived, whichever response says so.
void Server::noteAcknowledged(Progress& progress) const {
  if (progress.state == Progress::State::Probe && !progress.waiting &&
      progress.matchIndex + 1 == progress.nextIndex) {
    progress.state = Progress::State::Replicate;
  }
  if (progress.state != Progress::State::Replicate) return;
  const auto arrived = std::ranges::find_if(
      progress.inFlight, [&](const auto& message) { return message.last > progress.matchIndex; });
  progress.inFlight.erase(progress.inFlight.begin(), arrived);
  progress.waiting = windowIsFull(progress);
}

// Something before prevLogIndex has not arrived, or arrives later than what was refused. What
// matches is known: the leader moves nextIndex back to there and sends again, one at a time until
// it is answered (thesis §10.2.2).
void Server::noteRefused(Progress& progress, Index prevLogIndex) const {
  if (prevLogIndex <= progress.matchIndex || prevLogIndex >= progress.nextIndex) return;  // late
  progress.state = Progress::State::Probe;
  progress.nextIndex = progress.matchIndex + 1;
  progress.inFlight.clear();
  progress.waiting = false;
}

bool Server::windowIsFull(const Progress& progress) const {
  return progress.inFlight.size() >= settings.maxMessagesInFlight ||
         bytesUnderWay(progress) >= orUnbounded(settings.maxBytesInFlight);
}

std::uint64_t Server::bytesUnderWay(const Progress& progress) const {
  std::uint64_t bytes = 0;
  for (const Progress::InFlight& message : progress.inFlight) bytes += message.bytes;
  return bytes;
}

std::uint64_t Server::bytesOf(Index first, Index last) const {
  std::uint64_t bytes = 0;
  for (const Entry& entry : log.between(first, last)) bytes += entry.command.bytes().size();
  return bytes;
}

// Counts on from where the last proposal left it: each entry is added once and taken off once.
// Whatever was inherited from earlier leaders counts, too; but it is committed only along with an
// entry of this leader's own (§5.4.2), so without one nothing would ever make room.
bool Server::tooMuchUncommitted(const Propose& proposal, Effects& out) {
  Leader::Counted& counted = as<Leader>()->uncommitted;
  if (counted.last < commitIndex || counted.after < log.baseIndex()) {
    counted = {.after = commitIndex, .last = commitIndex};  // anew: the entries may be gone
  }
  counted.bytes -= bytesOf(counted.after + 1, commitIndex);
  counted.bytes += bytesOf(counted.last + 1, log.lastIndex());
  counted.after = commitIndex;
  counted.last = log.lastIndex();

  std::uint64_t more = 0;
  for (const Command& command : proposal.commands) more += command.bytes().size();
  const bool goesOn = log.lastTerm() == currentTerm && counted.bytes > 0;
  const bool refused = goesOn && more > 0 && counted.bytes + more > settings.maxUncommittedBytes;
  if (refused) out.proposed = TooMuchUncommitted{.bytes = counted.bytes};
  return refused;
}

}  // namespace raft
