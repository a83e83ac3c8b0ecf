// Steps: when something is done, and what.
#include <algorithm>

#include "scenario/reading.h"

namespace raft::scenario {
namespace {

using What = decltype(Deed::what);

const std::vector<std::string> timingKeys = {"at", "when", "after", "within", "as", "until", "for"};
const std::vector<std::string> deedKeys = {
    "propose",  "read",     "members",   "crash", "restart", "pause",  "resume",
    "snapshot", "transfer", "partition", "cut",   "mend",    "heal",   "network",
    "message",  "disk",     "note",      "name",  "expect",  "always", "never"};

bool isIn(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A value in one line, as a person would write it.
std::string inLine(const Value& value) {
  std::string out;
  const auto join = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  switch (value.kind) {
    case Value::Kind::Nothing: return "";
    case Value::Kind::Scalar: return std::string(trimmed(value.text));
    case Value::Kind::Sequence:
      for (const Value& item : value.items) join(inLine(item));
      return "[" + out + "]";
    case Value::Kind::Mapping:
      for (std::size_t i = 0; i < value.keys.size(); ++i) {
        join(value.keys[i].text + ": " + inLine(value.items[i]));
      }
      return "{" + out + "}";
  }
  return out;
}

}  // namespace

void Reading::readSteps(const Value& value) {
  if (!value.isSequence()) {
    return wrong(value.at,
                 "expected a list of steps, each beginning with '- ', not " + shown(value));
  }
  for (const Value& item : value.items) readStep(item);
}

void Reading::readStep(const Value& value) {
  Step step{.at = value.at};
  if (!value.isMapping()) {
    return wrong(value.at,
                 "expected a step, such as `at: 10 ms` with `crash: A`, not " + shown(value));
  }
  // When it happens comes first, so that a watch knows its end wherever that stands.
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const Key& key = value.keys[i];
    if (value.find(key.text) != &value.items[i]) {
      wrong(key.at, "the key " + quoted(key.text) + " stands here a second time");
    } else if (isIn(timingKeys, key.text)) {
      readWhen(key, value.items[i], step);
    } else if (!isIn(deedKeys, key.text)) {
      std::vector<std::string> words = timingKeys;
      words.insert(words.end(), deedKeys.begin(), deedKeys.end());
      wrong(key.at, "a step has no key " + quoted(key.text) +
                        suggestion(key.text, words, "one of: " + orList(words)));
    }
  }
  noteTime(value, step);
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const Key& key = value.keys[i];
    if (isIn(deedKeys, key.text) && value.find(key.text) == &value.items[i]) {
      readDeed(value, i, step);
    }
  }
  checkStep(value, step);
  if (const Value* as = value.find("as")) readAs(*as, step);
  out_.steps.push_back(std::move(step));
}

void Reading::readWhen(const Key& key, const Value& value, Step& step) {
  if (key.text == "at") step.time = duration(value);
  if (key.text == "after") step.after = duration(value);
  if (key.text == "when") step.when = conditions(value);
  if (key.text == "within") step.within = positiveDuration(value).value_or(step.within);
}

// When the step is done, as far as that is known before the run.
void Reading::noteTime(const Value& value, const Step& step) {
  std::optional<Time> begins = timings_.empty() ? Time(0) : timings_.back().begins;
  if (value.find("at")) {
    begins = step.time;
  } else if (value.find("when") || (value.find("after") && !step.after)) {
    begins.reset();
  } else if (begins && step.after) {
    *begins += *step.after;
  }
  const Value* until = value.find("until");
  timings_.push_back({.begins = begins, .watchEnds = until ? until : value.find("for")});
}

