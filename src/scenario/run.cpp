// The course of a run: events and steps in order of time, expectations in between.
#include "scenario/run.h"

#include <algorithm>

#include "scenario/audience.h"
#include "scenario/words.h"

namespace raft::scenario {
namespace {

constexpr std::uint64_t drawnFollowers = 0x666f6c6c6f776572;  // the purpose of a stream

sim::WorldSettings settingsOf(sim::WorldSettings settings, std::uint64_t seed,
                              const sim::Rules* rules) {
  settings.seed = seed;
  settings.rules = rules;
  return settings;
}

check::ProgressSettings progressSettings(const sim::WorldSettings& world) {
  check::ProgressSettings out{.link = world.link};
  for (const sim::Disk& disk : world.disks) {
    out.diskLatencyMax = std::max(out.diskLatencyMax, disk.latencyMax);
  }
  return out;
}

// The first sentences of an answer, as the story tells them behind what they explain.
std::string inShort(const trace::Answer& answer) {
  constexpr std::string_view known = "No leader: ";  // is what was expected
  std::string out = answer.empty() ? "" : answer[0];
  if (out.starts_with(known)) {
    out.erase(0, known.size());
    if (out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  }
  if (answer.size() > 1) out += " " + answer[1];
  if (out.ends_with('.')) out.pop_back();  // the story ends its sentences itself
  return out;
}

bool anyNeeds(const std::vector<Condition>& conditions) {
  return std::any_of(conditions.begin(), conditions.end(), needsHappenings);
}

bool deedsNeed(const std::vector<Deed>& deeds) {
  return std::any_of(deeds.begin(), deeds.end(), [](const Deed& deed) {
    if (const Expect* expect = std::get_if<Expect>(&deed.what)) return anyNeeds(expect->conditions);
    if (const Watch* watch = std::get_if<Watch>(&deed.what)) return anyNeeds(watch->conditions);
    return false;
  });
}

// Where logs are compacted, conditions speak of entries that only the happenings remember.
bool compacts(const Scenario& scenario) {
  const auto snapshots = [](const Deed& deed) {
    const ServerDeed* what = std::get_if<ServerDeed>(&deed.what);
    return what && what->verb == ServerDeed::Verb::Snapshot;
  };
  return std::any_of(scenario.world.raft.begin(), scenario.world.raft.end(),
                     [](const Settings& each) { return each.compactAfter != 0; }) ||
         std::any_of(scenario.steps.begin(), scenario.steps.end(), [&](const Step& step) {
           return std::any_of(step.deeds.begin(), step.deeds.end(), snapshots);
         });
}

bool scenarioNeeds(const Scenario& scenario) {
  return compacts(scenario) || deedsNeed(scenario.atEnd) || deedsNeed(scenario.always) ||
         std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [](const Step& step) { return anyNeeds(step.when) || deedsNeed(step.deeds); });
}

}  // namespace

Run::Run(const Scenario& scenario, const RunOptions& options)
    : scenario_(&scenario),
      untilOption_(options.until),
      skipsImpossible_(options.skipsImpossible),
      seed_(options.seed.value_or(scenario.world.seed)),
      names_(scenario.names),
      world_(settingsOf(scenario.world, seed_, options.rules)),
      checkers_(progressSettings(scenario.world)),
      rules_(options.rules),
      needsHappenings_(scenarioNeeds(scenario)),
      chance_(Random::stream(seed_, drawnFollowers, 0)) {}

void Run::setUp(trace::Narrator* narrator) {
  setUp_ = true;
  Audience audience(*this, narrator);
  audience.silentNetwork = true;
  // Links of the start are named by servers alone, so this cannot fail.
  (void)change({.all = {}, .links = scenario_->network.links}, audience);
  world_.runUntil(Time(-1), audience);  // no event yet, but the servers are told to have started
  baseline_ = baselineOf(world_, happenings_);
  for (const Deed& deed : scenario_->always) startWatch(deed, narrator);
}

Result Run::result() const {
  Result out = result_;
  out.violations = violations();
  std::erase_if(out.violations, [&](const check::Violation& each) {
    return std::ranges::count(scenario_->violates, each.property) != 0;
  });
  out.stepsLeft = scenario_->steps.size() - next_;
  out.events = world_.events();
  out.seed = seed_;
  out.end = world_.now();
  return out;
}

Time Run::end() const {
  if (untilOption_) return *untilOption_;
  if (scenario_->until) return *scenario_->until;
  return std::max(stepDone_, lastWatchEnds_) + untilAfterLastStep;
}

// When the step to come is due; nothing if it waits for a condition.
std::optional<Time> Run::stepTime() const {
  const Step& step = scenario_->steps[next_];
  if (!step.when.empty()) return std::nullopt;
  return step.time ? *step.time : stepDone_ + step.after.value_or(Duration(0));
}

void Run::advance(trace::Narrator* narrator) {
  if (!setUp_) return setUp(narrator);
  if (broken_) return conclude(narrator);
  if (next_ == scenario_->steps.size()) {
    if (!eventBefore(end(), narrator)) conclude(narrator);
    return;
  }
  const Step& step = scenario_->steps[next_];
  const Time last = fixedEnd();
  if (!step.when.empty()) return waitFor(step, narrator);
  const Time due = *stepTime();
  if (due < world_.now()) {
    return breakOff(step.at, "this step is at " + durationText(due),
                    "the step before it was done at " + durationText(world_.now()), narrator);
  }
  if (eventBefore(std::min(due, last), narrator)) return;
  if (due <= last) return perform(step, narrator);
  if (untilOption_) return conclude(narrator);  // cut short from outside
  breakOff(step.at, "this step, at " + durationText(due) + ", is reached",
           "the run ends at " + durationText(last), narrator);
}

// A step cannot be done as it is written: what follows makes no sense.
void Run::breakOff(Position at, std::string expected, std::string instead,
                   trace::Narrator* narrator) {
  ++result_.expectations;
  fail(at, std::move(expected), std::move(instead), {}, narrator);
  broken_ = true;
}

// The end that is fixed before the run; without one, the end follows from the last step.
Time Run::fixedEnd() const {
  return untilOption_ ? *untilOption_ : scenario_->until.value_or(Time::max());
}

// One event that happens at `limit` or before; if there is none left, it becomes that time.
bool Run::eventBefore(Time limit, trace::Narrator* narrator) {
  const std::optional<Time> next = world_.nextEvent();
  const bool some = next && *next <= limit;
  if (next && *next > world_.now()) endWatches(some ? *next : limit + Duration(1), narrator);
  Audience audience(*this, narrator);
  if (some) {
    world_.step(audience);
    lookAround(narrator);
  } else if (limit > world_.now()) {
    world_.runUntil(limit, audience);
  }
  return some;
}

// What is still to happen at this very moment.
void Run::settle(trace::Narrator* narrator) {
  while (eventBefore(world_.now(), narrator)) {
  }
}

void Run::waitFor(const Step& step, trace::Narrator* narrator) {
  const auto lacking = std::find_if(step.when.begin(), step.when.end(), [&](const Condition& c) {
    return !holds(c, scene(baseline_));
  });
  if (lacking == step.when.end()) {
    result_.expectations += step.when.size();  // they came, as was expected
    return perform(step, narrator);
  }
  const Time limit = stepDone_ + step.within;
  if (eventBefore(std::min(limit, fixedEnd()), narrator)) return;
  if (untilOption_ && *untilOption_ <= limit) return conclude(narrator);  // cut short from outside
  const Duration waited = world_.now() - stepDone_;
  result_.expectations += step.when.size();
  fail(lacking->at, lacking->text + " within " + durationText(waited),
       insteadOf(*lacking, scene(baseline_)), whyNot(*lacking, scene(baseline_)), narrator);
  broken_ = true;
}

void Run::perform(const Step& step, trace::Narrator* narrator) {
  endWatches(world_.now(), narrator);
  for (const Deed& deed : step.deeds) {
    if (broken_) return;
    act(step, deed, narrator);
  }
  if (broken_) return;
  lookAround(narrator);
  noteViolations(narrator);
  stepDone_ = world_.now();
  baseline_ = baselineOf(world_, happenings_);
  ++next_;
}

void Run::expect(const Expect& expect, trace::Narrator* narrator) {
  settle(narrator);
  const Scene now = scene(baseline_);
  if (narrator) tellHeld(expect, *narrator);
  result_.expectations += expect.conditions.size();
  for (const Condition& condition : expect.conditions) {
    if (holds(condition, now)) continue;
    fail(condition.at, condition.text, insteadOf(condition, now), whyNot(condition, now), narrator);
  }
}

// What holds is told together; what has a reason, apart.
void Run::tellHeld(const Expect& expect, trace::Narrator& narrator) {
  const Scene now = scene(baseline_);
  std::string together;
  std::vector<std::pair<const Condition*, std::string>> apart;
  for (const Condition& condition : expect.conditions) {
    if (!holds(condition, now)) continue;
    const std::string why = inShort(whyDenied(condition, now));
    if (why.empty()) {
      together += (together.empty() ? "" : "; ") + condition.text;
    } else {
      apart.emplace_back(&condition, why);
    }
  }
  if (!together.empty()) narrator.tell(world_.now(), trace::Expected{together, true});
  for (const auto& [condition, why] : apart) {
    narrator.tell(world_.now(), trace::Expected{condition->text, true}, why);
  }
}

void Run::startWatch(const Deed& deed, trace::Narrator* narrator) {
  const Watch* watch = std::get_if<Watch>(&deed.what);
  std::optional<Time> until = watch->until;
  if (watch->span) until = world_.now() + *watch->span;
  if (until) lastWatchEnds_ = std::max(lastWatchEnds_, *until);
  result_.expectations += watch->conditions.size();
  if (until && *until < world_.now()) {
    return fail(deed.at, "this is watched until " + durationText(*until),
                "the watch begins at " + durationText(world_.now()), {}, narrator);
  }
  for (const Condition& condition : watch->conditions) {
    watches_.push_back({.condition = &condition,
                        .never = watch->never,
                        .until = until,
                        .baseline = baselineOf(world_, happenings_)});
  }
  lookAround(narrator);
}

// Whether all that is watched is still as it should be.
void Run::lookAround(trace::Narrator* narrator) {
  std::erase_if(watches_, [&](const Watching& each) {
    const Scene now = scene(each.baseline);
    if (!namesAreGiven(*each.condition, now)) return false;  // nothing to see yet
    if (holds(*each.condition, now) != each.never) return false;
    fail(each.condition->at, watchText(each), insteadOf(*each.condition, now),
         each.never ? whySo(*each.condition, now) : whyNot(*each.condition, now), narrator);
    return true;
  });
  if (rules_ && !ownBroken_) askRules();
  noteViolations(narrator);
}

void Run::askRules() {
  std::optional<sim::Broken> broken = rules_->broken(world_);
  if (!broken) return;
  ownBroken_ = {.property = check::Property::Own,
                .time = world_.now(),
                .servers = std::move(broken->servers),
                .sentence = std::move(broken->sentence),
                .own = rules_->property()};
}

std::string Run::watchText(const Watching& watching) {
  return (watching.never ? "at no time: " : "at all times: ") + watching.condition->text;
}

// Those that end at `now` or before held to their end.
void Run::endWatches(Time now, trace::Narrator* narrator) {
  std::erase_if(watches_, [&](const Watching& each) {
    if (!each.until || *each.until >= now) return false;
    if (!narrator) return true;
    const Scene now = scene(each.baseline);
    const std::string why = each.never ? inShort(whyNever(*each.condition, now)) : "";
    narrator->tell(*each.until, trace::Expected{watchText(each), true}, why);
    return true;
  });
}

// Those that were to go on when the run ended: nobody knows whether they would have held.
void Run::blameWatches(trace::Narrator* narrator) {
  for (const Watching& each : watches_) {
    fail(each.condition->at, watchText(each) + ", until " + durationText(*each.until),
         "the run ends at " + durationText(world_.now()), {}, narrator);
  }
}

void Run::fail(Position at, std::string expected, std::string instead, trace::Answer why,
               trace::Narrator* narrator) {
  if (narrator) {
    const std::string first = instead.substr(0, instead.find('\n'));
    narrator->tell(world_.now(), trace::Expected{expected, false}, first);
  }
  result_.failures.push_back({.at = at,
                              .time = world_.now(),
                              .expected = std::move(expected),
                              .instead = std::move(instead),
                              .why = std::move(why)});
}

std::vector<check::Violation> Run::violations() const {
  std::vector<check::Violation> all = checkers_.violations();
  if (ownBroken_) {
    all.insert(std::ranges::lower_bound(all, ownBroken_->time, {}, &check::Violation::time),
               *ownBroken_);
  }
  if (unordered_) all.push_back(*unordered_);
  return all;
}

void Run::noteViolations(trace::Narrator* narrator) {
  if (!isViolated()) return;
  // By what is violated, for one may be found later than another that happened after it.
  for (const check::Violation& one : violations()) {
    if (std::ranges::count(violationsTold_, one.property) != 0) continue;
    violationsTold_.push_back(one.property);
    if (!narrator) continue;
    narrator->tell(one.time, trace::PropertyViolated{check::nameOf(one)}, check::tell(one, names_));
  }
}

// A run that does what nobody may do must be found out.
void Run::expectViolations(trace::Narrator* narrator) {
  const std::vector<check::Violation> found = violations();
  for (const check::Property each : scenario_->violates) {
    ++result_.expectations;
    const bool broken = std::ranges::count(found, each, &check::Violation::property) != 0;
    const std::string expected = std::string(check::nameOf(each)) + " is violated";
    if (broken && narrator) narrator->tell(world_.now(), trace::Expected{expected, true});
    if (!broken) fail(scenario_->violatesAt, expected, "it holds", {}, narrator);
  }
}

void Run::conclude(trace::Narrator* narrator) {
  const Time ownEnd =
      scenario_->until.value_or(std::max(stepDone_, lastWatchEnds_) + untilAfterLastStep);
  const bool whole = !broken_ && next_ == scenario_->steps.size() && world_.now() >= ownEnd;
  if (whole) {
    for (const Deed& deed : scenario_->atEnd) expect(*std::get_if<Expect>(&deed.what), narrator);
  }
  if (!broken_) {
    for (Watching& each : watches_) {
      if (!each.until) each.until = world_.now();
    }
    endWatches(world_.now() + Duration(1), narrator);
    if (!untilOption_) blameWatches(narrator);
  }
  checkers_.finish(world_.now());
  if (!rules_) unordered_ = histories_.judge();  // it knows what the key-value store's mean
  noteViolations(narrator);
  if (whole) expectViolations(narrator);
  done_ = true;
}

}  // namespace raft::scenario
