#include "cli/load.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

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

void cannotBeRead(const fs::path& path, const std::string& why) {
  printError(fmt::format("{}: cannot be read: {}\n", printable(path.string()), why));
}

// Adds the scenarios of a folder and of those below it. A folder that cannot be read is told, and
// then this is false: what stands in it must not be taken for run.
bool collect(const fs::path& folder, std::vector<std::string>& out) {
  bool good = true;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code gone;  // whoever vanishes while we look is neither
    if (at->is_directory(gone)) {
      const bool link = at->is_symlink(gone);  // it might lead back here
      if (!link && !collect(at->path(), out)) good = false;
    } else if (isScenario(at->path()) && at->is_regular_file(gone)) {
      out.push_back(at->path().string());
    }
  }
  if (error) cannotBeRead(folder, error.message());
  return good && !error;
}

struct Folder {
  std::vector<std::string> files;
  bool complete = true;
};

Folder filesIn(const fs::path& path) {
  Folder out;
  out.complete = collect(path, out.files);
  std::sort(out.files.begin(), out.files.end());
  return out;
}

std::optional<fs::path> shipped(const std::string& name) {
  for (const fs::path& path : {shippedScenarios() / name, shippedFile(name)}) {
    std::error_code error;
    if (fs::exists(path, error)) return path;
  }
  // Its last part alone, if only one scenario is called so.
  std::vector<std::string> same;
  for (const std::string& each : shippedNames()) {
    if (fs::path(each).filename() == name) same.push_back(each);
  }
  if (same.size() == 1) return shippedFile(same[0]);
  return std::nullopt;
}

// What of all that ships was probably meant: a whole name, the last part of one, or a folder.
std::string whatIsNear(const std::string& argument) {
  std::map<std::string, std::string> known;  // what somebody may type, and what it is called
  const std::vector<std::string> names = shippedNames();
  for (const std::string& name : names) {
    const fs::path path = name;
    known.emplace(path.filename().string(), name);
    known.emplace(name, name);
    if (path.has_parent_path()) known.emplace(path.parent_path().string(), path.parent_path());
  }
  std::vector<std::string> words;
  for (const auto& [word, name] : known) words.push_back(word);
  // Also of a file that does not exist: by its name without folder and ending.
  for (const std::string& word : {argument, fs::path(argument).stem().string()}) {
    const std::optional<std::string> near = scenario::nearest(word, words);
    if (near) return "; did you mean '" + known[*near] + "'?";
  }
  return "; `raftlab list` shows what ships";
}

std::string lineOf(const std::string& text, std::uint32_t number) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < number && begin != text.npos; ++line) {
    begin = text.find('\n', begin);
    if (begin != text.npos) ++begin;
  }
  if (begin == text.npos || begin >= text.size()) return {};
  return text.substr(begin, text.find('\n', begin) - begin);
}

void tell(const std::string& path, const std::string& text, const scenario::Mistake& mistake) {
  printError(mistakeText(path, mistake, lineOf(text, mistake.at.line), Style{wantsColour(stderr)}));
}

std::optional<std::string> contentsOf(const std::string& path) {
  constexpr std::size_t most = 10'000'000;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rb"),
                                                           std::fclose);
  std::string text;
  char chunk[65536];
  // No further than to what is too long: a device has no end.
  while (in && text.size() <= most) {
    const std::size_t count = std::fread(chunk, 1, sizeof chunk, in.get());
    if (count == 0) break;
    text.append(chunk, count);
  }
  if (!in || std::ferror(in.get())) {
    cannotBeRead(path, std::strerror(errno));
    return std::nullopt;
  }
  if (text.size() > most) {
    printError(
        fmt::format("{}: is too long for a scenario: expected at most 10 MB\n", printable(path)));
    return std::nullopt;
  }
  return text;
}

// Adds the files that one argument means. Otherwise that is told, and this is false.
bool find(const std::string& argument, std::vector<std::string>& out) {
  if (argument.empty()) {
    printError("'': expected a file, a folder or a name from `raftlab list`\n");
    return false;
  }
  std::error_code error;
  fs::path path = argument;
  fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::none) {
    cannotBeRead(path, error.message());
    return false;
  }
  if (!fs::exists(status)) {
    const std::optional<fs::path> known = shipped(argument);
    if (!known) {
      printError(fmt::format("{}: there is no such file, folder or scenario{}\n",
                             printable(argument), whatIsNear(argument)));
      return false;
    }
    path = *known;
    status = fs::status(path, error);
  }
  if (!fs::is_directory(status)) {
    out.push_back(path.string());
    return true;
  }
  const Folder folder = filesIn(path);
  if (folder.complete && folder.files.empty()) {
    printError(fmt::format("{}: there is no scenario in this folder (no *.yaml or *.yml)\n",
                           printable(argument)));
    return false;
  }
  out.insert(out.end(), folder.files.begin(), folder.files.end());
  return folder.complete;
}

}  // namespace

std::string mistakeText(const std::string& path, const scenario::Mistake& mistake, std::string line,
                        Style style) {
  std::string out = fmt::format("{}:{}:{}: {}\n", printable(path), mistake.at.line,
                                mistake.at.column, printable(mistake.message));
  std::replace(line.begin(), line.end(), '\t', ' ');
  while (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty() || trace::columns(line) > 160) return out;
  const std::string number = std::to_string(mistake.at.line);
  const std::size_t before = std::min<std::size_t>(mistake.at.column - 1, line.size());
  const std::size_t pad = number.size() + 3 + trace::columns(printable(line.substr(0, before)));
  return out + fmt::format("  {} {} {}\n  {}{}\n", number, style.faint("|"), printable(line),
                           std::string(pad, ' '), style.bad("^"));
}

fs::path shippedScenarios() {
  if (const char* folder = std::getenv("RAFTLAB_SCENARIOS"); folder && *folder) return folder;
  std::error_code error;
  if (fs::is_directory(RAFTLAB_SCENARIOS_DIR, error)) return RAFTLAB_SCENARIOS_DIR;
  return RAFTLAB_INSTALLED_SCENARIOS_DIR;
}

fs::path shippedFile(const std::string& name) {
  const fs::path file = shippedScenarios() / (name + ".yml");
  std::error_code error;
  return fs::exists(file, error) ? file : shippedScenarios() / (name + ".yaml");
}

std::vector<std::string> shippedNames() {
  const fs::path folder = shippedScenarios();
  std::vector<std::string> out;
  for (const std::string& file : filesIn(folder).files) {
    out.push_back(fs::path(file).lexically_relative(folder).replace_extension().string());
  }
  return out;
}

Found findFiles(const std::vector<std::string>& arguments) {
  Found out;
  for (const std::string& argument : arguments) {
    if (!find(argument, out.files)) out.complete = false;
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
