// Hashes of our own, the same everywhere: what tells two states apart, and gives trees their shape.
#pragma once
#include <cstdint>
#include <string_view>

#include "raft/command.h"
#include "raft/random.h"

namespace raft::kv {

// `hash`, and then `next`: the order counts.
constexpr std::uint64_t hashWith(std::uint64_t hash, std::uint64_t next) {
  return mixBits(hash * 0x9e3779b97f4a7c15 + next + 1);
}

constexpr std::uint64_t hashOf(std::uint64_t number) { return mixBits(number + 1); }

constexpr std::uint64_t hashOf(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hashWith(hash, bytes.size());
}

inline std::uint64_t hashOf(const Command& command) { return hashOf(command.bytes()); }

}  // namespace raft::kv
