// A set of configurations, each some words of 64 bits: open addressing, in one piece of memory.
// Internal to the search.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "raft/random.h"

namespace raft::check {

class Configurations {
 public:
  // Each is `words` long; the first word is never `empty`.
  static constexpr std::uint64_t empty = ~std::uint64_t{0};
  enum class Noted : std::uint8_t { New, Known, OutOfMemory };

  Configurations(std::uint64_t words, std::uint64_t mostBytes)
      : words_(words), mostBytes_(mostBytes), table_(words * places_, empty) {}

  Noted note(const std::uint64_t* configuration);
  std::uint64_t size() const { return size_; }
  std::uint64_t bytes() const { return table_.capacity() * 8; }
  void limit(std::uint64_t mostBytes) { mostBytes_ = mostBytes; }

 private:
  std::uint64_t* find(std::vector<std::uint64_t>& table, std::uint64_t places,
                      const std::uint64_t* configuration) const;
  bool grow();

  std::uint64_t words_;
  std::uint64_t mostBytes_;
  std::uint64_t places_ = 64;
  std::uint64_t size_ = 0;
  std::vector<std::uint64_t> table_;
};

inline std::uint64_t* Configurations::find(std::vector<std::uint64_t>& table, std::uint64_t places,
                                           const std::uint64_t* configuration) const {
  std::uint64_t hash = 0;
  for (std::uint64_t i = 0; i < words_; ++i) hash = mixBits(hash ^ configuration[i]) + i;
  // The upper half of the hash, scaled to the places: there may be any number of them.
  std::uint64_t at = (hash >> 32) * places >> 32;
  for (;;) {
    std::uint64_t* const there = table.data() + at * words_;
    if (there[0] == empty || std::equal(there, there + words_, configuration)) return there;
    if (++at == places) at = 0;
  }
}

inline Configurations::Noted Configurations::note(const std::uint64_t* configuration) {
  if (size_ * 4 >= places_ * 3 && !grow() && size_ * 16 >= places_ * 15) return Noted::OutOfMemory;
  std::uint64_t* const there = find(table_, places_, configuration);
  if (there[0] != empty) return Noted::Known;
  std::copy_n(configuration, words_, there);
  ++size_;
  return Noted::New;
}

// Twice as many places, or as many as there is memory for beside those that there are.
inline bool Configurations::grow() {
  const std::uint64_t room = mostBytes_ / (8 * words_);
  const std::uint64_t left = room > places_ ? room - places_ : 0;
  const std::uint64_t places = std::min({2 * places_, left, std::uint64_t{0xffffffff}});
  if (places < places_ + places_ / 4) return false;
  std::vector<std::uint64_t> table(words_ * places, empty);
  for (std::uint64_t i = 0; i < places_; ++i) {
    const std::uint64_t* const old = table_.data() + i * words_;
    if (old[0] != empty) std::copy_n(old, words_, find(table, places, old));
  }
  table_ = std::move(table);
  places_ = places;
  return true;
}

}  // namespace raft::check
