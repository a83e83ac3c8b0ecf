#include "cli/hunting.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "hunt/generate.h"
#include "hunt/hunt.h"
#include "hunt/record.h"
#include "hunt/shrink.h"
#include "scenario/words.h"
#include "trace/notation.h"

namespace raft::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::uint32_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

// Ranges that follow each other are one, so that of many parts a missing one is seen.
std::string seedsText(const hunt::Record& record) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& range : record.seeds) {
    const bool follows = !ranges.empty() && ranges.back().second + 1 == range.first;
    if (follows) ranges.back().second = range.second;
    if (!follows) ranges.push_back(range);
  }
  std::string out;
  for (const auto& [first, last] : ranges) {
    out += fmt::format("{}{}..{}", out.empty() ? "" : ", ", first, last);
  }
  return out;
}

// "1 h 23 min", "4 min 5 s", "7.3 s".
std::string longTime(Duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  if (seconds >= 3600) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  if (seconds >= 60) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1e6);
}

std::string coverageText(const hunt::Coverage& coverage) {
  const std::vector<std::string> names = hunt::namesOfKinds();
  std::string out = fmt::format("\n{:24}{:>14}{:>12}\n", "what happened", "times", "in runs");
  std::string never;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (coverage.told[i] == 0) {
      never += (never.empty() ? "" : ", ") + names[i];
    } else {
      out += fmt::format("{:24}{:>14}{:>12}\n", names[i], coverage.told[i], coverage.runs[i]);
    }
  }
  if (!never.empty()) out += wrapped("never: " + never, terminalWidth(80)) + "\n";
  return out;
}

std::string findsText(const hunt::Record& record, const Style& style) {
  std::string out;
  for (const hunt::Kind& kind : record.tally.finds) {
    out += fmt::format("{} {} in {}, first with seed {} at {}: {}\n", style.bad("✗"),
                       kind.find.kind, trace::counted(kind.count, "run"), kind.seed,
                       trace::text(kind.find.time), kind.find.sentence);
  }
  return out;
}

std::string totals(const hunt::Record& record) {
  return fmt::format(
      "seeds {}: {}, {}, {} simulated", seedsText(record), trace::counted(record.tally.runs, "run"),
      trace::counted(record.tally.events, "event"), longTime(record.tally.simulated));
}

int told(const hunt::Record& record, const Style& style) {
  const std::uint64_t finds = record.tally.findCount();
  return finds == 0 ? (print(style.good("nothing found") + "\n"), exitHolds)
                    : (print(style.bad(trace::counted(finds, "run") + " found something") + "\n"),
                       exitFails);
}

// Returns false if it cannot be written, which was told.
bool write(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (out) return true;
  printError(fmt::format("raftlab: {} cannot be written; --out names a folder for what was found\n",
                         printable(path.string())));
  return false;
}

// "ElectionSafety-17.yaml": without what is no good in names of files.
std::string fileNameOf(const hunt::Kind& kind) {
  std::string name = kind.find.kind;
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain) c = '-';
  }
  return fmt::format("{}-{}.yaml", name, kind.seed);
}

class Hunting {
 public:
  explicit Hunting(const HuntingOptions& options)
      : options_(options), style_{options.colour}, begun_(Clock::now()) {}

  int run() {
    if (!options_.out.empty() && !prepareFolder()) return exitBadInput;
    hunt::Record record;
    record.tally = hunt::hunt({.first = options_.seeds.first,
                               .last = options_.seeds.last,
                               .threads = cores(),
                               .untilFirstFind = options_.untilFirstFind,
                               .rules = options_.rules,
                               .stop = [this] { return isOver(); },
                               .progress = progress()});
    if (options_.progress) printError("\r\x1b[K");
    // Each seed from the first on was run, as threads take them in order.
    if (record.tally.runs > 0) {
      record.seeds = {{options_.seeds.first, options_.seeds.first + record.tally.runs - 1}};
    }
    say(summary(record));
    for (const hunt::Kind& kind : record.tally.finds) {
      if (!tellShrunk(kind)) return exitBadInput;
    }
    if (!options_.out.empty() && !record.seeds.empty()) {
      const auto [first, last] = record.seeds[0];
      const fs::path path = fs::path(options_.out) / fmt::format("seeds-{}-{}.json", first, last);
      if (!write(path, hunt::textOf(record))) return exitBadInput;
    }
    const int code = told(record, style_);
    return interrupted() ? exitInterrupted : code;
  }

