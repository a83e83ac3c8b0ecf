// Membership: each committed configuration agrees with the one before it.
//
// Any majority of a configuration and any of the next share a server (thesis §4.1, §4.3): otherwise
// both could elect a leader in one term, or commit different entries at one index.
#pragma once
#include <optional>

#include "check/violation.h"
#include "raft/configuration.h"
#include "trace/observer.h"

namespace raft::check {

class Membership : public trace::Observer {
 public:
  // The first one; null: nothing is broken so far.
  const Violation* violation() const { return found_ ? &*found_ : nullptr; }

  void started(Time, const Server&, bool again) override;
  void stepped(const trace::Step& step) override {
    if (!step.effects.apply.entries.empty()) applied(step.time, step.after, step.effects.apply);
  }

  bool operator==(const Membership& other) const {
    return found_ == other.found_ && latest_ == other.latest_ && index_ == other.index_;
  }

 private:
  void applied(Time, const Server&, const Apply&);

  std::optional<Violation> found_ = {};
  Configuration latest_ = {};  // of those that are committed; without voters: none is known
  Index index_ = 0;            // up to here the log was looked at
};

}  // namespace raft::check
