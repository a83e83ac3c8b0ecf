// The program around a Workload: reads it from the command line, does it, prints what it took.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <malloc.h>

#include "bench/allocations.h"
#include "bench/cpu_time.h"
#include "bench/workload.h"

namespace bench {

struct WorkArguments {
  Workload work;
  std::uint64_t entries = 100'000;
  std::uint64_t warmUp = 1'000;  // entries before the measurement begins
};

inline std::optional<WorkArguments> readWorkArguments(int argc, char** argv) {
  WorkArguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--batched") {
      arguments.work.batched = true;
      continue;
    }
    if (name == "--copying") {
      arguments.work.copying = true;
      continue;
    }
    if (++i == argc) return std::nullopt;
    const std::uint64_t value = std::strtoull(argv[i], nullptr, 10);
    if (name == "--servers") {
      arguments.work.servers = static_cast<std::uint32_t>(value);
    } else if (name == "--window") {
      arguments.work.window = value;
    } else if (name == "--size") {
      arguments.work.size = static_cast<std::uint32_t>(value);
    } else if (name == "--compacted") {
      arguments.work.compacted = value;
    } else if (name == "--entries") {
      arguments.entries = value;
    } else if (name == "--warm-up") {
      arguments.warmUp = value;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

// Keeps what was freed. Logs that are cut short and grow again would otherwise be given back to the
// kernel and taken from it anew, page by page, which would be most of what is measured.
inline void keepFreedMemory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

// Exits with 1 if the servers do not agree in the end, with 2 for a wrong command line.
template <class Cluster>
int runWork(int argc, char** argv, const char* implementation) {
  const std::optional<WorkArguments> arguments = readWorkArguments(argc, argv);
  if (!arguments) {
    std::fprintf(stderr,
                 "usage: %s [--servers N] [--window N] [--batched] [--size BYTES] [--copying]\n"
                 "       [--compacted N] [--entries N] [--warm-up N]\n",
                 argv[0]);
    return 2;
  }
  keepFreedMemory();
  Cluster cluster(arguments->work);
  replicate(cluster, arguments->work, arguments->warmUp);

  const Counts countsBefore = cluster.counts();
  const Allocations allocationsBefore = Allocations::now();
  const double start = cpuSeconds();
  replicate(cluster, arguments->work, arguments->entries);
  const double seconds = cpuSeconds() - start;
  const Allocations allocations = Allocations::now() - allocationsBefore;
  const Counts counts = cluster.counts() - countsBefore;

  std::printf(
      "{\"implementation\": \"%s\", \"entries\": %llu, \"cpuSeconds\": %.6f, \"messages\": %llu, "
      "\"heartbeats\": %llu, \"writes\": %llu, \"allocations\": %llu, \"largeAllocations\": "
      "%llu}\n",
      implementation, static_cast<unsigned long long>(arguments->entries), seconds,
      static_cast<unsigned long long>(counts.messages),
      static_cast<unsigned long long>(counts.heartbeats),
      static_cast<unsigned long long>(counts.writes),
      static_cast<unsigned long long>(allocations.all),
      static_cast<unsigned long long>(allocations.large));
  if (cluster.agrees()) return 0;
  std::fprintf(stderr, "%s: the servers did not apply what was proposed\n", argv[0]);
  return 1;
}

}  // namespace bench
