// Snapshots: what stands for the beginning of a log (§7, thesis chapter 5).
//
// The host makes the bytes of its state machine and takes them back; what the core adds is where in
// the log they belong. How a snapshot reaches a follower stands in install_snapshot.cpp.
#pragma once
#include <vector>

#include "raft/command.h"
#include "raft/configuration.h"
#include "raft/types.h"

namespace raft {

// The snapshot replaces all entries up through the last included one (Figure 13).
struct Snapshot {
  Index lastIncludedIndex = 0;  // 0: there is none
  Term lastIncludedTerm = 0;
  Configuration configuration = {};  // the latest as of lastIncludedIndex (thesis §5.1)
  Command data = {};  // the state machine as of lastIncludedIndex; shared, never copied

  bool exists() const { return lastIncludedIndex != Index{0}; }
  bool operator==(const Snapshot&) const = default;
};

// A snapshot on its way to a follower. Its leader goes on with it though it may have taken a newer
// one since: otherwise a follower behind a slow link would begin again and again.
struct SnapshotTransfer {
  ServerId to;
  Snapshot snapshot;
  std::uint64_t offset = 0;  // the follower has this many bytes; the chunk under way begins there
  bool renewed = false;      // a newer snapshot took the place of the one that it began with
  bool operator==(const SnapshotTransfer&) const = default;
};

// The chunks of a snapshot that have arrived, in order. They are those of one leader: others may
// have other bytes for the same entries.
struct PartialSnapshot {
  Index lastIncludedIndex;
  Term lastIncludedTerm;
  std::vector<Command> chunks = {};
  std::uint64_t size = 0;  // of the chunks, in bytes
  bool operator==(const PartialSnapshot&) const = default;
};

}  // namespace raft
