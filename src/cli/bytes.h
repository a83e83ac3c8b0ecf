// The bytes of a file, or of standard input, one after another, with where they stand. What is
// compressed with gzip is taken apart on the way.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "scenario/value.h"

namespace raft::cli {

class Bytes {
 public:
  // `path`: "-" is standard input.
  explicit Bytes(const std::string& path);
  // For tests: what is there already.
  static Bytes of(std::string_view text);
  ~Bytes();
  Bytes(Bytes&&) noexcept;
  Bytes& operator=(Bytes&&) = delete;

  static constexpr int end = -1;
  // The next byte, or `end`: there is none, or wrong() says why it cannot be read.
  int peek(std::size_t ahead = 0) {
    if (at_ + ahead >= ready_.size() && !fill(ahead)) return end;
    return static_cast<unsigned char>(ready_[at_ + ahead]);
  }
  int take();

  // Of the byte that peek() gives.
  scenario::Position at() const { return position_; }
  // So many were taken.
  std::uint64_t taken() const { return taken_; }
  // What was taken of the line that is being read, or of the one before if nothing was yet: at most
  // its first 400 bytes.
  const std::string& line() const { return line_.empty() ? lineBefore_ : line_; }
  std::uint32_t lineNumber() const { return position_.line - (line_.empty() ? 1 : 0); }
  // Why no more can be read, as a clause; empty: all is well so far.
  const std::string& wrong() const { return wrong_; }

 private:
  struct Source;

  bool fill(std::size_t ahead);
  bool inflateMore();

  std::unique_ptr<Source> source_;
  std::string ready_;
  std::size_t at_ = 0;  // of ready_
  scenario::Position position_ = {};
  std::uint64_t taken_ = 0;
  std::string line_;
  std::string lineBefore_;
  std::string wrong_;
};

}  // namespace raft::cli
