// What ships and what the documentation shows: all of it can be read, and holds on many seeds.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "scenario/run.h"
#include "scenario/yaml.h"

namespace raft::scenario {
namespace {

std::string contentsOf(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> scenariosIn(const char* folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

void expectReadable(const std::string& name, const Read& read) {
  for (const Mistake& mistake : read.mistakes) {
    ADD_FAILURE() << name << ":" << mistake.at.line << ":" << mistake.at.column << ": "
                  << mistake.message;
  }
}

void expectHolds(const std::string& name, const Scenario& scenario, std::uint64_t seed) {
  scenario::Run run(scenario, {.seed = seed});
  run.finish();
  for (const Failure& failure : run.result().failures) {
    ADD_FAILURE() << name << ":" << failure.at.line << ", seed " << seed << ", at "
                  << failure.time.count() << " us, expected: " << failure.expected << "\n"
                  << failure.instead;
  }
  for (const check::Violation& violation : run.result().violations) {
    ADD_FAILURE() << name << ", seed " << seed << ": " << check::nameOf(violation.property) << ": "
                  << check::tell(violation, run.names());
  }
  EXPECT_EQ(run.result().stepsLeft, 0u) << name;
}

TEST(Shipped, AllScenariosHold) {
  const std::vector<std::filesystem::path> shipped = scenariosIn(RAFTLAB_SCENARIOS_DIR);
  EXPECT_GE(shipped.size(), 3u);
  for (const std::filesystem::path& path : shipped) {
    const Read read = readYaml(contentsOf(path));
    expectReadable(path.string(), read);
    if (!read.scenario) continue;
    EXPECT_FALSE(read.scenario->title.empty()) << path;
    EXPECT_FALSE(read.scenario->about.empty()) << path;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      expectHolds(path.string(), *read.scenario, seed);
    }
  }
}

// Each shows a mistake of mutants/; without the mistake it holds.
TEST(Shipped, StoriesOfMutantsHoldWithoutTheirMistake) {
  const auto stories = scenariosIn(RAFTLAB_SOURCE_DIR "/mutants/stories");
  EXPECT_GE(stories.size(), 10u);
  for (const std::filesystem::path& path : stories) {
    EXPECT_TRUE(
        std::filesystem::exists(path.parent_path().parent_path() / path.stem().concat(".patch")))
        << path;
    const Read read = readYaml(contentsOf(path));
    expectReadable(path.string(), read);
    if (!read.scenario) continue;
    for (std::uint64_t seed : {1, 2, 3}) expectHolds(path.string(), *read.scenario, seed);
  }
}

TEST(Shipped, EveryExampleOfTheReferenceIsReadAndEveryWholeOneHolds) {
  const std::string text = contentsOf(RAFTLAB_SOURCE_DIR "/docs/scenarios.md");
  std::size_t examples = 0;
  for (std::size_t at = text.find("```yaml"); at != text.npos; at = text.find("```yaml", at)) {
    const std::size_t begin = text.find('\n', at) + 1;
    const std::size_t end = text.find("\n```", begin) + 1;
    const bool whole = text.substr(at, begin - at) == "```yaml run\n";
    const std::string example = text.substr(begin, end - begin);
    const Read read = readYaml(example);
    expectReadable(example, read);
    if (read.scenario && whole) {
      for (std::uint64_t seed : {1, 2, 3}) expectHolds(example, *read.scenario, seed);
    }
    ++examples;
    at = end;
  }
  EXPECT_GE(examples, 25u);
}

}  // namespace
}  // namespace raft::scenario
