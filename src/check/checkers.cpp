#include "check/checkers.h"

#include <algorithm>

namespace raft::check {

const Violation* Checkers::violation() const {
  const Violation* a = safety.violation();
  const Violation* b = progress.violation();
  if (!a || !b) return a ? a : b;
  return a->time <= b->time ? a : b;
}

std::vector<Violation> Checkers::violations() const {
  std::vector<Violation> all = safety.violations();
  if (const Violation* found = progress.violation()) {
    all.insert(std::ranges::upper_bound(all, found->time, {}, &Violation::time), *found);
  }
  return all;
}

void Checkers::started(Time now, const Server& server, bool again) {
  safety.started(now, server, again);
  progress.started(now, server, again);
}

void Checkers::crashed(Time now, const Server& server) {
  safety.crashed(now, server);
  progress.crashed(now, server);
}

void Checkers::paused(Time now, ServerId server) { progress.paused(now, server); }

void Checkers::resumed(Time now, ServerId server) { progress.resumed(now, server); }

void Checkers::networkChanged(Time now, const trace::NetworkChange& change) {
  progress.networkChanged(now, change);
}

void Checkers::machineChanged(Time now, ServerId server, const trace::MachineChange& change) {
  progress.machineChanged(now, server, change);
}

void Checkers::invariantBroken(Time now, const Server& server, const char* sentence) {
  safety.invariantBroken(now, server, sentence);
}

}  // namespace raft::check
