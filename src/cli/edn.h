// EDN, the notation of Jepsen's histories (github.com/edn-format/edn): a form at a time.
#pragma once
#include <optional>

#include "cli/bytes.h"
#include "cli/form.h"

namespace raft::cli {

class EdnReader {
 public:
  explicit EdnReader(Bytes& bytes) : bytes_(bytes) {}

  // Skips blanks, commas, comments and what is discarded (#_).
  void skip();
  // The next form. Throws Unreadable; requires that skip() has found something.
  Form read();

 private:
  Form readForm(std::uint32_t depth);
  Form readString();
  Form readCharacter();
  Form readToken();
  Form readItems(Form::Kind kind, char closing, std::uint32_t depth);
  Form readDispatch(std::uint32_t depth);
  Form readNamespaced(scenario::Position at, std::uint32_t depth);
  void skip(std::uint32_t depth);
  int take();
  std::uint32_t hexDigits(scenario::Position at);

  Bytes& bytes_;
  std::uint64_t begin_ = 0;  // bytes that had been taken before the form
};

// UTF-8 of a code point.
void appendUtf8(std::string& out, std::uint32_t codePoint);

// A byte as people call it: 'x', or byte 0x07.
std::string byteText(int byte);

}  // namespace raft::cli
