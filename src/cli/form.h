// What stands in a history, before anybody asks what it means: values of EDN or JSON, and where.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/mistake.h"

namespace raft::cli {

struct Form {
  enum class Kind : std::uint8_t {
    Nil,
    Boolean,
    Number,
    Character,
    String,
    Keyword,
    Symbol,
    List,  // or a vector: equal items make them equal
    Map,
    Set,
    Tagged,
  };

  Kind kind = Kind::Nil;
  scenario::Position at = {};
  std::string text = {};         // a number's digits, a keyword's name, a string's bytes, a tag
  std::vector<Form> items = {};  // of a map: key, value, key, value …; what a tag stands before

  // Whether it is a keyword or a string of this name.
  bool isName(std::string_view name) const {
    return (kind == Kind::Keyword || kind == Kind::String) && text == name;
  }
  // The value that a map has for this key, a keyword or a string; null: none.
  const Form* find(std::string_view key) const;
  // The same spelling for equal forms.
  std::string spelt() const;
  // As people call it: "a number", "the keyword :ok".
  std::string called() const;
};

// Thrown by what reads forms.
struct Unreadable {
  scenario::Mistake mistake;
};
[[noreturn]] void unreadable(scenario::Position at, std::string message);

// No history has such values; but a file may hold anything.
inline constexpr std::uint32_t deepest = 200;
inline constexpr std::uint64_t longest = 16'000'000;  // bytes of an operation

}  // namespace raft::cli
