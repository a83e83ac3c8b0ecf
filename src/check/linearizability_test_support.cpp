#include "check/linearizability_test_support.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "raft/random.h"

namespace raft::check {
namespace {

// What stands under a key, spelt so that equal things are spelt alike: "nil", "a3" (an atom), "sab"
// (a string), "l,1,2" (a list).
std::string spelt(ValueId value, const Values& values) {
  if (value == nil) return "nil";
  if (values.isString(value)) return "s" + std::string(values.text(value));
  if (!values.isList(value)) return "a" + std::to_string(value);
  std::string out = "l";
  for (const ValueId item : values.items(value)) out += "," + std::to_string(item);
  return out;
}

std::vector<std::string> itemsOf(const std::string& list) {
  std::vector<std::string> items;
  for (std::size_t at = list.find(','); at != list.npos;) {
    const std::size_t end = list.find(',', at + 1);
    items.push_back(list.substr(at + 1, end - at - 1));
    at = end;
  }
  return items;
}

struct Object {
  const ObjectTraits& traits;
  const Values& values;

  // Does the operation; false: it would have responded otherwise.
  bool perform(std::string& state, const Operation& operation, bool responded) const {
    const bool told = responded && operation.result != untold;
    switch (operation.function) {
      case Function::Read: return !told || reads(state, operation);
      case Function::Write: state = spelt(operation.argument, values); return true;
      case Function::Delete: state = "nil"; return true;
      case Function::Append: {
        const std::uint64_t position = itemsOf(state).size() + traits.firstPosition;
        append(state, operation.argument);
        if (!told) return true;
        if (traits.kind != ObjectKind::Log) return spelt(operation.result, values) == state;
        return values.text(operation.result) == std::to_string(position);
      }
      case Function::CompareAndSet: {
        const bool equal = state == spelt(operation.expected, values);
        if (equal) state = spelt(operation.argument, values);
        return !responded || equal == (operation.outcome == Outcome::Ok);
      }
    }
    return false;
  }

  bool reads(const std::string& state, const Operation& read) const {
    if (traits.kind == ObjectKind::Log && read.argument != nil) {
      const std::vector<std::string> items = itemsOf(state);
      const std::uint64_t at =
          std::stoull(std::string(values.text(read.argument))) - traits.firstPosition;
      if (at >= items.size()) return read.result == nil;
      return items[at] == std::to_string(read.result);
    }
    const std::string seen = spelt(read.result, values);
    const bool appends = traits.appends || traits.kind == ObjectKind::Log;
    const bool mayBeEmpty = appends && state == "nil";
    return seen == state || (mayBeEmpty && seen == (traits.lists ? "l" : "s"));
  }

  void append(std::string& state, ValueId value) const {
    if (traits.lists) {
      state = (state == "nil" ? "l" : state) + "," + std::to_string(value);
    } else {
      state = (state == "nil" ? "s" : state) + std::string(values.text(value));
    }
  }
};

// All orders, one after another, until `visit` says that it is enough.
class Orders {
 public:
  Orders(const ObjectTraits& traits, const std::vector<Operation>& operations, const Values& values)
      : object_{traits, values}, operations_(operations), placed_(operations.size()) {}

  template <class Visit>
  bool any(Visit visit) {
    bool all = true;
    for (OperationId i = 0; i < operations_.size(); ++i) {
      all = all && (placed_[i] || operations_[i].response == never);
    }
    if (all && visit(before_)) return true;
    for (OperationId i = 0; i < operations_.size(); ++i) {
      if (placed_[i] || !isNext(i)) continue;
      const Operation& operation = operations_[i];
      const std::map<ValueId, std::string> saved = states_;
      std::string& state = states_.try_emplace(operation.key, "nil").first->second;
      before_.push_back({i, state});
      placed_[i] = true;
      const bool possible = object_.perform(state, operation, operation.response != never);
      const bool found = possible && any(visit);
      placed_[i] = false;
      before_.pop_back();
      states_ = saved;
      if (found) return true;
    }
    return false;
  }

  const std::map<ValueId, std::string>& states() const { return states_; }

