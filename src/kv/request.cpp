#include "kv/request.h"

#include <optional>

#include "kv/words.h"

namespace raft::kv {

namespace {

// What follows the verb: so many words, and no more.
template <class Made, std::uint32_t count, class Make>
Operation withWords(std::string_view rest, const char* expected, Make make) {
  Command words[count];
  for (Command& each : words) {
    const std::optional<std::string> next = takeWord(rest);
    if (!next) return Malformed{expected};
    each = Command(std::string_view(*next));
  }
  if (!rest.empty()) return Malformed{expected};
  return Operation(std::in_place_type<Made>, make(words));
}

// SetX=10
std::optional<Put> parseSet(std::string_view text) {
  constexpr std::string_view begins = "Set";
  if (!text.starts_with(begins)) return std::nullopt;
  text.remove_prefix(begins.size());
  std::string_view key = text;
  while (!text.empty() && isLetterOrDigit(text.front())) text.remove_prefix(1);
  key.remove_suffix(text.size());
  if (key.empty() || text.empty() || text.front() != '=') return std::nullopt;
  return Put{key, text.substr(1)};
}

Operation parseOperation(std::string_view text) {
  const std::string_view verb = text.substr(0, text.find(' '));
  std::string_view rest = text.substr(verb.size());
  if (verb == "get") {
    return withWords<Get, 1>(rest, "get KEY", [](auto& w) { return Get{w[0]}; });
  }
  if (verb == "put") {
    return withWords<Put, 2>(rest, "put KEY VALUE", [](auto& w) { return Put{w[0], w[1]}; });
  }
  if (verb == "append") {
    return withWords<Append, 2>(rest, "append KEY VALUE", [](auto& w) {
      return Append{w[0], w[1]};
    });
  }
  if (verb == "cas") {
    return withWords<CompareAndSet, 3>(rest, "cas KEY EXPECTED VALUE", [](auto& w) {
      return CompareAndSet{w[0], w[1], w[2]};
    });
  }
  if (verb == "delete") {
    return withWords<Delete, 1>(rest, "delete KEY", [](auto& w) { return Delete{w[0]}; });
  }
  if (std::optional<Put> put = parseSet(text)) return std::move(*put);
  return Other{};
}

// What follows the @.
Request parseInSession(std::string_view text) {
  constexpr const char* expected = "@SESSION#REQUEST and an operation, such as @7#3 put x 1";
  const Request malformed{.operation = Malformed{expected}};
  const std::optional<std::uint64_t> session = takeNumber(text);
  if (!session || *session == 0) return malformed;
  if (text == " close") return {.operation = Close{}, .session = *session};
  if (!text.starts_with('#')) return malformed;
  text.remove_prefix(1);
  const std::optional<std::uint64_t> sequence = takeNumber(text);
  if (!sequence || *sequence == 0) return malformed;
  std::optional<std::uint64_t> first = sequence;
  if (text.starts_with('<')) {
    text.remove_prefix(1);
    first = takeNumber(text);
    if (!first || *first == 0 || *first > *sequence) return malformed;
  }
  if (!text.starts_with(' ')) return malformed;
  text.remove_prefix(1);
  return {.operation = parseOperation(text),
          .session = *session,
          .sequence = *sequence,
          .firstUnanswered = *first};
}

struct Writer {
  std::string operator()(const Other&) const { return {}; }
  std::string operator()(const Malformed&) const { return {}; }
  std::string operator()(const Get& g) const { return line("get", g.key); }
  std::string operator()(const Put& p) const { return line("put", p.key, p.value); }
  std::string operator()(const Append& a) const { return line("append", a.key, a.value); }
  std::string operator()(const CompareAndSet& c) const {
    return line("cas", c.key, c.expected, c.value);
  }
  std::string operator()(const Delete& d) const { return line("delete", d.key); }
  std::string operator()(const Register&) const { return "register"; }
  std::string operator()(const Close&) const { return "close"; }

  template <class... Words>
  static std::string line(std::string out, const Words&... words) {
    ((out += ' ', out += word(words.bytes())), ...);
    return out;
  }
};

}  // namespace

Request parse(std::string_view command) {
  if (command.starts_with('@')) return parseInSession(command.substr(1));
  if (command == "register") return {.operation = Register{}};
  return {.operation = parseOperation(command)};
}

std::string text(const Request& request) {
  const std::string operation = std::visit(Writer{}, request.operation);
  if (request.session == 0 || operation.empty()) return operation;
  std::string out = "@";
  out += std::to_string(request.session);
  if (request.sequence != 0) {
    out += '#';
    out += std::to_string(request.sequence);
    if (request.firstUnanswered < request.sequence) {
      out += '<';
      out += std::to_string(request.firstUnanswered);
    }
  }
  out += ' ';
  return out += operation;
}

}  // namespace raft::kv
