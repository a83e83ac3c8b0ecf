// Numbers by hash: where to look for what one keeps in a vector, if its place there is its number.
#pragma once
#include <cstdint>
#include <vector>

namespace raft::check {

class HashIndex {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  // The number whose thing has this hash and for which same(number) is true; none: there is none.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same same) const {
    if (places_.empty()) return none;
    const std::uint64_t mask = places_.size() - 1;
    for (std::uint64_t at = hash & mask; places_[at].number != none; at = (at + 1) & mask) {
      if (places_[at].high == hash >> 32 && same(places_[at].number)) return places_[at].number;
    }
    return none;
  }

  // Requires that find() does not find it.
  void add(std::uint64_t hash, std::uint32_t number) {
    if (2 * (size_ + 1) > places_.size()) grow();
    put(hash, number);
    ++size_;
  }

  std::uint64_t bytes() const { return places_.capacity() * sizeof(Place); }

 private:
  struct Place {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t number = none;
  };

  void put(std::uint64_t hash, std::uint32_t number) {
    const std::uint64_t mask = places_.size() - 1;
    std::uint64_t at = hash & mask;
    while (places_[at].number != none) at = (at + 1) & mask;
    places_[at] = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32),
                   number};
  }

  void grow() {
    std::vector<Place> old(places_.empty() ? 16 : 2 * places_.size());
    old.swap(places_);
    for (const Place& place : old) {
      if (place.number != none) put(std::uint64_t{place.high} << 32 | place.low, place.number);
    }
  }

  std::vector<Place> places_ = {};
  std::uint64_t size_ = 0;
};

}  // namespace raft::check
