// Beyond Figure 2: what is under way to a peer, what waits to be committed, and where logs part.
// Followed from the log and the settings, entry by entry, where the server counts on.
#include <algorithm>

#include "trace/reading.h"

namespace raft::trace {

namespace {

using State = Progress::State;

}  // namespace

std::uint64_t Reading::bytesOf(Index first, Index last) const {
  std::uint64_t bytes = 0;
  for (Index index = first; index <= last && index <= is_.log.lastIndex(); ++index) {
    bytes += is_.log[index].command.bytes().size();
  }
  return bytes;
}

std::uint64_t Reading::bytesUnderWay(const Progress& progress) const {
  std::uint64_t bytes = 0;
  for (const Progress::InFlight& message : progress.inFlight) bytes += message.bytes;
  return bytes;
}

bool Reading::windowIsFull(const Progress& progress) const {
  const std::uint64_t most = was_.settings.maxBytesInFlight;
  return progress.inFlight.size() >= was_.settings.maxMessagesInFlight ||
         (most != 0 && bytesUnderWay(progress) >= most);
}

Reading::Batch Reading::batchFor(const Progress& progress) const {
  const Settings& its = was_.settings;
  const Index end = logEnd();
  if (progress.state != State::Probe && progress.waiting) {
    return {.last = progress.nextIndex - 1, .why = "", .bound = 0};
  }
  std::uint64_t entries = 0;
  std::uint64_t bytes = bytesUnderWay(progress);
  const std::uint64_t before = bytes;
  for (Index next = progress.nextIndex; next <= end; ++next) {
    bytes += bytesOf(next, next);
    const char* why = "";
    std::uint64_t bound = 0;
    const auto limit = [&](std::uint64_t value, std::uint64_t most, const char* what) {
      if (most != 0 && value > most) why = what, bound = most;
    };
    limit(bytes, its.maxBytesInFlight, "the most bytes that may be under way are");
    limit(bytes - before, its.maxBytesPerMessage, "the most bytes that a message carries are");
    limit(entries + 1, its.maxEntriesPerMessage, "the most entries that a message carries are");
    if (bound != 0 && entries > 0) return {.last = next - 1, .why = why, .bound = bound};
    ++entries;
  }
  return {.last = std::max(end, progress.nextIndex - 1), .why = "", .bound = 0};
}

void Reading::noteSent(Progress& progress, std::uint64_t entries) const {
  if (progress.state != State::Replicate) return;
  if (entries > 0) {
    const Index last = progress.nextIndex + (entries - 1);
    const bool counts = was_.settings.maxBytesInFlight != 0;
    progress.inFlight.push_back(
        {.last = last, .bytes = counts ? bytesOf(progress.nextIndex, last) : 0});
    progress.nextIndex = last + 1;
  }
  progress.waiting = windowIsFull(progress);
}

void Reading::noteAcknowledged(ServerId peer, Progress& progress) {
  if (was_.settings.maxMessagesInFlight <= 1) return;
  if (progress.state == State::Replicate) {
    std::erase_if(progress.inFlight,
                  [&](const auto& message) { return message.last <= progress.matchIndex; });
    progress.waiting = windowIsFull(progress);
  } else if (progress.state == State::Probe && !progress.waiting &&
             progress.matchIndex + 1 == progress.nextIndex) {
    progress.state = State::Replicate;
    tell(PipeliningBegun{.follower = peer, .matchIndex = progress.matchIndex},
         "its log is known to match up to index " + text(progress.matchIndex.value) +
             " (thesis §10.2.2)");
  }
}

void Reading::refusedInFlight(const Envelope& envelope, const AppendEntries::Response& m,
                              Progress& progress) {
  const std::string after = "what would follow index " + text(m.prevLogIndex.value);
  if (m.prevLogIndex <= progress.matchIndex || m.prevLogIndex >= progress.nextIndex) {
    return tell(MessageIgnored{envelope, Ignored::Late},
                "it refuses " + after + "; that is settled by now (§5.3)");
  }
  const Index next = progress.matchIndex + 1;
  tell(NextIndexLowered{.follower = envelope.from, .before = progress.nextIndex, .after = next},
       name(envelope.from) + " refuses " + after +
           ": something before it is lost or late, so the leader sends again what is not known to "
           "match (thesis §10.2.2)");
  progress.state = State::Probe;
  progress.nextIndex = next;
  progress.inFlight.clear();
  progress.waiting = false;
}

// What a leader does not send though it is lacked: told of those peers for whom that begins.
void Reading::tellHeld() {
  const Leader* leader = std::get_if<Leader>(&role_);
  if (!leader || !sends_ || was_.settings.maxMessagesInFlight <= 1) return;
  const Leader* before = was_.as<Leader>();
  EntriesHeld held[] = {{.why = Held::Probing}, {.why = Held::Messages}, {.why = Held::Bytes}};
  for (ServerId peer : configuration_.members()) {
    const Progress& p = leader->of(peer);
    const bool needsSnapshot = p.nextIndex <= is_.log.baseIndex();
    if (peer == was_.id || !p.waiting || needsSnapshot) continue;
    const Index next = p.state == State::Replicate ? p.nextIndex : batchFor(p).last + 1;
    if (is_.log.lastIndex() < next) continue;
    const bool known = before && was_.configuration.contains(peer);
    const Progress* b = known ? &before->of(peer) : nullptr;
    const bool already = b && b->waiting && b->state == p.state &&
                         (b->state == State::Replicate
                              ? was_.log.lastIndex() >= b->nextIndex
                              : p.nextIndex == b->nextIndex && was_.log.lastIndex() >= next);
    if (already) continue;
    Held why = Held::Bytes;
    if (p.state != State::Replicate) {
      why = Held::Probing;
    } else if (p.inFlight.size() >= was_.settings.maxMessagesInFlight) {
      why = Held::Messages;
    }
    EntriesHeld& group = held[static_cast<std::uint8_t>(why)];
    group.to.insert(peer);
    if (group.first == Index{0} || next < group.first) group.first = next;
    group.last = is_.log.lastIndex();
  }
  const std::string reasons[] = {
      "one message at a time goes to whose log is not known to match (thesis §10.2.2)",
      "as many messages are under way as may be: " + text(was_.settings.maxMessagesInFlight),
      "as many bytes are under way as may be: " + text(was_.settings.maxBytesInFlight)};
  for (const EntriesHeld& each : held) {
    if (!each.to.empty()) tell(each, reasons[static_cast<std::uint8_t>(each.why)]);
  }
}

// True: the proposal is refused, and it has been told why.
bool Reading::tooMuchUncommitted(const Propose& proposal) {
  const std::uint64_t most = was_.settings.maxUncommittedBytes;
  if (most == 0) return false;
  std::uint64_t waits = 0;
  for (Index index = was_.commitIndex + 1; index <= was_.log.lastIndex(); ++index) {
    waits += was_.log[index].command.bytes().size();
  }
  std::uint64_t more = 0;
  for (const Command& command : proposal.commands) more += command.bytes().size();
  // Without an entry of its own term nothing that waits would ever be committed (§5.4.2).
  if (waits == 0 || was_.log.lastTerm() != term_) return false;
  if (more == 0 || waits + more <= most) return false;
  proposed_ = TooMuchUncommitted{.bytes = waits};
  tell(
      ProposalRefused{
          .leader = was_.id, .commands = proposal.commands.size(), .uncommittedBytes = waits},
      text(waits) + " bytes wait to be committed already, and with " + text(more) +
          " more they would be above " + text(most));
  return true;
}

// The last of its entries that may match, with the run of its term.
ConflictHint Reading::hintFor(const AppendEntries::Request& m) const {
  ConflictHint hint;
  if (!was_.settings.conflictHints) return hint;
  hint.last = std::min(m.prevLogIndex, was_.log.lastIndex());
  const Index base = was_.log.baseIndex();
  while (hint.last > base && was_.log.term(hint.last) > m.prevLogTerm) hint.last = hint.last - 1;
  hint.term = was_.log.term(hint.last);
  hint.first = hint.last + 1;
  while (hint.first > base + 1 && was_.log.term(hint.first - 1) == hint.term) {
    hint.first = hint.first - 1;
  }
  return hint;
}

// Where the leader tries next: after the last of its entries that may match.
Index Reading::afterHint(const Progress& progress, const ConflictHint& hint) const {
  Index match = progress.nextIndex - 2;
  const auto mayMatch = [&](Index index) {
    if (index <= was_.log.baseIndex()) return index <= hint.last;
    const Term own = was_.log.term(index);
    return index <= hint.last && own <= hint.term && (own == hint.term || index < hint.first);
  };
  while (match > progress.matchIndex && !mayMatch(match)) match = match - 1;
  return match + 1;
}

std::string Reading::hintText(ServerId peer, const ConflictHint& hint) const {
  if (hint.last == Index{0}) return "nothing that " + name(peer) + " has can match";
  return "what " + name(peer) + " has may match up to " + entryText(hint.last, hint.term) +
         ", its entries of term " + text(hint.term.value) + " beginning at index " +
         text(hint.first.value);
}

}  // namespace raft::trace
