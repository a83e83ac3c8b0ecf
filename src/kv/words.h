// The words of a command, taken from the left. Internal to request.cpp.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace raft::kv {

inline bool isDigit(char c) { return '0' <= c && c <= '9'; }
inline bool isLetterOrDigit(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || isDigit(c);
}

// Takes blanks and then a word, in quotes or not; nothing if there is none that is whole.
std::optional<std::string> takeWord(std::string_view& from);
// Takes digits; nothing if there are none, or if they are no number of 64 bits written as we do.
std::optional<std::uint64_t> takeNumber(std::string_view& from);

}  // namespace raft::kv
