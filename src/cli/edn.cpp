#include "cli/edn.h"

#include <cctype>

#include <fmt/format.h>

#include "scenario/words.h"

namespace raft::cli {
namespace {

using Kind = Form::Kind;

bool isBlank(int byte) {
  return byte == ' ' || byte == ',' || byte == '\n' || byte == '\t' || byte == '\r' ||
         byte == '\f' || byte == '\v';
}

bool endsToken(int byte) {
  return byte == Bytes::end || isBlank(byte) ||
         std::string_view("()[]{}\";@^`~\\").find(static_cast<char>(byte)) !=
             std::string_view::npos;
}

bool isDigit(int byte) { return byte >= '0' && byte <= '9'; }

bool beginsNumber(std::string_view token) {
  const bool isSigned = token[0] == '+' || token[0] == '-';
  return isDigit(token[0]) || (isSigned && token.size() > 1 && isDigit(token[1]));
}

// 12, 12N, 1.5, 1.5e3M, 2/3, 0x1F and -12; the sign + is left out, as it means nothing.
bool isNumber(std::string_view token) {
  if (token[0] == '+' || token[0] == '-') token.remove_prefix(1);
  const auto takeDigits = [&] {
    std::size_t count = 0;
    while (count < token.size() && isDigit(token[count])) ++count;
    token.remove_prefix(count);
    return count > 0;
  };
  if (token.starts_with("0x") || token.starts_with("0X")) {
    token.remove_prefix(2);
    return !token.empty() && token.find_first_not_of("0123456789abcdefABCDEFN") == token.npos;
  }
  if (!takeDigits()) return false;
  if (token.starts_with("/")) {
    token.remove_prefix(1);
    return takeDigits() && token.empty();
  }
  if (token == "N") return true;
  if (token.starts_with(".")) {
    token.remove_prefix(1);
    takeDigits();
  }
  if (token.starts_with("e") || token.starts_with("E")) {
    token.remove_prefix(1);
    if (token.starts_with("+") || token.starts_with("-")) token.remove_prefix(1);
    if (!takeDigits()) return false;
  }
  return token.empty() || token == "M";
}

[[noreturn]] void tooDeep(scenario::Position at) {
  unreadable(at,
             fmt::format("values are nested more than {} deep: expected an operation", deepest));
}

}  // namespace

std::string byteText(int byte) {
  if (byte > 0x20 && byte < 0x7f) return fmt::format("'{}'", static_cast<char>(byte));
  return fmt::format("byte 0x{:02x}", byte);
}

void appendUtf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
  }
  byte(0x80 | (c & 0x3f));
}

int EdnReader::take() {
  if (bytes_.taken() - begin_ >= longest) {
    unreadable(bytes_.at(), fmt::format("this operation, or what else it may be, has no end within "
                                        "{} MB: expected a history, an operation a line",
                                        longest / 1'000'000));
  }
  return bytes_.take();
}

void EdnReader::skip() {
  begin_ = bytes_.taken();
  skip(0);
}

void EdnReader::skip(std::uint32_t depth) {
  if (depth > deepest) tooDeep(bytes_.at());
  for (;;) {
    const int byte = bytes_.peek();
    if (isBlank(byte)) {
      bytes_.take();
      if (depth == 0) begin_ = bytes_.taken();
    } else if (byte == ';') {
      while (bytes_.peek() != '\n' && bytes_.peek() != Bytes::end) bytes_.take();
      if (depth == 0) begin_ = bytes_.taken();
    } else if (byte == '#' && bytes_.peek(1) == '_') {
      const scenario::Position at = bytes_.at();
      take();
      take();
      skip(depth + 1);
      if (bytes_.peek() == Bytes::end) unreadable(at, "#_ stands here, and nothing follows");
      readForm(depth + 1);
    } else {
      return;
    }
  }
}

Form EdnReader::read() {
  begin_ = bytes_.taken();
  return readForm(0);
}

Form EdnReader::readForm(std::uint32_t depth) {
  const scenario::Position at = bytes_.at();
  if (depth > deepest) tooDeep(at);
  const int byte = bytes_.peek();
  switch (byte) {
    case '(': return readItems(Kind::List, ')', depth);
    case '[': return readItems(Kind::List, ']', depth);
    case '{': return readItems(Kind::Map, '}', depth);
    case '"': return readString();
    case '\\': return readCharacter();
    case '#': return readDispatch(depth);
    case ')':
    case ']':
    case '}': unreadable(at, fmt::format("{} closes nothing that is open", byteText(byte)));
    case Bytes::end: unreadable(at, "the file ends here: expected a value");
    default: break;
  }
  if (byte < 0x20 || byte == 0x7f || endsToken(byte)) {
    unreadable(at, fmt::format("{} stands here: expected a value", byteText(byte)));
  }
  return readToken();
}

Form EdnReader::readItems(Kind kind, char closing, std::uint32_t depth) {
  Form form{.kind = kind, .at = bytes_.at()};
  const int opening = take();
  for (;;) {
    skip(depth + 1);
    const int byte = bytes_.peek();
    if (byte == Bytes::end) {
      unreadable(bytes_.at(),
                 fmt::format("the {} ends here: expected {} for the {} of {}:{}",
                             bytes_.wrong().empty() ? "file" : "readable part of the file",
                             byteText(closing), byteText(opening), form.at.line, form.at.column));
    }
    if (byte == closing) break;
    form.items.push_back(readForm(depth + 1));
  }
  take();
  if (kind == Kind::Map && form.items.size() % 2 != 0) {
    unreadable(form.items.back().at,
               fmt::format("{} has no value: a map is of pairs", form.items.back().called()));
  }
  return form;
}

