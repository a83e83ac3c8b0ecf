// What the state machines make of the log: the same on each server, and each request of a session
// once (thesis §6.3).
//
// An observer and a value, as the other checkers. It asks nothing of a state machine but what is
// told of each entry: a digest of its state, the reply, whose request it was.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "check/violation.h"
#include "trace/observer.h"

namespace raft::check {

class Machines : public trace::Observer {
 public:
  // The first of each property, in the order in which they were found.
  const std::vector<Violation>& violations() const { return found_; }

  void replied(Time, ServerId, const trace::Replied&) override;

  bool operator==(const Machines& other) const {
    return found_ == other.found_ && first_ == other.first_ && parted_ == other.parted_ &&
           requests_ == other.requests_;
  }

 private:
  // What the first server that applied an entry made of it.
  struct Known {
    ServerId server;  // 0: nobody has applied it
    Term term;
    Time since;
    std::uint64_t digest;
    Command reply;
    bool operator==(const Known&) const = default;
  };
  // Where a request was carried out, and what was replied.
  struct Effect {
    Position entry;
    Command reply;
    bool operator==(const Effect&) const = default;
  };

  void checkSame(Time, ServerId, const trace::Replied&);
  void noteFirst(Time, ServerId, const trace::Replied&);
  void reportOther(Time, ServerId, const trace::Replied&);
  void checkOnce(Time, ServerId, const trace::Replied&);
  void report(Violation violation);

  std::vector<Violation> found_ = {};
  std::vector<Known> first_ = {};  // [0] is that of index 1
  // The least index at which other entries were applied too; 0: there is none. That is a matter of
  // StateMachineSafety, and from there on nobody need be equal.
  Index parted_ = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Effect> requests_ = {};  // session, sequence
};

}  // namespace raft::check
