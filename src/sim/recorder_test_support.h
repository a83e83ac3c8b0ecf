// Writes down what a world tells, for tests to look up. Everything is copied: not for long runs.
#pragma once
#include <string>
#include <tuple>
#include <vector>

#include "sim/world.h"

namespace raft::sim {

struct Recorder : Observer {
  struct Stepped {
    Time time;
    Input input;
    Effects effects;
    Server after;
    bool operator==(const Stepped&) const = default;
  };
  struct Carried {
    Time time;
    Envelope message;
    bool operator==(const Carried&) const = default;
  };
  struct Missing {
    Time time;
    Envelope message;
    Lost why;
    bool operator==(const Missing&) const = default;
  };
  struct Deed {
    Time time;
    trace::ClientDeed deed;
    bool operator==(const Deed&) const = default;
  };
  struct Life {
    Time time;
    ServerId server;
    std::string what;
    bool operator==(const Life&) const = default;
  };

  struct Reply {
    Time time;
    ServerId server;
    trace::Replied replied;
    bool operator==(const Reply&) const = default;
  };

  std::vector<Stepped> steps;
  std::vector<Carried> sent_;
  std::vector<Carried> duplicates;
  std::vector<Missing> missing;
  std::vector<Deed> deeds;
  std::vector<Life> lives;
  std::vector<Reply> replies;
  std::vector<std::pair<Time, trace::NetworkChange>> changes;
  std::vector<std::string> broken;

  void clear() { *this = Recorder(); }
  bool operator==(const Recorder& o) const {
    return steps == o.steps && sent_ == o.sent_ && duplicates == o.duplicates &&
           missing == o.missing && deeds == o.deeds && lives == o.lives && replies == o.replies &&
           changes == o.changes && broken == o.broken;
  }

  void started(Time t, const Server& s, bool again) override {
    lives.push_back({t, s.id, again ? "restarted" : "started"});
  }
  void stepped(const trace::Step& s) override {
    steps.push_back({s.time, s.input, s.effects, s.after});
  }
  void sent(Time t, const Envelope& e) override { sent_.push_back({t, e}); }
  void duplicated(Time t, const Envelope& e) override { duplicates.push_back({t, e}); }
  void lost(Time t, const Envelope& e, Lost why) override { missing.push_back({t, e, why}); }
  void crashed(Time t, const Server& s) override { lives.push_back({t, s.id, "crashed"}); }
  void paused(Time t, ServerId s) override { lives.push_back({t, s, "paused"}); }
  void resumed(Time t, ServerId s) override { lives.push_back({t, s, "resumed"}); }
  void networkChanged(Time t, const trace::NetworkChange& c) override { changes.push_back({t, c}); }
  void client(Time t, const trace::ClientDeed& d) override { deeds.push_back({t, d}); }
  void replied(Time t, ServerId s, const trace::Replied& r) override {
    replies.push_back({t, s, r});
  }
  void invariantBroken(Time, const Server&, const char* sentence) override {
    broken.push_back(sentence);
  }

  // The times at which `input` reached `server`.
  template <class In>
  std::vector<Time> timesOf(ServerId server) const {
    std::vector<Time> times;
    for (const Stepped& step : steps) {
      if (step.after.id == server && std::holds_alternative<In>(step.input)) {
        times.push_back(step.time);
      }
    }
    return times;
  }
  template <class ADeed>
  std::vector<ADeed> deedsOf() const {
    std::vector<ADeed> found;
    for (const Deed& each : deeds) {
      if (const ADeed* deed = std::get_if<ADeed>(&each.deed)) found.push_back(*deed);
    }
    return found;
  }
};

}  // namespace raft::sim
