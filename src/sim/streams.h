// The purposes for which a world draws by chance: each entity has a stream of its own for each.
//
// The numbers are part of what a seed means: changing one changes every run.
#pragma once
#include <cstdint>

namespace raft::sim {

enum class Purpose : std::uint64_t {
  Link =
      1,  // by directed link: latency, loss, duplication, at places that do not depend on another
  Timer = 2,  // by server and how often it was started
  Disk = 3,   // by server
  Client = 4,
  Operation = 5,  // by client: which operations it makes up
};

}  // namespace raft::sim
