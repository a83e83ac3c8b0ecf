#include "sim/host.h"

#include <algorithm>

#include "sim/streams.h"

namespace raft::sim {

std::uint64_t timerSeed(std::uint64_t worldSeed, ServerId server, std::uint32_t life) {
  const std::uint64_t entity = std::uint64_t{life - 1} << 32 | server.value;
  return Random::stream(worldSeed, static_cast<std::uint64_t>(Purpose::Timer), entity).seed;
}

Host::Begun Host::begin(Write&& write, Time now) {
  Duration latency = speed.latencyMin;
  if (speed.latencyMin != speed.latencyMax) {
    latency = chance.between(speed.latencyMin, speed.latencyMax);
  }
  const Time start = std::max(now, nextWrite);
  const bool atOnce = latency == Duration(0) && start == now && !faults.stalls;
  if (writing.empty() && atOnce && !faults.fails()) {
    persist(write);
    return Begun::Durable;
  }
  const bool fails = writing.empty() && atOnce;
  const Time after = writing.empty() ? start : writing.back().durableAt;
  writing.push_back({.write = std::move(write), .durableAt = std::max(after, start + latency)});
  return fails ? Begun::Failed : Begun::UnderWay;
}

Host::Finished Host::finishWrites(Time now) {
  Finished finished{};
  auto next = writing.begin();
  while (next != writing.end() && next->durableAt <= now && !faults.stalls && !finished.failing) {
    finished.failing = faults.fails();
    if (!finished.failing) persist((next++)->write);
  }
  finished.some = next != writing.begin();
  writing.erase(writing.begin(), next);
  return finished;
}

void Host::restoreMachine(const Snapshot& snapshot) {
  if (rules) {
    own = rules->machine();
    if (snapshot.exists()) own.load(snapshot);
    return;
  }
  std::optional<kv::Machine> loaded = kv::Machine::load(snapshot.data.bytes());
  machine = loaded ? std::move(*loaded) : kv::Machine(machine.sessions().limits());
}

WriteId Host::fail(Time now) {
  const WriteId first = writing.front().write.id;
  for (PendingWrite& each : writing) failed.push_back(std::move(each.write));
  writing.clear();
  nextWrite = now + writeRetry;
  return first;
}

void Host::crash(Time now, std::optional<std::uint64_t> whole) {
  state = State::Crashed;
  machine = kv::Machine(machine.sessions().limits());
  if (rules) own = rules->machine();
  if (whole) tear(now, *whole);
  writing.clear();
  failed.clear();
  held.clear();
}

// What a write says of term, vote and truncation stands before its entries, and each of these in a
// record of its own.
void Host::tear(Time now, std::uint64_t whole) {
  std::vector<Write> begun = std::move(failed);
  if (nextWrite <= now) {  // otherwise these have not begun
    for (PendingWrite& each : writing) begun.push_back(std::move(each.write));
  }
  for (Write& write : begun) {
    const std::uint64_t count = write.entries.size();
    const std::uint64_t kept = std::min(whole, count);
    if (kept < count) write.entries = Log(write.entries).between(1, kept);
    persist(write);
    whole -= kept;
    if (kept == count) continue;
    damage.torn = write.from + kept;
    return;
  }
}

void Host::loseDisk() {
  disk = {};
  faults = {};
  damage = {};
}

void Host::restart(std::uint64_t seed, Time now) {
  state = State::Running;
  ++life;
  durable = 0;
  restoreMachine(disk.snapshot);
  server = Server::start(server.id, base, server.settings, seed, now, disk);
}

// Goes by what the write says, not by the server's log, so that a write that says too little is
// found out when the server restarts.
void Host::persist(const Write& write) {
  durable = write.id;
  failed.clear();  // it was performed in place of these
  disk.currentTerm = write.currentTerm;
  disk.votedFor = write.votedFor;
  if (write.snapshot) {
    disk.snapshot = *write.snapshot;
    disk.log.restore(disk.snapshot.lastIncludedIndex, disk.snapshot.lastIncludedTerm);
  }
  if (write.from == Index{0}) return;
  damage.overwrittenFrom(write.from);
  disk.log.truncateFrom(write.from);
  disk.log.append(write.entries);
  disk.log.takeChange();  // a disk has nothing to write elsewhere
}

}  // namespace raft::sim
