#include "check/checkers.h"

#include <algorithm>

namespace raft::check {

namespace {

// The earlier of the two; of equal times the first one.
const Violation* earlier(const Violation* a, const Violation* b) {
  if (!a || !b) return a ? a : b;
  return a->time <= b->time ? a : b;
}

}  // namespace

const Violation* Checkers::violation() const {
  const std::vector<Violation>& inMachines = machines.violations();
  return earlier(earlier(earlier(safety.violation(), membership.violation()), progress.violation()),
                 earlier(inMachines.empty() ? nullptr : &inMachines.front(),
                         reads.violation() ? &*reads.violation() : nullptr));
}

std::vector<Violation> Checkers::violations() const {
  std::vector<Violation> all = safety.violations();
  const auto insert = [&all](const Violation& found) {
    all.insert(std::ranges::upper_bound(all, found.time, {}, &Violation::time), found);
  };
  if (const Violation* found = membership.violation()) insert(*found);
  if (const Violation* found = progress.violation()) insert(*found);
  for (const Violation& found : machines.violations()) insert(found);
  if (reads.violation()) insert(*reads.violation());
  return all;
}

void Checkers::started(Time now, const Server& server, bool again) {
  safety.started(now, server, again);
  membership.started(now, server, again);
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
