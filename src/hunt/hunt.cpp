#include "hunt/hunt.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>

#include "hunt/generate.h"

namespace raft::hunt {

namespace {

void addKind(std::vector<Kind>& finds, const Kind& more) {
  const auto same =
      std::ranges::find(finds, more.find.kind, [](const Kind& kind) { return kind.find.kind; });
  if (same == finds.end()) {
    finds.push_back(more);
  } else {
    const std::uint64_t count = same->count + more.count;
    if (more.seed < same->seed) *same = more;
    same->count = count;
  }
  std::ranges::sort(finds, {}, &Kind::seed);
}

}  // namespace

void Tally::add(std::uint64_t seed, const Trial& trial) {
  ++runs;
  events += trial.events;
  simulated += trial.end;
  coverage.add(trial.coverage);
  if (trial.find) addKind(finds, {.find = *trial.find, .seed = seed});
}

void Tally::add(const Tally& other) {
  runs += other.runs;
  events += other.events;
  simulated += other.simulated;
  coverage.add(other.coverage);
  for (const Kind& kind : other.finds) addKind(finds, kind);
}

std::uint64_t Tally::findCount() const {
  return std::accumulate(finds.begin(), finds.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Kind& kind) { return sum + kind.count; });
}

Tally hunt(const HuntOptions& options) {
  Tally tally;
  std::mutex mutex;
  std::atomic<std::uint64_t> next = options.first;
  std::atomic<bool> found = false;
  const auto work = [&](bool tells) {
    for (;;) {
      if ((options.stop && options.stop()) || (options.untilFirstFind && found)) return;
      const std::uint64_t seed = next++;
      if (seed > options.last) return;
      const Trial trial = run(under(options.rules, generate(seed)));
      if (trial.find) found = true;
      std::unique_lock lock(mutex);
      tally.add(seed, trial);
      const std::uint64_t runs = tally.runs;
      const std::uint64_t finds = tally.findCount();
      lock.unlock();
      if (tells && options.progress) options.progress(runs, finds);
    }
  };
  std::vector<std::jthread> workers;
  for (std::uint32_t i = 1; i < options.threads; ++i) workers.emplace_back(work, false);
  work(true);
  workers.clear();
  return tally;
}

}  // namespace raft::hunt
