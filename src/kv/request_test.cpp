#include "kv/request.h"

#include <gtest/gtest.h>

#include "raft/random.h"

namespace raft::kv {
namespace {

Operation operation(std::string_view text) { return parse(text).operation; }

TEST(Request, IsReadAsItIsWritten) {
  EXPECT_EQ(operation("get x"), Operation(Get{"x"}));
  EXPECT_EQ(operation("put x 1"), Operation(Put{"x", "1"}));
  EXPECT_EQ(operation("append x 2"), Operation(Append{"x", "2"}));
  EXPECT_EQ(operation("cas x 1 2"), Operation(CompareAndSet{"x", "1", "2"}));
  EXPECT_EQ(operation("delete x"), Operation(Delete{"x"}));
  EXPECT_EQ(operation("put   x   1"), Operation(Put{"x", "1"}));
  EXPECT_EQ(operation("register"), Operation(Register{}));
}

TEST(Request, OfTheChallengeSetsWhatItNames) {
  EXPECT_EQ(operation("SetX=10"), Operation(Put{"X", "10"}));
  EXPECT_EQ(operation("Setx1=a b = c"), Operation(Put{"x1", "a b = c"}));
  EXPECT_EQ(operation("SetX="), Operation(Put{"X", ""}));
  for (const char* none : {"Set=10", "SetX", "SetX 10", "setX=10", "Set X=10", "Set_=1"}) {
    EXPECT_EQ(operation(none), Operation(Other{})) << none;
  }
}

TEST(Request, MayBeAnyOtherText) {
  for (const char* text : {"", "c1.1", "x=1", "getx", "registered", "hello world", " get x"}) {
    EXPECT_EQ(parse(text), Request{}) << text;
  }
}

TEST(Request, ThatIsMalformedSaysWhatWasExpected) {
  for (const char* text : {"get", "get ", "get x y", "get \"x", "get x\"", "get \"x\"y",
                           "get \"\\q\"", "get \"\\x4\"", "get x ", "get \\", "get x\ny"}) {
    EXPECT_EQ(operation(text), Operation(Malformed{"get KEY"})) << text;
  }
  EXPECT_EQ(operation("put x"), Operation(Malformed{"put KEY VALUE"}));
  EXPECT_EQ(operation("append x 1 2"), Operation(Malformed{"append KEY VALUE"}));
  EXPECT_EQ(operation("cas x 1"), Operation(Malformed{"cas KEY EXPECTED VALUE"}));
  EXPECT_EQ(operation("delete"), Operation(Malformed{"delete KEY"}));
  for (const char* text : {"@", "@7", "@x#1 get x", "@0#1 get x", "@7#0 get x", "@7#1", "@7#1get x",
                           "@7#2<3 get x", "@7#2<0 get x", "@07#1 get x", "@7#1< get x",
                           "@7 closed", "@99999999999999999999#1 get x", "@-1#1 get x"}) {
    EXPECT_EQ(parse(text).session, 0u) << text;
    EXPECT_TRUE(std::holds_alternative<Malformed>(operation(text))) << text;
  }
}

TEST(Request, OfASessionHasItsNumberAndWhatIsAnswered) {
  EXPECT_EQ(parse("@7#3 put x 1"), (Request{Put{"x", "1"}, 7, 3, 3}));
  EXPECT_EQ(parse("@7#5<3 get x"), (Request{Get{"x"}, 7, 5, 3}));
  EXPECT_EQ(parse("@7#5<5 get x"), (Request{Get{"x"}, 7, 5, 5}));
  EXPECT_EQ(parse("@7 close"), (Request{Close{}, 7}));
  EXPECT_EQ(parse("@7#1 SetX=10"), (Request{Put{"X", "10"}, 7, 1, 1}));
  // These stand alone.
  EXPECT_EQ(operation("@7#1 register"), Operation(Other{}));
  EXPECT_EQ(operation("@7#1 @7#1 get x"), Operation(Other{}));
}

TEST(Request, IsTheSameWhenItIsWrittenAndReadAgain) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const Command odd{std::string_view(all)};
  for (const Request& request :
       {Request{Get{"x"}}, Request{Put{"", "a b"}}, Request{Append{"\"\\", "\n"}, 1, 2, 1},
        Request{CompareAndSet{odd, odd, odd}, 9, 9, 9}, Request{Delete{odd}}, Request{Register{}},
        Request{Close{}, 3}, Request{Put{"é", "1"}, 1, 1, 1}}) {
    EXPECT_EQ(parse(text(request)), request) << text(request);
  }
  EXPECT_EQ(text(parse("cas  x \"1\" \"a b\"")), "cas x 1 \"a b\"");
  EXPECT_EQ(text(parse("@7#5<3 get x")), "@7#5<3 get x");
  EXPECT_EQ(text(parse("@7#5<5 get x")), "@7#5 get x");
  EXPECT_EQ(text(parse("SetX=10")), "put X 10");
  EXPECT_EQ(text(parse("c1.1")), "");
}

// Whatever bytes stand in a log, reading them ends, and gives the same twice.
TEST(Request, IsReadFromAnyBytes) {
  Random chance{.seed = 3};
  constexpr std::string_view alphabet = "@#< \"\\x01=gSetputcas";
  for (std::uint32_t round = 0; round < 50'000; ++round) {
    std::string bytes;
    for (std::uint64_t i = chance.below(12); i > 0; --i) {
      bytes += alphabet[chance.below(alphabet.size())];
    }
    const Request request = parse(bytes);
    const std::string again = text(request);
    if (again.empty()) continue;
    EXPECT_EQ(parse(again), request) << bytes;
  }
}

}  // namespace
}  // namespace raft::kv