std::uint32_t EdnReader::hexDigits(scenario::Position at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const int byte = bytes_.peek();
    if (byte == Bytes::end || !std::isxdigit(byte)) {
      unreadable(at, "\\u stands here without its four hexadecimal digits");
    }
    take();
    value = 16 * value +
            static_cast<std::uint32_t>(isDigit(byte) ? byte - '0' : (byte | 32) - 'a' + 10);
  }
  return value;
}

Form EdnReader::readString() {
  Form form{.kind = Kind::String, .at = bytes_.at()};
  take();
  for (;;) {
    const scenario::Position at = bytes_.at();
    const int byte = take();
    if (byte == Bytes::end)
      unreadable(at, fmt::format("the file ends here: expected '\"' for that of {}:{}",
                                 form.at.line, form.at.column));
    if (byte == '"') return form;
    if (byte != '\\') {
      form.text += static_cast<char>(byte);
      continue;
    }
    const int escaped = take();
    constexpr std::string_view letters = "ntrbf\"\\/";
    constexpr std::string_view meant = "\n\t\r\b\f\"\\/";
    const std::size_t which =
        escaped == Bytes::end ? letters.npos : letters.find(static_cast<char>(escaped));
    if (which != letters.npos) {
      form.text += meant[which];
    } else if (escaped == 'u') {
      std::uint32_t code = hexDigits(at);
      if (code >= 0xd800 && code < 0xdc00 && bytes_.peek() == '\\' && bytes_.peek(1) == 'u') {
        take();
        take();
        code = 0x10000 + ((code - 0xd800) << 10) + (hexDigits(at) & 0x3ff);
      }
      appendUtf8(form.text, code);
    } else if (escaped >= '0' && escaped <= '7') {
      std::uint32_t code = static_cast<std::uint32_t>(escaped - '0');
      for (int i = 0; i < 2 && bytes_.peek() >= '0' && bytes_.peek() <= '7'; ++i) {
        code = 8 * code + static_cast<std::uint32_t>(take() - '0');
      }
      appendUtf8(form.text, code);
    } else {
      unreadable(at,
                 "a backslash stands before what it cannot stand for: expected one of "
                 "\\n \\t \\r \\b \\f \\\" \\\\ \\u0000");
    }
  }
}

Form EdnReader::readCharacter() {
  Form form{.kind = Kind::Character, .at = bytes_.at()};
  take();
  if (bytes_.peek() == Bytes::end) {
    unreadable(bytes_.at(), "the file ends here: expected a character");
  }
  if (isBlank(bytes_.peek())) {
    unreadable(form.at, "a backslash stands alone: expected a character, as in \\a or \\newline");
  }
  form.text += static_cast<char>(take());
  while (!endsToken(bytes_.peek())) form.text += static_cast<char>(take());
  return form;
}

Form EdnReader::readToken() {
  Form form{.kind = Kind::Symbol, .at = bytes_.at()};
  while (!endsToken(bytes_.peek())) form.text += static_cast<char>(take());
  std::string& token = form.text;
  if (token.empty()) unreadable(form.at, "a # stands before nothing: expected a name");
  if (token == "nil") return {.kind = Kind::Nil, .at = form.at};
  if (token == "true" || token == "false") {
    form.kind = Kind::Boolean;
  } else if (token[0] == ':') {
    token.erase(0, 1);
    form.kind = Kind::Keyword;
    if (token.empty() && bytes_.peek() == Bytes::end) {
      unreadable(bytes_.at(), "the file ends here: expected a keyword");
    }
    if (token.empty()) unreadable(form.at, "a colon stands alone: expected a keyword, as in :ok");
  } else if (beginsNumber(token)) {
    if (!isNumber(token)) unreadable(form.at, scenario::quoted(token) + " is no number");
    form.kind = Kind::Number;
    if (token[0] == '+') token.erase(0, 1);
    if (token.back() == 'N') token.pop_back();
  }
  return form;
}

// What begins with #.
Form EdnReader::readDispatch(std::uint32_t depth) {
  const scenario::Position at = bytes_.at();
  if (bytes_.peek(1) == '{') {
    take();
    Form form = readItems(Kind::Set, '}', depth);
    form.at = at;
    return form;
  }
  if (bytes_.peek(1) == ':') return readNamespaced(at, depth);
  Form form{.kind = Kind::Tagged, .at = at};
  take();
  if (bytes_.peek() == '#') {  // ##Inf, ##NaN
    take();
    form = readToken();
    form.kind = Kind::Number;
    form.at = at;
    return form;
  }
  while (!endsToken(bytes_.peek())) form.text += static_cast<char>(take());
  if (form.text.empty() || !std::isalpha(static_cast<unsigned char>(form.text[0]))) {
    unreadable(at, "'#' stands alone: expected a set #{…}, a tag #inst …, or #_ …");
  }
  skip(depth + 1);
  form.items.push_back(readForm(depth + 1));
  return form;
}

// #:name{:a 1} is {:name/a 1}.
Form EdnReader::readNamespaced(scenario::Position at, std::uint32_t depth) {
  take();
  const Form name = readToken();
  skip(depth + 1);
  if (bytes_.peek() != '{')
    unreadable(bytes_.at(), "expected the map that #:" + name.text + " begins");
  Form form = readItems(Kind::Map, '}', depth);
  form.at = at;
  for (std::size_t i = 0; i < form.items.size(); i += 2) {
    Form& key = form.items[i];
    if (key.kind == Kind::Keyword && key.text.find('/') == key.text.npos) {
      key.text = name.text + "/" + key.text;
    }
  }
  return form;
}

}  // namespace raft::cli
