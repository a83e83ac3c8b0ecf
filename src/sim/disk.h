// What can go wrong with a disk, as data: when its writes fail or stall, and what is spoilt on it.
#pragma once
#include <cstdint>
#include <vector>

#include "raft/server.h"

namespace raft::sim {

struct Disk {
  Duration latencyMin = Duration(0);  // from a write's start until it is durable; 0: at once,
  Duration latencyMax = Duration(0);  // within the step that asked for it. Writes never overtake.
  bool operator==(const Disk&) const = default;
};

// What is the matter with it now.
struct DiskFaults {
  bool stalls = false;          // no write finishes
  std::uint64_t failEvery = 0;  // of the writes that finish, each n-th fails; 0: none
  std::uint64_t failNext = 0;   // that many do, then it works again; 0: without end
  std::uint64_t finished = 0;   // since they fail
  Time until = Time::max();     // when it works again

  bool any() const { return stalls || failEvery != 0; }
  // Whether the write that finishes now fails.
  bool fails();
  bool operator==(const DiskFaults&) const = default;
};

// The checksum that stands beside an entry's record. Two entries that differ in one bit differ in
// it.
std::uint64_t checksumOf(const Entry& entry);

// A record that is not what was written: `checksum` stands beside it and is that of what was.
struct Spoilt {
  Index index;
  std::uint64_t checksum;
  bool operator==(const Spoilt&) const = default;
};

// What else is on a disk than what a server finds there.
struct DiskDamage {
  std::vector<Spoilt> spoilt = {};  // in durable records
  // The entry whose record was torn by a crash, behind all that is whole. Its checksum is wrong
  // too; but the mark that a record is durable is written behind the record, and this one has none.
  Index torn = 0;
  bool operator==(const DiskDamage&) const = default;

  // Turns over one bit of the entry. Requires that it stands in the log.
  void flipBit(Log& log, Index index);
  // What was spoilt from here on is overwritten.
  void overwrittenFrom(Index index);
  // The first durable entry whose checksum is wrong; 0: none.
  Index firstWrong(const Log& log) const;
};

}  // namespace raft::sim
