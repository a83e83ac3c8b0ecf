// Facts about snapshots (§7): a part of fact.h. The last included entry stands for the snapshot.
#pragma once
#include <cstdint>

#include "raft/types.h"

namespace raft::trace {

struct SnapshotWanted {  // the host is asked for one, up to what was applied
  Index lastIncludedIndex = {};
  std::uint64_t entries = {};  // applied since the last one, or since the server asked
  bool operator==(const SnapshotWanted&) const = default;
};
struct SnapshotTaken {
  Index lastIncludedIndex = {};
  Term lastIncludedTerm = {};
  std::uint64_t entries = {};  // that the log has forgotten
  std::uint64_t bytes = {};
  bool operator==(const SnapshotTaken&) const = default;
};
struct SnapshotRefused {  // the host's
  Index lastIncludedIndex = {};
  bool applied = {};  // false: it covers what was not applied; true: another one has it
  bool operator==(const SnapshotRefused&) const = default;
};
struct SnapshotSent {  // a chunk of it
  ServerId to = {};
  Index lastIncludedIndex = {};
  Term lastIncludedTerm = {};
  std::uint64_t offset = {};
  std::uint64_t bytes = {};
  bool done = {};      // it is the last chunk
  bool again = false;  // it was sent before and not answered
  bool operator==(const SnapshotSent&) const = default;
};
// Doubled: it is there already. TooEarly: one before it is missing. OldTerm: of a leader long gone.
enum class ChunkFate : std::uint8_t { Stored, Doubled, TooEarly, OldTerm };
struct ChunkReceived {
  ServerId leader = {};
  Index lastIncludedIndex = {};
  std::uint64_t offset = {};
  ChunkFate fate = {};
  std::uint64_t stored = {};  // bytes that the follower has now
  bool operator==(const ChunkReceived&) const = default;
};
struct SnapshotInstalled {  // the state machine is reset, the log discarded
  ServerId leader = {};
  Index lastIncludedIndex = {};
  Term lastIncludedTerm = {};
  Index lastIndex = {};  // of the log that was discarded
  std::uint64_t bytes = {};
  bool operator==(const SnapshotInstalled&) const = default;
};
struct SnapshotNotNeeded {  // the follower has all that it stands for
  ServerId leader = {};
  Index lastIncludedIndex = {};
  Index matchIndex = {};
  bool operator==(const SnapshotNotNeeded&) const = default;
};
struct ChunkAcknowledged {
  ServerId follower = {};
  Index lastIncludedIndex = {};
  std::uint64_t before = {};  // where the chunk began that is answered
  std::uint64_t after = {};   // how many bytes the follower has
  bool operator==(const ChunkAcknowledged&) const = default;
};

}  // namespace raft::trace
