// What a scenario file says, before anybody asks what it means: a plain tree with positions.
//
// A front end makes it of a file (yaml.h with yaml-cpp, the browser's page with a library of its
// own); reader.h gives it its meaning. So all of them understand a scenario alike.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace raft::scenario {

// Both count from 1; columns count bytes.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  auto operator<=>(const Position&) const = default;
};

struct Key {
  std::string text;
  Position at;
};

struct Value {
  enum class Kind : std::uint8_t { Nothing, Scalar, Sequence, Mapping };

  Kind kind = Kind::Nothing;
  Position at;
  std::string text = {};          // of a scalar: as it stands in the file, without quotes
  bool quoted = false;            // of a scalar
  std::vector<Key> keys = {};     // of a mapping: keys[i] has the value items[i]
  std::vector<Value> items = {};  // of a sequence or a mapping, in the file's order

  bool isNothing() const { return kind == Kind::Nothing; }
  bool isScalar() const { return kind == Kind::Scalar; }
  bool isSequence() const { return kind == Kind::Sequence; }
  bool isMapping() const { return kind == Kind::Mapping; }
  // The first member of a mapping that has this key, or null.
  const Value* find(std::string_view key) const;
};

inline const Value* Value::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

}  // namespace raft::scenario
