#include "scenario/words.h"

#include <algorithm>
#include <charconv>

namespace raft::scenario {
namespace {

char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Damerau-Levenshtein (adjacent letters swapped count one), without regard to case.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::string list(const std::vector<std::string>& words, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += i + 1 == words.size() ? std::string(last) : ", ";
    out += words[i];
  }
  return out;
}

// A decimal number with at most six digits behind the point, in millionths.
std::optional<std::int64_t> parseMillionths(std::string_view text) {
  const std::size_t point = text.find('.');
  std::string digits(text.substr(0, point));
  std::string fraction(point == text.npos ? std::string_view() : text.substr(point + 1));
  if (digits.empty() || digits.size() > 12 || fraction.size() > 6) return std::nullopt;
  if (point != text.npos && fraction.empty()) return std::nullopt;
  fraction.resize(6, '0');
  digits += fraction;
  const std::optional<std::uint64_t> number = parseCount(digits);
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

struct Quantity {
  std::string_view number;
  std::string_view unit;
};

Quantity split(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  return {text.substr(0, end), end == text.npos ? std::string_view() : trimmed(text.substr(end))};
}

std::optional<std::int64_t> microsecondsIn(std::string_view unit) {
  if (unit == "us" || unit == "µs") return 1;
  if (unit == "ms") return 1'000;
  if (unit == "s") return 1'000'000;
  if (unit == "min") return 60'000'000;
  return std::nullopt;
}

const std::string expectedTime = "expected a number and a unit (us, ms, s, min), such as 10 ms";

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words) {
  std::optional<std::string> best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() > 100) return best;
  for (const std::string& candidate : words) {
    const std::size_t far = distance(word, candidate);
    if (far < least && far < candidate.size()) {
      least = far;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& words,
                       std::string_view otherwise) {
  if (const std::optional<std::string> near = nearest(word, words)) {
    return "; did you mean '" + *near + "'?";
  }
  return "; expected " + std::string(otherwise);
}

std::string orList(const std::vector<std::string>& words) { return list(words, " or "); }
std::string andList(const std::vector<std::string>& words) { return list(words, " and "); }

std::optional<std::uint64_t> parseCount(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || rest != end) return std::nullopt;
  return number;
}

Parsed<Duration> parseDuration(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text[0] == '-') {
    return {{}, quoted(text) + " is negative: time begins at 0"};
  }
  const auto [number, unit] = split(text);
  const std::optional<std::int64_t> millionths = parseMillionths(number);
  if (!millionths) return {{}, quoted(text) + " is not a time: " + expectedTime};
  if (unit.empty() && *millionths == 0) return {Duration(0)};
  if (unit.empty()) return {{}, quoted(text) + " has no unit: " + expectedTime};
  const std::optional<std::int64_t> micros = microsecondsIn(unit);
  if (!micros) {
    return {{}, quoted(text) + " has the unknown unit " + quoted(unit) + ": " + expectedTime};
  }
  constexpr std::int64_t year = 366LL * 24 * 3600 * 1'000'000;
  if (*millionths / 1'000'000 > year / *micros) return {{}, quoted(text) + " is above a year"};
  // Whole units and their fraction apart, so that nothing overflows.
  const std::int64_t whole = *millionths / 1'000'000 * *micros;
  return {Duration(whole + *millionths % 1'000'000 * *micros / 1'000'000)};
}

Parsed<DurationRange> parseRange(std::string_view text) {
  text = trimmed(text);
  const std::size_t dots = text.find("..");
  if (dots == text.npos) {
    const Parsed<Duration> one = parseDuration(text);
    if (!one.value) return {{}, one.wrong};
    return {DurationRange{*one.value, *one.value}};
  }
  const std::string_view high = trimmed(text.substr(dots + 2));
  std::string low(trimmed(text.substr(0, dots)));
  // In 150..300 ms the unit is that of both.
  if (split(low).unit.empty() && (low.empty() || low[0] != '-')) {
    low += " " + std::string(split(high).unit);
  }
  const Parsed<Duration> least = parseDuration(low);
  const Parsed<Duration> most = parseDuration(high);
  if (!most.value) return {{}, most.wrong};
  if (!least.value) return {{}, least.wrong};
  if (*least.value > *most.value) {
    return {{},
            quoted(text) + " runs backwards: expected the least first, " +
                durationText(*most.value) + ".." + durationText(*least.value)};
  }
  return {DurationRange{*least.value, *most.value}};
}

Parsed<std::uint32_t> parsePercent(std::string_view text) {
  text = trimmed(text);
  const auto [number, unit] = split(text);
  const std::optional<std::int64_t> millionths = parseMillionths(number);
  if (!millionths || (unit != "%" && !(unit.empty() && *millionths == 0))) {
    return {{}, quoted(text) + " is not a share: expected a percentage, such as 10 %"};
  }
  if (*millionths > 100'000'000) {
    return {{}, quoted(text) + " is more than all: expected at most 100 %"};
  }
  return {static_cast<std::uint32_t>(*millionths / 100)};
}

std::string durationText(Duration duration) {
  const std::int64_t us = duration.count();
  const bool inSeconds = us >= 1'000'000 && us % 100'000 == 0;
  const std::int64_t unit = inSeconds ? 1'000'000 : 1'000;
  std::string out = std::to_string(us / unit);
  if (us % unit != 0) {
    std::string fraction = std::to_string(us % unit + unit).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += "." + fraction;
  }
  return out + (inSeconds ? " s" : " ms");
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

std::string quoted(std::string_view text) {
  std::string out(text.substr(0, 60));
  // Not in the middle of a character.
  if (out.size() < text.size()) {
    while (!out.empty() && (text[out.size()] & 0xc0) == 0x80) out.pop_back();
    out += "…";
  }
  for (char& c : out) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return "'" + out + "'";
}

}  // namespace raft::scenario