void Reading::checkStep(const Value& value, const Step& step) {
  std::string before;
  for (const char* key : {"at", "when", "after"}) {
    const Value* found = value.find(key);
    if (found && !before.empty()) {
      wrong(found->at,
            "a step happens " + before + " or " + key + ", not both: expected one of them");
    }
    if (found) before = key;
  }
  const Value* within = value.find("within");
  if (within && !value.find("when")) {
    wrong(within->at, "'within' limits how long 'when' waits, and this step has no 'when'");
  }
  const bool watches = value.find("always") || value.find("never");
  const Value* until = value.find("until");
  const Value* span = value.find("for");
  for (const Value* end : {until, span}) {
    if (end && !watches) {
      wrong(end->at,
            "'until' and 'for' end what 'always' and 'never' watch, and this step has "
            "neither");
    }
  }
  if (until && span) wrong(span->at, "a watch ends 'until' a time or 'for' a while, not both");
  const std::optional<Time> begins = timings_.back().begins;
  if (until && watches && begins) {
    const Parsed<Duration> end = parseDuration(until->text);
    if (end.value && *end.value < *begins) {
      wrong(until->at,
            quoted(until->text) + " is over before the step begins, at " + durationText(*begins));
    }
  }
  if (!step.time) return;
  for (auto earlier = out_.steps.rbegin(); earlier != out_.steps.rend(); ++earlier) {
    if (!earlier->time) continue;
    if (*step.time < *earlier->time) {
      wrong(value.find("at")->at,
            "steps happen in the order of the file: " + durationText(*step.time) +
                " is before the " + durationText(*earlier->time) + " of line " +
                std::to_string(earlier->at.line));
    }
    break;
  }
}

bool Reading::addName(Position at, const std::string& name) {
  const std::string sentence = wrongName(name);
  if (!sentence.empty()) {
    wrong(at, sentence);
    return false;
  }
  if (isIn(cast_.servers, name)) {
    wrong(at, "there is a server " + quoted(name) + " already");
    return false;
  }
  return true;
}

void Reading::readAs(const Value& value, Step& step) {
  const std::optional<std::string> name = scalar(value, "a name for the servers of this step");
  if (!name || !addName(value.at, *name)) return;
  const bool some = std::any_of(step.deeds.begin(), step.deeds.end(), [](const Deed& deed) {
    return std::holds_alternative<ServerDeed>(deed.what) ||
           std::holds_alternative<CrashInAWrite>(deed.what) ||
           std::holds_alternative<ChangeDisks>(deed.what) ||
           std::holds_alternative<Propose>(deed.what) ||
           std::holds_alternative<ReadKey>(deed.what) ||
           std::holds_alternative<TransferLeadership>(deed.what);
  });
  if (!some) {
    return wrong(value.at,
                 "'as' names the servers that a step crashes, restarts, pauses, resumes, "
                 "snapshots, proposes to or reads from, and this step does none of these; expected "
                 "`name: {" +
                     *name + ": leader}`");
  }
  step.as = *name;
  if (!isIn(cast_.named, *name)) cast_.named.push_back(*name);
}

// The member number `i` of the mapping `whole`.
void Reading::readDeed(const Value& whole, std::size_t i, Step& step) {
  const Key& key = whole.keys[i];
  const Value& value = whole.items[i];
  if (key.text == "always" || key.text == "never") {
    addWatch(key, value, key.text == "never", step.deeds);
    Watch& watch = std::get<Watch>(step.deeds.back().what);
    if (const Value* until = whole.find("until")) watch.until = duration(*until);
    if (const Value* span = whole.find("for")) watch.span = positiveDuration(*span);
    return;
  }
  std::optional<What> what = deed(key, value);
  if (!what) return;
  const std::string said = inLine(value);
  step.deeds.push_back(
      {.at = key.at, .text = key.text + (said.empty() ? "" : ": " + said), .what = *what});
}

void Reading::addWatch(const Key& key, const Value& value, bool never, std::vector<Deed>& to) {
  to.push_back({.at = key.at,
                .text = key.text,
                .what = Watch{.never = never, .conditions = conditions(value)}});
}

std::optional<What> Reading::deed(const Key& key, const Value& value) {
  using Verb = ServerDeed::Verb;
  const std::pair<const char*, Verb> verbs[] = {{"crash", Verb::Crash},
                                                {"restart", Verb::Restart},
                                                {"pause", Verb::Pause},
                                                {"resume", Verb::Resume},
                                                {"snapshot", Verb::Snapshot}};
  if (key.text == "disk") return changeDisks(value);
  if (key.text == "crash" && value.isMapping()) return crash(value);
  for (const auto& [word, verb] : verbs) {
    if (key.text != word) continue;
    const std::optional<std::vector<Target>> whom = targets(value);
    if (!whom || !noOthers(value, *whom)) return std::nullopt;
    return ServerDeed{verb, *whom};
  }
  if (key.text == "propose") return propose(value);
  if (key.text == "transfer") return transfer(value);
  if (key.text == "read") return readKey(value);
  if (key.text == "members") return changeMembers(value);
  if (key.text == "partition") return partition(value);
  if (key.text == "cut") return cut(value, false);
  if (key.text == "mend") return cut(value, true);
  if (key.text == "name") return nameServers(value);
  if (key.text == "network") return ChangeNetwork{networkPatch(value)};
  if (key.text == "message") return arrangeMessages(value);
  if (key.text == "expect") return Expect{conditions(value)};
  if (key.text == "note") {
    const std::optional<std::string> words = scalar(value, "a text");
    return words ? std::optional<What>(Note{std::string(trimmed(*words))}) : std::nullopt;
  }
  // heal
  if (!value.isNothing() && !(value.isScalar() && (value.text == "all" || value.text == "true"))) {
    wrong(value.at, "'heal' heals all links: expected `heal: all`, not " + shown(value) +
                        " (single links: `mend: A -> B`)");
    return std::nullopt;
  }
  return Heal{};
}

