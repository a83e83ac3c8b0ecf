// Words and quantities as people write them: times, ranges, percentages, the nearest right word.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "raft/types.h"

namespace raft::scenario {

// The word that `word` was probably meant to be, or nothing if none is close. Case does not count.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& words);

// "; did you mean 'leader'?" or, if nothing is near, "; expected `otherwise`".
std::string suggestion(std::string_view word, const std::vector<std::string>& words,
                       std::string_view otherwise);

// "a", "a or b", "a, b or c".
std::string orList(const std::vector<std::string>& words);
// The same with "and".
std::string andList(const std::vector<std::string>& words);

// A whole number, digits alone.
std::optional<std::uint64_t> parseCount(std::string_view text);

// Either a value or a sentence that says what is wrong with the text.
template <class T>
struct Parsed {
  std::optional<T> value;
  std::string wrong = {};
};

struct DurationRange {
  Duration least;
  Duration most;
  bool operator==(const DurationRange&) const = default;
};

// "10 ms", "1.5s", "200 us", "2 min", "0". At most a year.
Parsed<Duration> parseDuration(std::string_view text);
// "150..300 ms", "1 ms..2 s", or a single duration, which is a range of one.
Parsed<DurationRange> parseRange(std::string_view text);
// "30 %", "0.5%" in parts of a million; at most 100 %.
Parsed<std::uint32_t> parsePercent(std::string_view text);

// The shortest way to write it: "10 ms", "1.5 s", "0 ms".
std::string durationText(Duration duration);

std::string_view trimmed(std::string_view text);
// 'text', shortened if it is long, its line breaks shown as spaces.
std::string quoted(std::string_view text);

}  // namespace raft::scenario
