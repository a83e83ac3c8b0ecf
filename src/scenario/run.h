// A scenario in motion: the world, what is still to be done and expected, and what came of it.
//
// A value: copy it and both go on alike. Whoever wants to be told what happens passes a narrator
// with each call; the run keeps none.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/checkers.h"
#include "scenario/evaluate.h"
#include "scenario/happenings.h"
#include "scenario/histories.h"
#include "scenario/scenario.h"
#include "sim/world.h"
#include "trace/narrator.h"

namespace raft::scenario {

struct RunOptions {
  std::optional<std::uint64_t> seed = {};  // instead of the scenario's own
  std::optional<Time> until = {};          // the end, instead of the scenario's own
  bool skipsImpossible = false;       // a deed that cannot be done is no failure: see skipped()
  const sim::Rules* rules = nullptr;  // somebody's own, instead of the key-value store's
};

// Something did not come out as the scenario says.
struct Failure {
  Position at;           // in the file
  Time time;             // in the run
  std::string expected;  // a sentence
  std::string instead;   // what was so; may have several lines
  trace::Answer why = {};
  bool operator==(const Failure&) const = default;
};

struct Result {
  std::vector<Failure> failures = {};
  std::vector<check::Violation> violations = {};  // but those that the scenario says must be
  std::uint64_t expectations = 0;                 // how many were looked at
  std::uint64_t stepsLeft = 0;                    // that the run did not come to
  std::uint64_t events = 0;
  std::uint64_t seed = 0;
  Time end = Time(0);

  bool passed() const { return failures.empty() && violations.empty(); }
  bool operator==(const Result&) const = default;
};

class Run {
 public:
  // `scenario` must outlive it and its copies.
  explicit Run(const Scenario& scenario, const RunOptions& options = {});

  // Goes on by one event, or by one step of the scenario. Requires !done().
  void advance(trace::Narrator* narrator = nullptr);
  bool done() const { return done_; }
  // Goes on to the end. `stop` is asked now and then; if it says true, the run stays where it is.
  template <class Stop>
  void finish(trace::Narrator* narrator, Stop stop) {
    for (std::uint64_t i = 0; !done_; ++i) {
      if (i % 256 == 0 && stop()) return;
      advance(narrator);
    }
  }
  void finish(trace::Narrator* narrator = nullptr) {
    finish(narrator, [] { return false; });
  }

  // From here on `scenario` counts, which must be as the one before up to the step to come.
  void goOnWith(const Scenario& scenario) { scenario_ = &scenario; }
  // How many steps were done: the place of the step to come.
  std::size_t stepsDone() const { return next_; }

  const sim::World& world() const { return world_; }
  const Scenario& scenario() const { return *scenario_; }
  const trace::Names& names() const { return names_; }
  // So far.
  Result result() const;
  // Whether result() has violations, or had some that the scenario says must be.
  bool isViolated() const { return checkers_.violation() || ownBroken_ || unordered_; }
  // With RunOptions::skipsImpossible: the steps, by their place in the scenario, of which something
  // could not be done.
  const std::vector<std::size_t>& skipped() const { return skipped_; }

 private:
  class Audience;
  struct Watching {
    const Condition* condition;  // in the scenario
    bool never;
    std::optional<Time> until;
    Baseline baseline;
    bool operator==(const Watching&) const = default;
  };

  // run.cpp
  Scene scene(const Baseline& baseline) const {
    return {world_, happenings_, bindings_, baseline, names_};
  }
  void setUp(trace::Narrator*);
  bool eventBefore(Time limit, trace::Narrator*);
  void settle(trace::Narrator*);
  void waitFor(const Step&, trace::Narrator*);
  void perform(const Step&, trace::Narrator*);
  void expect(const Expect&, trace::Narrator*);
  void tellHeld(const Expect&, trace::Narrator&);
  void startWatch(const Deed&, trace::Narrator*);
  void lookAround(trace::Narrator*);
  void askRules();
  void endWatches(Time now, trace::Narrator*);
  void blameWatches(trace::Narrator*);
  static std::string watchText(const Watching&);
  void fail(Position at, std::string expected, std::string instead, trace::Answer why,
            trace::Narrator*);
  void breakOff(Position at, std::string expected, std::string instead, trace::Narrator*);
  std::vector<check::Violation> violations() const;
  void noteViolations(trace::Narrator*);
  void expectViolations(trace::Narrator*);
  std::optional<Time> stepTime() const;
  Time end() const;
  Time fixedEnd() const;
  void conclude(trace::Narrator*);

  // perform.cpp: deeds. What cannot be done fails the step, and with it the run.
  struct Cannot {
    std::string why;
  };
  void act(const Step&, const Deed&, trace::Narrator*);
  void bind(const std::string& name, const ServerSet& servers, trace::Narrator*);
  std::optional<Cannot> act(const ServerDeed&, trace::Observer&, ServerSet& acted);
  std::optional<Cannot> whomToAsk(const Target&, const char* refusal, ServerSet& asked);
  std::optional<Cannot> act(const ReadKey&, trace::Observer&, ServerSet& acted);
  std::optional<Cannot> act(const Propose&, trace::Observer&, ServerSet& acted);
  std::optional<Cannot> act(const CrashInAWrite&, trace::Observer&, ServerSet& acted);
  std::optional<Cannot> act(const ChangeDisks&, trace::Observer&, ServerSet& acted);
  std::optional<Cannot> act(const DiskDeed&, ServerId, trace::Observer&);
  std::optional<Cannot> act(const TransferLeadership&, trace::Observer&, ServerSet& acted);
  std::optional<Cannot> act(const ChangeMembers&, trace::Observer&);
  std::optional<Cannot> act(const Partition&, trace::Observer&);
  std::optional<Cannot> act(const Cut&, trace::Observer&);
  std::optional<Cannot> act(const ArrangeMessages&, trace::Narrator*);
  std::optional<Cannot> change(const NetworkPatch&, trace::Observer&);
  std::optional<Cannot> resolve(const Target&, const ServerSet& taken, ServerSet& out);
  std::optional<Cannot> resolveEnds(const Arrow&, ServerSet& from, ServerSet& to);
  std::optional<Cannot> group(const std::vector<Target>&, ServerSet& placed, ServerSet& out);
  std::optional<Cannot> setLinks(const Arrow&, const LinkPatch&, std::optional<bool> up,
                                 trace::Observer&);
  bool can(ServerDeed::Verb, ServerId) const;

  const Scenario* scenario_;
  std::optional<Time> untilOption_;
  bool skipsImpossible_;
  std::uint64_t seed_;
  trace::Names names_;
  sim::World world_;
  check::Checkers checkers_;
  Histories histories_ = {};
  std::optional<check::Violation> unordered_ = {};  // what they saw, at the end
  std::optional<check::Violation> ownBroken_ = {};
  const sim::Rules* rules_;
  Happenings happenings_;
  bool needsHappenings_ = false;
  Random chance_;  // draws whom "a follower" means
  Bindings bindings_ = {};

  bool setUp_ = false;
  bool done_ = false;
  bool broken_ = false;      // a step could not be done: what follows makes no sense
  std::size_t next_ = 0;     // the step to come
  Time stepDone_ = Time(0);  // when the step before it was done
  Baseline baseline_ = {};   // then
  std::vector<Watching> watches_ = {};
  Time lastWatchEnds_ = Time(0);
  std::vector<check::Property> violationsTold_ = {};
  std::vector<std::size_t> skipped_ = {};
  Result result_ = {};
};

}  // namespace raft::scenario
