// What the tests of the state machine share.
#pragma once
#include <string>
#include <string_view>

#include "kv/machine.h"

namespace raft::kv {

// Applies a command as the entry that follows.
inline Outcome outcomeOf(Machine& machine, std::string_view command) {
  return machine.apply(machine.lastApplied() + 1, {.term = 1, .command = command});
}
inline std::string replyTo(Machine& machine, std::string_view command) {
  return text(outcomeOf(machine, command).reply);
}

}  // namespace raft::kv