 private:
  bool isNext(OperationId i) const {
    for (OperationId j = 0; j < operations_.size(); ++j) {
      if (!placed_[j] && operations_[j].response < operations_[i].call) return false;
    }
    return true;
  }

  Object object_;
  const std::vector<Operation>& operations_;
  std::vector<bool> placed_;
  std::map<ValueId, std::string> states_;
  std::vector<std::pair<OperationId, std::string>>
      before_;  // what was placed, and the state before
};

// Until the event `last`.
std::vector<Operation> cut(const std::vector<Operation>& operations, std::uint32_t last) {
  std::vector<Operation> out;
  for (Operation operation : operations) {
    if (operation.call > last) continue;
    if (operation.response > last) operation.response = never;
    out.push_back(operation);
  }
  return out;
}

// The first response with which there is no order any more.
OperationId culpritOf(const ObjectTraits& traits, const std::vector<Operation>& part,
                      const Values& values) {
  std::map<std::uint32_t, OperationId> responses;
  for (OperationId i = 0; i < part.size(); ++i) {
    if (part[i].response != never) responses[part[i].response] = i;
  }
  for (const auto& [when, operation] : responses) {
    if (!isLinearizable(traits, cut(part, when), values)) return operation;
  }
  return never;
}

// In which states the culprit can have happened.
std::set<std::string> statesAround(const Operation& culprit, const ObjectTraits& traits,
                                   const std::vector<Operation>& part, const Values& values) {
  std::vector<Operation> before = cut(part, culprit.response - 1);
  const auto it = std::ranges::find(before, culprit.call, &Operation::call);
  const OperationId id = static_cast<OperationId>(it - before.begin());
  std::set<std::string> states;
  Orders(traits, before, values).any([&](const auto& order) {
    for (const auto& [operation, state] : order) {
      if (operation == id) states.insert(state);
    }
    return false;
  });
  return states;
}

class Generator {
 public:
  Generator(std::uint64_t seed, const Chances& chances, Values& values)
      : random_{.seed = seed}, chances_(chances), values_(values) {}

