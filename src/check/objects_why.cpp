#include <algorithm>

#include "check/objects.h"
#include "check/sequence_model.h"

namespace raft::check {
namespace {

// Of what can have been there: "1", "1 or 2", "1, 2, 3 or one of 7 others".
std::string orList(const std::vector<StateId>& states, const Model& model) {
  constexpr std::uint32_t most = 3;
  const auto count = static_cast<std::uint32_t>(states.size());
  const std::uint32_t shown = count <= most + 1 ? count : most;
  std::string out;
  for (std::uint32_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == count ? " or " : ", ";
    out += model.tell(states[i]);
  }
  if (shown < count) out += " or one of " + std::to_string(count - shown) + " others";
  return out;
}

struct Why {
  const Explanation& explanation;
  const ObjectTraits& traits;
  const std::vector<Operation>& part;
  const Values& values;
  const Model& model;
  const std::function<std::string(OperationId)>& nameOf;
  std::vector<OperationId> witnesses = {};

  std::string named(OperationId operation) {
    witnesses.push_back(operation);
    return nameOf(operation);
  }
  const Operation& culprit() const { return part[explanation.culprit]; }

  // Whether `operation` brings about `value`, on its own.
  bool makes(const Operation& operation, ValueId value) const {
    switch (operation.function) {
      case Function::Read: return false;
      case Function::Delete: return value == nil;
      case Function::CompareAndSet:
        return operation.outcome != Outcome::Mismatch && operation.argument == value;
      case Function::Write:
      case Function::Append: return operation.argument == value;
    }
    return false;
  }

  // A value that was there came from somewhere.
  std::string whereItCameFrom(ValueId value);
  std::string whatCanHaveBeenThere() const;
  std::string positions();
  std::string itemNobodyAppended() const;
  std::string sentence();
};

std::string Why::whereItCameFrom(ValueId value) {
  const std::string told = values.tell(value);
  OperationId made = never;
  OperationId later = never;
  for (OperationId i = 0; i < part.size(); ++i) {
    if (i == explanation.culprit || !makes(part[i], value)) continue;
    if (part[i].call > culprit().response) {
      if (later == never) later = i;
    } else if (made != never) {
      return "";  // there are several: that says nothing
    } else {
      made = i;
    }
  }
  if (made == never) {
    if (value == nil && traits.kind != ObjectKind::Log) {
      for (OperationId i = 0; i < part.size(); ++i) {
        if (part[i].function == Function::Write && part[i].response < culprit().call) {
          return named(i) + " had put something there before, and nothing removes it.";
        }
      }
      return "";
    }
    if (later == never) return "Nobody ever wrote " + told + ".";
    return told + " is written only later, by " + named(later) + ".";
  }
  // Some other deed that came after it for certain, and before the culprit.
  for (OperationId i = 0; i < part.size(); ++i) {
    const Operation& other = part[i];
    const bool changes = other.function == Function::Write || other.function == Function::Delete ||
                         (other.function == Function::CompareAndSet &&
                          other.outcome == Outcome::Ok && other.expected != other.argument);
    if (changes && !makes(other, value) && part[made].response < other.call &&
        other.response < culprit().call) {
      const std::string maker = named(made);
      return told + " came from " + maker + ", and " + named(i) + " had replaced it before.";
    }
  }
  return "";
}

std::string Why::whatCanHaveBeenThere() const {
  if (!explanation.allPossible || explanation.possible.empty()) return "";
  return "Between its call and its response there can only have been " +
         orList(explanation.possible, model) + ".";
}

std::string Why::positions() {
  const auto* log = dynamic_cast<const SequenceModel*>(&model);
  if (log == nullptr || !explanation.allPossible || explanation.possible.empty()) return "";
  for (OperationId i = 0; i < part.size(); ++i) {
    if (i != explanation.culprit && part[i].function == Function::Append &&
        part[i].result == culprit().result && part[i].response < culprit().response) {
      return "It was told the position of " + named(i) + ".";
    }
  }
  std::vector<std::uint64_t> next;
  for (StateId state : explanation.possible) next.push_back(log->nextPosition(state));
  const auto [least, most] = std::ranges::minmax(next);
  return "Its position can only have been " + std::to_string(least) +
         (most > least ? " to " + std::to_string(most) : "") + ".";
}

// Of a list that was read: the first item that nobody had appended by then.
std::string Why::itemNobodyAppended() const {
  if (!values.isList(culprit().result)) return "";
  for (const ValueId item : values.items(culprit().result)) {
    const bool there = std::ranges::any_of(part, [&](const Operation& operation) {
      if (operation.call > culprit().response) return false;
      if (operation.function == Function::Append) return operation.argument == item;
      return operation.function != Function::Read && values.isList(operation.argument);
    });
    if (!there) return "Nobody had appended " + values.tell(item) + " by then.";
  }
  return "";
}

std::string Why::sentence() {
  const Operation& operation = culprit();
  std::string first;
  switch (operation.function) {
    case Function::Append:
      if (traits.kind == ObjectKind::Log) return positions();
      first = itemNobodyAppended();
      break;
    case Function::CompareAndSet:
      first = whereItCameFrom(operation.expected);
      if (operation.outcome == Outcome::Mismatch) {
        first = "It says that " + values.tell(operation.expected) + " was not there.";
      }
      break;
    case Function::Read:
      if (traits.kind == ObjectKind::Log || traits.appends) {
        first = itemNobodyAppended();
      } else {
        first = whereItCameFrom(operation.result);
      }
      break;
    default: break;
  }
  const std::string second = whatCanHaveBeenThere();
  return first.empty() || second.empty() ? first + second : first + " " + second;
}

}  // namespace

Reason reasonOf(const Explanation& explanation, const ObjectTraits& traits,
                const std::vector<Operation>& part, const Values& values, const Model& model,
                const std::function<std::string(OperationId)>& nameOf) {
  Why why{explanation, traits, part, values, model, nameOf};
  std::string sentence = why.sentence();
  return {std::move(sentence), std::move(why.witnesses)};
}

}  // namespace raft::check
