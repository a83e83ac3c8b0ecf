// The linearizability checker under Google Benchmark: an iteration checks one history, key by key.
// By hand: linearizability_bench --benchmark_filter=compareAndSet
//
// `…Plain` is the textbook's search over the same history and model, where it comes to an end.
#include <benchmark/benchmark.h>

#include "bench/histories.h"

namespace bench {
namespace {

using namespace raft::check;

constexpr std::uint64_t mostBytes = std::uint64_t{1} << 28;

struct Tally {
  std::uint64_t configurations = 0;
  std::uint64_t steps = 0;
  std::uint64_t bytes = 0;
  bool linearizable = true;
  bool gaveUp = false;
};

Tally check(const History& history, bool plain) {
  Tally tally;
  for (const std::vector<Operation>& part : partsOf(history.operations)) {
    const std::unique_ptr<Model> model = modelOf(history.traits, part, history.values);
    if (plain) {
      const PlainResult found = plainSearch(intervalsOf(part), *model, mostBytes);
      tally.configurations += found.configurations;
      tally.bytes = std::max(tally.bytes, found.bytes);
      tally.linearizable = tally.linearizable && found.linearizable;
      tally.gaveUp = tally.gaveUp || found.gaveUp;
      continue;
    }
    const Linearization found = linearize(intervalsOf(part), *model, {.bytes = mostBytes});
    tally.configurations += found.configurations;
    tally.steps += found.steps;
    tally.bytes = std::max(tally.bytes, found.bytes);
    tally.linearizable = tally.linearizable && found.verdict == Verdict::Linearizable;
    tally.gaveUp = tally.gaveUp || found.verdict == Verdict::Unknown;
  }
  return tally;
}

void checkHistory(benchmark::State& state, HistoryShape shape, bool plain) {
  shape.clients = static_cast<std::uint32_t>(state.range(0));
  shape.operations = static_cast<std::uint32_t>(state.range(1));
  const History history = historyOf(shape, 1);
  Tally tally;
  for (auto iteration : state) tally = check(history, plain);
  if (tally.gaveUp) state.SkipWithError("out of memory (256 MiB)");
  if (!tally.gaveUp && tally.linearizable == shape.stale) state.SkipWithError("the wrong verdict");
  using benchmark::Counter;
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["operations/s"] =
      Counter(static_cast<double>(history.operations.size()) * iterations, Counter::kIsRate);
  state.counters["configurations"] = static_cast<double>(tally.configurations);
  state.counters["configurations/s"] =
      Counter(static_cast<double>(tally.configurations) * iterations, Counter::kIsRate);
  state.counters["bytes"] = static_cast<double>(tally.bytes);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"clients", "operations"})
      ->Unit(benchmark::kMillisecond)
      ->Args({10, 1'000})
      ->Args({10, 10'000})
      ->Args({30, 10'000})
      ->Args({100, 10'000});
}

#define HISTORY(name)                                               \
  BENCHMARK_CAPTURE(checkHistory, name, name, false)->Apply(sizes); \
  BENCHMARK_CAPTURE(checkHistory, name##Plain, name, true)->Apply(sizes)

HISTORY(registers);
HISTORY(staleRegister);
HISTORY(manyKeys);
HISTORY(compareAndSet);
HISTORY(staleCompareAndSet);
HISTORY(appends);
HISTORY(putsAndAppends);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
