// A set of servers of one cluster: 32 bytes, no allocation, iterated in rising order.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <iterator>

#include "raft/types.h"

namespace raft {

struct Configuration;

class ServerSet {
 public:
  static constexpr std::uint32_t maxServers = 256;  // ids 1 to 256

  constexpr ServerSet() = default;
  constexpr ServerSet(std::initializer_list<ServerId> servers) {
    for (ServerId server : servers) insert(server);
  }
  // {1, 2 … count}.
  static constexpr ServerSet firstServers(std::uint32_t count) {
    ServerSet all;
    for (std::uint32_t i = 1; i <= count; ++i) all.insert(i);
    return all;
  }

  // A server that cannot be in any set (0, or above maxServers) is never contained, and inserting
  // it changes nothing: a forged message may name one.
  constexpr bool contains(ServerId server) const {
    return possible(server) && (word(server) & bit(server)) != 0;
  }
  constexpr void insert(ServerId server) {
    if (possible(server)) words_[(server.value - 1) / 64] |= bit(server);
  }
  constexpr void erase(ServerId server) {
    if (possible(server)) words_[(server.value - 1) / 64] &= ~bit(server);
  }
  constexpr std::uint32_t size() const {
    int count = 0;
    for (std::uint64_t w : words_) {
      if (w != 0) count += std::popcount(w);  // a call, where the processor need not know how
    }
    return static_cast<std::uint32_t>(count);
  }
  // The highest member; 0 if there is none.
  constexpr ServerId last() const {
    std::uint32_t word = wordCount;
    while (word > 0 && words_[word - 1] == 0) --word;
    if (word == 0) return 0;
    return (word - 1) * 64 + static_cast<std::uint32_t>(std::bit_width(words_[word - 1]));
  }
  constexpr bool empty() const { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }

  friend constexpr ServerSet operator&(ServerSet a, const ServerSet& b) {
    for (std::uint32_t i = 0; i < a.words_.size(); ++i) a.words_[i] &= b.words_[i];
    return a;
  }
  friend constexpr ServerSet operator|(ServerSet a, const ServerSet& b) {
    for (std::uint32_t i = 0; i < a.words_.size(); ++i) a.words_[i] |= b.words_[i];
    return a;
  }
  friend constexpr ServerSet operator-(ServerSet a, const ServerSet& b) {
    for (std::uint32_t i = 0; i < a.words_.size(); ++i) a.words_[i] &= ~b.words_[i];
    return a;
  }
  constexpr bool operator==(const ServerSet&) const = default;

  // The configuration of these voters and nobody else (raft/configuration.h).
  constexpr operator Configuration() const;

  class Iterator {
   public:
    constexpr ServerId operator*() const {
      return first_ + static_cast<std::uint32_t>(std::countr_zero(rest_));
    }
    constexpr Iterator& operator++() {
      rest_ &= rest_ - 1;
      if (rest_ == 0) findNext();
      return *this;
    }
    constexpr bool operator!=(std::default_sentinel_t) const { return rest_ != 0; }

   private:
    friend class ServerSet;
    constexpr explicit Iterator(const ServerSet& set) : set_(set), rest_(set.words_[0]) {
      if (rest_ == 0) findNext();
    }
    // Moves to the next word with a member. Most clusters stand in the first one.
    constexpr void findNext() {
      static_assert(wordCount == 4);
      const auto& words = set_.words_;
      if ((words[1] | words[2] | words[3]) == 0) return;
      while (rest_ == 0 && first_ + 64 <= maxServers) {
        first_ += 64;
        rest_ = words[first_ / 64];
      }
    }

    const ServerSet& set_;
    std::uint32_t first_ = 1;  // the server that the word's lowest bit stands for
    std::uint64_t rest_;       // of that word, what was not visited yet; 0: nothing in any word
  };
  constexpr Iterator begin() const { return Iterator(*this); }
  constexpr std::default_sentinel_t end() const { return {}; }

 private:
  static constexpr std::uint32_t wordCount = maxServers / 64;
  static constexpr bool possible(ServerId s) { return 1 <= s.value && s.value <= maxServers; }
  static constexpr std::uint64_t bit(ServerId s) { return std::uint64_t{1} << (s.value - 1) % 64; }
  constexpr std::uint64_t word(ServerId s) const { return words_[(s.value - 1) / 64]; }

  std::array<std::uint64_t, wordCount> words_{};
};

}  // namespace raft
