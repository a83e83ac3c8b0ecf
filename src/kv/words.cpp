#include "kv/words.h"

#include <charconv>

#include "kv/request.h"

namespace raft::kv {

namespace {

// A character that needs no quotes. Bytes above 0x7f stand for themselves: UTF-8 stays readable.
bool isBare(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && c != '"' && c != '\\';
}

std::optional<unsigned> hexDigit(char c) {
  if (isDigit(c)) return c - '0';
  if ('a' <= c && c <= 'f') return c - 'a' + 10;
  if ('A' <= c && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// What follows a backslash.
std::optional<char> takeEscaped(std::string_view& from) {
  if (from.empty()) return std::nullopt;
  const char kind = from.front();
  from.remove_prefix(1);
  if (kind == '"' || kind == '\\') return kind;
  if (kind == 'n') return '\n';
  if (kind == 't') return '\t';
  if (kind != 'x' || from.size() < 2) return std::nullopt;
  const std::optional<unsigned> high = hexDigit(from[0]);
  const std::optional<unsigned> low = hexDigit(from[1]);
  if (!high || !low) return std::nullopt;
  from.remove_prefix(2);
  return static_cast<char>(*high * 16 + *low);
}

// What follows the opening quote, up to the closing one.
std::optional<std::string> takeQuoted(std::string_view& from) {
  std::string out;
  while (!from.empty()) {
    const char c = from.front();
    from.remove_prefix(1);
    if (c == '"') return out;
    if (c != '\\') {
      out += c;
      continue;
    }
    const std::optional<char> escaped = takeEscaped(from);
    if (!escaped) return std::nullopt;
    out += *escaped;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> takeWord(std::string_view& from) {
  while (from.starts_with(' ')) from.remove_prefix(1);
  std::optional<std::string> out;
  if (from.starts_with('"')) {
    from.remove_prefix(1);
    out = takeQuoted(from);
  } else {
    std::string_view rest = from;
    while (!rest.empty() && isBare(rest.front())) rest.remove_prefix(1);
    if (rest.size() < from.size()) out.emplace(from.substr(0, from.size() - rest.size()));
    from = rest;
  }
  const bool whole = from.empty() || from.front() == ' ';
  return whole ? out : std::nullopt;
}

std::optional<std::uint64_t> takeNumber(std::string_view& from) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), number);
  if (error != std::errc()) return std::nullopt;
  const bool padded = from.front() == '0' && end != from.data() + 1;
  from.remove_prefix(static_cast<std::uint64_t>(end - from.data()));
  return padded ? std::nullopt : std::optional(number);
}

std::string word(std::string_view bytes) {
  bool bare = !bytes.empty();
  for (char c : bytes) bare = bare && isBare(c);
  if (bare) return std::string(bytes);
  std::string out = "\"";
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

}  // namespace raft::kv
