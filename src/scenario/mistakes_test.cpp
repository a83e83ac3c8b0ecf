// Each mistake and its exact message, in a file of its own: mistakes_test.txt.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scenario/words.h"
#include "scenario/yaml.h"

namespace raft::scenario {
namespace {

const std::string path = RAFTLAB_SOURCE_DIR "/src/scenario/mistakes_test.txt";

struct Case {
  std::string name;
  std::string yaml;
  std::string messages;
};

// "== name", lines of YAML, lines "-> message".
std::vector<Case> cases(std::string& head) {
  std::ifstream in(path);
  std::vector<Case> out;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("== ")) {
      out.push_back({.name = line.substr(3), .yaml = "", .messages = ""});
    } else if (out.empty()) {
      head += line + "\n";
    } else if (line.starts_with("-> ")) {
      out.back().messages += line + "\n";
    } else if (!line.empty()) {
      out.back().yaml += line + "\n";
    }
  }
  return out;
}

std::string messagesOf(const std::string& yaml) {
  std::string out;
  for (const Mistake& mistake : readYaml(yaml).mistakes) {
    out += "-> " + std::to_string(mistake.at.line) + ":" + std::to_string(mistake.at.column) +
           ": " + mistake.message + "\n";
  }
  return out;
}

TEST(Mistakes, EachIsToldWithItsPlaceWhatStoodThereAndWhatWasExpected) {
  std::string head;
  std::string rewritten;
  const std::vector<Case> all = cases(head);
  EXPECT_GE(all.size(), 90u);
  for (const Case& each : all) {
    const std::string messages = messagesOf(each.yaml);
    EXPECT_NE(messages, "") << each.name << " is no mistake";
    EXPECT_EQ(messages, each.messages) << each.name;
    rewritten += "\n== " + each.name + "\n" + each.yaml + messages;
  }
  while (head.ends_with("\n\n")) head.pop_back();
  if (std::getenv("RAFTLAB_REWRITE")) std::ofstream(path) << head + rewritten;
}

// Not in mistakes_test.txt, for no file of ours contains a tab.
TEST(Mistakes, ATabAsIndentationIsNamed) {
  EXPECT_EQ(messagesOf("network:\n\tloss: 10 %\n"),
            "-> 2:6: this line is indented with a tab: expected blanks\n");
}

TEST(Mistakes, NoCutOffFileIsTakenAmiss) {
  std::ifstream in(RAFTLAB_SOURCE_DIR "/scenarios/challenge/3-leader-failure.yaml");
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Read read = readYaml(whole.substr(0, length));
    EXPECT_NE(read.scenario.has_value(), !read.mistakes.empty());
  }
}

TEST(Words, TimesAndRangesAreReadExactly) {
  EXPECT_EQ(parseDuration("10 ms").value, Duration(10'000));
  EXPECT_EQ(parseDuration("1.5s").value, Duration(1'500'000));
  EXPECT_EQ(parseDuration("0.25 ms").value, Duration(250));
  EXPECT_EQ(parseDuration("2 min").value, Duration(120'000'000));
  EXPECT_EQ(parseDuration(" 0 ").value, Duration(0));
  for (const char* wrong :
       {"", "ms", "10", "-1 ms", "1,5 ms", "1. ms", "1 m", "1e3 ms", "0x1 ms"}) {
    EXPECT_FALSE(parseDuration(wrong).value) << wrong;
    EXPECT_NE(parseDuration(wrong).wrong, "") << wrong;
  }
  EXPECT_EQ(parseRange("150..300 ms").value, (DurationRange{Duration(150'000), Duration(300'000)}));
  EXPECT_EQ(parseRange("500 us .. 1 ms").value, (DurationRange{Duration(500), Duration(1000)}));
  EXPECT_EQ(parseRange("2 ms").value, (DurationRange{Duration(2000), Duration(2000)}));
  for (const char* wrong : {"..", "1 ms..", "..1 ms", "2..1 ms", "-1..2 ms", "1 ms..2"}) {
    EXPECT_FALSE(parseRange(wrong).value) << wrong;
  }
  EXPECT_EQ(parsePercent("0.5 %").value, 5'000u);
  EXPECT_EQ(parsePercent("100%").value, 1'000'000u);
  EXPECT_FALSE(parsePercent("100.1 %").value);
}

TEST(Words, TheNearestWordIsNearEnoughOrNone) {
  const std::vector<std::string> words = {"leader", "follower", "crash", "restart"};
  EXPECT_EQ(nearest("leeder", words), "leader");
  EXPECT_EQ(nearest("Leader", words), "leader");
  EXPECT_EQ(nearest("carsh", words), "crash");
  EXPECT_EQ(nearest("xyz", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
}

}  // namespace
}  // namespace raft::scenario
