#include "cli/history_format.h"

#include <string_view>

#include <fmt/format.h>

#include "cli/edn.h"

namespace raft::cli {
namespace {

bool begins(Bytes& bytes, std::string_view with) {
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (bytes.peek(i) != static_cast<unsigned char>(with[i])) return false;
  }
  return true;
}

// Histories are kept in such files, of which only gzip's are taken apart here.
struct Format {
  std::string_view beginning;
  const char* name;
  const char* command;
};
constexpr Format formats[] = {
    {"\x28\xb5\x2f\xfd", "packed by zstd", "zstd -dc"},
    {"\xfd\x37zXZ", "packed by xz", "xz -dc"},
    {"BZh", "packed by bzip2", "bzip2 -dc"},
    {"PK\x03\x04", "packed by zip", "unzip -p"},
    {"\xff\xfe", "in UTF-16", "iconv -f UTF-16 -t UTF-8"},
    {"\xfe\xff", "in UTF-16", "iconv -f UTF-16 -t UTF-8"},
};

}  // namespace

const char* const anOperation =
    "an operation, as in {:process 0, :type :invoke, :f :read, :value nil} or {\"process\": 0, "
    "\"type\": \"invoke\", \"f\": \"read\"}";

void skipByteOrderMark(Bytes& bytes) {
  if (!begins(bytes, "\xef\xbb\xbf")) return;
  for (int i = 0; i < 3; ++i) bytes.take();
}

// A brace, then perhaps blanks, then a quotation mark.
bool beginsJson(Bytes& bytes) {
  std::size_t ahead = 1;
  while (ahead < 100 && std::string_view(" \t\r\n").find(static_cast<char>(bytes.peek(ahead))) !=
                            std::string_view::npos) {
    ++ahead;
  }
  return bytes.peek() == '{' && bytes.peek(ahead) == '"';
}

std::string otherFormat(Bytes& bytes) {
  for (const Format& format : formats) {
    if (!begins(bytes, format.beginning)) continue;
    return fmt::format(
        "{} stands here, as in a file that is {}: expected text; try: {} FILE | "
        "raftlab check -",
        byteText(bytes.peek()), format.name, format.command);
  }
  return {};
}

const std::vector<Word> words = {
    {"read", check::Function::Read},         {"write", check::Function::Write},
    {"cas", check::Function::CompareAndSet}, {"get", check::Function::Read},
    {"put", check::Function::Write},         {"append", check::Function::Append},
    {"delete", check::Function::Delete},
};

std::vector<std::string> wordsOf(ModelName model) {
  switch (model) {
    case ModelName::Register: return {"read", "write", "get", "put"};
    case ModelName::CasRegister: return {"read", "write", "get", "put", "cas"};
    case ModelName::Log: return {"append", "read"};
    default: break;
  }
  std::vector<std::string> all;
  for (const Word& word : words) all.push_back(word.text);
  return all;
}

}  // namespace raft::cli
