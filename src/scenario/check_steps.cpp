// Deeds that contradict each other: restart a running server, crash a crashed one.
//
// What is known before a run: the state of servers that are always spoken of by name. Once a step
// acts on "the leader", it may have been any of them, and only the run can tell.
#include <map>

#include "scenario/reading.h"

namespace raft::scenario {
namespace {

enum class State : std::uint8_t { Unknown, Running, Paused, Down };
using Verb = ServerDeed::Verb;

const char* contradiction(Verb verb, State state) {
  if (verb == Verb::Crash && state == State::Down) return "is down already";
  if (verb == Verb::Restart && state == State::Running) return "is running: crash it first";
  if (verb == Verb::Restart && state == State::Paused) return "is paused: resume it instead";
  if (verb == Verb::Pause && state == State::Down) return "is down";
  if (verb == Verb::Pause && state == State::Paused) return "is paused already";
  if (verb == Verb::Resume && state == State::Down) return "is down: restart it instead";
  if (verb == Verb::Resume && state == State::Running) return "is not paused";
  if (verb == Verb::Snapshot && state == State::Down) return "is down";
  if (verb == Verb::Snapshot && state == State::Paused) return "is paused";
  return nullptr;
}

State stateAfter(Verb verb) {
  if (verb == Verb::Crash) return State::Down;
  return verb == Verb::Pause ? State::Paused : State::Running;
}

const char* word(Verb verb) {
  const char* words[] = {"crash", "restart", "pause", "resume", "snapshot"};
  return words[static_cast<std::size_t>(verb)];
}

// By name: of servers, and of what steps have called them.
class Known {
 public:
  explicit Known(const std::vector<std::string>& servers) {
    for (const std::string& server : servers) states_[server] = State::Running;
  }

  State of(const std::string& name) const {
    const auto found = states_.find(name);
    return found == states_.end() ? State::Unknown : found->second;
  }
  void set(const std::string& name, State state) { states_[name] = state; }
  void forget() {
    for (auto& [name, state] : states_) state = State::Unknown;
  }

 private:
  std::map<std::string, State> states_;
};

}  // namespace

void Reading::checkSteps() {
  Known known(cast_.servers);
  const auto act = [&](const Deed& deed, const ServerDeed& what) {
    for (const Target& target : what.targets) {
      const bool byName = target.kind == Target::Kind::Server;
      if (!byName && target.kind != Target::Kind::Named) {
        known.forget();  // it may be anybody
        continue;
      }
      const std::string name = byName ? cast_.servers[target.server.value - 1] : target.name;
      if (const char* why = contradiction(what.verb, known.of(name))) {
        wrong(deed.at, std::string("cannot ") + word(what.verb) + " " + name + ": it " + why);
      }
      if (!byName) known.forget();
      // Another name may be that of this server.
      if (byName) {
        for (const std::string& other : cast_.named) known.set(other, State::Unknown);
      }
      known.set(name, stateAfter(what.verb));
    }
  };
  const auto ask = [&](const Deed& deed, const Target& target, const char* verb,
                       const char* refusal) {
    if (target.kind != Target::Kind::Server && target.kind != Target::Kind::Named) return;
    const bool byName = target.kind == Target::Kind::Server;
    const std::string name = byName ? cast_.servers[target.server.value - 1] : target.name;
    const State state = known.of(name);
    if (state != State::Down && state != State::Paused) return;
    wrong(deed.at, std::string("cannot ") + verb + " " + name + ": it is " +
                       (state == State::Down ? "down" : "paused") + " and " + refusal);
  };
  for (const Step& step : out_.steps) {
    const ServerDeed* last = nullptr;
    for (const Deed& deed : step.deeds) {
      if (const auto* what = std::get_if<Propose>(&deed.what)) {
        ask(deed, what->to, "propose to", "takes no command");
      }
      if (const auto* what = std::get_if<ReadKey>(&deed.what)) {
        ask(deed, what->from, "read from", "answers no read");
      }
      if (const auto* what = std::get_if<ServerDeed>(&deed.what)) {
        act(deed, *what);
        last = what;
      }
      if (std::holds_alternative<CrashInAWrite>(deed.what) ||
          std::holds_alternative<ChangeDisks>(deed.what)) {
        known.forget();  // it may be down now, and may not start again
      }
      if (const auto* naming = std::get_if<NameServers>(&deed.what)) {
        known.set(naming->name, State::Unknown);
      }
    }
    if (step.as) known.set(*step.as, last ? stateAfter(last->verb) : State::Unknown);
  }
}

void Reading::checkEnd() {
  if (!out_.until) return;
  const std::string end = "the end of the run, at " + durationText(*out_.until);
  for (std::size_t i = 0; i < out_.steps.size(); ++i) {
    const Step& step = out_.steps[i];
    const std::optional<Time> begins = timings_[i].begins;
    if (begins && *begins > *out_.until) {
      // So are those that follow.
      return wrong(step.at, "this step, at " + durationText(*begins) + ", is behind " + end);
    }
    for (const Deed& deed : step.deeds) {
      const auto* watch = std::get_if<Watch>(&deed.what);
      std::optional<Time> ends = watch ? watch->until : std::nullopt;
      if (watch && watch->span && begins) ends = *begins + *watch->span;
      if (!ends || *ends <= *out_.until) continue;
      wrong(timings_[i].watchEnds->at,
            "this watch, until " + durationText(*ends) + ", goes beyond " + end);
    }
  }
}

}  // namespace raft::scenario
