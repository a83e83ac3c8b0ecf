#include "trace/notation.h"

#include <gtest/gtest.h>

namespace raft::trace {
namespace {

const Names abc({"A", "B", "C"});

TEST(Notation, NamesServers) {
  EXPECT_EQ(Names().of(ServerId{3}), "s3");
  EXPECT_EQ(abc.of(ServerId{1}), "A");
  EXPECT_EQ(abc.of(ServerId{4}), "s4");
  EXPECT_EQ(abc.of(ServerSet{1, 2, 3}), "A, B and C");
  EXPECT_EQ(abc.of(ServerSet{}), "nobody");
  EXPECT_EQ(abc.of(std::optional<ServerId>()), "nobody");
}

TEST(Notation, WritesTimesInMilliseconds) {
  EXPECT_EQ(text(Duration(0)), "0 ms");
  EXPECT_EQ(text(Duration(12'000)), "12 ms");
  EXPECT_EQ(text(Duration(12'345)), "12.345 ms");
  EXPECT_EQ(text(Duration(500)), "0.5 ms");
  EXPECT_EQ(text(Duration(-1'050)), "-1.05 ms");
}

TEST(Notation, WritesEntriesWithTheirTerms) {
  const Entries entries{{1, "x=1"}, Entry::noop(2), {2, "y"}, {2, "z"}};
  EXPECT_EQ(entryText(3, 2), "3^2");
  EXPECT_EQ(entriesText(5, entries), "5^1 to 8^2");
  EXPECT_EQ(entriesInFull(5, entries, 2), "5^1 (x=1), 6^2 (no-op) and 2 more");
  EXPECT_EQ(logText(Log(entries)), "1^1 2^2 3^2 4^2");
  EXPECT_EQ(logText(Log(entries), 2), "… 3^2 4^2");
  EXPECT_EQ(logText(Log{}), "empty");
}

TEST(Notation, ShowsAnyCommandInOneLine) {
  EXPECT_EQ(commandText("SetX=10"), "SetX=10");
  EXPECT_EQ(commandText("a\nb\x7f"), "a\\x0ab\\x7f");
  EXPECT_EQ(commandText("\xff\xc3\xa4\xc0\x80"), "\\xff\xc3\xa4\\xc0\\x80");
  EXPECT_EQ(commandText("aäbc", 2), "aä…");
  EXPECT_EQ(commandText(""), "empty command");
}

TEST(Notation, WritesAServerAsALine) {
  Server server = Server::start(2, ServerSet{1, 2, 3}, {}, 1, Time(0),
                                {.currentTerm = 2, .votedFor = {}, .log = {{1, "x"}, {2, "y"}}});
  EXPECT_EQ(stateText(server, {}), "s2@2 follower  log 1^1 2^2  commit 0");
  server.role = Follower{.leaderId = ServerId{1}};
  EXPECT_EQ(stateText(server, abc), "B@2 follower of A  log 1^1 2^2  commit 0");
  server.role = Candidate{.votesGranted = {1, 2}};
  EXPECT_EQ(stateText(server, abc), "B@2 candidate  votes {A B}  log 1^1 2^2  commit 0");
}

TEST(Notation, WritesMessagesInputsAndEffects) {
  Server server = Server::start(2, ServerSet{1, 2, 3}, {}, 1, Time(0));
  const Envelope request{
      .from = 1,
      .to = 2,
      .message = AppendEntries::Request{
          .term = 1, .leaderId = 1, .prevLogIndex = 0, .prevLogTerm = 0, .entries = {{1, "x"}}}};
  EXPECT_EQ(inputText(request, abc), "A → B  AppendEntries term 1, after 0^0: 1^1, commit 0");
  EXPECT_EQ(effectsText(server.step(Time(0), request), abc),
            "write 1: term 1, vote for nobody, log from 1: 1^1; "
            "B → A  matches up to 1, term 1 (after write 1)");
  EXPECT_EQ(effectsText({}, abc), "nothing");
  EXPECT_EQ(inputText(Written{3}, abc), "write 3 is durable");
  EXPECT_EQ(inputText(WriteFailed{3}, abc), "write 3 has failed");
}

TEST(Notation, CountsColumnsNotBytes) {
  EXPECT_EQ(columns("○◐● §5.2"), 8u);
  EXPECT_EQ(utf8Length("\xe2\x97\x8b"), 3u);
  EXPECT_EQ(utf8Length("\xed\xa0\x80"), 0u);
  EXPECT_EQ(utf8Length("\xf4\x90\x80\x80"), 0u);
  EXPECT_EQ(utf8Length("\xe2\x97"), 0u);
}

}  // namespace
}  // namespace raft::trace
