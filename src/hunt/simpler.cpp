#include "hunt/simpler.h"

#include <algorithm>
#include <string_view>

#include "hunt/trial.h"
#include "scenario/parse.h"

namespace raft::hunt {

namespace {

using std::chrono::milliseconds;

template <class T>
std::vector<T> withoutOne(std::vector<T> all, std::size_t place) {
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(place));
  return all;
}

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Whether the server is spoken of.
bool names(const std::string& text, const std::string& name) {
  for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !isLetter(text[at - 1]);
    if (begins && (at + 1 == text.size() || !isLetter(text[at + 1]))) return true;
  }
  return false;
}

// Of "{A: 1, B: 2}" and "[A, B]", the last.
void removeValue(std::string& text, const std::string& name) {
  if (const std::string inList = ", " + name + "]"; text.ends_with(inList)) {
    text.replace(text.size() - inList.size(), inList.size(), "]");
    return;
  }
  const std::size_t at = text.find(", " + name + ": ");
  if (at == text.npos) return;
  const std::size_t end = text.find_first_of(",}", at + 1);
  text.erase(at, end - at);
}

// Of "{loss: 1 %, latency: 1 ms}", each member as it stands.
std::vector<std::string> membersOf(const std::string& mapping) {
  std::vector<std::string> out;
  for (std::size_t at = 1; at < mapping.size();) {
    const std::size_t end = std::min(mapping.find(", ", at), mapping.size() - 1);
    out.push_back(mapping.substr(at, end - at));
    at = end + (mapping[end] == ',' ? 2 : 1);
  }
  return out;
}

std::string mappingOf(const std::vector<std::string>& members) {
  std::string out;
  for (const std::string& member : members) out += (out.empty() ? "{" : ", ") + member;
  return out + "}";
}

std::vector<std::string> simplerValues(const std::string& value) {
  std::vector<std::string> out;
  if (value.starts_with("{")) {
    const std::vector<std::string> members = membersOf(value);
    for (std::size_t i = 0; i < members.size() && members.size() > 1; ++i) {
      out.push_back(mappingOf(withoutOne(members, i)));
    }
  } else if (const std::size_t dots = value.find(".."); dots != value.npos) {
    out.push_back(value.substr(dots + 2));
  }
  return out;
}

void round(Time& time, Duration unit) { time = (time + unit / 2) / unit * unit; }

// Of "takes 12.345 ms and its copy 2 ms}".
std::vector<std::string> simplerPhrases(const std::string& phrase) {
  std::vector<std::string> out;
  const auto carriage = scenario::parseCarriage(phrase.substr(0, phrase.size() - 1)).value;
  if (!carriage || carriage->lost) return out;
  const auto add = [&](const sim::Carriage& simpler) {
    const bool atOnce = !simpler.lost && simpler.latency == Duration(0);
    if (simpler != *carriage && !atOnce) out.push_back(scenario::textOf(simpler) + "}");
  };
  if (carriage->copyLatency) add({.latency = carriage->latency});
  if (carriage->copyLatency) add({.latency = *carriage->copyLatency});
  if (!carriage->copyLatency) add({.lost = sim::Lost::Chance});
  for (const milliseconds unit : {milliseconds(10), milliseconds(1)}) {
    sim::Carriage rounder = *carriage;
    round(rounder.latency, unit);
    if (rounder.copyLatency) round(*rounder.copyLatency, unit);
    add(rounder);
  }
  return out;
}

std::vector<Line> simplerDeeds(const Line& deed) {
  constexpr std::string_view torn = "{servers: ";
  const std::string alone = "[[leader], [others]]";
  std::vector<Line> out;
  if (deed.key == "crash" && deed.value.starts_with(torn)) {
    const std::size_t end = deed.value.find(',');
    out.push_back({"crash", deed.value.substr(torn.size(), end - torn.size())});
  }
  if (deed.key == "partition" && deed.value != alone) out.push_back({"partition", alone});
  if (deed.key == "message") {
    const std::size_t phrase = deed.value.find(": ") + 2;
    const std::string link = deed.value.substr(0, phrase);
    for (const std::string& simpler : simplerPhrases(deed.value.substr(phrase))) {
      out.push_back({"message", link + simpler});
    }
  }
  if (deed.key == "network") {
    for (std::string& value : simplerValues(deed.value)) out.push_back({"network", value});
  }
  return out;
}

}  // namespace

