#include "cli/judge.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "cli/judgement.h"
#include "cli/load.h"
#include "cli/terminal.h"
#include "scenario/words.h"

namespace raft::cli {
namespace {

using Clock = std::chrono::steady_clock;
using check::Verdict;

class Judge {
 public:
  Judge(const History& history, const JudgeOptions& options, const std::string& path)
      : options_(options), path_(path), out_(history) {
    if (options.timeout) due_ = begin_ + *options.timeout;
  }

  Judgement run() {
    out_.parts = check::partsOf(out_.history.operations);
    out_.found.resize(out_.parts.size());
    const std::uint64_t parts = out_.parts.size();
    const std::uint64_t cores = std::max(1u, std::thread::hardware_concurrency());
    const std::uint64_t workers = std::max<std::uint64_t>(1, std::min(cores, parts));
    memory_ = options_.memory / workers;
    {
      std::vector<std::jthread> threads;
      running_ = workers;
      for (std::uint64_t i = 0; i < workers; ++i) threads.emplace_back([this] { work(); });
      tellProgress();
    }
    out_.searched = std::chrono::duration_cast<Duration>(Clock::now() - begin_);
    out_.interrupted = interrupted();
    explainAll();
    return std::move(out_);
  }

 private:
  void work() {
    const check::Limits limits{.bytes = memory_, .stop = [this] {
                                 return interrupted() || (due_ && Clock::now() >= *due_);
                               }};
    for (;;) {
      const std::uint64_t i = next_++;
      if (i >= out_.parts.size()) break;
      const auto model = check::modelOf(out_.history.traits, out_.parts[i], out_.history.values);
      out_.found[i] = check::linearize(check::intervalsOf(out_.parts[i]), *model, limits);
    }
    const std::lock_guard lock(mutex_);
    --running_;
    done_.notify_one();
  }

  void tellProgress() {
    std::unique_lock lock(mutex_);
    bool told = false;
    const auto over = [this] { return running_ == 0; };
    while (!done_.wait_for(lock, std::chrono::seconds(1), over)) {
      if (!options_.progress) continue;
      told = true;
      const auto seconds =
          std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin_).count();
      printError(fmt::format("\r\x1b[K{}: {} of {} keys begun, {} s (Ctrl-C ends it)",
                             printable(path_), std::min<std::uint64_t>(next_, out_.parts.size()),
                             out_.parts.size(), seconds));
    }
    if (told) printError("\r\x1b[K");
  }

  // Of what is not linearizable, the part whose culprit responded first.
  void explainAll() {
    constexpr std::uint32_t most = 16;
    // It is worth some time, even where the search had little.
    const auto due = Clock::now() + std::chrono::seconds(10) + out_.searched;
    const check::Limits limits{.bytes = options_.memory,
                               .stop = [due] { return interrupted() || Clock::now() >= due; }};
    std::uint32_t first = check::never;
    for (std::uint32_t i = 0; i < out_.parts.size(); ++i) {
      if (out_.found[i].verdict != Verdict::NotLinearizable) continue;
      if (out_.violated.size() < most && !interrupted()) {
        const std::vector<check::Operation>& part = out_.parts[i];
        auto model = check::modelOf(out_.history.traits, part, out_.history.values);
        auto why = check::explain(check::intervalsOf(part), *model, out_.found[i], limits);
        if (why && part[why->culprit].response < first) {
          first = part[why->culprit].response;
          out_.shown = i;
          out_.why = std::move(why);
          out_.model = std::move(model);
        }
      }
      out_.violated.push_back(i);
    }
    // A whole history that is linearizable can be looked at, too.
    if (out_.violated.empty() && out_.parts.size() == 1) out_.shown = 0;
  }

  const JudgeOptions& options_;
  const std::string& path_;
  const Clock::time_point begin_ = Clock::now();
  std::optional<Clock::time_point> due_ = {};
  std::uint64_t memory_ = 0;
  std::atomic<std::uint64_t> next_ = 0;
  std::mutex mutex_;
  std::condition_variable done_;
  std::uint64_t running_ = 0;
  Judgement out_;
};

// The exit code for one file.
int judge(const std::string& path, const JudgeOptions& options) {
  const std::string name = path == "-" ? "standard input" : path.empty() ? "''" : path;
  Bytes bytes(path);
  if (bytes.peek() == Bytes::end && bytes.taken() == 0 && !bytes.wrong().empty()) {
    printError(fmt::format("{}: {}\n", printable(name), bytes.wrong()));
    return exitBadInput;
  }
  HistoryRead read = readHistory(bytes, options.reading);
  for (const HistoryMistake& each : read.mistakes) {
    printError(mistakeText(name, each.mistake, each.line, Style{wantsColour(stderr)}));
  }
  if (read.interrupted) {
    print(fmt::format("? {}: interrupted while it was read\n", printable(name)));
    return exitInterrupted;
  }
  if (!read.history) return exitBadInput;
  if (!read.note.empty()) printError(fmt::format("{}:{}\n", printable(name), read.note));
  const Judgement judgement = Judge(*read.history, options, name).run();
  print(judgementText(judgement, name, options));
  if (!judgement.violated.empty()) return exitFails;
  if (judgement.interrupted) return exitInterrupted;
  return judgement.unknown() ? exitUnknown : exitHolds;
}

}  // namespace

std::optional<std::uint64_t> parseMemory(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> count = scenario::parseCount(text.substr(0, digits));
  const std::string_view unit = scenario::trimmed(text.substr(digits));
  if (!count || *count == 0 || *count > 1'000'000'000) return std::nullopt;
  for (const auto& [name, size] :
       std::initializer_list<std::pair<std::string_view, std::uint64_t>>{{"kB", 1'000},
                                                                         {"KB", 1'000},
                                                                         {"MB", 1'000'000},
                                                                         {"GB", 1'000'000'000},
                                                                         {"KiB", 1 << 10},
                                                                         {"MiB", 1 << 20},
                                                                         {"GiB", 1 << 30}}) {
    if (unit == name) return *count * size;
  }
  return std::nullopt;
}

int judgeAll(const std::vector<std::string>& files, const JudgeOptions& options) {
  int worst = exitHolds;
  const auto weight = [](int code) {
    constexpr int order[] = {exitHolds, exitUnknown, exitFails, exitBadInput, exitInterrupted};
    return std::ranges::find(order, code) - order;
  };
  for (const std::string& file : files) {
    const int code = judge(file, options);
    if (weight(code) > weight(worst)) worst = code;
    if (interrupted()) break;
  }
  return worst;
}

}  // namespace raft::cli
