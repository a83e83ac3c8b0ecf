// Reads without the log are fresh: whoever asks a leader sees all that was applied anywhere when he
// asked (§8, thesis §6.4).
//
// An observer and a value, as the other checkers. Reads of a server's own state promise nothing.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "check/violation.h"
#include "trace/observer.h"

namespace raft::check {

class FreshReads : public trace::Observer {
 public:
  const std::optional<Violation>& violation() const { return violation_; }

  void stepped(const trace::Step& step) override {
    if (step.after.lastApplied > highest_.index) seen(step);
  }
  void read(Time, const trace::ReadDeed&) override;

  bool operator==(const FreshReads& other) const {
    return violation_ == other.violation_ && highest_ == other.highest_ && open_ == other.open_;
  }

 private:
  // The last entry that any server is known to have applied, and who was first.
  struct Applied {
    Index index = 0;
    Term term = 0;
    ServerId server = 0;
    Time since = {};
    bool operator==(const Applied&) const = default;
  };
  struct Open {
    std::uint64_t read;
    Applied before;  // what must be seen
    bool operator==(const Open&) const = default;
  };
  void seen(const trace::Step& step);

  Applied highest_ = {};
  std::vector<Open> open_ = {};
  std::optional<Violation> violation_ = {};
};

}  // namespace raft::check
