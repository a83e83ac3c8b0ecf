#include "cli/read_history.h"

#include <gtest/gtest.h>

namespace raft::cli {
namespace {

using check::Function;
using check::Outcome;

HistoryRead readText(std::string_view text, const HistoryOptions& options = {}) {
  Bytes bytes = Bytes::of(text);
  return readHistory(bytes, options);
}

History good(std::string_view text, const HistoryOptions& options = {}) {
  HistoryRead read = readText(text, options);
  for (const HistoryMistake& each : read.mistakes) ADD_FAILURE() << each.mistake.message;
  return read.history ? std::move(*read.history) : History{};
}

// "line:column: message" of the first mistake.
std::string mistakeIn(std::string_view text, const HistoryOptions& options = {}) {
  const HistoryRead read = readText(text, options);
  if (read.mistakes.empty()) return "none";
  const scenario::Mistake& first = read.mistakes[0].mistake;
  return std::to_string(first.at.line) + ":" + std::to_string(first.at.column) + ": " +
         first.message;
}

// The value that a process writes, as it is told.
std::string written(const std::string& value) {
  const History history = good("{:process 0, :type :invoke, :f :write, :value " + value + "}");
  return history.operations.empty() ? "" : history.values.tell(history.operations[0].argument);
}

TEST(ReadHistory, EdnAndJsonMeanTheSame) {
  const History edn = good(
      "{:process 0, :type :invoke, :f :cas, :value [1 2]}\n{:process 1 :type :invoke :f :read}\n"
      "{:process 0, :type :ok, :f :cas, :value [1 2]}\n{:process 1 :type :ok :f :read :value 2}");
  const History json = good(R"({"process": 0, "type": "invoke", "f": "cas", "value": [1, 2]})"
                            "\n"
                            R"({"process": 1, "type": "invoke", "f": "read"})"
                            "\n"
                            R"({"process": 0, "type": "ok", "f": "cas", "value": [1, 2]})"
                            "\n"
                            R"({"process": 1, "type": "ok", "f": "read", "value": 2})");
  ASSERT_EQ(edn.operations.size(), 2u);
  EXPECT_EQ(edn.operations, json.operations);
  EXPECT_EQ(edn.model, ModelName::CasRegister);
  EXPECT_EQ(edn.operations[0].call, 0u);
  EXPECT_EQ(edn.operations[0].response, 2u);
  EXPECT_EQ(edn.told[1].responseLine, 4u);
  EXPECT_EQ(edn.values.tell(edn.operations[1].result), "2");
}

TEST(ReadHistory, OperationsMayStandInAVectorOrBeRecords) {
  const char* const one = "{:process 0, :type :invoke, :f :read}";
  EXPECT_EQ(good(std::string("[") + one + "]\n").operations.size(), 1u);
  EXPECT_EQ(good(std::string("(") + one + ") ; the end").operations.size(), 1u);
  EXPECT_EQ(good(std::string("#jepsen.history.Op") + one).operations.size(), 1u);
  EXPECT_EQ(good(R"([{"process": 0, "type": "invoke", "f": "read"},)"
                 "\n"
                 R"( {"process": 1, "type": "invoke", "f": "read"}])")
                .operations.size(),
            2u);
}

TEST(ReadHistory, ValuesAreOfAnyKindOfEdn) {
  EXPECT_EQ(written("nil"), "nil");
  EXPECT_EQ(written("+12N"), "12");
  EXPECT_EQ(written("-1.5e3M"), "-1.5e3M");
  EXPECT_EQ(written("2/3"), "2/3");
  EXPECT_EQ(written(":a/b"), ":a/b");
  EXPECT_EQ(written("'x"), "'x");
  EXPECT_EQ(written("\\newline"), "\\newline");
  EXPECT_EQ(written("\\\\"), "\\\\");
  EXPECT_EQ(written(R"("a\n\"\u00e9\\")"), R"("a\u000a\"é\\")");
  EXPECT_EQ(written(R"("\ud83d\ude00")"), "\"😀\"");
  EXPECT_EQ(written("(1 [2, \"x\"] #_ignored nil)"), "[1 [2 \"x\"] nil]");
  EXPECT_EQ(written("#{3 1 #_#_a b 2}"), "#{1 2 3}");
  EXPECT_EQ(written("{:b 2 ; comment\n :a 1}"), "{:a 1 :b 2}");
  EXPECT_EQ(written("#inst \"2026-01-01\""), "#inst \"2026-01-01\"");
  EXPECT_EQ(written("#:n{:a 1 :m/b 2}"), "{:m/b 2 :n/a 1}");
  EXPECT_EQ(written("##NaN"), "NaN");
}

TEST(ReadHistory, EqualValuesAreEqualHoweverTheyAreWritten) {
  const History history = good("{:process 0, :type :invoke, :f :cas, :value [#{1 [2]} #{(2) 1}]}");
  EXPECT_EQ(history.operations[0].expected, history.operations[0].argument);
  const History other = good("{:process 0, :type :invoke, :f :cas, :value [:a \"a\"]}");
  EXPECT_NE(other.operations[0].expected, other.operations[0].argument);
}

TEST(ReadHistory, WhatFailedIsLeftOutAndWhatHasNoAnswerNeverResponded) {
  const char* const text =
      "{:process 0, :type :invoke, :f :cas, :value [1 2]}\n{:process 0, :type :fail, :f :cas}\n"
      "{:process 1, :type :invoke, :f :write, :value 2}\n{:process 1, :type :info, :f :write}\n"
      "{:process 2, :type :invoke, :f :write, :value 3}\n";
  const History history = good(text);
  ASSERT_EQ(history.operations.size(), 2u);
  for (const check::Operation& operation : history.operations) {
    EXPECT_EQ(operation.response, check::never);
  }
  const History compared = good(text, {.failedCasCompared = true});
  ASSERT_EQ(compared.operations.size(), 3u);
  EXPECT_EQ(compared.operations[0].outcome, Outcome::Mismatch);
}

TEST(ReadHistory, TheNemesisIsNoClient) {
  EXPECT_EQ(good("{:process :nemesis, :type :info, :f :start}\n"
                 "{:process 0, :type :invoke, :f :read}")
                .operations.size(),
            1u);
}

TEST(ReadHistory, TheFunctionsTellTheModel) {
  const auto model = [](const std::string& f) {
    return good("{:process 0, :type :invoke, :f :" + f + ", :value [1 2]}").model;
  };
  EXPECT_EQ(model("write"), ModelName::Register);
  EXPECT_EQ(model("cas"), ModelName::CasRegister);
  EXPECT_EQ(model("put"), ModelName::KeyValue);
  EXPECT_EQ(model("append"), ModelName::Log);
}

TEST(ReadHistory, ALogTellsPositions) {
  const History history = good(
      "{:process 0, :type :invoke, :f :append, :value :a}\n{:process 0, :type :ok, :f :append, "
      ":value [4 :a]}\n{:process 0, :type :invoke, :f :append, :value :b}\n{:process 0, :type :ok, "
      ":f :append, :value :b}");
  EXPECT_EQ(history.values.tell(history.operations[0].result), "4");
  EXPECT_EQ(history.operations[1].result, check::untold);
}

TEST(ReadHistory, IndependentKeysStandInTheValues) {
  const History history = good(
      "{:process 0, :type :invoke, :f :write, :value [7 1]}\n{:process 1, :type :invoke, :f :read, "
      ":value [8 nil]}",
      {.independent = true});
  EXPECT_EQ(history.values.tell(history.operations[0].key), "7");
  EXPECT_EQ(history.values.tell(history.operations[0].argument), "1");
  EXPECT_TRUE(history.keyed);
  EXPECT_EQ(mistakeIn("{:process 0, :type :invoke, :f :write, :value 1}", {.independent = true}),
            "1:47: the number '1' stands here: with --independent, expected [key value]");
}

TEST(ReadHistory, TimesThatGoBackAreNoted) {
  const HistoryRead read = readText(
      "{:process 0, :type :invoke, :f :read, :time 7}\n{:process 1, :type :invoke, :f :read, :time "
      "5}");
  EXPECT_TRUE(read.history);
  EXPECT_EQ(read.note, "2:45: time 5 stands below 7; what counts is the order of the lines");
}

TEST(HistoryMistakes, OfWhatIsNoHistory) {
  const std::string empty =
      "the history is empty: expected an operation, as in {:process 0, :type :invoke, :f :read, "
      ":value nil} or {\"process\": 0, \"type\": \"invoke\", \"f\": \"read\"}";
  EXPECT_EQ(mistakeIn(""), "1:1: " + empty);
  EXPECT_EQ(mistakeIn("; nothing\n"), "2:1: " + empty);
  EXPECT_EQ(mistakeIn("[]"), "1:3: " + empty);
  EXPECT_EQ(mistakeIn("\x7f"
                      "ELF")
                .substr(0, 45),
            "1:1: byte 0x7f stands here: expected an opera");
  EXPECT_EQ(mistakeIn("#inst 7"),
            "1:7: the number '7' stands here: expected an operation, which "
            "is a map");
  EXPECT_EQ(mistakeIn("[{:process 0, :type :invoke, :f :read}] {"),
            "1:41: '{' stands behind the end of the history");
}

TEST(HistoryMistakes, OfWhatIsCutOff) {
  EXPECT_EQ(mistakeIn("{:process 0, :type :inv"),
            "1:24: the file ends here: expected '}' for the '{' of 1:1; is the file cut off?");
  EXPECT_EQ(mistakeIn("{:process 0, :f \"inv"),
            "1:21: the file ends here: expected '\"' for that of "
            "1:17; is the file cut off?");
  EXPECT_EQ(mistakeIn("[{:process 0, :type :invoke, :f :read}"),
            "1:39: the file ends here: expected ']' for the bracket of 1:1; is the file cut off?");
  EXPECT_EQ(mistakeIn("{:process 0, :"),
            "1:15: the file ends here: expected a keyword; is the file cut off?");
  EXPECT_EQ(mistakeIn("{:process \\"),
            "1:12: the file ends here: expected a character; is the file cut off?");
  EXPECT_EQ(
      mistakeIn("\n{\"process\": 0, \"ty"),
      "2:19: the file ends here, within the operation of 2:1; is the file cut off? What stands "
      "above line 2 can be checked without it");
}

TEST(HistoryMistakes, OfFilesThatAreNoText) {
  for (const auto& [beginning, command] :
       std::initializer_list<std::pair<std::string, std::string>>{
           {"\x28\xb5\x2f\xfd", "zstd -dc FILE"},
           {"\xfd\x37zXZ", "xz -dc FILE"},
           {"BZh9", "bzip2 -dc FILE"},
           {"PK\x03\x04", "unzip -p FILE"},
           {"\xff\xfe{", "iconv -f UTF-16 -t UTF-8 FILE"},
           {"\xfe\xff", "iconv -f UTF-16 -t UTF-8 FILE"}}) {
    const std::string told = mistakeIn(beginning);
    EXPECT_TRUE(told.starts_with("1:1: ")) << told;
    EXPECT_TRUE(told.ends_with("; try: " + command + " | raftlab check -")) << told;
  }
}

TEST(HistoryMistakes, OfHistoriesWithoutAClient) {
  EXPECT_EQ(mistakeIn("{:process :nemesis, :type :info, :f :start}\n"
                      "{:process :one, :type :invoke, :f :read}\n")
                .substr(0, 72),
            "3:1: the history ends here, and no process in it is a client: expected a");
}

TEST(HistoryMistakes, OfNotation) {
  EXPECT_EQ(mistakeIn("{\"process\": 0 \"type\": 1}"),
            "1:15: this is not JSON: '\"type\"' stands here; expected '}'");
  EXPECT_EQ(mistakeIn("{\"process\": \"a\nb\"}"),
            "1:13: this is not JSON: '\"a<U+000A>' stands here: invalid string: control character "
            "U+000A (LF) must be escaped to \\u000A or \\n");
  EXPECT_EQ(mistakeIn("{:process 0 :type}"),
            "1:13: the keyword ':type' has no value: a map is of "
            "pairs");
  EXPECT_EQ(mistakeIn("{:process 1x}"), "1:11: '1x' is no number");
  EXPECT_EQ(mistakeIn("{:process ]}"), "1:11: ']' closes nothing that is open");
  EXPECT_EQ(mistakeIn("{:process ##}"), "1:13: a # stands before nothing: expected a name");
  EXPECT_EQ(mistakeIn("{:process ##"), "1:13: a # stands before nothing: expected a name");
  EXPECT_EQ(mistakeIn("{:process #: {:a 1}}"),
            "1:12: a colon stands alone: expected a keyword, as in :ok");
  EXPECT_EQ(mistakeIn("{:process \"\\q\"}").substr(0, 57),
            "1:12: a backslash stands before what it cannot stand for:");
  EXPECT_EQ(mistakeIn("{:a " + std::string(500, '[')).substr(0, 43),
            "1:205: values are nested more than 200 deep");
  EXPECT_EQ(mistakeIn("{\"a\": " + std::string(500, '[')).substr(0, 50),
            "1:206: values are nested more than 200 deep");
  std::string left = "{:a ";
  for (int i = 0; i < 1'000'000; ++i) left += "#_ ";
  EXPECT_EQ(mistakeIn(left), "1:604: values are nested more than 200 deep: expected an operation");
}

TEST(HistoryMistakes, OfWhoCallsAndIsAnswered) {
  const std::string call = "{:process 0, :type :invoke, :f :read}\n";
  EXPECT_EQ(mistakeIn(call + call),
            "2:1: process 0 calls read while its read of line 1 is not answered: expected its "
            "response first (who calls several at once is several)");
  EXPECT_EQ(
      mistakeIn("{:process 3, :type :ok, :f :read}"),
      "1:1: process 3 gets a response, ok of read, and has called nothing: expected its call, "
      "of the type invoke, above");
  EXPECT_EQ(mistakeIn(call + "{:process 0, :type :ok, :f :write}"),
            "2:28: process 0 gets the response of write, and has called read in line 1");
  EXPECT_EQ(mistakeIn("{:process 0, :type :invoke, :f :get, :key 1}\n{:process 0, :type :ok, :f "
                      ":get, :key 2}"),
            "2:1: process 0 is answered for the key 2, and has called get on 1 in line 1");
}

TEST(HistoryMistakes, OfAKeyThatStandsThereTwice) {
  EXPECT_EQ(mistakeIn("{:process 0, :type :invoke, :f :write, :value 1,\n :value 2}"),
            "2:2: the keyword ':value' stands here again, after 1:40: expected it once");
  EXPECT_EQ(mistakeIn(R"({"process": 0, "process": 0, "type": "invoke", "f": "read"})"),
            "1:16: the string 'process' stands here again, after 1:2: expected it once");
}

// One is enough: what follows from it is none.
TEST(HistoryMistakes, BringNoOthers) {
  const auto count = [](const std::string& text) { return readText(text).mistakes.size(); };
  const std::string response = "{:process 0, :type :ok, :f :wirte}\n";
  EXPECT_EQ(count("{:process 0, :type :invoke, :f :wirte}\n" + response), 1u);
  EXPECT_EQ(count("{:process 0, :type :invok, :f :wirte}\n" + response), 1u);
  EXPECT_EQ(count("{:process 0, :type :invoke, :f :read}\n{:process 0, :type :okay, :f :read}\n"
                  "{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read}\n"),
            1u);
  EXPECT_EQ(count("{:process 0, :type :invoke, :f :wirte}\n" + response + response), 2u);
}

TEST(HistoryMistakes, OfWords) {
  EXPECT_EQ(mistakeIn("{:type :invoke}"),
            "1:1: this operation has no :process: expected the number of a client");
  EXPECT_EQ(mistakeIn("{:process 0, :type :invok, :f :read}"),
            "1:20: 'invok' is no type of an event; did you mean 'invoke'?");
  EXPECT_EQ(mistakeIn("{:process 0, :type :invoke, :f :wirte}"),
            "1:32: there is no function 'wirte'; did you mean 'write'?");
  EXPECT_EQ(mistakeIn("{:process 0, :type :invoke, :f :put}", {.model = ModelName::Log}),
            "1:32: there is no function 'put' in this model; expected append or read");
  EXPECT_EQ(mistakeIn("{:process 0, :type :invoke, :f :cas, :value 3}"),
            "1:45: cas is called with the number '3': expected [old new]");
}

TEST(HistoryMistakes, AllAreToldButNoMoreThanTen) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "{:process 0, :type :ok, :f :read}\n";
  EXPECT_EQ(readText(text).mistakes.size(), 10u);
}

// Bounded memory, however long a line is.
TEST(HistoryMistakes, AnOperationWithoutEndIsTooLong) {
  const std::string longOne(17'000'000, 'x');
  EXPECT_EQ(
      mistakeIn("{:process \"" + longOne).substr(0, 86),
      "1:16000001: this operation, or what else it may be, has no end within 16 MB: expected ");
  EXPECT_EQ(mistakeIn("{\"process\": \"" + longOne),
            "1:1: this object has no end within 16 MB: expected an operation a line");
}

TEST(HistoryMistakes, AHistoryThatIsTooLargeForTheMemory) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    text += "{:process " + std::to_string(i) + ", :type :invoke, :f :write, :value " +
            std::to_string(i) + "}\n";
  }
  EXPECT_EQ(mistakeIn(text, {.bytes = 10'000}),
            "33:1: the history is too large for the memory that --memory allows");
}

}  // namespace
}  // namespace raft::cli
