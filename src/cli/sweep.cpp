#include "cli/sweep.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "trace/notation.h"

namespace raft::cli {
namespace {

struct Tally {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  std::optional<std::uint64_t> firstFailed;
};

// The jobs are (scenario, seed), the seeds of a scenario one after another.
class Sweep {
 public:
  Sweep(const std::vector<Loaded>& scenarios, const SweepOptions& options)
      : scenarios_(scenarios),
        options_(options),
        seeds_(options.seeds.last - options.seeds.first + 1),
        jobs_(seeds_ * scenarios.size()),
        tallies_(scenarios.size()),
        style_{options.play.colour} {}

  int run() {
    std::vector<std::jthread> workers;
    const std::uint64_t cores = std::max(1u, std::thread::hardware_concurrency());
    for (std::uint64_t i = 0; i < std::min(cores, jobs_); ++i) {
      workers.emplace_back([this] { work(); });
    }
    const std::uint64_t told = tellInOrder();
    workers.clear();
    if (options_.progress) printError("\r\x1b[K");
    return summary(told);
  }

 private:
  void work();
  std::uint64_t tellInOrder();
  void tell(std::uint64_t job, const Outcome& outcome);
  int summary(std::uint64_t told);

  const std::vector<Loaded>& scenarios_;
  const SweepOptions& options_;
  const std::uint64_t seeds_;
  const std::uint64_t jobs_;
  std::atomic<std::uint64_t> next_ = 0;

  std::mutex mutex_;
  std::condition_variable some_;   // of done_
  std::condition_variable space_;  // in done_
  std::map<std::uint64_t, Outcome> done_;
  std::uint64_t told_ = 0;

  std::vector<Tally> tallies_;
  std::string lines_;
  Style style_;
};

void Sweep::work() {
  for (;;) {
    const std::uint64_t job = next_++;
    if (job >= jobs_) return;
    {
      // Not too far ahead of what was told, so that memory stays bounded.
      std::unique_lock lock(mutex_);
      space_.wait_for(lock, std::chrono::seconds(1), [&] { return job < told_ + 10'000; });
    }
    Outcome outcome;
    outcome.complete = false;
    if (!interrupted()) {
      scenario::RunOptions run = options_.play.run;
      run.seed = options_.seeds.first + job % seeds_;
      outcome = runQuietly(scenarios_[job / seeds_].scenario, run, true);
    }
    const std::lock_guard lock(mutex_);
    done_.emplace(job, std::move(outcome));
    some_.notify_one();
  }
}

// Returns how many were told: all, unless it was interrupted.
std::uint64_t Sweep::tellInOrder() {
  for (std::uint64_t job = 0; job < jobs_; ++job) {
    std::optional<Outcome> outcome;
    {
      std::unique_lock lock(mutex_);
      some_.wait(lock, [&] { return done_.contains(job); });
      outcome = std::move(done_.extract(job).mapped());
      told_ = job + 1;
      if (job % 1000 == 0) space_.notify_all();
    }
    if (!outcome->complete) {
      next_ = jobs_;
      print(lines_);
      return job;
    }
    tell(job, *outcome);
    if (lines_.size() > 4'000 || options_.progress) {
      print(lines_);
      lines_.clear();
    }
    if (options_.progress && job % 16 == 0) {
      printError(fmt::format("\r{} of {} runs", job, jobs_));
    }
  }
  print(lines_);
  return jobs_;
}

void Sweep::tell(std::uint64_t job, const Outcome& outcome) {
  Tally& tally = tallies_[job / seeds_];
  const Loaded& loaded = scenarios_[job / seeds_];
  const std::uint64_t seed = options_.seeds.first + job % seeds_;
  ++tally.runs;
  tally.events += outcome.result.events;
  if (outcome.passed()) {
    if (options_.play.quiet) return;
    lines_ += fmt::format("{} {} seed {}: {}, {}\n", style_.good(options_.play.shown("✓")),
                          loaded.path, seed, trace::counted(outcome.result.events, "event"),
                          trace::text(outcome.result.end));
    return;
  }
  ++tally.failed;
  if (!tally.firstFailed) tally.firstFailed = seed;
  if (options_.progress) lines_ += "\r\x1b[K";
  std::string what = "it was violated";
  if (!outcome.findings.empty()) what = outcome.findings[0];
  if (!outcome.result.failures.empty()) {
    const scenario::Failure& first = outcome.result.failures[0];
    what = fmt::format("line {}, at {}, expected: {}", first.at.line, trace::text(first.time),
                       first.expected);
  }
  if (!outcome.result.violations.empty()) {
    const check::Violation& first = outcome.result.violations[0];
    what = fmt::format("{} is violated at {}", check::nameOf(first), trace::text(first.time));
  }
  lines_ += fmt::format("{} {} seed {}: {}\n", style_.bad(options_.play.shown("✗")), loaded.path,
                        seed, what);
}

int Sweep::summary(std::uint64_t told) {
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  std::string out;
  for (std::size_t i = 0; i < scenarios_.size(); ++i) {
    const Tally& tally = tallies_[i];
    failed += tally.failed;
    events += tally.events;
    if (tally.failed == 0) continue;
    out += fmt::format("{}: {} of {} seeds failed; see: raftlab run {} --seed {}\n",
                       scenarios_[i].path, tally.failed, tally.runs, scenarios_[i].path,
                       *tally.firstFailed);
  }
  out += fmt::format("{}, seeds {}..{}: {}, {}: ", trace::counted(scenarios_.size(), "scenario"),
                     options_.seeds.first, options_.seeds.last, trace::counted(told, "run"),
                     trace::counted(events, "event"));
  out +=
      failed == 0 ? style_.good("all as expected") : style_.bad(fmt::format("{} failed", failed));
  if (told < jobs_) out += fmt::format("; interrupted, {} not run", jobs_ - told);
  print(out + "\n");
  if (told < jobs_) return exitInterrupted;
  return failed == 0 ? exitHolds : exitFails;
}

}  // namespace

int sweep(const std::vector<Loaded>& scenarios, const SweepOptions& options) {
  return Sweep(scenarios, options).run();
}

}  // namespace raft::cli
