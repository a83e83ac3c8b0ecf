#include "cli/json_form.h"

#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/edn.h"

namespace raft::cli {
namespace {

using Kind = Form::Kind;

// What the library has read so far, and where the latest value began: it does not say so itself.
struct Progress {
  Bytes& bytes;
  std::uint64_t begin;
  bool tooLong = false;
  bool inString = false;
  bool escaped = false;
  bool inWord = false;
  bool afterString = false;
  scenario::Position value = {};  // where the latest scalar began
  scenario::Position brace = {};  // the latest { or [
  scenario::Position last = {};   // the latest byte

  int peek() {
    if (bytes.taken() - begin >= longest) tooLong = true;
    return tooLong ? Bytes::end : bytes.peek();
  }

  void take() {
    const scenario::Position at = bytes.at();
    const int byte = bytes.take();
    last = at;
    afterString = inString && !escaped && byte == '"';
    if (inString) {
      inString = escaped || byte != '"';
      escaped = !escaped && byte == '\\';
      return;
    }
    const bool between =
        std::string_view(" \t\r\n,:[]{}").find(static_cast<char>(byte)) != std::string_view::npos;
    if (byte == '{' || byte == '[') brace = at;
    if (!between && !inWord) value = at;
    inString = byte == '"';
    inWord = !between && !inString;
  }
};

// Bytes as an iterator, as the library wants them.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  Progress* progress;  // null: the end
  char operator*() const { return static_cast<char>(progress->peek()); }
  Cursor& operator++() {
    progress->take();
    return *this;
  }
  Cursor operator++(int) {
    const Cursor before = *this;
    ++*this;
    return before;
  }
  bool atEnd() const { return !progress || progress->peek() == Bytes::end; }
  bool operator==(const Cursor& other) const { return atEnd() == other.atEnd(); }
};

class Builder : public nlohmann::json::json_sax_t {
 public:
  explicit Builder(Progress& progress) : progress_(progress) {}

  Form take() { return std::move(root_); }

  bool null() override { return add({.kind = Kind::Nil, .at = progress_.value}); }
  bool boolean(bool value) override {
    return add({.kind = Kind::Boolean, .at = progress_.value, .text = value ? "true" : "false"});
  }
  bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return number(text); }
  bool string(string_t& text) override {
    return add({.kind = Kind::String, .at = progress_.value, .text = text});
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Kind::Map); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Kind::List); }
  bool end_array() override { return close(); }
  bool key(string_t& text) override { return string(text); }

  bool parse_error(std::size_t, const std::string& token,
                   const nlohmann::json::exception& e) override {
    if (progress_.tooLong) {
      unreadable(progress_.brace, fmt::format("this object has no end within {} MB: expected an "
                                              "operation a line",
                                              longest / 1'000'000));
    }
    if (progress_.bytes.peek() == Bytes::end) {
      const scenario::Position begin = open_.empty() ? progress_.brace : open_[0].at;
      unreadable(progress_.bytes.at(),
                 fmt::format("the file ends here, within the operation of {}:{}", begin.line,
                             begin.column));
    }
    const bool isWord = progress_.inWord || progress_.inString || progress_.afterString;
    unreadable(isWord ? progress_.value : progress_.last,
               fmt::format("this is not JSON: {} stands here{}", shown(token), reasonOf(e.what())));
  }

 private:
  // Of the library's sentence, what helps: its end, "…; expected '}'", or else its middle,
  // "… - invalid string: control character …; last read: …".
  static std::string reasonOf(std::string_view sentence) {
    const std::size_t expected = sentence.rfind("; expected ");
    if (expected != sentence.npos) return std::string(sentence.substr(expected));
    const std::size_t begin = sentence.find(" - ");
    if (begin == sentence.npos) return "";
    const std::string_view reason = sentence.substr(begin + 3);
    return ": " + std::string(reason.substr(0, reason.find("; last read")));
  }
  // The end of what could not be read, which may be long, and of any bytes.
  static std::string shown(const std::string& token) {
    return "'" + (token.size() > 30 ? "…" + token.substr(token.size() - 30) : token) + "'";
  }
  bool number(std::string text) {
    return add({.kind = Kind::Number, .at = progress_.value, .text = std::move(text)});
  }
  bool open(Kind kind) {
    if (open_.size() >= deepest) {
      unreadable(progress_.brace, fmt::format("values are nested more than {} deep", deepest));
    }
    open_.push_back({.kind = kind, .at = progress_.brace});
    return true;
  }
  bool close() {
    Form done = std::move(open_.back());
    open_.pop_back();
    return add(std::move(done));
  }
  bool add(Form form) {
    if (open_.empty()) {
      root_ = std::move(form);
    } else {
      open_.back().items.push_back(std::move(form));
    }
    return true;
  }

  Progress& progress_;
  Form root_ = {};
  std::vector<Form> open_ = {};
};

}  // namespace

Form readJson(Bytes& bytes) {
  Progress progress{
      .bytes = bytes, .begin = bytes.taken(), .value = bytes.at(), .brace = bytes.at()};
  Builder builder(progress);
  nlohmann::json::sax_parse(Cursor{&progress}, Cursor{nullptr}, &builder,
                            nlohmann::json::input_format_t::json, /*strict=*/false);
  return builder.take();
}

}  // namespace raft::cli
