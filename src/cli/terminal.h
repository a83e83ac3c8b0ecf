// The program's way out: standard output, its width and colours, and the wish to stop.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace raft::cli {

inline constexpr int exitHolds = 0;          // all that was expected holds
inline constexpr int exitFails = 1;          // not all of it
inline constexpr int exitBadInput = 2;       // a bad file or flag; or what we say cannot be written
inline constexpr int exitUnknown = 3;        // a history that could not be judged
inline constexpr int exitInterrupted = 130;  // Ctrl-C, as shells have it

// Columns of the terminal on standard output; `otherwise` if it is none.
std::uint32_t terminalWidth(std::uint32_t otherwise);
// Whether colours are wanted: on a terminal, unless NO_COLOR is set to something (no-color.org).
bool wantsColour(std::FILE* to);

// Ctrl-C from now on asks the program to come to an end; a second one ends it at once. A closed
// pipe ends it quietly, as it does other tools (SIGPIPE).
void catchSignals();
bool interrupted();

// Writes it all and flushes. What cannot be written ends the program with a message.
void print(std::string_view text);
void printError(std::string_view text);

// The text with all that a terminal could take amiss (controls, bytes that are not UTF-8) as \xNN;
// line breaks stay.
std::string printable(std::string_view text);

// The text with the signs that our own sentences use spelt in ASCII: ✓ as "ok:", § as "sec. ".
std::string inAscii(std::string_view text);

// Breaks text into lines of at most `width` columns, but not between a number and its unit; lines
// that begin with a blank, and empty ones, stay as they are. Each line, but an empty one, begins
// with `indent` blanks.
std::string wrapped(std::string_view text, std::uint32_t width, std::uint32_t indent = 0);

struct Style {
  bool colour = false;
  std::string bold(std::string_view text) const { return in("1", text); }
  std::string good(std::string_view text) const { return in("32", text); }
  std::string bad(std::string_view text) const { return in("1;31", text); }
  std::string faint(std::string_view text) const { return in("2", text); }

 private:
  std::string in(std::string_view code, std::string_view text) const;
};

}  // namespace raft::cli
