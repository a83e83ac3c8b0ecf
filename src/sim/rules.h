// Rules of one's own for a simulated world, in place of the key-value store's: what its servers
// replicate, what its clients ask for, and what must hold.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "raft/random.h"
#include "sim/own_machine.h"

namespace raft::sim {

class World;

// What does not hold, in a sentence, in which {s1} and {s2} stand for the names of these servers.
struct Broken {
  std::string sentence;
  std::vector<ServerId> servers = {};
};

// Worlds, and the threads that run them, share one: it must not change, and it outlives them.
class Rules {
 public:
  virtual ~Rules() = default;

  // The state machine of a server that has applied nothing.
  virtual OwnMachine machine() const = 0;
  // What a client asks for next. All chance is drawn from `chance`, so that a seed gives one run.
  // Clients have no sessions then: one that is not answered asks again, and both may be applied.
  virtual std::string command(Random& chance) const = 0;
  // Asked after each event and each deed. Nothing: all holds.
  virtual std::optional<Broken> broken(const World&) const { return std::nullopt; }
  // What a find of broken() is called, in one word.
  virtual const char* property() const { return "OwnProperty"; }
};

}  // namespace raft::sim
