// A machine of the cluster: a server, its disk, and what waits there.
//
// The host keeps the core's contract (raft/effects.h): writes become durable in order, and what
// speaks of a write leaves when it is durable. When it crashes, all but `disk` is gone.
#pragma once
#include <cstdint>
#include <vector>

#include "raft/random.h"
#include "raft/server.h"

namespace raft::sim {

struct Disk {
  Duration latencyMin = Duration(0);  // from a write's start until it is durable; 0: at once,
  Duration latencyMax = Duration(0);  // within the step that asked for it. Writes never overtake.
  bool operator==(const Disk&) const = default;
};

struct Host {
  enum class State : std::uint8_t { Running, Paused, Crashed };
  struct PendingWrite {
    Write write;
    Time durableAt;
    bool operator==(const PendingWrite&) const = default;
  };

  Server server;
  Persistent disk = {};
  Disk speed = {};
  Random chance = {};  // of the disk's latencies
  State state = State::Running;
  std::uint32_t life = 1;                  // rises with each restart
  WriteId durable = 0;                     // the last write of this life that is on `disk`
  std::vector<PendingWrite> writing = {};  // not durable yet, in order
  std::vector<Send> held = {};             // until the write that they speak of is durable
  std::vector<Envelope> waiting = {};      // arrived while it was paused, in order

  // Begins a write. True: it is durable already. Otherwise it is so at writing.back().durableAt.
  bool begin(Write&& write, Time now);
  // Makes durable what should be so by `now`. Returns whether there was any.
  bool finishWrites(Time now);
  // Loses what is not durable. `server` and `waiting` are left for whoever tells of it.
  void crash();
  // As an incarnation that has not been before, from what is on `disk`.
  void restart(std::uint64_t seed, Time now);

  bool operator==(const Host&) const = default;

 private:
  void persist(const Write& write);
};

// The seed of a server's own chance, in its life number `life`, from 1.
std::uint64_t timerSeed(std::uint64_t worldSeed, ServerId server, std::uint32_t life);

}  // namespace raft::sim
