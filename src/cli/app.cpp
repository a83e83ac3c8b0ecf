#include "cli/app.h"

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/load.h"
#include "cli/play.h"
#include "cli/sweep.h"
#include "cli/terminal.h"
#include "scenario/words.h"

namespace raft::cli {
namespace {

const char* const examples = R"(
Examples:
  raftlab demo                              an election, a command, a leader's failure
  raftlab list                              the scenarios that ship
  raftlab run challenge                     play all of a folder
  raftlab run my.yaml --details             every message
  raftlab run my.yaml --seeds 1..1000 -q    what fails, if anything
  raftlab run my.yaml --json                facts, one JSON object a line

How to write a scenario: docs/scenarios.md. Exit codes: 0 all as expected, 1 not,
2 a bad file or flag, 130 interrupted.)";

// Flags as they were given.
struct Flags {
  std::vector<std::string> files;
  std::string seed;
  std::string seeds;
  std::string until;
  std::uint32_t width = 0;
  bool json = false;
  bool quiet = false;
  bool details = false;
  bool ascii = false;
};

int refuse(const std::string& sentence) {
  printError("raftlab: " + sentence + "\n");
  return exitBadInput;
}

// Fills `out`; otherwise returns what is wrong.
std::string seedsOf(const std::string& text, Seeds& out) {
  const std::size_t dots = text.find("..");
  const auto first = scenario::parseCount(text.substr(0, dots));
  const auto last = dots == text.npos ? first : scenario::parseCount(text.substr(dots + 2));
  if (!first || !last) {
    return fmt::format("--seeds: '{}' is not a range of seeds: expected 1..1000", text);
  }
  if (*first > *last) {
    return fmt::format("--seeds: '{}' runs backwards: expected {}..{}", text, *last, *first);
  }
  if (*last - *first >= 1'000'000'000) {
    return fmt::format("--seeds: '{}' are too many: expected at most 1000000000", text);
  }
  out = {*first, *last};
  return {};
}

std::string optionsOf(const Flags& flags, PlayOptions& out) {
  if (!flags.seed.empty()) {
    out.run.seed = scenario::parseCount(flags.seed);
    if (!out.run.seed) {
      return fmt::format("--seed: '{}' is not a seed: expected a whole number", flags.seed);
    }
  }
  if (!flags.until.empty()) {
    const scenario::Parsed<Duration> until = scenario::parseDuration(flags.until);
    if (!until.value) return "--until: " + until.wrong;
    out.run.until = *until.value;
  }
  if (flags.width != 0 && (flags.width < 40 || flags.width > 1000)) {
    return fmt::format("--width: '{}' is not possible: expected 40 to 1000 columns", flags.width);
  }
  out.width = flags.width != 0 ? flags.width : terminalWidth(80);
  out.colour = wantsColour(stdout);
  out.json = flags.json;
  out.quiet = flags.quiet;
  out.details = flags.details;
  out.ascii = flags.ascii;
  if (out.json && out.quiet) return "--json and --quiet exclude each other";
  if (out.json && out.details) return "--json tells every message already: leave out --details";
  if (out.quiet && out.details) return "--quiet and --details exclude each other";
  return {};
}

int play(const Flags& flags) {
  PlayOptions options;
  if (const std::string wrong = optionsOf(flags, options); !wrong.empty()) return refuse(wrong);
  Seeds seeds;
  if (!flags.seeds.empty()) {
    if (!flags.seed.empty()) return refuse("--seed and --seeds exclude each other");
    if (flags.json || flags.details) {
      return refuse("--seeds tells a line a seed: --json and --details go with --seed");
    }
    if (const std::string wrong = seedsOf(flags.seeds, seeds); !wrong.empty()) return refuse(wrong);
  }
  const Found found = findFiles(flags.files);
  // Mistakes in the files that were found are told even if others are missing.
  const std::optional<std::vector<Loaded>> scenarios = loadAll(found.files);
  if (!found.complete || !scenarios) return exitBadInput;
  if (flags.seeds.empty()) return playAll(*scenarios, options);
  return sweep(*scenarios, {seeds, options, wantsColour(stderr)});
}

int list() {
  const std::vector<std::string> names = shippedNames();
  if (names.empty()) {
    return refuse(
        fmt::format("there are no scenarios in {} (RAFTLAB_SCENARIOS names another "
                    "folder)",
                    shippedScenarios().string()));
  }
  std::vector<std::string> files;
  std::size_t longest = 0;
  for (const std::string& name : names) {
    files.push_back((shippedScenarios() / (name + ".yaml")).string());
    longest = std::max(longest, name.size());
  }
  const std::optional<std::vector<Loaded>> scenarios = loadAll(files);
  if (!scenarios) return exitBadInput;
  for (std::size_t i = 0; i < names.size(); ++i) {
    print(
        fmt::format("{:<{}}  {}\n", names[i], longest, printable((*scenarios)[i].scenario.title)));
  }
  return exitHolds;
}

void addTelling(CLI::App& app, Flags& flags) {
  app.add_option("--width", flags.width, "Columns of the page (default: the terminal's, or 80)")
      ->type_name("N");
  app.add_flag("--details", flags.details, "Tell every message, write and acknowledgement");
  app.add_flag("--ascii", flags.ascii, "Draw with ASCII characters only");
}

void addRun(CLI::App& app, Flags& flags) {
  CLI::App* run = app.add_subcommand("run", "Run scenarios: files, folders, or names from `list`");
  run->add_option("file", flags.files, "A scenario, a folder of them, or a name")
      ->required()
      ->type_name("FILE");
  run->add_option("--seed", flags.seed, "Another seed than the scenario's own")->type_name("N");
  run->add_option("--seeds", flags.seeds, "Each of these seeds: a line a run, then a summary")
      ->type_name("A..B");
  run->add_option("--until", flags.until, "End there, instead of where the scenario ends")
      ->type_name("TIME");
  run->add_flag("--json", flags.json, "Facts as JSON lines (docs/trace.schema.json)");
  run->add_flag("-q,--quiet", flags.quiet, "No story: the outcome, and what failed");
  addTelling(*run, flags);
}

const std::vector<std::string> subcommands = {"run", "demo", "list"};

// Of a word that is no subcommand: what to type instead.
std::string unknown(const std::string& word) {
  if (word.ends_with(".yaml") || word.ends_with(".yml")) {
    return fmt::format("there is no subcommand '{}'; to run a file: raftlab run {}", word, word);
  }
  return fmt::format(
      "there is no subcommand {}{}", scenario::quoted(word),
      scenario::suggestion(word, subcommands, "one of: " + scenario::orList(subcommands)));
}

}  // namespace

