// The clock of one server, which runs fast or slow: what a server takes for `now`.
//
// In integers, so that it is the same everywhere, and exact both ways: when(local) is the first
// moment at which read() says `local` or more.
#pragma once
#include <cstdint>

#include "raft/types.h"

namespace raft::sim {

struct Clock {
  static constexpr std::int32_t million = 1'000'000;
  static constexpr std::int32_t mostDrift = 900'000;

  std::int32_t driftPerMillion = 0;  // above 0: fast. From -mostDrift to mostDrift

  // What the clock says at `time`. Requires time >= 0.
  constexpr Time read(Time time) const {
    if (driftPerMillion == 0) return time;
    const std::int64_t t = time.count();
    return Time(t / million * rate() + t % million * rate() / million);
  }
  // The first time at which it says `local` or more. Time::max() is never.
  constexpr Time when(Time local) const {
    if (driftPerMillion == 0 || local == Time::max() || local <= Time(0)) return local;
    const std::int64_t x = local.count();
    return Time(x / rate() * million + (x % rate() * million + rate() - 1) / rate());
  }
  bool operator==(const Clock&) const = default;

 private:
  constexpr std::int64_t rate() const { return million + std::int64_t{driftPerMillion}; }
};

}  // namespace raft::sim
