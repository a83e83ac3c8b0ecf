// Objects whose histories are checked for linearizability: registers, key-value stores, logs.
//
// Operations name their values by number (values.h). Those on different keys are independent, so a
// history is linearizable if each key's part of it is: check each part by itself.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check/linearizability.h"
#include "check/values.h"

namespace raft::check {

enum class ObjectKind : std::uint8_t {
  Register,  // read, write, compare and set
  KeyValue,  // get, put, append, delete, compare and set; a register for each key, unless something
             // is appended: to a string if all that is appended are strings and no list is ever
             // read, to a list otherwise
  Log,       // append, which may tell the position; read, of all or of one position
};

enum class Function : std::uint8_t { Read, Write, CompareAndSet, Append, Delete };

enum class Outcome : std::uint8_t {
  Ok,
  Mismatch,  // a compare-and-set found something else than it expected, and changed nothing
  Unknown,   // it never responded
};

struct Operation {
  std::uint32_t process = 0;
  Function function = Function::Read;
  Outcome outcome = Outcome::Unknown;
  ValueId key = nil;
  ValueId argument = nil;  // what is written, appended or set; the position to read (nil: all)
  ValueId expected = nil;  // by a compare-and-set
  // What was read. Of an append: its position in a log; elsewhere all that then stood there.
  ValueId result = untold;
  std::uint32_t call = 0;  // as in Interval
  std::uint32_t response = never;
  bool operator==(const Operation&) const = default;
};

// What an object is, worked out from its whole history.
struct ObjectTraits {
  ObjectKind kind = ObjectKind::Register;
  bool appends = false;             // there are appends …
  bool lists = false;               // … to lists
  std::uint64_t firstPosition = 0;  // of a log
  bool operator==(const ObjectTraits&) const = default;
};
// A log's first position is 0 if some operation was told position 0, and 1 otherwise.
ObjectTraits traitsOf(ObjectKind kind, const std::vector<Operation>& operations,
                      const Values& values);

// The operations of each key, in the order of calls; keys in the order in which they appear.
std::vector<std::vector<Operation>> partsOf(const std::vector<Operation>& operations);

std::vector<Interval> intervalsOf(const std::vector<Operation>& part);

// Keeps references to both.
std::unique_ptr<Model> modelOf(const ObjectTraits& traits, const std::vector<Operation>& part,
                               const Values& values);

// Why the culprit cannot be placed.
struct Reason {
  std::string sentence = {};                // or two; empty: the search alone can tell
  std::vector<OperationId> witnesses = {};  // that it names
};
// `nameOf` names an operation: "process 3's write 2 (line 7)".
Reason reasonOf(const Explanation& explanation, const ObjectTraits& traits,
                const std::vector<Operation>& part, const Values& values, const Model& model,
                const std::function<std::string(OperationId)>& nameOf);

}  // namespace raft::check
