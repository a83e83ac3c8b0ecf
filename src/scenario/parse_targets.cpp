// Who is meant: servers by name and by role, lists of them, links between them.
#include <algorithm>

#include "scenario/targets.h"

namespace raft::scenario {
namespace {

const std::vector<std::string> roleWords = {"leader",     "follower", "followers", "candidate",
                                            "candidates", "all",      "others"};

std::string tooMuch(const Tokens& in, std::string_view after) {
  return "expected nothing after " + std::string(after) + ", not " + quoted(in.rest());
}

std::optional<Target> roleTarget(Tokens& in) {
  using Kind = Target::Kind;
  const std::size_t start = in.position();
  if (in.acceptAny({"a", "one"})) {
    if (in.accept({"leader"})) return Target{.kind = Kind::Leader};
    if (in.accept({"follower"})) return Target{.kind = Kind::AFollower};
    if (in.accept({"candidate"})) return Target{.kind = Kind::ACandidate};
    in.backTo(start);
    return std::nullopt;
  }
  in.accept({"the"});
  if (in.accept({"all", "followers"}) || in.accept({"followers"})) {
    return Target{.kind = Kind::Followers};
  }
  if (in.accept({"all", "candidates"}) || in.accept({"candidates"})) {
    return Target{.kind = Kind::Candidates};
  }
  if (in.accept({"all", "others"}) || in.accept({"others"})) return Target{.kind = Kind::Others};
  if (in.accept({"all", "servers"}) || in.acceptAny({"all", "everybody", "everyone"})) {
    return Target{.kind = Kind::All};
  }
  if (in.accept({"leader"})) return Target{.kind = Kind::Leader};
  if (in.accept({"candidate"})) return Target{.kind = Kind::ACandidate};
  in.backTo(start);
  return std::nullopt;
}

}  // namespace

std::optional<Target> takeTarget(Tokens& in, const Cast& cast, std::string& wrong) {
  const auto byName = [&](std::string_view word) -> std::optional<Target> {
    const auto server = std::find(cast.servers.begin(), cast.servers.end(), word);
    if (server != cast.servers.end()) {
      const auto id = static_cast<std::uint32_t>(server - cast.servers.begin() + 1);
      return Target{.kind = Target::Kind::Server, .server = id};
    }
    if (std::find(cast.named.begin(), cast.named.end(), word) != cast.named.end()) {
      return Target{.kind = Target::Kind::Named, .name = std::string(word)};
    }
    return std::nullopt;
  };
  if (std::optional<Target> role = roleTarget(in)) return role;
  const bool article = in.accept({"the"});
  if (std::optional<Target> target = byName(in.peek())) {
    in.take();
    return target;
  }
  if (in.atEnd()) {
    wrong = article ? "'the' is not enough to name a server" : "a server is missing here";
  } else if (in.peek() == "follower") {
    wrong = "'follower' could be several: expected 'a follower' or 'followers'";
  } else {
    wrong = "there is no server " + quoted(in.peek()) +
            suggestion(in.peek(), cast.words(), orList(cast.words()));
  }
  return std::nullopt;
}

std::optional<Who> takeWho(Tokens& in, const Cast& cast, std::string& wrong) {
  enum class Joined : std::uint8_t { Unknown, And, Or };
  Who who;
  if (in.acceptAny({"nobody", "none"}) || in.accept({"no", "one"}) || in.accept({"no", "server"})) {
    who.each = Who::Each::None;
    who.targets.push_back({.kind = Target::Kind::All});
    return who;
  }
  if (in.acceptAny({"anybody", "somebody"}) || in.accept({"any", "server"}) ||
      in.accept({"a", "server"}) || in.accept({"one", "server"})) {
    who.each = Who::Each::Any;
    who.targets.push_back({.kind = Target::Kind::All});
    return who;
  }
  Joined joined = Joined::Unknown;
  for (;;) {
    const std::optional<Target> target = takeTarget(in, cast, wrong);
    if (!target) return std::nullopt;
    who.targets.push_back(*target);
    Joined next = joined;
    if (in.accept({","})) {
      if (in.accept({"and"})) next = Joined::And;
      if (in.accept({"or"})) next = Joined::Or;
    } else if (in.accept({"and"})) {
      next = Joined::And;
    } else if (in.accept({"or"})) {
      next = Joined::Or;
    } else {
      break;
    }
    if (joined != Joined::Unknown && next != joined) {
      wrong = "'and' and 'or' are mixed here: use one of them";
      return std::nullopt;
    }
    joined = next;
  }
  const Target::Kind only = who.targets[0].kind;
  const bool oneOfThem = who.targets.size() == 1 &&
                         (only == Target::Kind::AFollower || only == Target::Kind::ACandidate);
  who.each = joined == Joined::Or || oneOfThem ? Who::Each::Any : Who::Each::All;
  return who;
}

std::vector<std::string> Cast::words() const {
  std::vector<std::string> out;
  for (const std::string& server : servers) {
    const bool again = std::find(out.begin(), out.end(), server) != out.end();
    // A name that was refused is no suggestion.
    if (out.size() < 9 && !again && wrongName(server).empty()) out.push_back(server);
  }
  out.insert(out.end(), named.begin(), named.end());
  for (const char* word : {"leader", "a follower", "followers", "all"}) out.push_back(word);
  return out;
}

std::string wrongName(std::string_view name) {
  const auto letter = [](char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); };
  const auto digit = [](char c) { return '0' <= c && c <= '9'; };
  const std::string expected = "expected a letter, then letters, digits, '_' or '-'";
  if (name.empty()) return "a name is missing here: " + expected;
  for (char c : name) {
    if (!letter(c) && !digit(c) && c != '_' && c != '-') {
      return quoted(name) + " cannot be a name: " + expected;
    }
  }
  if (!letter(name[0])) return quoted(name) + " cannot be a name: " + expected;
  if (name.size() > 20)
    return quoted(name) + " is too long for a name: expected at most 20 letters";
  static const std::vector<std::string> others = {
      "the",      "and", "or", "nobody", "none", "client", "anybody", "somebody",  "everybody",
      "everyone", "no",  "is", "are",    "one",  "there",  "entry",   "otherwise", "any"};
  const auto isIn = [&](const std::vector<std::string>& words) {
    return std::find(words.begin(), words.end(), name) != words.end();
  };
  if (isIn(roleWords) || isIn(others)) {
    return quoted(name) + " cannot be a name: it is a word of the language";
  }
  return {};
}

