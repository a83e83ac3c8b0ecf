#include "sim/host.h"

#include <algorithm>

#include "sim/streams.h"

namespace raft::sim {

std::uint64_t timerSeed(std::uint64_t worldSeed, ServerId server, std::uint32_t life) {
  const std::uint64_t entity = std::uint64_t{life - 1} << 32 | server.value;
  return Random::stream(worldSeed, static_cast<std::uint64_t>(Purpose::Timer), entity).seed;
}

bool Host::begin(Write&& write, Time now) {
  Duration latency = speed.latencyMin;
  if (speed.latencyMin != speed.latencyMax) {
    latency = chance.between(speed.latencyMin, speed.latencyMax);
  }
  if (writing.empty() && latency == Duration(0)) {
    persist(write);
    return true;
  }
  const Time after = writing.empty() ? now : writing.back().durableAt;
  writing.push_back({.write = std::move(write), .durableAt = std::max(after, now + latency)});
  return false;
}

bool Host::finishWrites(Time now) {
  auto next = writing.begin();
  while (next != writing.end() && next->durableAt <= now) persist((next++)->write);
  if (next == writing.begin()) return false;
  writing.erase(writing.begin(), next);
  return true;
}

void Host::crash() {
  state = State::Crashed;
  writing.clear();
  held.clear();
}

void Host::restart(std::uint64_t seed, Time now) {
  state = State::Running;
  ++life;
  durable = 0;
  server = Server::start(server.id, server.baseConfiguration, server.settings, seed, now, disk);
}

// Goes by what the write says, not by the server's log, so that a write that says too little is
// found out when the server restarts.
void Host::persist(const Write& write) {
  durable = write.id;
  disk.currentTerm = write.currentTerm;
  disk.votedFor = write.votedFor;
  if (write.from == Index{0}) return;
  disk.log.truncateFrom(write.from);
  disk.log.append(write.entries);
  disk.log.takeChange();  // a disk has nothing to write elsewhere
}

}  // namespace raft::sim
