#include "cli/load.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "scenario/words.h"
#include "scenario/yaml.h"
#include "trace/notation.h"

namespace raft::cli {
namespace {

namespace fs = std::filesystem;

bool isScenario(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

std::vector<std::string> filesIn(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file(error) && isScenario(at->path())) out.push_back(at->path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<fs::path> shipped(const std::string& name) {
  const fs::path folder = shippedScenarios();
  for (const fs::path& path : {folder / name, folder / (name + ".yaml")}) {
    if (fs::exists(path)) return path;
  }
  // Its last part alone, if only one scenario is called so.
  std::vector<std::string> same;
  for (const std::string& each : shippedNames()) {
    if (fs::path(each).filename() == name) same.push_back(each);
  }
  if (same.size() == 1) return folder / (same[0] + ".yaml");
  return std::nullopt;
}

std::string lineOf(const std::string& text, std::uint32_t number) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < number && begin != text.npos; ++line) {
    begin = text.find('\n', begin);
    if (begin != text.npos) ++begin;
  }
  if (begin == text.npos || begin >= text.size()) return {};
  std::string line = text.substr(begin, text.find('\n', begin) - begin);
  std::replace(line.begin(), line.end(), '\t', ' ');
  while (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

void tell(const std::string& path, const std::string& text, const scenario::Mistake& mistake) {
  const Style style{wantsColour(stderr)};
  std::string out = fmt::format("{}:{}:{}: {}\n", path, mistake.at.line, mistake.at.column,
                                printable(mistake.message));
  const std::string line = lineOf(text, mistake.at.line);
  if (!line.empty() && trace::columns(line) <= 160) {
    const std::string number = std::to_string(mistake.at.line);
    const std::size_t before = std::min<std::size_t>(mistake.at.column - 1, line.size());
    const std::size_t pad = number.size() + 3 + trace::columns(printable(line.substr(0, before)));
    out += fmt::format("  {} {} {}\n  {}{}\n", number, style.faint("|"), printable(line),
                       std::string(pad, ' '), style.bad("^"));
  }
  printError(out);
}

std::optional<std::string> contentsOf(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad() || !in.is_open()) {
    printError(fmt::format("{}: cannot be read: {}\n", path, std::strerror(errno)));
    return std::nullopt;
  }
  constexpr std::size_t most = 10'000'000;
  if (text.size() > most) {
    printError(fmt::format("{}: is too long for a scenario: expected at most 10 MB\n", path));
    return std::nullopt;
  }
  return text;
}

}  // namespace

fs::path shippedScenarios() {
  if (const char* folder = std::getenv("RAFTLAB_SCENARIOS"); folder && *folder) return folder;
  if (fs::is_directory(RAFTLAB_SCENARIOS_DIR)) return RAFTLAB_SCENARIOS_DIR;
  return RAFTLAB_INSTALLED_SCENARIOS_DIR;
}

std::vector<std::string> shippedNames() {
  const fs::path folder = shippedScenarios();
  std::vector<std::string> out;
  for (const std::string& file : filesIn(folder)) {
    out.push_back(fs::path(file).lexically_relative(folder).replace_extension().string());
  }
  return out;
}

Found findFiles(const std::vector<std::string>& arguments) {
  Found out;
  for (const std::string& argument : arguments) {
    std::error_code error;
    fs::path path = argument;
    if (!fs::exists(path, error)) {
      const std::optional<fs::path> known = shipped(argument);
      if (!known) {
        std::string near;
        if (const auto name = scenario::nearest(argument, shippedNames())) {
          near = "; did you mean '" + *name + "'?";
        } else {
          near = "; `raftlab list` shows what ships";
        }
        printError(
            fmt::format("{}: there is no such file, folder or scenario{}\n", argument, near));
        out.complete = false;
        continue;
      }
      path = *known;
    }
    if (!fs::is_directory(path, error)) {
      out.files.push_back(path.string());
      continue;
    }
    const std::vector<std::string> files = filesIn(path);
    if (files.empty()) {
      printError(fmt::format("{}: there is no scenario in this folder (no *.yaml)\n", argument));
      out.complete = false;
    }
    out.files.insert(out.files.end(), files.begin(), files.end());
  }
  return out;
}

std::optional<std::vector<Loaded>> loadAll(const std::vector<std::string>& files) {
  std::vector<Loaded> out;
  bool good = true;
  for (const std::string& path : files) {
    const std::optional<std::string> text = contentsOf(path);
    if (!text) {
      good = false;
      continue;
    }
    scenario::Read read = scenario::readYaml(*text);
    for (const scenario::Mistake& mistake : read.mistakes) tell(path, *text, mistake);
    good = good && read.scenario;
    if (read.scenario) out.push_back({path, std::move(*read.scenario)});
  }
  return good ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace raft::cli
