// All that must hold in a run, as one observer: what scenarios, tests, hunts and benchmarks pass.
//
// A value, as its parts are. Feed it a run from the start, call finish() at its end, then ask for a
// violation().
#pragma once
#include <vector>

#include "check/fresh_reads.h"
#include "check/machines.h"
#include "check/membership.h"
#include "check/progress.h"
#include "check/safety.h"
#include "check/violation.h"
#include "trace/observer.h"

namespace raft::check {

class Checkers final : public trace::Observer {
 public:
  explicit Checkers(const ProgressSettings& settings = {}) : progress(settings) {}

  // The first one; null: nothing is broken so far.
  const Violation* violation() const;
  // The first of each property, in the order of time.
  std::vector<Violation> violations() const;
  // The run is over at `now`.
  void finish(Time now) { progress.finish(now); }

  void started(Time, const Server&, bool again) override;
  void stepped(const trace::Step& step) override {
    safety.stepped(step);
    membership.stepped(step);
    progress.stepped(step);
    reads.stepped(step);
  }
  void crashed(Time, const Server&) override;
  void paused(Time, ServerId) override;
  void resumed(Time, ServerId) override;
  void networkChanged(Time, const trace::NetworkChange&) override;
  void machineChanged(Time, ServerId, const trace::MachineChange&) override;
  void replied(Time now, ServerId server, const trace::Replied& reply) override {
    machines.replied(now, server, reply);
  }
  void read(Time now, const trace::ReadDeed& deed) override { reads.read(now, deed); }
  void invariantBroken(Time, const Server&, const char* sentence) override;

  bool operator==(const Checkers& other) const {
    return safety == other.safety && membership == other.membership && progress == other.progress &&
           machines == other.machines && reads == other.reads;
  }

  Safety safety;
  Membership membership;
  Progress progress;
  Machines machines;
  FreshReads reads;
};

}  // namespace raft::check
