#include "cli/terminal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

#include "trace/notation.h"

namespace raft::cli {
namespace {

volatile std::sig_atomic_t askedToStop = 0;

void askToStop(int) { askedToStop = 1; }

bool isNumber(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789.") == word.npos;
}

bool isUnit(std::string_view word) {
  word = word.substr(0, word.find_last_not_of(".,;:!?)") + 1);
  constexpr auto units = std::to_array<std::string_view>({"us", "ms", "s", "min", "%"});
  return std::ranges::find(units, word) != units.end();
}

// The first word of a line, together with the unit if it is a number.
std::string_view firstWord(std::string_view line) {
  const std::size_t stop = std::min(line.find(' '), line.size());
  if (stop == line.size() || !isNumber(line.substr(0, stop))) return line.substr(0, stop);
  const std::size_t next = std::min(line.find(' ', stop + 1), line.size());
  return line.substr(0, isUnit(line.substr(stop + 1, next - stop - 1)) ? next : stop);
}

}  // namespace

std::uint32_t terminalWidth(std::uint32_t otherwise) {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

bool wantsColour(std::FILE* to) {
  const char* no = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  if (no && *no) return false;
  if (terminal && std::strcmp(terminal, "dumb") == 0) return false;
  return isatty(fileno(to)) == 1;
}

void catchSignals() {
  struct sigaction action {};
  action.sa_handler = askToStop;
  // A write that it interrupts goes on, so that what was found is told whole.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_DFL);  // whoever started us may have set it aside
}

bool interrupted() { return askedToStop != 0; }

void print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return;
  const int error = errno;
  if (error == EPIPE) std::_Exit(exitHolds);
  printError("raftlab: cannot write the output: " + std::string(std::strerror(error)) + "\n");
  std::_Exit(exitBadInput);
}

void printError(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::uint32_t length = trace::utf8Length(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (length != 0 && (byte >= 0x20 || byte == '\n') && byte != 0x7f) {
      out += text.substr(0, length);
    } else {
      constexpr std::string_view digits = "0123456789abcdef";
      out += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
    }
    text.remove_prefix(std::max(length, 1u));
  }
  return out;
}

std::string inAscii(std::string_view text) {
  constexpr auto spellings = std::to_array<std::array<std::string_view, 2>>({{"✓", "ok:"},
                                                                             {"✗", "FAILED:"},
                                                                             {"§", "sec. "},
                                                                             {"—", "-"},
                                                                             {"…", "..."},
                                                                             {"→", "->"},
                                                                             {"⇒", "=>"},
                                                                             {"≥", ">="},
                                                                             {"’", "'"}});
  std::string out(text);
  for (const auto& [sign, spelling] : spellings) {
    for (auto at = out.find(sign); at != out.npos; at = out.find(sign, at + spelling.size())) {
      out.replace(at, sign.size(), spelling);
    }
  }
  return out;
}

std::string wrapped(std::string_view text, std::uint32_t width, std::uint32_t indent) {
  const std::string blanks(indent, ' ');
  std::string out;
  std::uint32_t column = 0;  // 0: at the beginning of a line
  const auto endLine = [&] {
    out += "\n";
    column = 0;
  };
  const auto add = [&](std::string_view word) {
    const std::uint32_t wide = trace::columns(word);
    if (column != 0 && column + 1 + wide > width) endLine();
    out += column == 0 ? blanks : " ";
    out += word;
    column = (column == 0 ? indent : column + 1) + wide;
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line[0] == ' ') {
      if (column != 0) endLine();
      out += line.empty() ? "" : blanks + std::string(line);
      endLine();
      continue;
    }
    while (!line.empty()) {
      const std::string_view word = firstWord(line);
      if (!word.empty()) add(word);
      line.remove_prefix(std::min(word.size() + 1, line.size()));
    }
  }
  if (column != 0) endLine();
  return out;
}

std::string Style::in(std::string_view code, std::string_view text) const {
  if (!colour) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace raft::cli
