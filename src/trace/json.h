// Facts as JSON lines, for programs: one object a fact. docs/trace.schema.json documents each kind.
#pragma once
#include <string>
#include <string_view>

#include "trace/fact.h"
#include "trace/notation.h"

namespace raft::trace {

// Appends `fact` as one JSON object without a line break. Servers stand by name, times are
// microseconds, absent values are left out. Commands that are valid UTF-8 stand as "command",
// others as "commandHex".
void appendJson(std::string& out, const Fact& fact, const Names& names);

// Appends `utf8` as a JSON string. Bytes that are not valid UTF-8 become U+FFFD.
void appendJsonString(std::string& out, std::string_view utf8);

class JsonLines : public FactSink {
 public:
  // Appends a line a fact to `out`, which its owner may empty between calls.
  JsonLines(Names names, std::string& out) : names_(std::move(names)), out_(out) {}
  void told(const Fact& fact) override;

 private:
  Names names_;
  std::string& out_;
};

}  // namespace raft::trace
