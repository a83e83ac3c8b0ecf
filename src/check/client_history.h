// What clients of one object saw, written down while they go, and whether it is linearizable: in
// one call, for a test or a simulated run. objects.h and linearizability.h have the parts.
//
//   ClientHistory history(ObjectKind::KeyValue);
//   const OperationId put = history.called(0, Function::Write, "x", "1");
//   history.responded(put);
//   const OperationId get = history.called(1, Function::Read, "x");
//   history.read(get, std::nullopt);
//   const HistoryJudgement judged = judge(history);  // not linearizable, and why in words
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/objects.h"

namespace raft::check {

// A value: the same calls make the same history. Values and keys are bytes; none: nothing is there.
class ClientHistory {
 public:
  using Bytes = std::optional<std::string_view>;

  explicit ClientHistory(ObjectKind kind) : kind_(kind) {}

  // Each of these is later than all that was written down before. What never gets a response may
  // have happened at any time after its call, or not at all. A client that calls again without one
  // has given up waiting for it.
  OperationId called(std::uint32_t client, Function function, std::string_view key = {},
                     Bytes argument = {});
  OperationId calledCompareAndSet(std::uint32_t client, std::string_view key, Bytes expected,
                                  Bytes argument);
  // It happened. Mismatch: a compare-and-set that found something else. At most one response each.
  void responded(OperationId operation, Outcome outcome = Outcome::Ok);
  // A read happened, and this was there.
  void read(OperationId operation, Bytes seen);
  // An append to a log happened, and got this position.
  void appended(OperationId operation, std::uint64_t position);
  // An append to what stands under a key happened, and then this stood there.
  void appended(OperationId operation, std::string_view all);

  ObjectKind kind() const { return kind_; }
  const std::vector<Operation>& operations() const { return operations_; }
  const Values& values() const { return values_; }

 private:
  ValueId valueOf(Bytes bytes) { return bytes ? values_.string(*bytes) : nil; }

  ObjectKind kind_;
  Values values_ = {};
  std::vector<Operation> operations_ = {};
  std::uint32_t events_ = 0;
};

// "client 1's read of "x"→nil".
std::string nameOf(const Operation& operation, const Values& values);

// An OperationId here is a place in the operations that were given.
struct HistoryJudgement {
  Verdict verdict = Verdict::Linearizable;    // not linearizable if one key is not
  GaveUp gaveUp = GaveUp::No;                 // why it is unknown
  std::optional<OperationId> culprit = {};    // the first whose response leaves no order
  std::vector<OperationId> order = {};        // of the culprit's key: what fits without it
  std::vector<OperationId> witnesses = {};    // operations that the sentence names
  std::string why = {};                       // in sentences; empty: it is linearizable
  std::uint64_t configurations = 0;           // that were looked at
  std::vector<OperationId> keysWithout = {};  // an operation for each key that has no order
};

// Judges each key by itself; `limits` are for each. Requires of each operation that its call comes
// before its response, and that no two of these events are equal.
HistoryJudgement judge(ObjectKind kind, const std::vector<Operation>& operations,
                       const Values& values, const Limits& limits = {});
inline HistoryJudgement judge(const ClientHistory& history, const Limits& limits = {}) {
  return judge(history.kind(), history.operations(), history.values(), limits);
}

}  // namespace raft::check
