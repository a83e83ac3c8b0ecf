// Clients, their sessions, and what stands in the state machines.
#include "scenario/reading.h"

namespace raft::scenario {

void Reading::readClients(const Value& value) {
  if (value.isScalar()) {
    const std::optional<std::uint64_t> number = count(value, "how many clients there are");
    if (number && *number > 1000) {
      return wrong(value.at, quoted(value.text) + " clients are too many: expected at most 1000");
    }
    out_.world.clients.resize(number.value_or(0));
  } else {
    eachItem(value, [&](const Value& v) { readClient(v); });
  }
  cast_.clients = out_.world.clients.size();
}

void Reading::readClient(const Value& value) {
  sim::ClientSettings client;
  std::vector<std::string> commandTexts;
  members(
      value, "a client",
      {{"start", [&](const Value& v) { client.start = duration(v).value_or(Time(0)); }},
       {"interval",
        [&](const Value& v) { client.interval = positiveDuration(v).value_or(Time(1)); }},
       {"timeout", [&](const Value& v) { client.timeout = positiveDuration(v).value_or(Time(1)); }},
       {"requests",
        [&](const Value& v) {
          client.requests = count(v, "how many requests it makes").value_or(0);
        }},
       {"session", [&](const Value& v) { client.session = onOrOff(v).value_or(false); }},
       {"commands", [&](const Value& v) { commands(v, commandTexts); }},
       {"keys", [&](const Value& v) {
          const std::uint64_t keys = count(v, "on how many keys it operates").value_or(1);
          if (keys == 0 || keys > 1000) {
            return wrong(v.at, "expected 1 to 1000 keys, not " + quoted(v.text));
          }
          client.keys = static_cast<std::uint32_t>(keys);
        }}});
  const Value* keys = value.find("keys");
  if (keys && value.find("commands")) {
    wrong(keys->at, "a client has 'commands', or makes up operations on 'keys', not both");
  }
  for (const std::string& text : commandTexts) {
    client.commands.emplace_back(std::string_view(text));
  }
  // Each of them once, if nothing else is said.
  if (!value.find("requests")) client.requests = client.commands.size();
  out_.world.clients.push_back(client);
}

void Reading::readSessions(const Value& value) {
  const std::uint64_t most = count(value, "how many sessions there may be").value_or(1);
  if (most == 0 || most > 1'000'000) {
    return wrong(value.at, "expected room for 1 to 1000000 sessions, not " + quoted(value.text));
  }
  out_.world.sessions.sessions = static_cast<std::uint32_t>(most);
}

std::optional<bool> Reading::onOrOff(const Value& value) {
  const std::optional<std::string> text = scalar(value, "on or off");
  if (!text) return std::nullopt;
  for (const char* word : {"on", "yes", "true"}) {
    if (*text == word) return true;
  }
  for (const char* word : {"off", "no", "false"}) {
    if (*text == word) return false;
  }
  wrong(value.at, "expected on or off, not " + quoted(*text));
  return std::nullopt;
}

// {x: 10, y: nothing}, for all that are up; or a mapping from servers to such.
void Reading::valueConditions(const Value& value, std::vector<Condition>& out) {
  const auto table = [&](const Value& one, const Who& who, const std::string& name) {
    for (std::size_t i = 0; i < one.keys.size(); ++i) {
      const std::optional<std::string> is = scalar(one.items[i], "a value, or nothing");
      if (!is) continue;
      ValueIs condition{.who = who, .key = one.keys[i].text};
      if (*is != "nothing" || one.items[i].quoted) condition.value = *is;
      out.push_back({one.items[i].at, condition.key + " is " + *is + " on " + name, condition});
    }
  };
  if (!value.isMapping() || value.items.empty()) {
    return wrong(value.at, "expected keys and their values, such as {x: 10}, not " + shown(value));
  }
  if (!value.items.front().isMapping()) return table(value, Who{.targets = {Target{}}}, "all");
  forWhom(value, [&](const Value& one, const Who& who, const std::string& name) {
    if (one.isMapping()) return table(one, who, name);
    wrong(one.at, "expected keys and their values, such as {x: 10}, not " + shown(one));
  });
}

}  // namespace raft::scenario