// `others` means something only beside servers that are named.
bool Reading::noOthers(const Value& value, const std::vector<Target>& targets) {
  for (const Target& target : targets) {
    if (target.kind != Target::Kind::Others) continue;
    wrong(value.at, "it is not clear who the others are here: expected servers, followers or all");
    return false;
  }
  return true;
}

bool Reading::commands(const Value& value, std::vector<std::string>& out) {
  bool good = true;
  if (value.isSequence() && value.items.empty()) {
    wrong(value.at, "expected at least one command, such as SetX=10, not an empty list");
    return false;
  }
  eachItem(value, [&](const Value& one) {
    const std::optional<std::string> command = scalar(one, "a command, such as SetX=10");
    good = good && command && !command->empty();
    if (command && command->empty()) wrong(one.at, "expected a command, not an empty one");
    if (command) out.push_back(*command);
  });
  return good;
}

std::optional<What> Reading::propose(const Value& value) {
  Propose out;
  bool good = true;
  if (!value.isMapping()) {
    good = commands(value, out.commands);
  } else {
    members(value, "a proposal",
            {{"command", [&](const Value& v) { good = commands(v, out.commands) && good; }},
             {"to", [&](const Value& v) {
                const std::optional<Target> to = oneServer(v, "a command goes to one server");
                good = good && to;
                if (to) out.to = *to;
              }}});
    if (!value.find("command")) {
      wrong(value.at, "a proposal needs a `command`");
      good = false;
    }
  }
  return good ? std::optional<What>(out) : std::nullopt;
}

std::optional<Target> Reading::oneServer(const Value& value, std::string_view what) {
  using Kind = Target::Kind;
  const std::optional<std::vector<Target>> some = targets(value);
  if (!some) return std::nullopt;
  const Kind kind = some->front().kind;
  if (some->size() == 1 && kind != Kind::All && kind != Kind::Others && kind != Kind::Followers) {
    return some->front();
  }
  wrong(value.at,
        std::string(what) + ": expected a name, leader or a follower, not " + shown(value));
  return std::nullopt;
}

std::optional<What> Reading::transfer(const Value& value) {
  TransferLeadership out;
  std::optional<Target> to;
  bool good = true;
  if (!value.isMapping()) {
    to = oneServer(value, "one server takes over");
  } else {
    members(value, "a transfer",
            {{"to", [&](const Value& v) { to = oneServer(v, "one server takes over"); }},
             {"from", [&](const Value& v) {
                const std::optional<Target> from = oneServer(v, "one server hands over");
                good = from.has_value();
                if (from) out.from = *from;
              }}});
    if (!value.find("to")) wrong(value.at, "a transfer needs `to`: the server that takes over");
  }
  if (!to || !good) return std::nullopt;
  out.to = *to;
  return out;
}

std::optional<What> Reading::readKey(const Value& value) {
  ReadKey out;
  const auto key = [&](const Value& v) {
    const std::optional<std::string> text = scalar(v, "a key, such as x");
    if (text && text->empty()) wrong(v.at, "expected a key, such as x, not an empty one");
    out.key = text.value_or("");
  };
  if (!value.isMapping()) {
    key(value);
    return out.key.empty() ? std::nullopt : std::optional<What>(out);
  }
  bool good = true;
  members(value, "a read",
          {{"key", key},
           {"from",
            [&](const Value& v) {
              const std::optional<Target> from = oneServer(v, "a read goes to one server");
              good = from.has_value();
              if (from) out.from = *from;
            }},
           {"local", [&](const Value& v) { out.local = onOrOff(v).value_or(false); }}});
  if (!value.find("key")) wrong(value.at, "a read needs a `key`");
  return good && !out.key.empty() ? std::optional<What>(out) : std::nullopt;
}

