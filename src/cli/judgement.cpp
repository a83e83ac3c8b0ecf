#include "cli/judgement.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/picture.h"
#include "cli/terminal.h"
#include "scenario/words.h"
#include "trace/notation.h"

namespace raft::cli {
namespace {

using check::Function;
using check::Operation;
using check::OperationId;
using check::Outcome;
using check::Verdict;

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

class Teller {
 public:
  Teller(const Judgement& judgement, const std::string& path, const JudgeOptions& options)
      : judgement_(judgement), history_(judgement.history), path_(path), options_(options) {}

  std::string text() const {
    std::string out = verdict();
    if (!options_.quiet) {
      const check::Reason why = judgement_.why ? reason() : check::Reason{};
      if (judgement_.why) out += explanation(why);
      if (judgement_.shown) out += picture(why);
    }
    return out;
  }

 private:
  std::string verdict() const;
  std::string subject() const;
  std::string whyUnknown() const;
  std::string explanation(const check::Reason& reason) const;
  check::Reason reason() const;
  std::string picture(const check::Reason& reason) const;
  std::string legend(const Scene& scene, const Picture& drawn) const;
  // "read → 1".
  std::string labelOf(const Operation& operation, std::uint32_t most) const;
  std::string nameOf(const Operation& operation) const;
  const Told& toldOf(const Operation& operation) const;
  std::string processOf(const Operation& operation) const {
    return history_.processes[operation.process];
  }
  std::string shown(std::string text) const { return options_.ascii ? inAscii(text) : text; }

