#include "cli/play.h"

#include <fmt/format.h>

#include "cli/evidence.h"
#include "cli/terminal.h"
#include "scenario/assertions.h"
#include "scenario/words.h"
#include "trace/json.h"
#include "trace/sentence.h"
#include "trace/story.h"

namespace raft::cli {
namespace {

using scenario::Result;
using scenario::Run;

using scenario::AssertionsThrow;

// Passes facts on, keeps the deeds that no rule explains, and what may have led to a violation.
class Findings : public trace::FactSink {
 public:
  Findings(trace::FactSink* next, const trace::Names& names) : next_(next), names_(names) {}

  void told(const trace::Fact& fact) override {
    if (fact.is<trace::Unexplained>() && found.size() < 20) {
      found.push_back(
          fmt::format("at {}: {}", trace::text(fact.time), trace::sentence(fact, names_)));
    }
    evidence.told(fact);
    if (next_) next_->told(fact);
  }
  std::vector<std::string> found;
  Evidence evidence;

 private:
  trace::FactSink* next_;
  const trace::Names& names_;
};

// `pulse` is called after each event with the run.
template <class Pulse>
Outcome runTold(const scenario::Scenario& scenario, const scenario::RunOptions& options,
                trace::FactSink* sink, bool explained, Pulse pulse) {
  Run run(scenario, options);
  Findings findings(sink, run.names());
  trace::Narrator narrator(findings, run.names());
  trace::Narrator* listener = explained ? &narrator : nullptr;
  Outcome out;
  try {
    const AssertionsThrow assertionsThrow;
    run.finish(listener, [&] {
      pulse();
      return interrupted();
    });
  } catch (const BrokenAssertion& broken) {
    findings.found.push_back(fmt::format("at {}: an assertion is broken: {} ({}, {}:{})",
                                         trace::text(run.world().now()), broken.meaning,
                                         broken.condition, broken.file, broken.line));
  }
  out.result = run.result();
  out.findings = std::move(findings.found);
  if (!out.result.violations.empty()) {
    out.ledThere = findings.evidence.of(out.result.violations.front());
  }
  out.complete = run.done() || !out.findings.empty();
  return out;
}

std::vector<std::string> linesOf(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "all 24 expectations hold".
std::string allHold(std::uint64_t expectations) {
  if (expectations == 1) return "the one expectation holds";
  if (expectations == 2) return "both expectations hold";
  return fmt::format("all {} expectations hold", expectations);
}

std::string failedText(const Outcome& outcome) {
  const Result& result = outcome.result;
  std::string out = fmt::format("✗ {} of {} failed", result.failures.size(),
                                trace::counted(result.expectations, "expectation"));
  if (!result.violations.empty()) {
    out += fmt::format(", {} violated",
                       trace::counted(result.violations.size(), "property", "properties"));
  }
  if (!outcome.findings.empty()) {
    out += ", " + trace::counted(outcome.findings.size(), "finding");
  }
  return out;
}

// The last line of a run.
std::string verdict(const Outcome& outcome, const PlayOptions& options) {
  const Style style{options.colour};
  const Result& result = outcome.result;
  if (!outcome.complete) {
    return style.bad("interrupted") +
           fmt::format(" at {}: {} of {} failed so far\n", scenario::durationText(result.end),
                       result.failures.size(), trace::counted(result.expectations, "expectation"));
  }
  std::string out;
  if (!outcome.passed()) {
    out = style.bad(options.shown(failedText(outcome)));
  } else {
    const bool any = result.expectations != 0;
    out = style.good(
        options.shown("✓ " + (any ? allHold(result.expectations) : "nothing was violated")));
    if (result.stepsLeft != 0) {
      out += fmt::format(" so far: {} not reached", trace::counted(result.stepsLeft, "step"));
    } else if (!any) {
      out += ", and nothing else was expected";
    }
  }
  const std::string rest =
      fmt::format(" (seed {}, {}, {})", result.seed, trace::counted(result.events, "event"),
                  scenario::durationText(result.end));
  return out + style.faint(rest) + "\n";
}

std::string heading(const Loaded& loaded, const PlayOptions& options) {
  const scenario::Scenario& scenario = loaded.scenario;
  const std::string title = scenario.title.empty() ? loaded.path : scenario.title;
  std::string out = Style{options.colour}.bold(options.shown(title)) + "\n";
  if (!scenario.about.empty()) {
    out += "\n" + wrapped(options.shown(scenario.about), std::min(options.width, 100u));
  }
  return out + "\n";
}

// `explained`: what stories before this one have explained; is added to.
Outcome tellStory(const Loaded& loaded, const PlayOptions& options, trace::Notions& explained) {
  print(heading(loaded, options));
  std::string page;
  trace::StoryOptions look;
  look.names = trace::Names(loaded.scenario.names);
  look.servers = loaded.scenario.world.servers;
  look.width = options.width;
  look.colour = options.colour;
  look.ascii = options.ascii;
  look.details = options.details;
  look.explained = explained;
  trace::Story story(look, page);
  const auto flush = [&] {
    if (page.empty()) return;
    print(page);
    page.clear();
  };
  const Outcome out = runTold(loaded.scenario, options.run, &story, true, flush);
  story.finish();
  explained = story.explained();
  flush();
  print("\n" + failureText(loaded, out, options) + verdict(out, options));
  return out;
}

Outcome tellJson(const Loaded& loaded, const PlayOptions& options) {
  std::string lines;
  const trace::Names names(loaded.scenario.names);
  trace::JsonLines json(names, lines);
  const auto flush = [&] {
    if (lines.size() < 60'000) return;
    print(lines);
    lines.clear();
  };
  json.told(
      {.time = Time(0),
       .what = trace::Said{loaded.scenario.title.empty() ? loaded.path : loaded.scenario.title}});
  const Outcome out = runTold(loaded.scenario, options.run, &json, true, flush);
  print(lines);
  if (!out.passed() || !out.complete) {
    PlayOptions aside = options;
    aside.colour = wantsColour(stderr);
    aside.width = 100;
    printError(failureText(loaded, out, aside) + verdict(out, aside));
  }
  return out;
}

}  // namespace

Outcome runQuietly(const scenario::Scenario& scenario, const scenario::RunOptions& options,
                   bool explained) {
  return runTold(scenario, options, nullptr, explained, [] {});
}

std::string PlayOptions::shown(std::string_view text) const {
  return ascii ? inAscii(printable(text)) : printable(text);
}

// Each violation, and what led to the first.
std::string violationText(const Loaded& loaded, const Outcome& outcome,
                          const PlayOptions& options) {
  const trace::Names names(loaded.scenario.names);
  std::string out;
  std::string led;
  for (const trace::Fact& fact : outcome.ledThere) {
    std::string line =
        wrapped(options.shown(trace::sentence(fact, names)), std::max(options.width, 60u), 16);
    led += line.replace(0, 16, fmt::format("{:>14}  ", trace::text(fact.time)));
  }
  for (const check::Violation& violation : outcome.result.violations) {
    out += Style{options.colour}.bad(check::nameOf(violation)) +
           fmt::format(" is violated at {}: ", trace::text(violation.time)) +
           options.shown(check::tell(violation, names)) + "\n";
    if (!led.empty()) out += "  what led there:\n" + std::exchange(led, "");
    out += "\n";
  }
  return out;
}

std::string failureText(const Loaded& loaded, const Outcome& outcome, const PlayOptions& options) {
  const Style style{options.colour};
  std::string out;
  // "  but: " or "  why: " before the first line, what follows below it.
  const auto part = [&](std::string name, const std::vector<std::string>& lines) {
    name = "  " + name + ": ";
    for (const std::string& each : lines) {
      const std::string line = options.shown(each);
      const std::string whole = std::string(7, ' ') + line + "\n";
      const bool fits = trace::columns(whole) <= std::max(options.width, 60u) + 1;
      out += name + (fits ? whole : wrapped(line, std::max(options.width, 60u), 7)).substr(7);
      name = std::string(7, ' ');
    }
  };
  for (const scenario::Failure& failure : outcome.result.failures) {
    out += fmt::format("{}:{}:{}: at {}, expected: {}\n", loaded.path, failure.at.line,
                       failure.at.column, trace::text(failure.time),
                       style.bold(options.shown(failure.expected)));
    part("but", linesOf(failure.instead));
    part("why", failure.why);
    out += "\n";
  }
  out += violationText(loaded, outcome, options);
  for (const std::string& finding : outcome.findings) out += options.shown(finding) + "\n\n";
  return out;
}

int playAll(const std::vector<Loaded>& scenarios, const PlayOptions& options) {
  const Style style{options.colour};
  std::uint64_t failed = 0;
  std::uint64_t played = 0;
  trace::Notions explained = 0;
  bool interruptedNow = false;
  for (const Loaded& loaded : scenarios) {
    Outcome outcome;
    if (options.json) {
      outcome = tellJson(loaded, options);
    } else if (options.quiet) {
      outcome = runQuietly(loaded.scenario, options.run, true);
      print(failureText(loaded, outcome, options) + loaded.path + ": " + verdict(outcome, options));
    } else {
      if (played != 0) print("\n" + style.faint(std::string(options.width, '-')) + "\n\n");
      outcome = tellStory(loaded, options, explained);
    }
    ++played;
    if (!outcome.passed()) ++failed;
    interruptedNow = !outcome.complete || interrupted();
    if (interruptedNow) break;
  }
  if (scenarios.size() > 1 && !options.json) {
    std::string text = (options.quiet ? "" : "\n") + trace::counted(played, "scenario") + ": ";
    text +=
        failed == 0 ? style.good("all as expected") : style.bad(std::to_string(failed) + " failed");
    if (played < scenarios.size()) {
      text += fmt::format(", {} not played", scenarios.size() - played);
    }
    print(text + "\n");
  }
  if (interruptedNow) return exitInterrupted;
  return failed == 0 ? exitHolds : exitFails;
}

}  // namespace raft::cli