int runProgram(int argc, char** argv) {
  catchSignals();
  if (argc > 1 && argv[1][0] != '-') {
    const std::string word = argv[1];
    if (std::find(subcommands.begin(), subcommands.end(), word) == subcommands.end()) {
      return refuse(unknown(word));
    }
  }
  Flags flags;
  CLI::App app("Raftlab: watch a Raft cluster at work, break it, and see what holds.", "raftlab");
  app.footer(examples);
  app.set_version_flag("--version", "raftlab " RAFTLAB_VERSION);
  app.require_subcommand(0, 1);
  addRun(app, flags);
  CLI::App* demo = app.add_subcommand("demo", "Play an election, a command, a leader's failure");
  addTelling(*demo, flags);
  const CLI::App* listing = app.add_subcommand("list", "Show the scenarios that ship");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {
      std::ostringstream out;
      app.exit(e, out, out);
      print(out.str());
      return exitHolds;
    }
    return refuse(std::string(e.what()) + "; `raftlab --help` shows what there is");
  }
  if (app.get_subcommands().empty()) {
    print(app.help());
    return exitHolds;
  }
  if (listing->parsed()) return list();
  if (demo->parsed()) flags.files = {(shippedScenarios() / "challenge").string()};
  return play(flags);
}

}  // namespace raft::cli
