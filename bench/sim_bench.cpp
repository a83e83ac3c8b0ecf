// The simulator under Google Benchmark, with every checker and without.
#include <benchmark/benchmark.h>

#include "bench/simulated_cluster.h"

namespace bench {
namespace {

// One cluster goes on for the whole measurement, so a checker's tables grow as in a long run.
SimulatedCluster clusterOf(const benchmark::State& state, std::uint32_t clients) {
  return SimulatedCluster({.servers = static_cast<std::uint32_t>(state.range(0)),
                           .clients = clients,
                           .checked = state.range(1) != 0});
}

void report(benchmark::State& state, SimulatedCluster& cluster, double seconds,
            std::uint64_t events) {
  using benchmark::Counter;
  state.counters["cluster-seconds/s"] = Counter(cluster.seconds() - seconds, Counter::kIsRate);
  state.counters["events/s"] =
      Counter(static_cast<double>(cluster.events() - events), Counter::kIsRate);
  if (!cluster.agrees()) state.SkipWithError("a checker found a violation");
}

void run(benchmark::State& state, std::uint32_t clients) {
  SimulatedCluster cluster = clusterOf(state, clients);
  const double seconds = cluster.seconds();
  const std::uint64_t events = cluster.events();
  for (auto iteration : state) cluster.run(100);
  report(state, cluster, seconds, events);
}

void changeLeader(benchmark::State& state) {
  SimulatedCluster cluster = clusterOf(state, 0);
  const double seconds = cluster.seconds();
  const std::uint64_t events = cluster.events();
  for (auto iteration : state) cluster.changeLeader();
  report(state, cluster, seconds, events);
  state.SetItemsProcessed(state.iterations());
}

void everyCluster(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"servers", "checked"})->ArgsProduct({{3, 5, 101}, {0, 1}});
}

BENCHMARK_CAPTURE(run, idle, 0)->Apply(everyCluster);
BENCHMARK_CAPTURE(run, 4Clients, 4)->Apply(everyCluster);
BENCHMARK(changeLeader)->Apply(everyCluster);

}  // namespace
}  // namespace bench

BENCHMARK_MAIN();
