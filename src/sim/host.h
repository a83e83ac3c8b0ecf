// A machine of the cluster: a server, its disk, and what waits there.
//
// The host keeps the core's contract (raft/effects.h): writes become durable in order, and what
// speaks of a write leaves when it is durable. When it crashes, all but `disk` is gone, or a first
// part of what was being written is there as well. What fails it writes anew, but not at once.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "kv/machine.h"
#include "raft/random.h"
#include "raft/server.h"
#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/rules.h"

namespace raft::sim {

// After a write has failed, so much time passes before the next one begins.
inline constexpr Duration writeRetry = std::chrono::milliseconds(10);

struct Host {
  enum class State : std::uint8_t { Running, Paused, Crashed };
  enum class Begun : std::uint8_t { Durable, Failed, UnderWay };
  struct PendingWrite {
    Write write;
    Time durableAt;
    bool operator==(const PendingWrite&) const = default;
  };

  struct WaitingRead {
    ReadId id;
    std::uint64_t read;  // its number in the run
    Command key;
    bool operator==(const WaitingRead&) const = default;
  };

  Server server;
  Configuration base = {};  // what the cluster began with, or nobody for who joins later
  kv::Machine machine = kv::Machine();  // lost in a crash; begins with the snapshot on `disk`
  const Rules* rules = nullptr;         // of whoever brings his own: then this is used
  OwnMachine own = {};                  // instead, in the same way
  Persistent disk = {};
  Disk speed = {};
  Random chance = {};  // of the disk's latencies
  State state = State::Running;
  std::uint32_t life = 1;                  // rises with each restart
  WriteId durable = 0;                     // the last write of this life that is on `disk`
  std::vector<PendingWrite> writing = {};  // not durable yet, in order
  std::vector<Send> held = {};             // until the write that they speak of is durable
  std::vector<Envelope> waiting = {};      // arrived while it was paused, in order
  DiskFaults faults = {};
  DiskDamage damage = {};
  std::vector<Write> failed = {};  // nobody knows how much of them is on the disk
  Time nextWrite = {};             // when the next one may begin
  Clock clock = {};
  std::vector<WaitingRead> reading = {};  // taken and not answered yet, in order

  // Whether its state machine has all entries before this one, and not this one.
  bool canApply(Index index) const { return index == lastApplied() + 1; }
  // Requires canApply(index).
  kv::Outcome apply(Index index, const Entry& entry) {
    return rules ? own.apply(index, entry) : machine.apply(index, entry);
  }
  // The same of an entry that is no command: nothing comes of it.
  void pass(Index index) { rules ? own.pass(index) : machine.pass(index); }
  // Begins a write. If it is under way, it is durable at writing.back().durableAt; if it failed,
  // fail() is due.
  Begun begin(Write&& write, Time now);
  struct Finished {
    bool some;     // something became durable
    bool failing;  // and then a write failed: fail() is due
  };
  // Finishes what should be finished by `now`.
  Finished finishWrites(Time now);
  // What is under way has failed, and is forgotten here. The first of it.
  WriteId fail(Time now);
  // Loses what is not durable; or finds `whole` entries of what failed and is under way, and the
  // next one torn. `server` and `waiting` are left for whoever tells of it.
  void crash(Time now, std::optional<std::uint64_t> whole = {});
  void loseDisk();
  // As an incarnation that has not been before, from what is on `disk`.
  void restart(std::uint64_t seed, Time now);
  // Makes the state machine what the snapshot's bytes say; of bytes that say nothing, an empty one.
  void restoreMachine(const Snapshot& snapshot);
  std::string saveMachine() const { return rules ? own.save() : machine.save(); }
  std::uint64_t machineDigest() const { return rules ? own.digest() : machine.digest(); }
  Index lastApplied() const { return rules ? own.lastApplied() : machine.lastApplied(); }

  bool operator==(const Host&) const = default;

 private:
  void persist(const Write& write);
  void tear(Time now, std::uint64_t whole);
};

// The seed of a server's own chance, in its life number `life`, from 1.
std::uint64_t timerSeed(std::uint64_t worldSeed, ServerId server, std::uint32_t life);

}  // namespace raft::sim