 private:
  void say(const std::string& text) const { print(options_.ascii ? inAscii(text) : text); }

  bool isOver() const {
    return interrupted() || (options_.time && Clock::now() - begun_ >= *options_.time);
  }

  bool prepareFolder() const {
    std::error_code error;
    fs::create_directories(options_.out, error);
    if (!error) return true;
    printError(fmt::format("raftlab: --out: there can be no folder {}: {}\n",
                           printable(options_.out), error.message()));
    return false;
  }

  std::function<void(std::uint64_t, std::uint64_t)> progress() {
    if (!options_.progress) return {};
    return [this](std::uint64_t runs, std::uint64_t finds) {
      const Clock::time_point now = Clock::now();
      if (now - shown_ < std::chrono::milliseconds(200)) return;
      shown_ = now;
      printError(
          fmt::format("\r\x1b[K{} runs, {:.0f} a second, {} with a find", runs, rate(runs), finds));
    };
  }
  double rate(std::uint64_t runs) const {
    const std::chrono::duration<double> spent = Clock::now() - begun_;
    return static_cast<double>(runs) / std::max(spent.count(), 1e-6);
  }

  std::string summary(const hunt::Record& record) const {
    const auto spent = std::chrono::duration_cast<Duration>(Clock::now() - begun_);
    return fmt::format("{}, in {} ({:.0f} runs a second)\n", totals(record), longTime(spent),
                       rate(record.tally.runs)) +
           coverageText(record.tally.coverage) + "\n" + findsText(record, style_);
  }

  // Shrinks the first find of a kind, and writes it or prints it.
  bool tellShrunk(const hunt::Kind& kind) const {
    const hunt::Plan plan = hunt::under(options_.rules, hunt::generate(kind.seed));
    const hunt::Shrunk shrunk =
        hunt::shrink(plan, kind.find, {.threads = cores(), .stop = [] { return interrupted(); }});
    const std::string text =
        hunt::textOf(shrunk.plan, hunt::headingOf(shrunk, kind.seed, plan.steps.size()));
    say(fmt::format("\n{}, seed {}: shrunk from {} to {} in {}\n", kind.find.kind, kind.seed,
                    trace::counted(plan.steps.size(), "step"), shrunk.plan.steps.size(),
                    trace::counted(shrunk.trials, "run")));
    if (options_.out.empty()) {
      print("\n" + text + "\n");
      return true;
    }
    const fs::path path = fs::path(options_.out) / fileNameOf(kind);
    if (!write(path, text)) return false;
    print(fmt::format("see: {} run {}\n", options_.program, printable(path.string())));
    return true;
  }

  const HuntingOptions& options_;
  const Style style_;
  const Clock::time_point begun_;
  Clock::time_point shown_ = {};
};

// Adds a file's record. Otherwise that is told.
bool addFile(const fs::path& path, hunt::Record& out) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  hunt::Record record;
  std::string wrong = in ? hunt::read(text.str(), record) : "cannot be read";
  if (wrong.empty()) wrong = out.add(record);
  if (!wrong.empty()) printError(fmt::format("{}: {}\n", printable(path.string()), wrong));
  return wrong.empty();
}

// The records in a folder, by name. Otherwise that is told.
bool addFolder(const std::string& folder, hunt::Record& out) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".json") files.push_back(at->path());
  }
  if (error) {
    printError(fmt::format("{}: cannot be read: {}\n", printable(folder), error.message()));
    return false;
  }
  if (files.empty()) {
    printError(
        fmt::format("{}: there is no record of a hunt in this folder; one is made by: "
                    "raftlab hunt --out {}\n",
                    printable(folder), printable(folder)));
    return false;
  }
  std::ranges::sort(files);
  return std::ranges::all_of(files, [&](const fs::path& file) { return addFile(file, out); });
}

}  // namespace

int hunting(const HuntingOptions& options) { return Hunting(options).run(); }

int addUp(const std::vector<std::string>& folders, bool colour, bool ascii) {
  hunt::Record all;
  bool good = true;
  for (const std::string& folder : folders) good = addFolder(folder, all) && good;
  if (!good) return exitBadInput;
  const Style style{colour};
  const std::string text =
      totals(all) + "\n" + coverageText(all.tally.coverage) + "\n" + findsText(all, style);
  print(ascii ? inAscii(text) : text);
  return told(all, style);
}

}  // namespace raft::cli
