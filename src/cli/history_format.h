// What is known of histories as text: how they begin, what they may be if they are none, and what
// functions are called.
#pragma once
#include <string>
#include <vector>

#include "cli/bytes.h"
#include "cli/read_history.h"

namespace raft::cli {

// What was expected where something else stands.
extern const char* const anOperation;

// That of UTF-8, if it is there.
void skipByteOrderMark(Bytes& bytes);
// Whether the operation that begins here is JSON, or else EDN.
bool beginsJson(Bytes& bytes);
// Of the beginning of a file, what is wrong and what to do; empty: it may be text.
std::string otherFormat(Bytes& bytes);

struct Word {
  std::string text;
  check::Function function;
};
extern const std::vector<Word> words;
std::vector<std::string> wordsOf(ModelName model);

}  // namespace raft::cli
