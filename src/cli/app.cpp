#include "cli/app.h"

#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/hunting.h"
#include "cli/judge.h"
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
  raftlab hunt --time 60s                   random worlds, to find what breaks, for a minute
  raftlab check my-history.edn              whether what clients saw is linearizable

How to write a scenario: docs/scenarios.md, a history: docs/checking.md. Exit codes:
0 all as expected, 1 not, 2 a bad file or flag, 3 unknown, 130 interrupted.)";

const char* const checkExamples = R"(
Examples:
  raftlab check history.edn                 Jepsen's operations, or JSON lines; .gz too
  raftlab check --model kv --timeout 1min store.jsonl
  my-test | raftlab check -

  {"process": 0, "type": "invoke", "f": "write", "value": 1}
  {"process": 0, "type": "ok", "f": "write", "value": 1}

Models: register (read, write), cas-register (and cas), kv (get, put, append,
delete, cas), log (append, read). What a history looks like: docs/checking.md.
Exit codes: 0 linearizable, 1 not, 2 a bad file or flag, 3 unknown.)";

// What a page can be: the columns of many servers beside sentences that one can read.
constexpr std::uint32_t narrowest = 60;
constexpr std::uint32_t widest = 1000;

// Flags as they were given.
struct Flags {
  std::vector<std::string> files;
  std::string seed;
  std::string seeds;
  std::string until;
  std::string width;
  bool json = false;
  bool quiet = false;
  bool details = false;
  bool ascii = false;
  std::string time;
  std::string out;
  bool first = false;
  std::vector<std::string> folders;
  std::string model = "auto";
  std::string timeout;
  std::string memory;
  std::string failedCas = "ignored";
  bool independent = false;
  const sim::Rules* rules = nullptr;
  std::string program = "raftlab";
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
  const std::optional<std::uint64_t> width = scenario::parseCount(flags.width);
  if (!flags.width.empty() && (!width || *width < narrowest || *width > widest)) {
    return fmt::format("--width: '{}' is no width of a page: expected {} to {} columns",
                       flags.width, narrowest, widest);
  }
  out.width = width ? static_cast<std::uint32_t>(*width) : terminalWidth(80);
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
  if (flags.files.empty()) {
    return refuse("run needs a scenario: a file, a folder or a name from `raftlab list`");
  }
  PlayOptions options;
  if (const std::string wrong = optionsOf(flags, options); !wrong.empty()) return refuse(wrong);
  options.run.rules = flags.rules;
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

// A flag that is one of some words; otherwise `wrong` says so.
template <class T>
T choiceOf(const std::string& flag, const std::string& word,
           const std::vector<std::pair<std::string, T>>& choices, std::string& wrong) {
  std::vector<std::string> words;
  for (const auto& [name, choice] : choices) {
    if (name == word) return choice;
    words.push_back(name);
  }
  wrong = fmt::format("{}: {} is none{}", flag, scenario::quoted(word),
                      scenario::suggestion(word, words, scenario::orList(words)));
  return choices[0].second;
}

int check(const Flags& flags) {
  if (flags.files.empty()) return refuse("check needs a history: a file, or - for standard input");
  std::string wrong;
  JudgeOptions options;
  options.reading.model = choiceOf<ModelName>("--model", flags.model,
                                              {{"auto", ModelName::Auto},
                                               {"register", ModelName::Register},
                                               {"cas-register", ModelName::CasRegister},
                                               {"kv", ModelName::KeyValue},
                                               {"log", ModelName::Log}},
                                              wrong);
  options.reading.failedCasCompared = choiceOf<bool>(
      "--failed-cas", flags.failedCas, {{"ignored", false}, {"compared", true}}, wrong);
  options.reading.independent = flags.independent;
  if (!wrong.empty()) return refuse(wrong);
  if (!flags.timeout.empty()) {
    const scenario::Parsed<Duration> timeout = scenario::parseDuration(flags.timeout);
    if (!timeout.value) return refuse("--timeout: " + timeout.wrong);
    options.timeout = *timeout.value;
  }
  if (!flags.memory.empty()) {
    const std::optional<std::uint64_t> memory = parseMemory(flags.memory);
    if (!memory) {
      return refuse(
          fmt::format("--memory: {} is no amount of memory: expected such as 500MB or 2GB",
                      scenario::quoted(flags.memory)));
    }
    options.memory = *memory;
  }
  options.reading.bytes = options.memory;
  PlayOptions telling;
  if (const std::string bad = optionsOf(flags, telling); !bad.empty()) return refuse(bad);
  options.quiet = flags.quiet;
  options.ascii = flags.ascii;
  options.colour = telling.colour;
  options.progress = isatty(fileno(stderr)) == 1;
  options.width = telling.width;
  return judgeAll(flags.files, options);
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
    files.push_back(shippedFile(name).string());
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

int hunt(const Flags& flags) {
  HuntingOptions options{.seeds = {1, 1000}};
  if (!flags.time.empty()) {
    const scenario::Parsed<Duration> time = scenario::parseDuration(flags.time);
    if (!time.value) return refuse("--time: " + time.wrong);
    options.time = *time.value;
    options.seeds.last = 1'000'000'000;
  }
  if (!flags.seeds.empty()) {
    if (const std::string wrong = seedsOf(flags.seeds, options.seeds); !wrong.empty()) {
      return refuse(wrong);
    }
  }
  options.untilFirstFind = flags.first;
  options.rules = flags.rules;
  options.program = flags.program;
  options.out = flags.out;
  options.colour = wantsColour(stdout);
  options.progress = wantsColour(stderr);
  options.ascii = flags.ascii;
  return hunting(options);
}

int report(const Flags& flags) {
  if (flags.folders.empty()) {
    return refuse("report needs a folder that `raftlab hunt --out FOLDER` has filled");
  }
  return addUp(flags.folders, wantsColour(stdout), flags.ascii);
}

void addPage(CLI::App& app, Flags& flags) {
  app.add_option("--width", flags.width,
                 fmt::format("Columns, {} to {} (default: the terminal's)", narrowest, widest))
      ->type_name("N");
  app.add_flag("--ascii", flags.ascii, "Draw with ASCII characters only");
}

void addTelling(CLI::App& app, Flags& flags) {
  addPage(app, flags);
  app.add_flag("--details", flags.details, "Tell every message, write and acknowledgement");
}

void addCheck(CLI::App& app, Flags& flags) {
  CLI::App* check = app.add_subcommand("check", "Check histories of clients for linearizability");
  check->footer(checkExamples);
  check->add_option("file", flags.files, "A history, as JSON lines or EDN; - is standard input")
      ->type_name("FILE");
  check
      ->add_option("--model", flags.model,
                   "What it is a history of: register, cas-register, kv or log (default: auto, by "
                   "the functions that are called)")
      ->type_name("MODEL");
  check
      ->add_option("--timeout", flags.timeout, "Give up on a file after that long (default: never)")
      ->type_name("TIME");
  check->add_option("--memory", flags.memory, "Give up beyond that much (default: 2GB)")
      ->type_name("SIZE");
  check->add_flag("--independent", flags.independent,
                  "Each value is [key value], as jepsen.independent writes it");
  check
      ->add_option("--failed-cas", flags.failedCas,
                   "A cas of type fail is ignored (default): it did not happen; or compared: "
                   "something else was there")
      ->type_name("WHAT");
  check->add_flag("-q,--quiet", flags.quiet, "The verdict alone");
  addPage(*check, flags);
}

void addRun(CLI::App& app, Flags& flags) {
  CLI::App* run = app.add_subcommand("run", "Run scenarios: files, folders, or names from `list`");
  run->add_option("file", flags.files, "A scenario, a folder of them, or a name")
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

void addHunt(CLI::App& app, Flags& flags) {
  CLI::App* hunt =
      app.add_subcommand("hunt", "Search random worlds for what breaks, and shrink it");
  hunt->add_option("--seeds", flags.seeds, "A world for each of these (default: 1..1000)")
      ->type_name("A..B");
  hunt->add_option("--time", flags.time, "Begin no more runs after so long, such as 60s")
      ->type_name("TIME");
  hunt->add_flag("--first", flags.first, "End with the first find");
  hunt->add_option("--out", flags.out, "A folder for the finds, as scenarios, and the record")
      ->type_name("DIR");
  hunt->add_flag("--ascii", flags.ascii, "Draw with ASCII characters only");
}

void addReport(CLI::App& app, Flags& flags) {
  CLI::App* report = app.add_subcommand("report", "Add up the records of hunts");
  report->add_option("folder", flags.folders, "Folders that `hunt --out` has filled")
      ->type_name("DIR");
  report->add_flag("--ascii", flags.ascii, "Draw with ASCII characters only");
}

const std::vector<std::string> subcommands = {"run",  "check",  "demo", "list",
                                              "hunt", "report", "help"};

// Of a word that is no subcommand: what to type instead.
std::string unknown(const std::string& word) {
  if (word.ends_with(".yaml") || word.ends_with(".yml")) {
    return fmt::format("there is no subcommand '{}'; to run a file: raftlab run {}", word, word);
  }
  return fmt::format(
      "there is no subcommand {}{}", scenario::quoted(word),
      scenario::suggestion(word, subcommands, "one of: " + scenario::orList(subcommands)));
}

std::vector<std::string> flagsOf(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

// What is wrong with the words that `app`, or a subcommand of it, has no use for.
std::string leftOver(const CLI::App& app, const std::string& command) {
  const std::vector<std::string> words = app.remaining();
  const auto isFlag = [](const std::string& word) { return word.starts_with("-"); };
  const auto found = std::find_if(words.begin(), words.end(), isFlag);
  if (found == words.end()) {
    return fmt::format("`{}` takes no {}; to play a scenario: raftlab run {}", command,
                       scenario::quoted(words[0]), words[0]);
  }
  const std::string flag = found->substr(0, found->find('='));
  for (const CLI::App* other : app.get_subcommands({})) {
    for (const std::string& each : flagsOf(*other)) {
      if (each != flag) continue;
      return fmt::format("{} stands behind its subcommand: raftlab {} {}", flag, other->get_name(),
                         flag);
    }
  }
  const std::vector<std::string> known = flagsOf(app);
  return fmt::format("`{}` has no flag {}{}", command, scenario::quoted(flag),
                     scenario::suggestion(flag, known, "one of: " + scenario::orList(known)));
}

// The library's exceptions, in our words.
std::string whatIsWrong(const CLI::ParseError& e) {
  const std::string text = e.what();
  const std::string flag = text.substr(0, text.find(':'));
  if (e.get_name() == "ArgumentMismatch" && text.ends_with("missing")) {
    return fmt::format("{} lacks its value", flag);
  }
  if (e.get_name() == "ArgumentMismatch" && text.find("At Most 1") != text.npos) {
    return fmt::format("{} stands there more than once", flag);
  }
  return text + "; `raftlab --help` shows what there is";
}

int help(const CLI::App& app, const std::vector<std::string>& words) {
  for (const CLI::App* each : app.get_subcommands({})) {
    if (words.empty() || each->get_name() != words[0]) continue;
    print(each->help("raftlab"));
    return exitHolds;
  }
  if (!words.empty() && words[0] != "help") return refuse(unknown(words[0]));
  print(app.help());
  return exitHolds;
}

}  // namespace

int runProgram(int argc, char** argv, const sim::Rules* rules) {
  catchSignals();
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const bool any = !words.empty() && !words[0].starts_with("-");
  if (any && std::find(subcommands.begin(), subcommands.end(), words[0]) == subcommands.end()) {
    return refuse(unknown(words[0]));
  }
  Flags flags;
  flags.rules = rules;
  if (rules) flags.program = printable(std::filesystem::path(argv[0]).filename().string());
  CLI::App app("Raftlab: watch a Raft cluster at work, break it, and see what holds.", "raftlab");
  app.footer(examples);
  app.set_version_flag("--version", "raftlab " RAFTLAB_VERSION);
  app.require_subcommand(0, 1);
  addRun(app, flags);
  addCheck(app, flags);
  CLI::App* demo = app.add_subcommand("demo", "Play an election, a command, a leader's failure");
  addTelling(*demo, flags);
  const CLI::App* listing = app.add_subcommand("list", "Show the scenarios that ship");
  addHunt(app, flags);
  addReport(app, flags);
  app.add_subcommand("help", "Show this, or how a subcommand is used");
  // What nobody wants is told by us, with the nearest that there is.
  app.allow_extras();
  for (CLI::App* each : app.get_subcommands({})) each->allow_extras();
  if (any && words[0] == "help") return help(app, {words.begin() + 1, words.end()});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) return refuse(whatIsWrong(e));
    std::ostringstream out;
    app.exit(e, out, out);
    print(out.str());
    return exitHolds;
  }
  for (const CLI::App* each : app.get_subcommands()) {
    if (each->remaining_size() != 0) return refuse(leftOver(*each, "raftlab " + each->get_name()));
  }
  if (app.remaining_size() != 0) return refuse(leftOver(app, "raftlab"));
  if (app.get_subcommands().empty()) {
    print(app.help());
    return exitHolds;
  }
  if (listing->parsed()) return list();
  if (app.got_subcommand("hunt")) return hunt(flags);
  if (app.got_subcommand("report")) return report(flags);
  if (app.got_subcommand("check")) return check(flags);
  if (demo->parsed()) flags.files = {(shippedScenarios() / "challenge").string()};
  return play(flags);
}

}  // namespace raft::cli
