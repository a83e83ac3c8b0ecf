// The program around a Simulation: reads it from the command line, runs it, prints what it took.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "bench/cpu_time.h"
#include "bench/simulation.h"

namespace bench {

struct SimArguments {
  Simulation simulation;
  std::uint64_t seconds = 100;  // of simulated time, unless there are
  std::uint64_t elections = 0;
};

inline std::optional<SimArguments> readSimArguments(int argc, char** argv) {
  SimArguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--unchecked") {
      arguments.simulation.checked = false;
      continue;
    }
    if (++i == argc) return std::nullopt;
    const std::uint64_t value = std::strtoull(argv[i], nullptr, 10);
    if (name == "--servers") {
      arguments.simulation.servers = static_cast<std::uint32_t>(value);
    } else if (name == "--clients") {
      arguments.simulation.clients = static_cast<std::uint32_t>(value);
    } else if (name == "--seed") {
      arguments.simulation.seed = value;
    } else if (name == "--seconds") {
      arguments.seconds = value;
    } else if (name == "--elections") {
      arguments.elections = value;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

// Exits with 1 if something was broken, with 2 for a wrong command line.
template <class Cluster>
int runSimulation(int argc, char** argv, const char* implementation) {
  const std::optional<SimArguments> arguments = readSimArguments(argc, argv);
  if (!arguments) {
    std::fprintf(stderr,
                 "usage: %s [--servers N] [--clients N] [--seed N] [--unchecked]\n"
                 "       [--seconds N | --elections N]\n",
                 argv[0]);
    return 2;
  }
  Cluster cluster(arguments->simulation);
  cluster.run(1000);
  const std::uint64_t eventsBefore = cluster.events();
  const double simulatedBefore = cluster.seconds();
  const double start = cpuSeconds();
  if (arguments->elections == 0) cluster.run(arguments->seconds * 1000);
  for (std::uint64_t i = 0; i < arguments->elections; ++i) cluster.changeLeader();
  const double seconds = cpuSeconds() - start;
  std::printf(
      "{\"implementation\": \"%s\", \"cpuSeconds\": %.6f, \"simulatedSeconds\": %.3f, "
      "\"events\": %llu, \"elections\": %llu}\n",
      implementation, seconds, cluster.seconds() - simulatedBefore,
      static_cast<unsigned long long>(cluster.events() - eventsBefore),
      static_cast<unsigned long long>(arguments->elections));
  if (cluster.agrees()) return 0;
  std::fprintf(stderr, "%s: a checker found a violation\n", argv[0]);
  return 1;
}

}  // namespace bench
