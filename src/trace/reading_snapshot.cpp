// Snapshots: taken, sent in chunks, installed (§7, Figure 13).
#include <algorithm>

#include "trace/reading.h"

namespace raft::trace {

namespace {

std::uint64_t sizeOf(const Command& data) { return data.bytes().size(); }

bool isOf(const Rare<PartialSnapshot>& partial, const InstallSnapshot::Request& m) {
  return partial && partial->lastIncludedIndex == m.lastIncludedIndex &&
         partial->lastIncludedTerm == m.lastIncludedTerm;
}

}  // namespace

// The latest configuration in the log as of last included index.
Configuration Reading::configurationAt(Index index) const {
  for (; index > was_.log.baseIndex(); index = index - 1) {
    const Entry& entry = was_.log[index];
    if (entry.type == EntryType::Configuration) {
      return decode(entry.command).value_or(Configuration{});
    }
  }
  return was_.baseConfiguration;
}

void Reading::on(const Compact& compact) {
  const Index index = compact.index;
  SnapshotRefused refused{.lastIncludedIndex = index, .applied = index <= was_.lastApplied};
  if (index <= was_.log.baseIndex()) {
    compaction_ = Compaction::Already;
    return tell(refused, index == Index{0}
                             ? "the empty log needs no snapshot (§7)"
                             : "a snapshot stands for all up to index " +
                                   text(was_.log.baseIndex().value) + " already (§7)");
  }
  if (index > was_.lastApplied) {
    compaction_ = Compaction::NotApplied;
    return tell(refused, "a snapshot covers just what is committed, and " + own() +
                             " has applied all up to index " + text(was_.lastApplied.value) +
                             " (§7)");
  }
  compaction_ = Compaction::Done;
  snapshot_ = {.lastIncludedIndex = index,
               .lastIncludedTerm = was_.log.term(index),
               .configuration = configurationAt(index),
               .data = compact.data};
  if (Leader* leader = std::get_if<Leader>(&role_)) {
    std::erase_if(leader->transfers, [&](const SnapshotTransfer& transfer) {
      return !was_.configuration.contains(transfer.to) ||
             transfer.snapshot.lastIncludedIndex < leader->of(transfer.to).nextIndex;
    });
  }
  tell(SnapshotTaken{.lastIncludedIndex = index,
                     .lastIncludedTerm = snapshot_.lastIncludedTerm,
                     .entries = index.value - was_.log.baseIndex().value,
                     .bytes = sizeOf(compact.data)},
       "what is applied up to there follows from the state machine's bytes alone (§7)");
}

void Reading::expectCompactionAsked() {
  const std::uint64_t after = was_.settings.compactAfter;
  const Index since = std::max(was_.log.baseIndex(), was_.compactionAsked);
  if (after == 0 || is_.lastApplied - since.value < Index{after}) return;
  compactionAsked_ = is_.lastApplied;
  compaction_ = Compaction::Wanted;
  tell(SnapshotWanted{.lastIncludedIndex = is_.lastApplied,
                      .entries = is_.lastApplied.value - since.value},
       "a snapshot is taken when the log reaches a fixed size, here " +
           counted(after, "applied entry", "applied entries") + " (§7)");
}

// Receiver implementation.
void Reading::receive(const Envelope& envelope, const InstallSnapshot::Request& m) {
  ChunkReceived received{.leader = envelope.from,
                         .lastIncludedIndex = m.lastIncludedIndex,
                         .offset = m.offset,
                         .fate = ChunkFate::OldTerm};
  if (m.term < term_) {
    if (answersChunk(envelope, m, 0, 0)) tell(received, termIsOver(m.term));
    return;
  }
  if (!comesFromLeader(envelope, m.leaderId)) return;
  if (m.lastIncludedIndex == Index{0} || m.lastIncludedIndex.value > UINT64_MAX / 2 ||
      m.lastIncludedTerm == Term{0} || m.lastIncludedTerm > m.term ||
      !m.configuration.isPossible()) {
    return tell(MessageIgnored{envelope, Ignored::Forged},
                "no leader has a snapshot of nothing, of nobody, or of a later term (§7)");
  }
  hearLeader(m.leaderId, "InstallSnapshot");

  const bool older = m.lastIncludedIndex <= was_.commitIndex;
  if (older || was_.log.matches(m.lastIncludedIndex, m.lastIncludedTerm)) {
    commitIndex_ = std::max(was_.commitIndex, m.lastIncludedIndex);
    receiving_.reset();
    if (!answersChunk(envelope, m, 0, commitIndex_)) return;
    return tell(SnapshotNotNeeded{.leader = envelope.from,
                                  .lastIncludedIndex = m.lastIncludedIndex,
                                  .matchIndex = commitIndex_},
                older ? own() + " has committed all up to index " + text(was_.commitIndex.value) +
                            " itself (§7)"
                      : "its log has " + entryText(m.lastIncludedIndex, m.lastIncludedTerm) +
                            ", so it has all that leads to it and keeps what follows (§7)");
  }
  if (receiving_ && m.lastIncludedIndex < receiving_->lastIncludedIndex) {
    return tell(MessageIgnored{envelope, Ignored::Late}, "it receives a newer snapshot (§7)");
  }
  explainChunk(envelope, m);
}

// Figure 13, 2 to 4.
void Reading::explainChunk(const Envelope& envelope, const InstallSnapshot::Request& m) {
  if (!isOf(receiving_, m) && m.offset == 0) {
    receiving_ = PartialSnapshot{.lastIncludedIndex = m.lastIncludedIndex,
                                 .lastIncludedTerm = m.lastIncludedTerm};
  }
  const std::uint64_t size = sizeOf(m.data);
  const bool known = isOf(receiving_, m);
  ChunkReceived received{
      .leader = envelope.from,
      .lastIncludedIndex = m.lastIncludedIndex,
      .offset = m.offset,
      .fate = known && m.offset < receiving_->size ? ChunkFate::Doubled : ChunkFate::TooEarly};
  std::string why =
      received.fate == ChunkFate::Doubled
          ? "it has these bytes (§7)"
          : "bytes before them are missing, and chunks are put together in order (§7)";
  if (known && m.offset == receiving_->size && size <= UINT32_MAX - receiving_->size) {
    if (size > 0) receiving_->chunks.push_back(m.data);
    receiving_->size += size;
    received.fate = ChunkFate::Stored;
    why = "more is to come (§7)";
  }
  received.stored = known ? receiving_->size : 0;
  if (m.done && received.stored == m.offset + size) return install(envelope, m, received.stored);
  if (answersChunk(envelope, m, received.stored, 0)) tell(received, why);
}

// Figure 13, 5 to 8.
void Reading::install(const Envelope& envelope, const InstallSnapshot::Request& m,
                      std::uint64_t bytes) {
  snapshot_ = {.lastIncludedIndex = m.lastIncludedIndex,
               .lastIncludedTerm = m.lastIncludedTerm,
               .configuration = m.configuration,
               .data = Command::joined(receiving_->chunks)};
  receiving_.reset();
  installed_ = true;
  commitIndex_ = m.lastIncludedIndex;
  if (answersChunk(envelope, m, bytes, m.lastIncludedIndex)) {
    const std::string last = entryText(m.lastIncludedIndex, m.lastIncludedTerm);
    tell(SnapshotInstalled{.leader = envelope.from,
                           .lastIncludedIndex = m.lastIncludedIndex,
                           .lastIncludedTerm = m.lastIncludedTerm,
                           .lastIndex = was_.log.lastIndex(),
                           .bytes = bytes},
         was_.log.lastIndex() < m.lastIncludedIndex
             ? "its log does not reach " + last + ", which the snapshot ends with (§7)"
             : "its log has another entry than " + last + " there, so nothing of it is kept (§7)");
  }
  followSnapshot();
}

bool Reading::answersChunk(const Envelope& envelope, const InstallSnapshot::Request& m,
                           std::uint64_t stored, Index matchIndex) {
  const auto* answer = answerTo<InstallSnapshot::Response>(envelope.from, "InstallSnapshot");
  if (!answer) return false;
  const InstallSnapshot::Response expected{.term = term_,
                                           .lastIncludedIndex = m.lastIncludedIndex,
                                           .offset = m.offset,
                                           .stored = stored,
                                           .matchIndex = matchIndex,
                                           .round = m.round};
  if (*answer == expected) return true;
  unexplained("answers " + name(envelope.from) + ": " + messageText(Message(*answer), names_),
              "the answer should be: " + messageText(Message(expected), names_) + " (§7)");
  return false;
}

// A leader is answered.
void Reading::receive(const Envelope& envelope, const InstallSnapshot::Response& m) {
  const ServerId peer = envelope.from;
  Leader* leader = answered(envelope, m.term, m.round);
  if (!leader) return;
  Progress& progress = leader->of(peer);
  const auto transfer = std::ranges::find(leader->transfers, peer, &SnapshotTransfer::to);
  const bool sending = transfer != leader->transfers.end();

  if (m.matchIndex > was_.log.lastIndex()) {
    return tell(
        MessageIgnored{envelope, Ignored::Forged},
        "it claims to match up to " + text(m.matchIndex.value) + ", beyond the leader's log");
  }
  if (m.matchIndex != Index{0}) {
    missing_.insert(peer);
    const Index majorityBefore = majorityIndexOf(*leader);
    if (m.matchIndex >= progress.nextIndex) progress.waiting = false;
    if (m.matchIndex > progress.matchIndex) {
      tell(MatchIndexRaised{.follower = peer, .before = progress.matchIndex, .after = m.matchIndex},
           name(peer) + " has all that the snapshot stands for (§7)");
    }
    progress.matchIndex = std::max(progress.matchIndex, m.matchIndex);
    progress.nextIndex = std::max(progress.nextIndex, m.matchIndex + 1);
    noteAcknowledged(peer, progress);
    if (sending && transfer->snapshot.lastIncludedIndex <= progress.matchIndex) {
      leader->transfers.erase(transfer);
    }
    advanceCommit(majorityBefore);
    if (leader->transfer) handOver(peer, 0);
    return;
  }
  const bool answered = sending && m.lastIncludedIndex == transfer->snapshot.lastIncludedIndex &&
                        m.offset == transfer->offset && m.stored != m.offset &&
                        m.stored <= sizeOf(transfer->snapshot.data);
  if (!answered || progress.nextIndex > was_.log.baseIndex()) {
    return tell(MessageIgnored{envelope, Ignored::Late},
                "it answers no chunk that is under way (§7)");
  }
  tell(ChunkAcknowledged{.follower = peer,
                         .lastIncludedIndex = m.lastIncludedIndex,
                         .before = transfer->offset,
                         .after = m.stored},
       "chunks are sent in order, one after another (§7)");
  const bool newer = transfer->snapshot.lastIncludedIndex < snapshot_.lastIncludedIndex;
  if (transfer->offset == 0 && newer && !transfer->renewed) {
    *transfer = {.to = peer, .snapshot = snapshot_, .renewed = true};
  } else {
    transfer->offset = m.stored;
  }
  chunkTo_.insert(peer);
}

// What the leader sends to the peer, by the rules: the snapshot that is being sent there, or the
// newest.
SnapshotTransfer& Reading::transferTo(Leader& leader, ServerId peer) const {
  const auto transfer = std::ranges::find(leader.transfers, peer, &SnapshotTransfer::to);
  if (transfer == leader.transfers.end()) {
    return leader.transfers.emplace_back(SnapshotTransfer{.to = peer, .snapshot = snapshot_});
  }
  if (transfer->snapshot.lastIncludedIndex < leader.of(peer).nextIndex) {
    *transfer = {.to = peer, .snapshot = snapshot_};
  }
  return *transfer;
}

void Reading::explainSnapshot(Leader& leader, ServerId peer) {
  const bool again = leader.of(peer).waiting && !chunkTo_.contains(peer);
  const SnapshotTransfer& transfer = transferTo(leader, peer);
  leader.of(peer).waiting = true;
  leader.of(peer).state = Progress::State::Probe;
  leader.of(peer).inFlight.clear();
  const std::string_view left = transfer.snapshot.data.bytes().substr(transfer.offset);
  const std::string_view chunk = left.substr(0, was_.settings.snapshotChunkBytes);
  const InstallSnapshot::Request expected{.term = is_.currentTerm,
                                          .leaderId = was_.id,
                                          .lastIncludedIndex = transfer.snapshot.lastIncludedIndex,
                                          .lastIncludedTerm = transfer.snapshot.lastIncludedTerm,
                                          .configuration = transfer.snapshot.configuration,
                                          .offset = transfer.offset,
                                          .data = chunk,
                                          .done = chunk.size() == left.size(),
                                          .round = leader.round};
  const auto send = std::ranges::find_if(effects_.send, [&](const Send& each) {
    return each.envelope.to == peer &&
           std::holds_alternative<InstallSnapshot::Request>(each.envelope.message);
  });
  const std::string why = "it needs entry " + text(leader.of(peer).nextIndex.value) +
                          ", which the leader's log no longer has (§7)";
  if (send == effects_.send.end()) {
    return unexplained("sends no snapshot to " + name(peer), why);
  }
  explained_[static_cast<std::uint64_t>(send - effects_.send.begin())] = true;
  const Message& message = send->envelope.message;
  if (std::get<InstallSnapshot::Request>(message) != expected) {
    return unexplained("sends to " + name(peer) + ": " + messageText(message, names_),
                       "it should be: " + messageText(Message(expected), names_) + " (§7)");
  }
  tell(SnapshotSent{.to = peer,
                    .lastIncludedIndex = expected.lastIncludedIndex,
                    .lastIncludedTerm = expected.lastIncludedTerm,
                    .offset = expected.offset,
                    .bytes = chunk.size(),
                    .done = expected.done,
                    .again = again},
       again ? "it was not answered; RPCs are retried (§5.1)" : why);
}

void Reading::compareSnapshot() {
  if (is_.snapshot != snapshot_) {
    unexplained(
        "has a snapshot up to index " + text(is_.snapshot.lastIncludedIndex.value),
        "by the rules it has one up to index " + text(snapshot_.lastIncludedIndex.value) + " (§7)");
  }
  if (is_.receiving != receiving_) {
    unexplained(
        "has received " + text(is_.receiving ? is_.receiving->size : 0) + " bytes of a snapshot",
        "by the chunks that came in order it has " + text(receiving_ ? receiving_->size : 0) +
            " (§7)");
  }
  const bool restores = installed_ ? effects_.restore == snapshot_ && effects_.apply == Apply{} &&
                                         is_.lastApplied == snapshot_.lastIncludedIndex
                                   : !effects_.restore;
  if (!restores) {
    unexplained("resets its state machine wrongly, or does not",
                installed_ ? "the snapshot up to index " + text(snapshot_.lastIncludedIndex.value) +
                                 " takes its place (§7)"
                           : "only an installed snapshot does that (§7)");
  }
  if (effects_.compaction != compaction_ || is_.compactionAsked != compactionAsked_) {
    unexplained("tells its host wrongly of snapshots",
                "one is taken when the log reaches its size, of what is applied (§7)");
  }
}

}  // namespace raft::trace
