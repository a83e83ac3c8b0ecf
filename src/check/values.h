// The values of a history, each kept once and known by a number: equal values, equal numbers.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/hash_index.h"

namespace raft::check {

using ValueId = std::uint32_t;
inline constexpr ValueId nil = 0;  // nothing: null in JSON
inline constexpr ValueId untold = 0xffffffff;

class Values {
 public:
  Values();

  // A value that is known by how it is written: 3, true, :a, #{1 2}.
  ValueId atom(std::string_view text) { return numberOf(Kind::Atom, text, {}); }
  ValueId string(std::string_view bytes) { return numberOf(Kind::String, bytes, {}); }
  ValueId list(std::span<const ValueId> items) { return numberOf(Kind::List, {}, items); }

  bool isString(ValueId value) const { return stored_[value].kind == Kind::String; }
  bool isList(ValueId value) const { return stored_[value].kind == Kind::List; }
  // What an atom or a string was made of.
  std::string_view text(ValueId value) const;
  std::span<const ValueId> items(ValueId list) const;
  // The whole number that an atom is: nothing if it is none, or has more than 18 digits.
  bool isCount(ValueId value, std::uint64_t& out) const;

  // For people: 3, "a", [1 2]; what is too long is shortened to `most` characters, or a few more.
  std::string tell(ValueId value, std::uint32_t most = 60) const;

  std::uint32_t size() const { return static_cast<std::uint32_t>(stored_.size()); }
  std::uint64_t bytes() const;

 private:
  enum class Kind : std::uint8_t { Atom, String, List };
  struct Stored {
    std::uint64_t begin;  // in bytes_ or items_
    std::uint32_t size;
    Kind kind;
  };

  ValueId numberOf(Kind kind, std::string_view text, std::span<const ValueId> items);

  std::vector<Stored> stored_ = {};
  std::string bytes_ = {};
  std::vector<ValueId> items_ = {};
  HashIndex index_ = {};
};

}  // namespace raft::check