std::vector<Plan> withFewerSteps(const Plan& plan, std::size_t part) {
  std::vector<Plan> out;
  for (std::size_t from = 0; from < plan.steps.size(); from += part) {
    std::vector<std::size_t> left;
    for (std::size_t i = from; i < std::min(from + part, plan.steps.size()); ++i) left.push_back(i);
    out.push_back(without(plan, left));
  }
  return out;
}

std::vector<Plan> withoutPairs(const Plan& plan) {
  constexpr std::size_t shortPlan = 24;
  std::vector<Plan> out;
  if (plan.steps.size() > shortPlan) return out;
  for (std::size_t a = 0; a < plan.steps.size(); ++a) {
    for (std::size_t b = a + 1; b < plan.steps.size(); ++b) out.push_back(without(plan, {a, b}));
  }
  return out;
}

std::vector<Plan> withFewerClients(const Plan& plan) {
  std::vector<Plan> out;
  for (std::size_t i = 0; i < plan.clients.size(); ++i) {
    out.push_back(plan);
    out.back().clients = withoutOne(plan.clients, i);
  }
  for (std::size_t i = 0; i < plan.clients.size(); ++i) {
    for (const std::string_view simple :
         {"{}", "{requests: 1}", "{requests: 1, keys: 1}", "{requests: 2, keys: 1}",
          "{requests: 2, keys: 1, session: on}", "{interval: 20 ms}"}) {
      if (plan.clients[i].size() <= simple.size()) continue;
      out.push_back(plan);
      out.back().clients[i] = simple;
    }
  }
  return out;
}

std::vector<Plan> withFewerServers(const Plan& plan) {
  if (plan.servers == 1) return {};
  Plan smaller = plan;
  const std::string name = nameOf(smaller.servers--);
  std::erase_if(smaller.steps, [&](const Step& step) { return names(step.deed.value, name); });
  for (Line& line : smaller.settings) removeValue(line.value, name);
  return {std::move(smaller)};
}

std::vector<Plan> withSimplerSettings(const Plan& plan) {
  std::vector<Plan> out;
  for (std::size_t i = 0; i < plan.settings.size(); ++i) {
    out.push_back(plan);
    out.back().settings = withoutOne(plan.settings, i);
  }
  for (std::size_t i = 0; i < plan.settings.size(); ++i) {
    for (std::string& simpler : simplerValues(plan.settings[i].value)) {
      out.push_back(plan);
      out.back().settings[i].value = std::move(simpler);
    }
  }
  return out;
}

std::vector<Plan> withSimplerSteps(const Plan& plan) {
  std::vector<Plan> out;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    for (Line& deed : simplerDeeds(plan.steps[i].deed)) {
      out.push_back(plan);
      out.back().steps[i].deed = std::move(deed);
    }
  }
  return out;
}

std::vector<Plan> withRounderTimes(const Plan& plan) {
  std::vector<Plan> out;
  for (const milliseconds unit : {milliseconds(100), milliseconds(10), milliseconds(1)}) {
    Plan rounder = plan;
    for (Step& step : rounder.steps) round(step.at, unit);
    if (rounder.steps != plan.steps) out.push_back(std::move(rounder));
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      Plan one = plan;
      round(one.steps[i].at, unit);
      const bool inOrder = std::ranges::is_sorted(one.steps, {}, &Step::at);
      if (inOrder && one.steps != plan.steps) out.push_back(std::move(one));
    }
  }
  // What they find may come a little later.
  for (Plan& each : out) each.until += milliseconds(100);
  return out;
}

}  // namespace raft::hunt
