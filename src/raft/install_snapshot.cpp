// Snapshots and the InstallSnapshot RPC (Figure 13, §7; thesis chapter 5).
#include <algorithm>

#include "raft/assert.h"
#include "raft/server.h"

namespace raft {

namespace {

constexpr std::uint64_t largest = UINT32_MAX;  // bytes of a snapshot, as of a command
constexpr Index farthest = UINT64_MAX / 2;     // no log gets there: indexes after it can be counted

// No server that follows the rules sends that.
bool isForged(const InstallSnapshot::Request& m) {
  return m.lastIncludedIndex == Index{0} || m.lastIncludedIndex > farthest ||
         m.lastIncludedTerm == Term{0} || m.lastIncludedTerm > m.term ||
         !m.configuration.isPossible();
}

bool isOf(const PartialSnapshot& partial, const InstallSnapshot::Request& m) {
  return partial.lastIncludedIndex == m.lastIncludedIndex &&
         partial.lastIncludedTerm == m.lastIncludedTerm;
}

}  // namespace

// A restarted server goes on from its snapshot and what its log has after that (§7).
void Server::startFrom(Snapshot durable) {
  RAFT_ASSERT(settings.snapshotChunkBytes > 0, "a chunk of a snapshot carries something");
  RAFT_ASSERT(
      log.baseIndex() == durable.lastIncludedIndex && log.baseTerm() == durable.lastIncludedTerm,
      "the log begins where the snapshot ends");
  snapshot = std::move(durable);
  commitIndex = lastApplied = snapshot.lastIncludedIndex;
  if (snapshot.exists()) baseConfiguration = snapshot.configuration;
  useLatestConfiguration();
}

// In snapshotting, the entire current system state is written to a snapshot on stable storage, then
// the entire log up to that point is discarded (§7). Each server takes snapshots independently,
// covering just the committed entries in its log. Once a server completes writing a snapshot, it
// may delete all log entries up through the last included index, as well as any prior snapshot.
void Server::on(const Compact& compact, Time, Effects& out) {
  if (compact.index <= log.baseIndex()) {
    out.beyond().compaction = Compaction::Already;
  } else if (compact.index > lastApplied) {
    out.beyond().compaction = Compaction::NotApplied;
  } else {
    takeOver({.lastIncludedIndex = compact.index,
              .lastIncludedTerm = log.term(compact.index),
              .configuration = configurationAt(compact.index),
              .data = compact.data},
             out);
    if (configurationIndex <= compact.index) configurationIndex = 0;
    forgetSettledTransfers();
    out.beyond().compaction = Compaction::Done;
  }
}

// The snapshot, and the log after it, become durable together.
void Server::takeOver(Snapshot&& newer, Effects& out) {
  snapshot = std::move(newer);
  baseConfiguration = snapshot.configuration;
  log.restore(snapshot.lastIncludedIndex, snapshot.lastIncludedTerm);
  out.write.emplace().snapshot = snapshot;
}

// The snapshot also includes the latest configuration in the log as of last included index (§7).
Configuration Server::configurationAt(Index index) const {
  if (configurationIndex <= index) return configuration;
  while (index > log.baseIndex() && log[index].type != EntryType::Configuration) index = index - 1;
  return index == log.baseIndex() ? baseConfiguration : *decode(log[index].command);
}

// Servers must decide when to snapshot. One simple strategy is to take a snapshot when the log
// reaches a fixed size (§7). Asked once, and again when as many more were applied.
void Server::askToCompact(Effects& out) {
  const Index since = std::max(log.baseIndex(), compactionAsked);
  if (lastApplied - since.value < Index{settings.compactAfter}) return;
  compactionAsked = lastApplied;
  out.beyond().compaction = Compaction::Wanted;
}

// Receiver implementation.
void Server::receive(ServerId from, const InstallSnapshot::Request& m, Time now, Effects& out) {
  const auto reply = [&](std::uint64_t stored, Index matchIndex) {
    send(from,
         InstallSnapshot::Response{.term = currentTerm,
                                   .lastIncludedIndex = m.lastIncludedIndex,
                                   .offset = m.offset,
                                   .stored = stored,
                                   .matchIndex = matchIndex,
                                   .round = m.round},
         out);
  };

  // 1. Reply immediately if term < currentTerm.
  if (m.term < currentTerm) return reply(0, 0);

  // It comes from the leader of currentTerm, as AppendEntries do, and counts as a heartbeat (§5.2).
  if (is<Leader>() || from != m.leaderId || isForged(m)) return;
  role = Follower{m.leaderId, electionDeadline(now), withholdVotesUntil(now)};

  // 6. If existing log entry has same index and term as snapshot's last included entry, retain log
  //    entries following it and reply.
  // Not in Figure 13: as soon as the first chunk says so, for what the snapshot stands for is
  // committed, and this server has it all: it need not wait for the bytes. That goes as well for a
  // snapshot that is older than what it has committed.
  if (m.lastIncludedIndex <= commitIndex || log.matches(m.lastIncludedIndex, m.lastIncludedTerm)) {
    commitIndex = std::max(commitIndex, m.lastIncludedIndex);
    receiving.reset();
    return reply(0, commitIndex);
  }

  if (receiving && m.lastIncludedIndex < receiving->lastIncludedIndex) return;  // late
  storeChunk(m);
  const std::uint64_t stored = receiving && isOf(*receiving, m) ? receiving->size : 0;

  // 4. Reply and wait for more data chunks if done is false.
  // Not in Figure 13: or if one before it is missing.
  if (!m.done || stored != m.offset + m.data.bytes().size()) return reply(stored, 0);
  installSnapshot(m, out);
  reply(stored, m.lastIncludedIndex);
}

// Takes a chunk that follows those that it has, or begins a snapshot. Others change nothing: they
// are doubled, or early, and the reply says where to go on.
void Server::storeChunk(const InstallSnapshot::Request& m) {
  const bool known = receiving && isOf(*receiving, m);
  // 2. Create new snapshot file if first chunk (offset is 0).
  if (!known && m.offset == 0) {
    receiving = PartialSnapshot{.lastIncludedIndex = m.lastIncludedIndex,
                                .lastIncludedTerm = m.lastIncludedTerm};
  }
  // 3. Write data into snapshot file at given offset.
  const std::uint64_t size = m.data.bytes().size();
  if (!receiving || !isOf(*receiving, m) || receiving->size != m.offset) return;
  if (size == 0 || size > largest - receiving->size) return;
  receiving->chunks.push_back(m.data);
  receiving->size += size;
}

void Server::installSnapshot(const InstallSnapshot::Request& m, Effects& out) {
  // 5. Save snapshot file, discard any existing or partial snapshot with a smaller index.
  // 7. Discard the entire log.
  takeOver({.lastIncludedIndex = m.lastIncludedIndex,
            .lastIncludedTerm = m.lastIncludedTerm,
            .configuration = m.configuration,
            .data = Command::joined(receiving->chunks)},
           out);
  receiving.reset();

  // 8. Reset state machine using snapshot contents (and load snapshot's cluster configuration).
  commitIndex = lastApplied = m.lastIncludedIndex;
  useLatestConfiguration();
  out.beyond().restore = snapshot;
}

// The leader must occasionally send snapshots to followers that lag behind. This happens when the
// leader has already discarded the next log entry that it needs to send to a follower (§7).
// One chunk at a time: its response brings the next, a heartbeat sends it again.
void Server::sendSnapshot(ServerId to, Effects& out) {
  Progress& progress = as<Leader>()->of(to);
  progress.waiting = true;
  progress.state = Progress::State::Probe;  // what follows the snapshot is sent when that is there
  progress.inFlight.clear();
  const SnapshotTransfer& transfer = transferTo(to);
  const std::string_view left = transfer.snapshot.data.bytes().substr(transfer.offset);
  const std::string_view chunk = left.substr(0, settings.snapshotChunkBytes);
  send(to,
       InstallSnapshot::Request{.term = currentTerm,
                                .leaderId = id,
                                .lastIncludedIndex = transfer.snapshot.lastIncludedIndex,
                                .lastIncludedTerm = transfer.snapshot.lastIncludedTerm,
                                .configuration = transfer.snapshot.configuration,
                                .offset = transfer.offset,
                                .data = chunk,
                                .done = chunk.size() == left.size(),
                                .round = as<Leader>()->round},
       out);
}

// The snapshot that is being sent there; the newest if none is, or one that is needed no longer.
SnapshotTransfer& Server::transferTo(ServerId to) {
  Leader& leader = *as<Leader>();
  auto transfer = std::ranges::find(leader.transfers, to, &SnapshotTransfer::to);
  if (transfer == leader.transfers.end()) {
    return leader.transfers.emplace_back(SnapshotTransfer{.to = to, .snapshot = snapshot});
  }
  if (transfer->snapshot.lastIncludedIndex < leader.of(to).nextIndex) {
    *transfer = {.to = to, .snapshot = snapshot};
  }
  return *transfer;
}

// Of servers that have come by what the snapshot stands for in another way, or have left.
void Server::forgetSettledTransfers() {
  Leader* leader = as<Leader>();
  if (!leader) return;
  std::erase_if(leader->transfers, [&](const SnapshotTransfer& transfer) {
    return !configuration.contains(transfer.to) ||
           transfer.snapshot.lastIncludedIndex < leader->of(transfer.to).nextIndex;
  });
}

void Server::receive(ServerId from, const InstallSnapshot::Response& m, Time now, Effects& out) {
  Leader* leader = as<Leader>();
  if (!leader || m.term != currentTerm || !configuration.contains(from)) return;
  Progress& progress = leader->of(from);
  if (m.round < progress.since) return;  // it speaks of the time before that server was added
  progress.round = std::max(progress.round, m.round);
  progress.heardAt = heardAt(now);
  const auto transfer = std::ranges::find(leader->transfers, from, &SnapshotTransfer::to);
  if (m.matchIndex != Index{0}) {
    if (m.matchIndex > log.lastIndex()) return;  // forged
    if (m.matchIndex >= progress.nextIndex) progress.waiting = false;
    progress.matchIndex = std::max(progress.matchIndex, m.matchIndex);
    progress.nextIndex = std::max(progress.nextIndex, m.matchIndex + 1);
    if (settings.maxMessagesInFlight > 1) noteAcknowledged(progress);
    if (transfer != leader->transfers.end() &&
        transfer->snapshot.lastIncludedIndex <= progress.matchIndex) {
      leader->transfers.erase(transfer);
    }
    advanceCommitIndex(m.matchIndex);
    sendWhatIsMissing(from, out);
    return handOver(from, 0, now, out);
  }

  // Only the first answer brings the next chunk, or all would be sent twice from then on.
  if (transfer == leader->transfers.end()) return;
  const bool answered = m.lastIncludedIndex == transfer->snapshot.lastIncludedIndex &&
                        m.offset == transfer->offset && m.stored != m.offset &&
                        m.stored <= transfer->snapshot.data.bytes().size();
  if (!answered || progress.nextIndex > log.baseIndex()) return;
  // With its first answer the follower is there, perhaps after a long time. It had better begin
  // with the newest snapshot then; but only once, lest a leader that takes snapshots faster than
  // answers come begins for ever.
  const bool newer = transfer->snapshot.lastIncludedIndex < snapshot.lastIncludedIndex;
  if (transfer->offset == 0 && newer && !transfer->renewed) {
    *transfer = {.to = from, .snapshot = snapshot, .renewed = true};
  } else {
    transfer->offset = m.stored;
  }
  sendSnapshot(from, out);
}

}  // namespace raft
