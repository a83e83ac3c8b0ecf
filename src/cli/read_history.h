// A file's history: what clients asked of an object and were answered. docs/checking.md says what
// may stand there.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/objects.h"
#include "cli/bytes.h"
#include "scenario/mistake.h"

namespace raft::cli {

enum class ModelName : std::uint8_t { Auto, Register, CasRegister, KeyValue, Log };

struct HistoryOptions {
  ModelName model = ModelName::Auto;
  bool independent = false;        // each value is [key value], as jepsen.independent has it
  bool failedCasCompared = false;  // a cas that failed found something else; else it says nothing
  std::uint64_t bytes = 0;         // that a history may take; 0: any number
};

// Where an operation stands, for people: what check::Operation does not say.
struct Told {
  std::string function;  // the file's own word
  std::uint32_t callLine = 0;
  std::uint32_t responseLine = 0;  // 0: it never responded
};

struct History {
  ModelName model = ModelName::Auto;  // never Auto, once it was read
  check::ObjectTraits traits = {};
  check::Values values = {};
  std::vector<check::Operation> operations =
      {};                                   // those that are known not to have happened left out
  std::vector<Told> told = {};              // of each
  std::vector<std::string> processes = {};  // by Operation::process
  bool keyed = false;                       // some operation names a key

  std::string modelText() const;  // "a compare-and-set register"
};

struct HistoryMistake {
  scenario::Mistake mistake;
  std::string line;  // that it stands in, if it is known
};

struct HistoryRead {
  std::optional<History> history = {};        // if there is no mistake
  std::vector<HistoryMistake> mistakes = {};  // the first ten
  std::string note = {};                      // what looks odd
  bool interrupted = false;
};

HistoryRead readHistory(Bytes& bytes, const HistoryOptions& options);

}  // namespace raft::cli
