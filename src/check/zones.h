// A quick look at a register: a value that only one operation brings about is there once, from
// before the first response of an operation that has to do with it to after the last call of one.
// Gibbons and Korach ("Testing shared memories", 1997) call that its zone. Internal to the models.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

namespace raft::check {

struct Zone {
  std::uint32_t firstResponse;
  std::uint32_t lastCall;
};

// Whether the values can have been there one after another. Where each value is written once this
// decides; elsewhere it is only necessary.
inline bool zonesFit(const std::vector<Zone>& zones) {
  // From its first response to its last call, a value was there all the time …
  std::vector<Zone> forward;
  for (const Zone& zone : zones) {
    if (zone.firstResponse < zone.lastCall) forward.push_back(zone);
  }
  std::ranges::sort(forward, {}, &Zone::firstResponse);
  for (std::uint32_t i = 1; i < forward.size(); ++i) {
    if (forward[i].firstResponse < forward[i - 1].lastCall) return false;
  }
  // … and otherwise at some time between its last call and its first response.
  for (const Zone& zone : zones) {
    if (zone.firstResponse < zone.lastCall) continue;
    const auto after = std::ranges::upper_bound(forward, zone.lastCall, {}, &Zone::firstResponse);
    if (after != forward.begin() && (after - 1)->lastCall > zone.firstResponse) return false;
  }
  return true;
}

}  // namespace raft::check
