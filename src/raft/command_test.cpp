#include "raft/command.h"

#include <string>

#include <gtest/gtest.h>

#include "raft/raft_test_support.h"

namespace raft {
namespace {

TEST(Command, IsEmptyAtFirst) {
  EXPECT_EQ(Command().bytes(), "");
  EXPECT_EQ(Command(), Command(""));
  EXPECT_EQ(Command(std::string_view()), Command());
  EXPECT_NE(Command(), Command("x"));
}

TEST(Command, HoldsAnyBytes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(Command(std::string_view(all)).bytes(), all);
}

TEST(Command, DoesNotDependOnWhatItWasMadeFrom) {
  std::string text = "SetX=10";
  const Command command{std::string_view(text)};
  text = "changed";
  EXPECT_EQ(command.bytes(), "SetX=10");
}

TEST(Command, CopiesShareTheirBytesAndOutliveTheOriginal) {
  const std::string_view text = "SetX=10, and more than stands in place";
  Command copy;
  {
    const Command original(text);
    copy = original;
    EXPECT_EQ(copy.bytes().data(), original.bytes().data());
  }
  EXPECT_EQ(copy.bytes(), text);
}

TEST(Command, StandsInPlaceUpToItsSizeAndIsAllocatedAboveIt) {
  const std::string most(Command::maxInPlace, 'x');
  for (const std::string& text : {std::string(), std::string("x"), most, most + "x"}) {
    const Command original{std::string_view(text)};
    const Command copy = original;
    EXPECT_EQ(copy.bytes(), text);
    EXPECT_EQ(copy, original);
    EXPECT_EQ(copy.bytes().data() == original.bytes().data(), text.size() > most.size());
  }
}

TEST(Command, EqualityIsThatOfTheBytes) {
  EXPECT_EQ(Command("SetX=10"), Command("SetX=10"));
  EXPECT_NE(Command("SetX=10"), Command("SetX=1"));
  EXPECT_NE(Command("SetX=10"), Command("SetX=11"));
}

TEST(Command, AMoveLeavesNothingBehind) {
  Command a("SetX=10");
  const Command b = std::move(a);
  EXPECT_EQ(b.bytes(), "SetX=10");
  EXPECT_EQ(a.bytes(), "");
  a = b;
  Command& same = a;
  a = same;
  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace raft
