// What the tests of the checkers share: a cluster small enough to be trusted at a glance, and a way
// to tell an observer of servers written as literals.
#pragma once
#include <functional>
#include <vector>

#include "raft/raft_test_support.h"
#include "raft/server.h"
#include "trace/observer.h"

namespace raft::check {

// Tells that at `now` a step made the server what it is here.
void tellStep(trace::Observer&, Time now, const Server& after, const Effects& effects = {},
              const Input& input = Timeout{});
// … a step that wrote its log anew from index `from` on, with everything else.
void tellWrite(trace::Observer&, Time now, const Server& after, Index from);
// … and that its latest write is durable.
void tellWritten(trace::Observer&, Time now, const Server& after);
// … a step in which it applied its log from `first` up to its commitIndex.
void tellApply(trace::Observer&, Time now, const Server& after, Index first);

// Servers 1 … n, every message 1 ms on its way, every write durable at once.
class MiniCluster {
 public:
  explicit MiniCluster(std::uint32_t servers, trace::Observer& observer, Settings settings = {});

  // Messages for which it is false are lost, though the links are up.
  std::function<bool(const Envelope&)> delivers = [](const Envelope&) { return true; };

  Time now = Time(0);
  std::vector<Server> servers;  // servers[0] has id 1

  void runUntil(Time end);
  void crash(ServerId);
  void restart(ServerId);
  Proposed propose(ServerId, Command);
  bool isDown(ServerId id) const { return !up_[id.value - 1]; }
  ServerId leader() const;  // the one of the newest term; 0: none

 private:
  struct UnderWay {
    Time arrives;
    Envelope envelope;
  };
  Effects take(ServerId, const Input&);

  trace::Observer& observer_;
  std::vector<bool> up_;
  std::vector<UnderWay> underWay_;  // in order
  std::uint64_t seed_ = 0;
};

}  // namespace raft::check
