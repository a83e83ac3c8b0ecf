// Conditions: phrases, lists of them, and the table of what a cluster looks like.
#include "scenario/reading.h"
#include "trace/notation.h"

namespace raft::scenario {
namespace {

// A log as the story writes it: "1^1, 2^1 (SetX=10)". An entry of any term is its command alone.
std::string text(const std::vector<EntryPattern>& log) {
  if (log.empty()) return "empty";
  std::string out;
  Index index = 0;
  for (const EntryPattern& entry : log) {
    if (!out.empty()) out += ", ";
    ++index;
    const std::string meaning = entry.noop ? "no-op" : entry.command.value_or("");
    const std::string place = entry.term ? trace::entryText(index, *entry.term) : "";
    out += place.empty() ? meaning : meaning.empty() ? place : place + " (" + meaning + ")";
  }
  return out;
}

// Commands, wherever they stand: "SetX=10, SetX=11 of term 2".
std::string commandsText(const std::vector<EntryPattern>& commands) {
  if (commands.empty()) return "no command";
  std::string out;
  for (const EntryPattern& entry : commands) {
    if (!out.empty()) out += ", ";
    out += entry.command.value_or("");
    if (entry.term) out += " of term " + std::to_string(entry.term->value);
  }
  return out;
}

// Whether the words for `who` want a verb in the plural.
bool plural(const Who& who) {
  if (who.each != Who::Each::All) return false;
  const Target::Kind kind = who.targets[0].kind;
  return who.targets.size() > 1 || kind == Target::Kind::All || kind == Target::Kind::Followers ||
         kind == Target::Kind::Candidates || kind == Target::Kind::Others;
}

// The leader is one server: it is never all of several.
bool cannotLead(const Who& who) {
  const Target::Kind kind = who.targets[0].kind;
  return plural(who) || kind == Target::Kind::Others || kind == Target::Kind::AFollower ||
         kind == Target::Kind::ACandidate;
}

std::string is(const Who& who) { return plural(who) ? " are " : " is "; }
std::string has(const Who& who) { return plural(who) ? " have " : " has "; }

}  // namespace

std::vector<Condition> Reading::conditions(const Value& value) {
  std::vector<Condition> out;
  if (value.isSequence() && value.items.empty()) {
    wrong(value.at, "expected a condition, not an empty list");
  }
  eachItem(value, [&](const Value& v) { condition(v, out); });
  return out;
}

void Reading::condition(const Value& value, std::vector<Condition>& out) {
  if (value.isMapping()) return conditionMapping(value, out);
  const std::optional<std::string> phrase =
      scalar(value, "a condition, such as 'A is leader' or {leader: A}");
  if (!phrase) return;
  std::optional<Condition> parsed = noted(value, parseCondition(*phrase, cast_));
  if (!parsed) return;
  parsed->at = value.at;
  out.push_back(std::move(*parsed));
}

void Reading::conditionMapping(const Value& value, std::vector<Condition>& out) {
  members(
      value, "a condition",
      {{"leader", [&](const Value& v) { leaderCondition(v, out); }},
       {"roles", [&](const Value& v) { roleConditions(v, out); }},
       {"terms",
        [&](const Value& v) {
          forWhom(v, [&](const Value& one, const Who& who, const std::string& name) {
            const std::optional<std::uint64_t> term = count(one, "a term's number");
            if (!term) return;
            out.push_back({one.at, name + is(who) + "in term " + std::to_string(*term),
                           InTerm{who, Term(*term)}});
          });
        }},
       {"votes", [&](const Value& v) { voteConditions(v, out); }},
       {"log",
        [&](const Value& v) {
          forWhom(v, [&](const Value& one, const Who& who, const std::string& name) {
            const std::optional<std::vector<EntryPattern>> log = entries(one);
            if (!log) return;
            out.push_back({one.at, "the log of " + name + " is " + text(*log), LogIs{who, *log}});
          });
        }},
       {"committed", [&](const Value& v) { reached(v, Stage::Committed, out); }},
       {"applied", [&](const Value& v) { reached(v, Stage::Applied, out); }},
       {"values", [&](const Value& v) { valueConditions(v, out); }},
       {"up", [&](const Value& v) { stateCondition(v, StateWord::Up, out); }},
       {"down", [&](const Value& v) { stateCondition(v, StateWord::Down, out); }},
       {"paused", [&](const Value& v) { stateCondition(v, StateWord::Paused, out); }},
       {"happens", [&](const Value& v) {
          const std::size_t before = out.size();
          eachItem(v, [&](const Value& one) { condition(one, out); });
          for (std::size_t i = before; i < out.size(); ++i) {
            if (std::holds_alternative<Happens>(out[i].what)) continue;
            wrong(out[i].at, quoted(out[i].text) +
                                 " does not happen, it is so: expected a deed, such as "
                                 "'B votes for A'");
          }
        }}});
}

// A value for all that are up, or a mapping from servers to values.
void Reading::forWhom(const Value& value, const ReadForWho& read) {
  if (!value.isMapping()) return read(value, Who{.targets = {Target{}}}, "all");
  ServerSet named;  // `others` are the rest
  for (const Key& key : value.keys) {
    const Parsed<Who> who = parseWho(key.text, cast_);
    if (!who.value) continue;
    for (const Target& target : who.value->targets) named.insert(target.server);
  }
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const Key& key = value.keys[i];
    Parsed<Who> who = parseWho(key.text, cast_);
    if (!who.value) wrong(key.at, who.wrong);
    if (who.value && who.value->targets.front().kind == Target::Kind::Others) {
      who.value->targets.clear();
      for (ServerId id : ServerSet::firstServers(out_.world.servers)) {
        if (!named.contains(id)) {
          who.value->targets.push_back({.kind = Target::Kind::Server, .server = id});
        }
      }
      if (who.value->targets.empty()) wrong(key.at, "there are no others: all are named beside");
    }
    if (value.find(key.text) != &value.items[i]) {
      wrong(key.at, "the key " + quoted(key.text) + " stands here a second time");
    }
    read(value.items[i], who.value.value_or(Who{.targets = {Target{}}}), key.text);
  }
}

