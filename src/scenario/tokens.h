// The words of a phrase, read from the left; a comma is a word of its own.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace raft::scenario {

class Tokens {
 public:
  explicit Tokens(std::string_view text);  // which must outlive it
  explicit Tokens(std::string&&) = delete;

  bool atEnd() const { return at_ == words_.size(); }
  std::string_view peek(std::size_t ahead = 0) const {
    return at_ + ahead < words_.size() ? words_[at_ + ahead] : std::string_view();
  }
  std::string_view take() { return atEnd() ? std::string_view() : words_[at_++]; }
  // Takes the next words if they are these.
  bool accept(std::initializer_list<std::string_view> words);
  // Takes the next word if it is one of these.
  bool acceptAny(std::initializer_list<std::string_view> words);
  // What was not taken, as it stands in the text.
  std::string_view rest() const;
  std::size_t position() const { return at_; }
  void backTo(std::size_t position) { at_ = position; }

 private:
  std::string_view text_;
  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

inline Tokens::Tokens(std::string_view text) : text_(text) {
  constexpr std::string_view space = " \t\n\r";
  for (std::size_t i = text.find_first_not_of(space); i != text.npos;) {
    std::size_t end = std::min(text.find_first_of(" \t\n\r,", i), text.size());
    if (end == i) ++end;  // the comma itself
    words_.push_back(text.substr(i, end - i));
    i = text.find_first_not_of(space, end);
  }
}

inline bool Tokens::accept(std::initializer_list<std::string_view> words) {
  std::size_t ahead = 0;
  for (std::string_view word : words) {
    if (peek(ahead++) != word) return false;
  }
  at_ += words.size();
  return true;
}

inline bool Tokens::acceptAny(std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (accept({word})) return true;
  }
  return false;
}

inline std::string_view Tokens::rest() const {
  if (atEnd()) return {};
  const std::size_t from = static_cast<std::size_t>(words_[at_].data() - text_.data());
  return text_.substr(from, text_.find_last_not_of(" \t\n\r") + 1 - from);
}

}  // namespace raft::scenario
