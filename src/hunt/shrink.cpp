#include "hunt/shrink.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "hunt/messages.h"
#include "hunt/rerun.h"
#include "hunt/simpler.h"
#include "scenario/words.h"
#include "trace/notation.h"

namespace raft::hunt {

namespace {

class Shrinker {
 public:
  Shrinker(const Plan& plan, const Find& find, const ShrinkOptions& options)
      : options_(options), best_{.plan = plan, .find = find} {}

  Shrunk shrink() {
    simplify();
    singleMessages();
    while (takeFirst(withRounderTimes(best_.plan))) continue;
    endWithTheFind();
    return best_;
  }

 private:
  void simplify() {
    endWithTheFind();
    for (bool shorter = true; shorter && !spent();) {
      shorter = fewerSteps();
      for (const auto simpler : {withoutPairs, withFewerClients, withFewerServers,
                                 withSimplerSettings, withSimplerSteps}) {
        while (takeFirst(simpler(best_.plan))) shorter = true;
      }
      endWithTheFind();
    }
  }

  // In the place of a network that the find needs to be slow or lossy: the few messages that
  // matter. If they are more than a handful, the network tells it better.
  void singleMessages() {
    constexpr std::ptrdiff_t handful = 5;
    if (!speaksOfTheNetwork(best_.plan)) return;
    const Shrunk before = best_;
    if (!takeFirst({withSingleMessages(best_.plan, best_.find.time)})) return;
    simplify();
    if (std::ranges::count_if(best_.plan.steps, isOfMessage) <= handful) return;
    const std::uint64_t trials = best_.trials;
    best_ = before;
    best_.trials = trials;
    rerun_.reset();
  }

  bool spent() const {
    return best_.trials >= options_.trials || (options_.stop && options_.stop());
  }

  // Tries them, and takes the first that still finds the same. The order decides, not the clock.
  bool takeFirst(const std::vector<Plan>& candidates) {
    const std::size_t batch = std::max(1u, options_.threads);
    for (std::size_t begin = 0; begin < candidates.size() && !spent(); begin += batch) {
      const std::size_t end = std::min(begin + batch, candidates.size());
      std::vector<std::optional<Trial>> trials(end - begin);
      // Worth its while only for a plan that many are tried against.
      if (!rerun_ && begin >= enough) rerun_.emplace(best_.plan);
      {
        std::vector<std::jthread> workers;
        for (std::size_t i = begin + 1; i < end; ++i) {
          workers.emplace_back([&, i] { trials[i - begin] = trialOf(candidates[i]); });
        }
        trials[0] = trialOf(candidates[begin]);
      }
      for (std::size_t i = begin; i < end; ++i) {
        if (take(candidates[i], *trials[i - begin])) return true;
      }
    }
    return false;
  }

  Trial trialOf(const Plan& candidate) const {
    return rerun_ ? rerun_->run(candidate) : run(candidate);
  }

  bool take(const Plan& candidate, const Trial& trial) {
    ++best_.trials;
    if (!trial.find || trial.find->kind != best_.find.kind) return false;
    best_.plan = without(candidate, trial.skipped);
    best_.find = *trial.find;
    rerun_.reset();
    return true;
  }

  // Nothing that comes later matters.
  void endWithTheFind() {
    Plan shorter = best_.plan;
    std::erase_if(shorter.steps, [&](const Step& step) { return step.at > best_.find.time; });
    shorter.until = std::min(shorter.until, best_.find.time + std::chrono::milliseconds(1));
    if (shorter != best_.plan) takeFirst({std::move(shorter)});
  }

  // Halves are left out first, then smaller parts, in the end single steps.
  bool fewerSteps() {
    bool any = false;
    for (std::size_t part = (best_.plan.steps.size() + 1) / 2; part > 0 && !spent();) {
      if (takeFirst(withFewerSteps(best_.plan, part))) {
        any = true;
        part = std::min(part, std::max<std::size_t>(1, best_.plan.steps.size() / 2));
        if (best_.plan.steps.empty()) break;
      } else {
        part /= 2;
      }
    }
    return any;
  }

  static constexpr std::size_t enough = 8;  // candidates that failed

  const ShrinkOptions& options_;
  Shrunk best_;
  std::optional<Rerun> rerun_;  // of the shortest, if many were tried against it
};

}  // namespace

Shrunk shrink(const Plan& plan, const Find& find, const ShrinkOptions& options) {
  return Shrinker(plan, find, options).shrink();
}

Heading headingOf(const Shrunk& shrunk, std::uint64_t seed, std::size_t stepsBefore) {
  return {
      .title = fmt::format("{} (hunt, seed {})", shrunk.find.kind, seed),
      .about = fmt::format("At {}: {}.\nFound by a hunt with seed {}, and shrunk from {} to {}.",
                           scenario::durationText(shrunk.find.time), shrunk.find.sentence, seed,
                           trace::counted(stepsBefore, "step"),
                           trace::counted(shrunk.plan.steps.size(), "step"))};
}

}  // namespace raft::hunt