void Reading::leaderCondition(const Value& value, std::vector<Condition>& out) {
  if (value.isScalar() && (value.text == "none" || value.text == "nobody")) {
    out.push_back({value.at, "there is no leader", LeaderExists{LeaderExists::Count::None}});
    return;
  }
  if (value.isScalar() && value.text == "one") {
    out.push_back({value.at, "there is one leader", LeaderExists{LeaderExists::Count::One}});
    return;
  }
  if (!value.isScalar()) {
    return wrong(value.at, "expected a server, 'B or C', one or none, not " + shown(value));
  }
  const std::optional<Who> leader = who(value);
  if (leader && cannotLead(*leader)) {
    return wrong(value.at, quoted(value.text) +
                               " cannot be the leader, for only one server leads: expected a "
                               "server, 'B or C', one or none");
  }
  if (leader) out.push_back({value.at, value.text + " is the leader", LeaderIs{*leader}});
}

void Reading::roleConditions(const Value& value, std::vector<Condition>& out) {
  forWhom(value, [&](const Value& one, const Who& who, const std::string& name) {
    static const std::vector<std::string> roles = {"follower", "candidate", "leader"};
    const std::optional<std::string> role = scalar(one, "a role: " + orList(roles));
    if (!role) return;
    for (std::size_t i = 0; i < roles.size(); ++i) {
      if (*role != roles[i] && *role != roles[i] + "s") continue;
      out.push_back({one.at, name + is(who) + roles[i] + (plural(who) ? "s" : ""),
                     HasRole{who, static_cast<RoleWord>(i), {}, false}});
      return;
    }
    wrong(one.at, "there is no role " + quoted(*role) + suggestion(*role, roles, orList(roles)));
  });
}

void Reading::voteConditions(const Value& value, std::vector<Condition>& out) {
  forWhom(value, [&](const Value& one, const Who& who, const std::string& name) {
    const std::optional<std::string> word = scalar(one, "a server, or nobody");
    if (!word) return;
    std::optional<Target> candidate;
    if (*word != "nobody" && *word != "none") {
      candidate = noted(one, parseTarget(*word, cast_));
      if (!candidate) return;
    }
    out.push_back({one.at, name + has(who) + "voted for " + *word, VotedFor{who, candidate}});
  });
}

// Entries that are commands. A number alone would be a term: such a command stands in quotes.
std::optional<std::vector<EntryPattern>> Reading::commandPatterns(const Value& value) {
  std::optional<std::vector<EntryPattern>> out = entries(value);
  for (std::size_t i = 0; out && i < out->size(); ++i) {
    EntryPattern& entry = (*out)[i];
    const Value& item = value.items[i];
    if (entry.command) continue;
    if (item.quoted && !entry.noop) {
      entry = {.command = item.text};
      continue;
    }
    const std::string number = "(one that is a number stands in quotes: \"" + item.text + "\")";
    wrong(item.at, entry.noop
                       ? "no-ops are left out here: expected commands, such as [SetX=10]"
                       : "a term alone is no command: expected one, such as SetX=10 " + number);
    return std::nullopt;
  }
  return out;
}

void Reading::reached(const Value& value, Stage stage, std::vector<Condition>& out) {
  forWhom(value, [&](const Value& one, const Who& who, const std::string& name) {
    reachedBy(one, stage, who, name, out);
  });
}

void Reading::reachedBy(const Value& value, Stage stage, const Who& who, const std::string& name,
                        std::vector<Condition>& out) {
  const std::string verb =
      name + has(who) + (stage == Stage::Committed ? "committed " : "applied ");
  if (value.isSequence()) {
    const std::optional<std::vector<EntryPattern>> commands = commandPatterns(value);
    if (!commands) return;
    out.push_back(
        {value.at, verb + commandsText(*commands), ReachedCommands{who, stage, *commands}});
    return;
  }
  const std::optional<std::uint64_t> index =
      count(value, "an index or a list of commands, such as 1 or [SetX=10]");
  if (!index) return;
  const std::string what = *index == 0 ? "nothing" : "up to entry " + std::to_string(*index);
  out.push_back({value.at, verb + what, ReachedIndex{who, stage, Index(*index)}});
}

void Reading::stateCondition(const Value& value, StateWord state, std::vector<Condition>& out) {
  const std::optional<Who> servers = who(value);
  if (!servers) return;
  std::string name = value.text;
  if (value.isSequence()) {
    std::vector<std::string> names;
    for (const Value& item : value.items) names.push_back(item.text);
    name = andList(names);
  }
  const char* words[] = {"up", "down", "paused", "running"};
  out.push_back({value.at, name + is(*servers) + words[static_cast<std::size_t>(state)],
                 HasState{*servers, state, false}});
}

}  // namespace raft::scenario
