#include "trace/story_page.h"

#include <algorithm>
#include <array>

namespace raft::trace {

namespace {

constexpr std::uint32_t timeWidth = 11;  // "1234.567 ms"
constexpr std::uint32_t mostLanes = 7;
constexpr std::uint32_t leastWidth = 60;

std::string padded(std::string text, std::uint32_t width) {
  const std::uint32_t has = columns(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

std::string cut(const std::string& name, std::uint32_t most) {
  if (columns(name) <= most) return name;
  std::string out;
  for (std::string_view rest = name; columns(out) + 1 < most;) {
    const std::uint32_t length = std::max(utf8Length(rest), std::uint32_t{1});
    out += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return out + ".";
}

// Words that belong together stay on one line: "10 ms", "term 2", "index 3", "1^1 (no-op)".
bool staysWithNext(std::string_view word, std::string_view next) {
  return next == "ms" || next == "ms," || next.starts_with("ms)") || next.starts_with("ms.") ||
         word == "term" || word == "index" || (word.contains('^') && next.starts_with('(')) ||
         word == "Client" || word == "(term" || word == ">" || next == ">";
}

}  // namespace

Page::Page(PageOptions options) : options_(std::move(options)) {
  options_.width = std::max(options_.width, leastWidth);
  std::uint32_t longest = 3;
  for (std::uint32_t i = 1; i <= options_.servers && i <= mostLanes; ++i) {
    longest = std::max(longest, columns(options_.names.of(ServerId(i))));
  }
  const std::uint32_t room = (options_.width - timeWidth) / 2;
  laneWidth_ = std::min(longest, std::uint32_t{8}) + 1;
  hasLanes_ = options_.servers <= mostLanes && laneWidth_ * options_.servers <= room;
  textColumn_ = timeWidth + 2 + (hasLanes_ ? laneWidth_ * options_.servers + 1 : 0);
}

std::string Page::coloured(std::string_view code, const std::string& text) const {
  if (!options_.colour || text.empty()) return text;
  return std::string("\x1b[").append(code) + "m" + text + "\x1b[0m";
}

// In ASCII, the few other signs that our own sentences use get a spelling; what a run brings
// beyond them (names, commands, notes) cannot be shown.
std::string Page::plain(std::string_view utf8) const {
  std::string out(utf8);
  if (!options_.ascii) return out;
  constexpr auto spellings = std::to_array<std::array<std::string_view, 2>>(
      {{"§", "sec. "}, {"→", "->"}, {"…", "..."}, {"≥", ">="}, {"⋮", ":"}, {"·", "-"}});
  for (const auto& [sign, spelling] : spellings) {
    for (auto at = out.find(sign); at != std::string::npos; at = out.find(sign, at)) {
      out.replace(at, sign.size(), spelling);
    }
  }
  std::string ascii;
  for (std::string_view rest = out; !rest.empty();) {
    const std::uint32_t length = std::max(utf8Length(rest), std::uint32_t{1});
    ascii += static_cast<unsigned char>(rest.front()) < 0x80 ? rest.front() : '?';
    rest.remove_prefix(length);
  }
  return ascii;
}

std::string Page::sign(const Lane& lane) const {
  const bool ascii = options_.ascii;
  switch (lane.shown) {
    case Lane::Shown::Unborn: return " ";
    case Lane::Shown::Follower: return ascii ? "F" : "○";
    case Lane::Shown::Candidate: return ascii ? "C" : "◐";
    case Lane::Shown::Leader: return ascii ? "L" : "●";
    case Lane::Shown::Down: break;
  }
  return ascii ? "x" : "✗";
}

std::string Page::line(const Lane& lane) const {
  const bool ascii = options_.ascii;
  if (lane.shown == Lane::Shown::Unborn || lane.shown == Lane::Shown::Down) return " ";
  if (lane.paused) return ascii ? "=" : "Ⅱ";
  if (lane.shown == Lane::Shown::Leader) return ascii ? "#" : "┃";
  if (lane.shown == Lane::Shown::Candidate) return ascii ? ":" : "┆";
  return ascii ? "|" : "│";
}

std::string Page::lane(const Lane& lane, bool acting) const {
  // Of the 256 colours, six that can be read on dark and on light, for one term after another.
  constexpr auto codes = std::to_array<std::string_view>(
      {"38;5;245", "38;5;33", "38;5;166", "38;5;35", "38;5;170", "38;5;37", "38;5;136"});
  std::string shown = line(lane);
  if (acting) {
    shown = sign(lane);
    if (lane.paused) shown = options_.ascii ? "=" : "Ⅱ";
    if (lane.shown != Lane::Shown::Down) shown += text(lane.term.value);
  }
  const std::uint32_t used = columns(shown);
  const std::uint64_t term = lane.term.value;
  std::string code(codes[term == 0 ? 0 : 1 + (term - 1) % (codes.size() - 1)]);
  if (lane.shown == Lane::Shown::Leader || (acting && lane.shown == Lane::Shown::Down)) {
    code = "1;" + code;
  }
  std::string out = shown == " " ? shown : coloured(code, shown);
  if (used < laneWidth_) out.append(laneWidth_ - used, ' ');
  return out;
}

void Page::appendLanes(std::string& out, const std::vector<Lane>& lanes,
                       const ServerSet& acting) const {
  if (!hasLanes_) return;
  for (std::uint32_t i = 0; i < options_.servers; ++i) {
    out += lane(lanes[i], acting.contains(i + 1));
  }
  out += ' ';
}

void Page::legend(std::string& out) const {
  const std::string signs =
      options_.ascii ? "F follower   C candidate   L leader   x down   = paused   F2: in term 2"
                     : "○ follower   ◐ candidate   ● leader   ✗ down   Ⅱ paused   ○2: in term 2";
  if (!hasLanes_) return;
  out += coloured("2", std::string(2, ' ') + signs) + "\n\n";
  std::string head = padded("       time", timeWidth + 2);
  for (std::uint32_t i = 1; i <= options_.servers; ++i) {
    head += padded(cut(plain(options_.names.of(ServerId(i))), laneWidth_ - 1), laneWidth_);
  }
  while (head.back() == ' ') head.pop_back();
  out += coloured("1", head) + "\n";
}

std::vector<std::string> Page::wrapped(std::string_view text, std::uint32_t width) const {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::vector<std::string> lines(1);
  for (std::uint64_t i = 0; i < words.size();) {
    std::string piece(words[i++]);
    while (i < words.size() && staysWithNext(words[i - 1], words[i])) {
      piece.append(" ").append(words[i++]);
    }
    if (!lines.back().empty() && columns(lines.back()) + 1 + columns(piece) > width) {
      lines.emplace_back();
    }
    lines.back() += (lines.back().empty() ? "" : " ") + piece;
  }
  return lines;
}

void Page::row(std::string& out, std::string_view time, const std::vector<Lane>& lanes,
               const ServerSet& acting, std::string_view text, Tone tone) const {
  const std::uint32_t width = options_.width - textColumn_;
  bool first = true;
  for (const std::string& each : wrapped(plain(text), width)) {
    const std::string shown = first ? plain(time) : "";
    std::string begin;
    if (columns(shown) < timeWidth) begin.append(timeWidth - columns(shown), ' ');
    begin += coloured(tone == Tone::Quiet ? "2" : "1", shown) + "  ";
    appendLanes(begin, lanes, first ? acting : ServerSet{});
    begin += tone == Tone::Plain   ? each
             : tone == Tone::Alarm ? coloured("1;38;5;160", each)
                                   : coloured("2", each);
    while (begin.ends_with(' ')) begin.pop_back();
    out += begin + "\n";
    first = false;
  }
}

}  // namespace raft::trace
