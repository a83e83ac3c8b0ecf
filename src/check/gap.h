// How far a peer is from what its leader has. Internal to progress.cpp.
#pragma once
#include <algorithm>
#include <cstdint>

#include "raft/server.h"

namespace raft::check {

// How many rounds of a snapshot's chunks the peer may need: it may have begun with an older one
// that is sent to the end, and then be sent the newest.
inline std::uint64_t chunksFor(const Server& leader, const raft::Progress& peer) {
  if (peer.matchIndex >= leader.log.baseIndex()) return 0;
  std::uint64_t bytes = leader.snapshot.data.bytes().size();
  for (const SnapshotTransfer& each : leader.as<Leader>()->transfers) {
    bytes = std::max<std::uint64_t>(bytes, each.snapshot.data.bytes().size());
  }
  return 2 * (bytes / leader.settings.snapshotChunkBytes + 1);
}

// How many messages a peer may need, one after another: for each entry one until it is known where
// the two logs agree, one again if messages are bounded, and the chunks of a snapshot.
inline std::uint64_t gapOf(const Server& leader, ServerId follower) {
  const raft::Progress& peer = leader.as<Leader>()->of(follower);
  const Settings& its = leader.settings;
  const std::uint64_t match = peer.matchIndex.value;
  std::uint64_t messages = std::max(peer.nextIndex.value, match + 1) - match - 1;
  const bool bounded =
      (its.maxEntriesPerMessage | its.maxBytesPerMessage | its.maxBytesInFlight) != 0;
  if (bounded) messages += leader.log.lastIndex().value - match;
  return messages + chunksFor(leader, peer);
}

}  // namespace raft::check
