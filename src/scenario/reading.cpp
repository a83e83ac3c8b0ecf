#include "scenario/reading.h"

namespace raft::scenario {

std::string shown(const Value& value) {
  switch (value.kind) {
    case Value::Kind::Nothing: return "nothing";
    case Value::Kind::Scalar: return quoted(value.text);
    case Value::Kind::Sequence: return "a list";
    case Value::Kind::Mapping: return "a mapping";
  }
  return {};
}

Read readScenario(const Value& root, Contradictions contradictions) {
  return Reading(root, contradictions).all();
}

Read Reading::all() {
  readTop();
  Read out{.mistakes = mistakes_.sorted()};
  if (out.mistakes.empty()) out.scenario = std::move(out_);
  return out;
}

std::optional<std::string> Reading::scalar(const Value& value, std::string_view expected) {
  if (value.isScalar()) return value.text;
  wrong(value.at, "expected " + std::string(expected) + ", not " + shown(value));
  return std::nullopt;
}

std::optional<std::uint64_t> Reading::count(const Value& value, std::string_view expected) {
  const std::optional<std::string> text = scalar(value, expected);
  if (!text) return std::nullopt;
  const std::optional<std::uint64_t> number = parseCount(*text);
  if (!number) wrong(value.at, "expected " + std::string(expected) + ", not " + quoted(*text));
  return number;
}

std::optional<Duration> Reading::duration(const Value& value) {
  const std::optional<std::string> text = scalar(value, "a time, such as 10 ms");
  return text ? noted(value, parseDuration(*text)) : std::nullopt;
}

std::optional<Duration> Reading::positiveDuration(const Value& value) {
  const std::optional<Duration> out = duration(value);
  if (!out || *out > Duration(0)) return out;
  wrong(value.at, "expected a time above 0, not " + quoted(value.text));
  return std::nullopt;
}

std::optional<DurationRange> Reading::range(const Value& value) {
  const std::optional<std::string> text =
      scalar(value, "a time or a range of times, such as 10 ms or 150..300 ms");
  return text ? noted(value, parseRange(*text)) : std::nullopt;
}

std::optional<std::uint32_t> Reading::percent(const Value& value) {
  const std::optional<std::string> text = scalar(value, "a percentage, such as 10 %");
  return text ? noted(value, parsePercent(*text)) : std::nullopt;
}

std::optional<std::vector<Target>> Reading::targets(const Value& value) {
  const std::string expected = "a server or several, such as A, leader or [A, B]";
  if (!value.isSequence()) {
    const std::optional<std::string> text = scalar(value, expected);
    return text ? noted(value, parseTargets(*text, cast_)) : std::nullopt;
  }
  std::vector<Target> out;
  bool good = !value.items.empty();
  if (!good) wrong(value.at, "expected " + expected + ", not an empty list");
  for (const Value& item : value.items) {
    const std::optional<std::string> text = scalar(item, "a server");
    const std::optional<std::vector<Target>> some =
        text ? noted(item, parseTargets(*text, cast_)) : std::nullopt;
    if (some) out.insert(out.end(), some->begin(), some->end());
    good = good && some;
  }
  return good ? std::optional(out) : std::nullopt;
}

std::optional<Who> Reading::who(const Value& value) {
  if (value.isSequence()) {
    const std::optional<std::vector<Target>> all = targets(value);
    return all ? std::optional(Who{.targets = *all}) : std::nullopt;
  }
  const std::optional<std::string> text = scalar(value, "servers, such as A or 'B or C'");
  return text ? noted(value, parseWho(*text, cast_)) : std::nullopt;
}

std::optional<std::vector<EntryPattern>> Reading::entries(const Value& value) {
  if (!value.isSequence()) {
    wrong(value.at,
          "expected a list of entries, such as [1, 1, 2] or [1 SetX=10], not " + shown(value));
    return std::nullopt;
  }
  std::vector<EntryPattern> out;
  bool good = true;
  for (const Value& item : value.items) {
    const std::optional<std::string> text = scalar(item, "an entry, such as 1 or 1 SetX=10");
    const std::optional<EntryPattern> entry = text ? noted(item, parseEntry(*text)) : std::nullopt;
    if (entry) out.push_back(*entry);
    good = good && entry;
  }
  return good ? std::optional(out) : std::nullopt;
}

void Reading::members(const Value& mapping, std::string_view of, const std::vector<Member>& known) {
  std::vector<std::string> words;
  for (const Member& member : known) words.emplace_back(member.key);
  if (!mapping.isMapping()) {
    wrong(mapping.at, "expected " + std::string(of) + " (a mapping with the keys " +
                          andList(words) + "), not " + shown(mapping));
    return;
  }
  for (std::size_t i = 0; i < mapping.keys.size(); ++i) {
    const Key& key = mapping.keys[i];
    const Member* found = nullptr;
    for (const Member& member : known) {
      if (member.key == key.text) found = &member;
    }
    if (!found) {
      wrong(key.at, std::string(of) + " has no key " + quoted(key.text) +
                        suggestion(key.text, words, "one of: " + orList(words)));
    } else if (mapping.find(key.text) != &mapping.items[i]) {
      wrong(key.at, "the key " + quoted(key.text) + " stands here a second time");
    } else {
      found->read(mapping.items[i]);
    }
  }
}

void Reading::eachItem(const Value& value, const ReadValue& read) {
  if (!value.isSequence()) return read(value);
  for (const Value& item : value.items) read(item);
}

std::optional<ServerSet> Reading::fixedServers(const Key& key, const ServerSet& named) {
  const Parsed<std::vector<Target>> parsed = parseTargets(key.text, cast_);
  if (!parsed.value) {
    wrong(key.at, parsed.wrong);
    return std::nullopt;
  }
  ServerSet out;
  for (const Target& target : *parsed.value) {
    if (target.kind == Target::Kind::Server) {
      out.insert(target.server);
    } else if (target.kind == Target::Kind::All || target.kind == Target::Kind::Others) {
      for (ServerId id : ServerSet::firstServers(out_.world.servers)) {
        if (target.kind == Target::Kind::All || !named.contains(id)) out.insert(id);
      }
    } else {
      wrong(key.at, quoted(key.text) + " is not known before the run: expected servers by name");
      return std::nullopt;
    }
  }
  return out;
}

void Reading::perServer(const Value& value, std::string_view expected,
                        const std::function<void(const Value&, ServerId)>& read) {
  if (value.isMapping()) return serverMembers(value, read);
  if (!value.isScalar()) {
    wrong(value.at, "expected " + std::string(expected) + ", not " + shown(value));
    return;
  }
  for (ServerId id : ServerSet::firstServers(out_.world.servers)) read(value, id);
}

void Reading::serverMembers(const Value& mapping,
                            const std::function<void(const Value&, ServerId)>& read) {
  if (!mapping.isMapping()) {
    wrong(mapping.at, "expected a mapping from servers, not " + shown(mapping));
    return;
  }
  ServerSet named;  // so that `others` may stand anywhere
  for (const Key& key : mapping.keys) {
    const Parsed<std::vector<Target>> parsed = parseTargets(key.text, cast_);
    if (!parsed.value) continue;
    for (const Target& target : *parsed.value) {
      if (target.kind == Target::Kind::Server) named.insert(target.server);
    }
  }
  ServerSet seen;
  for (std::size_t i = 0; i < mapping.keys.size(); ++i) {
    const std::optional<ServerSet> servers = fixedServers(mapping.keys[i], named);
    if (!servers) continue;
    for (ServerId id : *servers) {
      if (seen.contains(id)) {
        wrong(mapping.keys[i].at,
              "server " + quoted(cast_.servers[id.value - 1]) + " stands here a second time");
      }
      seen.insert(id);
      read(mapping.items[i], id);
    }
  }
}

}  // namespace raft::scenario
