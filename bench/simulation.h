// What is simulated when a simulator is measured.
#pragma once
#include <cstdint>

namespace bench {

struct Simulation {
  std::uint32_t servers = 3;
  std::uint32_t clients = 0;  // each proposes a command 1 ms after the one before was answered
  bool checked = true;        // whether everything that must hold is checked
  std::uint64_t seed = 1;
};

}  // namespace bench