  const Judgement& judgement_;
  const History& history_;
  const std::string& path_;
  const JudgeOptions& options_;
};

// Where it stands in the file: a history's operations are in the order of calls.
const Told& Teller::toldOf(const Operation& operation) const {
  const auto at =
      std::ranges::lower_bound(history_.operations, operation.call, {}, &Operation::call);
  return history_.told[static_cast<std::size_t>(at - history_.operations.begin())];
}

std::string Teller::labelOf(const Operation& operation, std::uint32_t most) const {
  const auto tell = [&](check::ValueId value) { return history_.values.tell(value, most); };
  std::string out = toldOf(operation).function;
  switch (operation.function) {
    case Function::Read:
      if (operation.argument != check::nil) out += " " + tell(operation.argument);
      break;
    case Function::CompareAndSet:
      out += " " + tell(operation.expected) + " " + tell(operation.argument);
      break;
    case Function::Delete: break;
    default: out += " " + tell(operation.argument); break;
  }
  if (operation.outcome == Outcome::Mismatch) return out + "→no";
  return operation.result == check::untold ? out : out + "→" + tell(operation.result);
}

std::string Teller::nameOf(const Operation& operation) const {
  const Told& told = toldOf(operation);
  const std::string lines = told.responseLine == 0
                                ? fmt::format("line {}, no response", told.callLine)
                                : fmt::format("lines {} and {}", told.callLine, told.responseLine);
  return fmt::format("process {}'s {} ({})", processOf(operation), labelOf(operation, 40), lines);
}

std::string Teller::subject() const {
  std::string out = fmt::format(
      "{}: {} of {}", history_.modelText(), counted(history_.operations.size(), "operation"),
      history_.processes.size() == 1 ? "1 process"
                                     : fmt::format("{} processes", history_.processes.size()));
  if (history_.keyed) out += " on " + counted(judgement_.parts.size(), "key");
  return out;
}

std::string Teller::whyUnknown() const {
  bool memory = false;
  for (const check::Linearization& found : judgement_.found) {
    memory = memory || found.gaveUp == check::GaveUp::OutOfMemory;
  }
  if (judgement_.interrupted) return "interrupted";
  if (memory) return "the memory that --memory allows was used up";
  return "the time that --timeout allows ran out";
}

std::string Teller::verdict() const {
  const Style style{options_.colour};
  const std::string path = printable(path_);
  const std::uint32_t unknown = judgement_.unknown();
  std::string out;
  if (!judgement_.violated.empty()) {
    out = style.bad(shown("✗ ") + path + ": not linearizable");
  } else if (unknown != 0) {
    out = style.bold("? " + path + ": unknown: " + whyUnknown());
  } else {
    out = style.good(shown("✓ ") + path + ": linearizable");
  }
  const std::uint32_t wide = trace::columns(path + subject()) + 24;
  out += options_.quiet || wide <= options_.width ? " (" + subject() + ")\n"
                                                  : "\n  " + subject() + "\n";
  if (options_.quiet) return out;
  std::string more;
  if (unknown != 0) {
    std::uint64_t configurations = 0;
    std::uint64_t placed = 0;
    for (const check::Linearization& found : judgement_.found) {
      configurations += found.configurations;
      if (found.verdict == Verdict::Unknown)
        placed = std::max<std::uint64_t>(placed, found.responsesPlaced);
    }
    if (judgement_.parts.size() > 1) {
      more +=
          fmt::format("Of the {} keys, {} could not be judged. ", judgement_.parts.size(), unknown);
    }
    more +=
        fmt::format("{} configurations were looked at; the earliest {} fit in an order.{}\n",
                    configurations, counted(placed, "response"),
                    judgement_.interrupted
                        ? ""
                        : " Allow more, or record fewer clients at once: that is easier to judge.");
  }
  return out + (more.empty() ? "" : wrapped(shown(more), options_.width, 2));
}

check::Reason Teller::reason() const {
  const std::vector<Operation>& part = judgement_.parts[*judgement_.shown];
  const auto name = [&](OperationId i) { return nameOf(part[i]); };
  return check::reasonOf(*judgement_.why, history_.traits, part, history_.values, *judgement_.model,
                         name);
}

std::string Teller::explanation(const check::Reason& reason) const {
  const std::vector<Operation>& part = judgement_.parts[*judgement_.shown];
  const Operation& culprit = part[judgement_.why->culprit];
  const Told& told = toldOf(culprit);
  std::string text = "No order";
  if (history_.keyed) {
    text = fmt::format("Key {}: no order", history_.values.tell(culprit.key));
  }
  text += fmt::format(
      " has room for {}. Without it, all that had responded before line {} fits in "
      "one.",
      nameOf(culprit), told.responseLine);
  if (!reason.sentence.empty()) text += " " + reason.sentence;
  if (!judgement_.why->exact) {
    text += " It may be an earlier operation's fault: there was no time or memory to tell.";
  }
  text += "\n";
  std::string more;
  if (judgement_.violated.size() > 1) {
    std::vector<std::string> others;
    for (const std::uint32_t i : judgement_.violated) {
      if (i == *judgement_.shown || others.size() == 5) continue;
      others.push_back(history_.values.tell(judgement_.parts[i][0].key));
    }
    const std::size_t left = judgement_.violated.size() - 1 - others.size();
    if (left > 0) others.push_back(counted(left, "other"));
    more = fmt::format("{} not linearizable either: {}.\n",
                       judgement_.violated.size() == 2 ? "One more key is" : "More keys are",
                       scenario::andList(others));
  }
  const auto page = [&](const std::string& paragraph) {
    return wrapped(printable(shown(paragraph)), options_.width, 2);
  };
  return page(text) + page(more);
}

std::string Teller::legend(const Scene& scene, const Picture& drawn) const {
  const bool plain = options_.ascii;
  std::string out = plain ? "* takes effect" : "● takes effect";
  if (scene.culprit != check::never) out += plain ? "   X has no place" : "   ✗ has no place";
  if (drawn.open) out += plain ? "   ... no response" : "   ┄┄ no response";
  if (drawn.left != 0) {
    const std::string left = "(" + counted(drawn.left, "operation") + " more not shown)";
    const bool fits = trace::columns(out + left) + 5 <= options_.width;
    out += (fits ? "   " : "\n  ") + left;
  }
  return "  " + Style{options_.colour}.faint(out) + "\n";
}

std::string Teller::picture(const check::Reason& reason) const {
  const std::vector<Operation>& part = judgement_.parts[*judgement_.shown];
  Scene scene;
  for (const Operation& operation : part) {
    const std::string process = processOf(operation);
    const bool number = process.find_first_not_of("0123456789") == process.npos;
    std::string label = shown(labelOf(operation, 20));
    scene.bars.push_back({number ? "process " + process : printable(process), printable(label),
                          operation.call, operation.response});
  }
  if (judgement_.why) {
    scene.culprit = judgement_.why->culprit;
    scene.order = judgement_.why->order;
    std::erase(scene.order, scene.culprit);
    scene.witnesses = reason.witnesses;
  } else if (judgement_.found[0].verdict == Verdict::Linearizable && part.size() <= 24) {
    scene.order = judgement_.found[0].order;
  } else {
    return "";  // nothing in it stands out
  }
  const Picture drawn = pictureOf(scene, {options_.width, options_.ascii, Style{options_.colour}});
  if (drawn.lanes.empty()) return "";
  return "\n" + drawn.lanes + "\n" + legend(scene, drawn);
}

}  // namespace

std::uint32_t Judgement::unknown() const {
  return static_cast<std::uint32_t>(
      std::ranges::count(found, Verdict::Unknown, &check::Linearization::verdict));
}

std::string judgementText(const Judgement& judgement, const std::string& path,
                          const JudgeOptions& options) {
  return Teller(judgement, path, options).text();
}

}  // namespace raft::cli
