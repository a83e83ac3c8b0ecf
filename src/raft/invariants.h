// What must hold of one server, whatever it was told: in each state, and from each to the next.
//
// These are the small promises under Figure 3's properties, which speak of all servers together
// (check/). A host that wants them checked takes the vitals before a step and asks after it.
#pragma once
#include <optional>

#include "raft/server.h"

namespace raft {

// What of a server's state the next one is compared with: a few words, cheap to take at every step.
struct Vitals {
  Term currentTerm;
  std::optional<ServerId> votedFor;
  Index lastIndex;
  Term lastTerm;  // with lastIndex it stands for the whole log (Log Matching)
  Index commitIndex;
  Index lastApplied;
  WriteId lastWrite;
  Index snapshot;  // its last included index
  Index configurationIndex;
  bool isJoint;       // its configuration
  std::uint8_t role;  // Role::index()

  static Vitals of(const Server& server);
};

// A sentence that should be true and is not, or null. `effects` is what the step from `before` to
// `after` asked for. Takes time linear in the servers of the cluster and in the entries written.
const char* brokenInvariant(const Vitals& before, const Server& after, const Effects& effects);

}  // namespace raft
