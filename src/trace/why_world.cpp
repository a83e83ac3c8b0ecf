#include "trace/why_world.h"

namespace raft::trace {

bool runs(const View& view, ServerId id) {
  return view.up.contains(id) && !view.paused.contains(id);
}

bool reaches(const View& view, ServerId from, ServerId to) {
  return from == to || view.reaches[from.value - 1].contains(to);
}

ServerSet running(const View& view) {
  ServerSet all;
  for (std::uint32_t i = 1; i <= count(view); ++i) {
    if (runs(view, i)) all.insert(i);
  }
  return all;
}

ServerSet votersOf(const View& view) {
  const Server* best = nullptr;
  for (ServerId id : running(view)) {
    const Server& server = serverOf(view, id);
    if (server.configuration.voters.empty()) continue;
    if (!best || !atLeastAsUpToDate(best->log, server.log)) best = &server;
  }
  if (const std::optional<ServerId> leader = leaderOf(view)) best = &serverOf(view, *leader);
  if (!best) return ServerSet::firstServers(count(view));
  return best->configuration.voters | best->configuration.nextVoters;
}

ServerSet company(const View& view, ServerId id) {
  ServerSet all;
  if (!runs(view, id)) return all;
  for (ServerId other : running(view)) {
    if (reaches(view, id, other) && reaches(view, other, id)) all.insert(other);
  }
  return all & votersOf(view);
}

std::optional<ServerId> leaderOf(const View& view) {
  std::optional<ServerId> found;
  for (ServerId id : running(view)) {
    const Server& server = serverOf(view, id);
    if (!server.is<Leader>()) continue;
    if (!found || server.currentTerm > serverOf(view, *found).currentTerm) found = id;
  }
  return found;
}

bool atLeastAsUpToDate(const Log& a, const Log& b) {
  if (a.lastTerm() != b.lastTerm()) return a.lastTerm() > b.lastTerm();
  return a.lastIndex() >= b.lastIndex();
}

void sayWhoIsMissing(const View& view, Answer& answer) {
  ServerSet down;
  ServerSet paused;
  for (std::uint32_t i = 1; i <= count(view); ++i) {
    if (!view.up.contains(i)) {
      down.insert(i);
    } else if (view.paused.contains(i)) {
      paused.insert(i);
    }
  }
  if (!down.empty()) {
    answer.push_back(view.names.of(down) + (down.size() == 1 ? " is down." : " are down."));
  }
  if (!paused.empty()) {
    answer.push_back(view.names.of(paused) +
                     (paused.size() == 1 ? " stands still." : " stand still."));
  }
  if (!view.badDisks.empty()) {
    const bool one = view.badDisks.size() == 1;
    answer.push_back((one ? "The disk of " : "The disks of ") + view.names.of(view.badDisks) +
                     (one ? " stalls or fails" : " stall or fail") +
                     ", and what speaks of a write waits for it (§5.1).");
  }
}

Time dueOf(const View& view, ServerId id) {
  return view.due.empty() ? serverOf(view, id).deadline() : view.due[id.value - 1];
}

std::string whyNoTalk(const View& view, ServerId from, ServerId to) {
  const std::string a = view.names.of(from);
  const std::string b = view.names.of(to);
  if (!view.up.contains(to)) return b + " is down";
  if (view.paused.contains(to)) return b + " stands still";
  const bool there = reaches(view, from, to);
  const bool back = reaches(view, to, from);
  if (!there && !back) return "the links between " + a + " and " + b + " are down";
  if (!there) return a + "'s messages do not reach " + b;
  return back ? "" : b + "'s answers do not reach " + a;
}

}  // namespace raft::trace