  std::vector<Operation> run() {
    const std::uint64_t count = 2 + random_.below(chances_.most - 1);
    std::vector<OperationId> underWay;
    std::vector<bool> done;
    const std::uint32_t processes =
        2 + static_cast<std::uint32_t>(random_.below(chances_.most / 2));
    std::uint32_t now = 0;
    while (operations_.size() < count || !underWay.empty()) {
      const bool calls = operations_.size() < count && underWay.size() < processes &&
                         (underWay.empty() || random_.below(2) == 0);
      if (calls) {
        underWay.push_back(static_cast<OperationId>(operations_.size()));
        done.push_back(false);
        operations_.push_back(called(now++));
        continue;
      }
      const std::uint64_t at = random_.below(underWay.size());
      const OperationId operation = underWay[at];
      if (!done[operation] && random_.below(4) != 0) {
        happen(operations_[operation]);
        done[operation] = true;
      } else {
        if (!done[operation]) happen(operations_[operation]);
        respond(operations_[operation], now++);
        underWay.erase(underWay.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    if (random_.below(3) != 0) {
      for (int i = 0; i < 4; ++i) spoil();
    }
    return operations_;
  }

 private:
  Operation called(std::uint32_t now) {
    Operation operation{.process = now, .call = now};
    operation.key = keyOf(random_.below(chances_.keys));
    std::uint64_t draw = random_.below(4 + chances_.write + chances_.append + chances_.remove +
                                       chances_.compareAndSet);
    const auto isBelow = [&](std::uint32_t share) {
      if (draw < share) return true;
      draw -= share;
      return false;
    };
    if (isBelow(chances_.write)) {
      operation.function = Function::Write;
    } else if (isBelow(chances_.append)) {
      operation.function = Function::Append;
    } else if (isBelow(chances_.remove)) {
      operation.function = Function::Delete;
    } else if (isBelow(chances_.compareAndSet)) {
      operation.function = Function::CompareAndSet;
      operation.expected = random_.below(8) == 0 ? nil : put();
    }
    if (operation.function == Function::Append) operation.argument = value();
    if (operation.function == Function::Write || operation.function == Function::CompareAndSet) {
      operation.argument = put();
    }
    if (chances_.log && operation.function == Function::Read && random_.below(2) == 0) {
      operation.argument = number(1 + random_.below(4));
    }
    return operation;
  }

  ValueId number(std::uint64_t n) { return values_.atom(std::to_string(n)); }
  ValueId keyOf(std::uint64_t n) { return values_.string("k" + std::to_string(n)); }
  ValueId value() {
    if (chances_.strings) {
      // So that one may be made in several ways, of nothing too.
      constexpr std::string_view some[] = {"a", "b", "ab", ""};
      return values_.string(some[random_.below(std::size(some))]);
    }
    return number(chances_.values == 0 ? ++fresh_ : 1 + random_.below(chances_.values));
  }
  // What is put where one appends to lists may be a list.
  ValueId put() {
    const bool lists = chances_.append != 0 && !chances_.strings && !chances_.log;
    if (!lists || random_.below(2) == 0) return value();
    std::vector<ValueId> items(random_.below(3));
    for (ValueId& item : items) item = value();
    return values_.list(items);
  }

  // The object answers.
  void happen(Operation& operation) {
    std::string& state = states_.try_emplace(operation.key, "nil").first->second;
    ObjectTraits traits{.kind = chances_.log ? ObjectKind::Log : ObjectKind::KeyValue,
                        .appends = chances_.append != 0,
                        .lists = chances_.append != 0 && !chances_.strings,
                        .firstPosition = 1};
    const Object object{traits, values_};
    operation.outcome = Outcome::Ok;
    if (operation.function == Function::Append && chances_.log) {
      if (random_.below(4) != 0) operation.result = number(itemsOf(state).size() + 1);
    }
    if (operation.function == Function::Read) operation.result = seen(state, operation.argument);
    if (operation.function == Function::CompareAndSet) {
      const bool equal = state == spelt(operation.expected, values_);
      operation.outcome = equal ? Outcome::Ok : Outcome::Mismatch;
      if (!equal) return;
    }
    Operation untoldOne = operation;
    untoldOne.result = untold;
    object.perform(state, untoldOne, false);
    const bool tells = operation.function == Function::Append && !chances_.log;
    if (tells && random_.below(2) == 0) operation.result = seen(state, nil);
  }

  ValueId seen(const std::string& state, ValueId position) {
    const auto isSame = [&](ValueId value) { return spelt(value, values_) == state; };
    const std::vector<std::string> items = itemsOf(state);
    std::uint64_t at = 0;
    if (chances_.log && values_.isCount(position, at)) {
      return at <= items.size() ? static_cast<ValueId>(std::stoul(items[at - 1])) : nil;
    }
    if (state[0] == 's') return values_.string(state.substr(1));
    if (state[0] == 'l') {
      std::vector<ValueId> list;
      for (const std::string& item : items) list.push_back(static_cast<ValueId>(std::stoul(item)));
      return values_.list(list);
    }
    for (ValueId value = 0; value < values_.size(); ++value) {
      if (isSame(value)) return value;
    }
    return nil;
  }

  void respond(Operation& operation, std::uint32_t now) {
    const bool dropped = operation.outcome == Outcome::Mismatch && !chances_.mismatches;
    if (dropped || random_.below(10) < chances_.unanswered) {
      operation.outcome = Outcome::Unknown;
      operation.result = untold;
    } else {
      operation.response = now;
    }
  }

  // One answer becomes another one.
  void spoil() {
    Operation& one = operations_[random_.below(operations_.size())];
    if (one.response == never) return;
    if (one.function == Function::CompareAndSet && chances_.mismatches) {
      one.outcome = one.outcome == Outcome::Ok ? Outcome::Mismatch : Outcome::Ok;
    }
    if (one.function == Function::Append && chances_.log) one.result = number(1 + random_.below(4));
    const bool tellsAll = one.function == Function::Append && !chances_.log;
    if (tellsAll && one.result != untold) one.result = someOf(one.key);
    if (one.function != Function::Read) return;
    if (chances_.append != 0 && one.argument == nil) {
      one.result = someOf(one.key);
    } else {
      one.result = random_.below(4) == 0 ? nil : value();
    }
  }

  // What some of the appends make, in the order of calls or backwards.
  ValueId someOf(ValueId key) {
    std::vector<ValueId> items;
    for (const Operation& operation : operations_) {
      const bool appends = operation.function == Function::Append && operation.key == key;
      if (appends && random_.below(3) != 0) items.push_back(operation.argument);
    }
    if (random_.below(2) == 0) std::ranges::reverse(items);
    if (!chances_.strings) return values_.list(items);
    std::string bytes;
    for (const ValueId item : items) bytes += values_.text(item);
    return values_.string(bytes);
  }

  Random random_;
  const Chances& chances_;
  Values& values_;
  std::vector<Operation> operations_;
  std::map<ValueId, std::string> states_;
  std::uint64_t fresh_ = 0;
};

}  // namespace

std::vector<Operation> smallHistory(std::uint64_t seed, const Chances& chances, Values& values) {
  return Generator(seed, chances, values).run();
}

bool isLinearizable(const ObjectTraits& traits, const std::vector<Operation>& operations,
                    const Values& values) {
  return Orders(traits, operations, values).any([](const auto&) { return true; });
}

std::string whatIsWrongWith(const std::vector<OperationId>& order, const ObjectTraits& traits,
                            const std::vector<Operation>& part, const Values& values) {
  const Object object{traits, values};
  std::string state = "nil";
  std::vector<bool> placed(part.size());
  std::uint32_t latestCall = 0;
  for (const OperationId i : order) {
    const Operation& operation = part[i];
    const std::string name = "operation " + std::to_string(i);
    if (placed[i]) return name + " happens twice";
    placed[i] = true;
    if (operation.response < latestCall) return name + " happens after one called later";
    latestCall = std::max(latestCall, operation.call);
    if (!object.perform(state, operation, operation.response != never)) {
      return name + " would have responded otherwise";
    }
  }
  for (OperationId i = 0; i < part.size(); ++i) {
    if (!placed[i] && part[i].response != never) return std::to_string(i) + " does not happen";
  }
  return "";
}

std::string whatIsWrongWithTheExplanation(const ObjectTraits& traits,
                                          const std::vector<Operation>& operations,
                                          const Values& values) {
  for (const std::vector<Operation>& part : partsOf(operations)) {
    const OperationId culprit = culpritOf(traits, part, values);
    const std::unique_ptr<Model> model = modelOf(traits, part, values);
    const std::vector<Interval> intervals = intervalsOf(part);
    const auto found = explain(intervals, *model, linearize(intervals, *model));
    if (culprit == never) {
      if (found) return "it explains what is linearizable";
      continue;
    }
    if (!found) return "it explains nothing";
    if (found->culprit != culprit) {
      return "culprit " + std::to_string(found->culprit) + " instead of " + std::to_string(culprit);
    }
    // The order is of what had responded when the last one before the culprit did.
    std::uint32_t last = 0;
    for (const Operation& operation : part) {
      if (operation.response < part[culprit].response) last = std::max(last, operation.response);
    }
    std::vector<Operation> before = part;
    for (Operation& operation : before) {
      if (operation.response > last) operation.response = never;
    }
    const std::string wrong = whatIsWrongWith(found->order, traits, before, values);
    if (!wrong.empty()) return "the order: " + wrong;
    if (!found->exact || !found->allPossible) return "it is not exact";
    const auto states = statesAround(part[culprit], traits, part, values);
    if (states.size() != found->possible.size()) {
      return std::to_string(found->possible.size()) + " states are possible instead of " +
             std::to_string(states.size());
    }
  }
  return "";
}

std::string text(const std::vector<Operation>& operations, const Values& values) {
  static constexpr const char* names[] = {"read", "write", "cas", "append", "delete"};
  std::string out;
  for (const Operation& operation : operations) {
    out += std::to_string(operation.call) + "-" +
           (operation.response == never ? "never" : std::to_string(operation.response)) + " " +
           values.tell(operation.key) + " " + names[static_cast<int>(operation.function)] + " " +
           values.tell(operation.expected) + " " + values.tell(operation.argument) + " → " +
           values.tell(operation.result) +
           (operation.outcome == Outcome::Mismatch ? " mismatch" : "") + "\n";
  }
  return out;
}

}  // namespace raft::check