Parsed<Target> parseTarget(std::string_view text, const Cast& cast) {
  Tokens in(text);
  Parsed<Target> out;
  const std::optional<Target> target = takeTarget(in, cast, out.wrong);
  if (!target) return out;
  if (!in.atEnd()) return {{}, tooMuch(in, "the server")};
  return {target};
}

Parsed<std::vector<Target>> parseTargets(std::string_view text, const Cast& cast) {
  Tokens in(text);
  Parsed<std::vector<Target>> out;
  const std::optional<Who> who = takeWho(in, cast, out.wrong);
  if (!who) return out;
  if (!in.atEnd()) return {{}, tooMuch(in, "the servers")};
  const bool several = who->targets.size() > 1;
  if (who->each == Who::Each::None || (who->each == Who::Each::Any && several)) {
    return {{},
            quoted(text) + " leaves open to whom it is done: expected servers, such as A and B"};
  }
  return {who->targets};
}

Parsed<Who> parseWho(std::string_view text, const Cast& cast) {
  Tokens in(text);
  Parsed<Who> out;
  const std::optional<Who> who = takeWho(in, cast, out.wrong);
  if (!who) return out;
  if (!in.atEnd()) return {{}, tooMuch(in, "the servers")};
  return {who};
}

Parsed<Arrow> parseArrow(std::string_view text, const Cast& cast) {
  const std::size_t both = text.find("<->");
  const std::size_t one = text.find("->");
  if (one == text.npos) {
    return {{}, quoted(text) + " is not a link: expected two servers, A -> B or A <-> B"};
  }
  const bool bothWays = both != text.npos;
  const std::size_t begin = bothWays ? both : one;
  const Parsed<std::vector<Target>> from = parseTargets(text.substr(0, begin), cast);
  const Parsed<std::vector<Target>> to =
      parseTargets(text.substr(begin + (bothWays ? 3 : 2)), cast);
  if (!from.value) return {{}, from.wrong};
  if (!to.value) return {{}, to.wrong};
  const bool oneEach = from.value->size() == 1 && to.value->size() == 1;
  if (oneEach && from.value->front() == to.value->front() &&
      from.value->front().kind == Target::Kind::Server) {
    return {{}, quoted(text) + " is no link: a server reaches itself without the network"};
  }
  return {Arrow{.from = *from.value, .to = *to.value, .bothWays = bothWays}};
}

}  // namespace raft::scenario
