// The core under Google Benchmark: an iteration replicates 4096 entries until all applied them.
// By hand: core_bench --benchmark_filter=3/16 --benchmark_repetitions=5
#include <benchmark/benchmark.h>

#include "bench/allocations.h"
#include "bench/direct_cluster.h"

namespace bench {
namespace {

constexpr std::uint64_t entriesEach = 4096;

void replicateEntries(benchmark::State& state, std::uint64_t window, bool batched) {
  const Workload work{.servers = static_cast<std::uint32_t>(state.range(0)),
                      .window = window,
                      .batched = batched,
                      .size = static_cast<std::uint32_t>(state.range(1)),
                      .compacted = entriesEach};
  DirectCluster cluster(work);
  replicate(cluster, work, entriesEach);
  const Counts countsBefore = cluster.counts();
  const Allocations allocationsBefore = Allocations::now();
  for (auto iteration : state) {
    replicate(cluster, work, entriesEach);
  }
  const auto entries = static_cast<double>(entriesEach) * static_cast<double>(state.iterations());
  const auto messages = static_cast<double>((cluster.counts() - countsBefore).messages);
  const auto allocations = static_cast<double>((Allocations::now() - allocationsBefore).all);
  const auto inverse = benchmark::Counter::kIsRate | benchmark::Counter::kInvert;
  state.counters["time/entry"] = benchmark::Counter(entries, inverse);
  state.counters["time/message"] = benchmark::Counter(messages, inverse);
  state.counters["messages/entry"] = messages / entries;
  state.counters["allocations/entry"] = allocations / entries;
  state.counters["allocations/message"] = allocations / messages;
  if (!cluster.agrees()) state.SkipWithError("the servers did not apply what was proposed");
}

void everySize(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"servers", "bytes"})->ArgsProduct({{3, 5}, {16, 256}});
}

BENCHMARK_CAPTURE(replicateEntries, oneAtATime, 1, false)->Apply(everySize);
BENCHMARK_CAPTURE(replicateEntries, 256InFlight, 256, false)->Apply(everySize);
BENCHMARK_CAPTURE(replicateEntries, batchesOf256, 256, true)->Apply(everySize);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
