// What led to a violation: the latest deeds of the servers that it speaks of.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "check/violation.h"
#include "trace/fact.h"

namespace raft::cli {

// Listens to a run, and remembers its latest deeds (no messages, no heartbeats) until the first
// violation is told.
class Evidence : public trace::FactSink {
 public:
  void told(const trace::Fact& fact) override;
  // For the first violation of the run: the last dozen deeds before it, of the servers that it
  // names and of the network, the oldest first.
  std::vector<trace::Fact> of(const check::Violation& violation) const;

 private:
  std::deque<trace::Fact> latest_;
  bool closed_ = false;
};

}  // namespace raft::cli
