// Scenario files: found by path, by folder or by the name under which one ships; read; and their
// mistakes told, with the line that they stand in.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "scenario/mistake.h"
#include "scenario/scenario.h"

namespace raft::cli {

struct Loaded {
  std::string path;  // as it is told
  scenario::Scenario scenario;
};

// Where the scenarios stand that ship with the program: RAFTLAB_SCENARIOS, else those beside the
// sources, else those that were installed.
std::filesystem::path shippedScenarios();
// Names of all that ship, in order: "challenge/1-basic-election".
std::vector<std::string> shippedNames();
// The file of one of them.
std::filesystem::path shippedFile(const std::string& name);

// All files that the arguments mean, in order.
struct Found {
  std::vector<std::string> files;
  bool complete = true;  // false: something was not there, and that was told
};
Found findFiles(const std::vector<std::string>& arguments);
// All of them, or nothing if one has a mistake; then all mistakes of all files were told.
std::optional<std::vector<Loaded>> loadAll(const std::vector<std::string>& files);

// `path:line:column: what is wrong`, and the line with a mark below, unless it is long or empty.
std::string mistakeText(const std::string& path, const scenario::Mistake& mistake, std::string line,
                        Style style);

}  // namespace raft::cli
