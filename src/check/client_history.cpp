#include "check/client_history.h"

#include <map>
#include <utility>

#include "raft/assert.h"

namespace raft::check {

OperationId ClientHistory::called(std::uint32_t client, Function function, std::string_view key,
                                  Bytes argument) {
  operations_.push_back({.process = client,
                         .function = function,
                         .key = values_.string(key),
                         .argument = valueOf(argument),
                         .call = events_++});
  return static_cast<OperationId>(operations_.size() - 1);
}

OperationId ClientHistory::calledCompareAndSet(std::uint32_t client, std::string_view key,
                                               Bytes expected, Bytes argument) {
  const OperationId operation = called(client, Function::CompareAndSet, key, argument);
  operations_[operation].expected = valueOf(expected);
  return operation;
}

void ClientHistory::responded(OperationId operation, Outcome outcome) {
  RAFT_ASSERT(operation < operations_.size(), "an operation is called before it responds");
  Operation& done = operations_[operation];
  RAFT_ASSERT(done.response == never, "an operation responds once");
  if (outcome == Outcome::Unknown) return;
  done.outcome = outcome;
  done.response = events_++;
}

void ClientHistory::read(OperationId operation, Bytes seen) {
  responded(operation);
  operations_[operation].result = valueOf(seen);
}

void ClientHistory::appended(OperationId operation, std::uint64_t position) {
  responded(operation);
  operations_[operation].result = values_.atom(std::to_string(position));
}

void ClientHistory::appended(OperationId operation, std::string_view all) {
  RAFT_ASSERT(kind_ != ObjectKind::Log, "a log tells positions");
  read(operation, all);
}

std::string nameOf(const Operation& operation, const Values& values) {
  static constexpr const char* names[] = {"read", "write", "compare-and-set", "append", "delete"};
  constexpr std::uint32_t most = 40;
  std::string out = "client " + std::to_string(operation.process) + "'s " +
                    names[static_cast<int>(operation.function)];
  const bool keyed = operation.key != nil && values.tell(operation.key) != "\"\"";
  if (keyed) out += " of " + values.tell(operation.key, most);
  if (operation.function == Function::CompareAndSet) {
    out += " from " + values.tell(operation.expected, most) + " to";
  }
  const bool reads = operation.function == Function::Read;
  if (operation.function != Function::Delete && (!reads || operation.argument != nil)) {
    out += " " + values.tell(operation.argument, most);
  }
  if (operation.outcome == Outcome::Mismatch) return out + "→no";
  return operation.result == untold ? out : out + "→" + values.tell(operation.result, most);
}

namespace {

// One key at a time, then the culprit that responded first.
class HistoryJudge {
 public:
  HistoryJudge(ObjectKind kind, const std::vector<Operation>& operations, const Values& values,
               const Limits& limits)
      : traits_(traitsOf(kind, operations, values)), values_(values), limits_(limits) {
    for (OperationId i = 0; i < operations.size(); ++i) {
      RAFT_ASSERT(operations[i].call < operations[i].response, "a call comes before its response");
      places_[operations[i].call] = i;
    }
    for (const std::vector<Operation>& part : partsOf(operations)) judgePart(part);
  }

  HistoryJudgement take() { return std::move(out_); }

 private:
  static constexpr std::uint32_t mostExplained = 16;

  void judgePart(const std::vector<Operation>& part) {
    const std::vector<Interval> intervals = intervalsOf(part);
    const std::unique_ptr<Model> model = modelOf(traits_, part, values_);
    const Linearization found = linearize(intervals, *model, limits_);
    out_.configurations += found.configurations;
    if (found.verdict == Verdict::Unknown && out_.verdict == Verdict::Linearizable) {
      out_.verdict = Verdict::Unknown;
      out_.gaveUp = found.gaveUp;
      out_.why = found.gaveUp == GaveUp::OutOfMemory ? "The memory for the search was used up."
                                                     : "The search was told to stop.";
    }
    if (found.verdict != Verdict::NotLinearizable) return;
    out_.verdict = Verdict::NotLinearizable;
    out_.gaveUp = GaveUp::No;
    out_.keysWithout.push_back(placeOf(part[0]));
    if (out_.keysWithout.size() > mostExplained) return;
    const std::optional<Explanation> why = explain(intervals, *model, found, limits_);
    if (!why || part[why->culprit].response > firstResponse_) return;
    firstResponse_ = part[why->culprit].response;
    tell(part, *model, *why);
  }

  void tell(const std::vector<Operation>& part, const Model& model, const Explanation& why) {
    const auto name = [&](OperationId i) { return nameOf(part[i], values_); };
    const Reason reason = reasonOf(why, traits_, part, values_, model, name);
    out_.culprit = placeOf(part[why.culprit]);
    out_.order = placesOf(part, why.order);
    out_.witnesses = placesOf(part, reason.witnesses);
    out_.why = "No order has room for " + name(why.culprit) +
               ". Without it, all that had responded before it did fits in one.";
    if (!reason.sentence.empty()) out_.why += " " + reason.sentence;
    if (!why.exact) out_.why += " It may be an earlier operation's fault: the limits were met.";
  }

  OperationId placeOf(const Operation& operation) const {
    return places_.find(operation.call)->second;
  }

  std::vector<OperationId> placesOf(const std::vector<Operation>& part,
                                    const std::vector<OperationId>& some) const {
    std::vector<OperationId> out;
    for (const OperationId i : some) out.push_back(placeOf(part[i]));
    return out;
  }

  const ObjectTraits traits_;
  const Values& values_;
  const Limits& limits_;
  std::map<std::uint32_t, OperationId> places_ = {};  // by their calls
  std::uint32_t firstResponse_ = never;
  HistoryJudgement out_ = {};
};

}  // namespace

HistoryJudgement judge(ObjectKind kind, const std::vector<Operation>& operations,
                       const Values& values, const Limits& limits) {
  return HistoryJudge(kind, operations, values, limits).take();
}

}  // namespace raft::check