// `members: [A, B, C]`: these and no others; `members: {add: D, remove: A}`: the rest stay.
std::optional<What> Reading::changeMembers(const Value& value) {
  ChangeMembers out;
  bool good = true;
  const auto into = [&](std::vector<Target>& to) {
    return [&](const Value& v) {
      const std::optional<std::vector<Target>> whom = targets(v);
      good = whom && noOthers(v, *whom) && good;
      if (whom) to = *whom;
    };
  };
  if (!value.isMapping()) {
    into(out.all)(value);
  } else if (value.keys.empty()) {
    wrong(value.at, "expected a change of members, such as {add: D}, not an empty mapping");
    good = false;
  } else {
    members(
        value, "a change of members",
        {{"add", into(out.add)}, {"learner", into(out.learners)}, {"remove", into(out.remove)}});
  }
  return good ? std::optional<What>(out) : std::nullopt;
}

std::optional<What> Reading::partition(const Value& value) {
  Partition out;
  const Value* list = &value;
  if (value.isMapping()) {
    list = value.find("groups");
    members(value, "a partition",
            {{"groups", [](const Value&) {}}, {"bridge", [&](const Value& v) {
                                                 out.bridge =
                                                     targets(v).value_or(std::vector<Target>());
                                               }}});
    if (!list) {
      wrong(value.at, "a partition needs `groups`, such as [[A, B], [C]]");
      return std::nullopt;
    }
  }
  groups(*list, out);
  checkGroups(*list, out);
  return out;
}

void Reading::groups(const Value& value, Partition& out) {
  if (!value.isSequence() || value.items.empty()) {
    return wrong(value.at, "expected groups of servers, such as [[A, B], [C, D, E]], not " +
                               (value.isSequence() ? "an empty list" : shown(value)));
  }
  for (const Value& group : value.items) {
    if (!group.isSequence()) {
      wrong(group.at, "expected a group of servers in brackets, [" +
                          (group.isScalar() ? group.text : "A, B") + "], not " + shown(group));
      continue;
    }
    if (const std::optional<std::vector<Target>> some = targets(group)) {
      out.groups.push_back(*some);
    }
  }
}

// A server in two groups is a mistake unless it is said to be a bridge.
void Reading::checkGroups(const Value& value, const Partition& partition) {
  if (!value.isSequence() || partition.groups.size() != value.items.size()) return;
  std::vector<Target> seen;
  for (std::size_t g = 0; g < partition.groups.size(); ++g) {
    const std::vector<Target>& group = partition.groups[g];
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Value& list = value.items[g];
      const Value& item = i < list.items.size() ? list.items[i] : list;
      const bool drawn = group[i].kind == Target::Kind::AFollower;  // each time another
      const auto has = [&](const std::vector<Target>& targets) {
        return std::find(targets.begin(), targets.end(), group[i]) != targets.end();
      };
      if (has(partition.bridge)) {
        wrong(item.at, "a bridge is in all groups: leave " + shown(item) + " out of this one");
      } else if (!drawn && has(seen)) {
        wrong(item.at, "the partition names " + shown(item) +
                           " twice; if it is to see both sides: "
                           "partition: {groups: [[A], [B]], bridge: " +
                           item.text + "}");
      }
      seen.push_back(group[i]);
    }
  }
}

std::optional<What> Reading::cut(const Value& value, bool up) {
  Cut out{.arrows = {}, .up = up};
  eachItem(value, [&](const Value& one) {
    const std::optional<std::string> text = scalar(one, "a link, such as A -> B");
    if (!text) return;
    const std::optional<Arrow> arrow = noted(one, parseArrow(*text, cast_));
    if (arrow) out.arrows.push_back(*arrow);
  });
  return out.arrows.empty() ? std::nullopt : std::optional<What>(out);
}

std::optional<What> Reading::nameServers(const Value& value) {
  if (!value.isMapping() || value.keys.size() != 1) {
    wrong(value.at,
          "expected one name and whom it means, such as {old: leader}, not " + shown(value));
    return std::nullopt;
  }
  const std::optional<std::vector<Target>> whom = targets(value.items[0]);
  if (!addName(value.keys[0].at, value.keys[0].text) || !whom || !noOthers(value.items[0], *whom)) {
    return std::nullopt;
  }
  if (!isIn(cast_.named, value.keys[0].text)) cast_.named.push_back(value.keys[0].text);
  return NameServers{value.keys[0].text, *whom};
}

}  // namespace raft::scenario
