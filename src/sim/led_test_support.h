// A cluster in which one server leads, and nobody else wants to: where many tests begin.
#pragma once
#include "sim/world.h"

namespace raft::sim {

struct Nobody : Observer {};

// Three servers; s1 stands for election at 10 ms, each message takes 1 ms, and nobody else stands
// for election unless s1 is gone for long.
inline WorldSettings s1Leads() {
  return {.servers = 3,
          .link = {.latencyMin = std::chrono::milliseconds(1),
                   .latencyMax = std::chrono::milliseconds(1)},
          .firstTimeout = {std::chrono::milliseconds(10), std::chrono::seconds(1),
                           std::chrono::seconds(2)}};
}

// s1Leads(), at a time at which it does: elected at 12 ms, its no-op committed by 14 ms and known
// to be so by all after the heartbeat of 62 ms.
inline World led(WorldSettings settings = s1Leads()) {
  Nobody nobody;
  World world(settings);
  world.runUntil(std::chrono::milliseconds(70), nobody);
  return world;
}

}  // namespace raft::sim
