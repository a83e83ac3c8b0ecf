// Linearizability: whether operations that overlapped in time can have happened one after another,
// each at a moment between its call and its response, on an object that does one thing at a time.
//
// The search is Wing and Gong's with Lowe's memoisation ("Testing for linearizability", 2017), the
// one that Porcupine made well known; docs/checking.md tells what was added to it. An object is a
// Model: objects.h has registers, key-value stores and logs; one's own is a class of some lines.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace raft::check {

inline constexpr std::uint32_t never = 0xffffffff;

// An operation's number: its place in the vector of Intervals.
using OperationId = std::uint32_t;

// When an operation was called and when it responded, as places in one order of all these events:
// no two are equal. What never responded may have happened at any time after its call, or not at
// all. An operation with call == never is not there.
struct Interval {
  std::uint32_t call;
  std::uint32_t response = never;
  // Of what never responded: an equal operation that was called before and never responded either,
  // if there is one. It is then tried first, since nothing tells the two apart.
  OperationId twin = never;
  bool operator==(const Interval&) const = default;
};

// The states of an object are numbered by its model: 0, 1, 2 … (states.h helps).
using StateId = std::uint32_t;
inline constexpr StateId noState = 0xffffffff;

// What of an operation is known in a search: explain() looks at histories that are cut short.
enum class Known : std::uint8_t { Nothing, Call, CallAndResponse };

// An object that does one thing after another. Only the first two functions are needed; the others
// make a search shorter, and must be as they say, or its verdict is wrong.
class Model {
 public:
  virtual ~Model() = default;

  virtual StateId initial() = 0;
  // The state after `operation` happened in `state`; noState: it cannot have happened there with
  // the response that it had. `responded` is false where that is not known.
  virtual StateId step(StateId state, OperationId operation, bool responded) = 0;

  // Whether an operation leaves every state as it is.
  virtual bool onlyReads(OperationId) const { return false; }
  // For people: "4", "[1 2 3]".
  virtual std::string tell(StateId state) const { return "state " + std::to_string(state); }
  // The memory that the states take.
  virtual std::uint64_t bytes() const { return 0; }

  // Foresight. A search begins; of each operation this much is known. False: there is no order.
  virtual bool begins(const std::vector<Known>&) { return true; }
  // The search places an operation. False: what is still to be placed cannot all follow.
  virtual bool placed(OperationId, StateId /*before*/, StateId /*after*/) { return true; }
  // The search takes back the operation that it placed last.
  virtual void takenBack(OperationId, StateId /*before*/, StateId /*after*/) {}
  // Whether nothing is lost by placing an operation in `state`, if that is possible there: whatever
  // could follow without it can follow then. True for what only reads.
  virtual bool harmless(StateId, OperationId operation) const { return onlyReads(operation); }
  // One state for all in which the operations that are still to be placed could do the same.
  virtual StateId canonical(StateId state) const { return state; }
};

enum class Verdict : std::uint8_t { Linearizable, NotLinearizable, Unknown };
enum class GaveUp : std::uint8_t { No, OutOfMemory, Stopped };

struct Limits {
  std::uint64_t bytes = std::uint64_t{1} << 30;  // for a search, the history itself not counted
  std::function<bool()> stop = {};               // asked now and then; true: give up
};

struct Linearization {
  Verdict verdict = Verdict::Unknown;
  GaveUp gaveUp = GaveUp::No;           // why it is unknown
  std::vector<OperationId> order = {};  // if there is one: what happened, one after another
  std::uint64_t configurations = 0;     // (what was placed, state) that were looked at
  std::uint64_t steps = 0;              // operations that were tried
  std::uint64_t bytes = 0;              // that the search took
  std::uint32_t responsesPlaced = 0;    // so many of the earliest responses fit in an order
};

Linearization linearize(const std::vector<Interval>& operations, Model& model,
                        const Limits& limits = {});

// Why a history is not linearizable. The responses up to that of the culprit's predecessor fit in
// an order; with the culprit's there is none any more, whatever came later.
struct Explanation {
  OperationId culprit;
  std::vector<OperationId> order = {};  // an order of what had responded before the culprit did
  std::vector<StateId> possible = {};   // the states in which the culprit could have happened …
  bool allPossible = false;             // … all of them
  bool exact = true;  // false: the limits were met; it may be an earlier operation's fault
};

// Nothing: the history is linearizable, or the limits do not suffice to tell.
std::optional<Explanation> explain(const std::vector<Interval>& operations, Model& model,
                                   const Linearization& found, const Limits& limits = {});

}  // namespace raft::check
