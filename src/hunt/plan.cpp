#include "hunt/plan.h"

#include <string_view>

#include <fmt/format.h>

#include "scenario/words.h"

namespace raft::hunt {

namespace {

using scenario::durationText;

constexpr std::uint64_t proposals = 0x70726f706f73616c;  // the purpose of a stream

// In double quotes: a title may hold a colon.
std::string quotedText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (0 <= c && c < ' ') {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += c;
    }
  }
  return out + '"';
}

void addBlock(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append("  ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void add(std::string_view indent, const Line& line, std::string& out) {
  out.append(indent).append(line.key).append(": ").append(line.value).append("\n");
}

}  // namespace

std::string nameOf(std::uint32_t server) {
  return std::string(1, static_cast<char>('A' + server - 1));
}

Plan under(const sim::Rules* rules, Plan plan) {
  plan.rules = rules;
  if (!rules) return plan;
  constexpr std::string_view key = "command: ";
  Random chance = Random::stream(plan.seed, proposals, 0);
  for (Step& step : plan.steps) {
    if (step.deed.key != "propose") continue;
    std::string& value = step.deed.value;
    const std::size_t begin = value.find(key);
    if (begin == value.npos) continue;
    const std::size_t end = std::min(value.find(", to: ", begin), value.find('}', begin));
    value.replace(begin + key.size(), end - begin - key.size(), quotedText(rules->command(chance)));
  }
  return plan;
}

std::string textOf(const Plan& plan, const Heading& heading) {
  std::string out;
  if (!heading.title.empty()) add("", {"title", quotedText(heading.title)}, out);
  if (!heading.about.empty()) {
    out += "about: |\n";
    addBlock(heading.about, out);
  }
  add("", {"servers", std::to_string(plan.servers)}, out);
  add("", {"seed", std::to_string(plan.seed)}, out);
  for (const Line& line : plan.settings) add("", line, out);
  if (!plan.clients.empty()) out += "clients:\n";
  for (const std::string& client : plan.clients) out += "  - " + client + "\n";
  if (!plan.steps.empty()) out += "steps:\n";
  for (const Step& step : plan.steps) {
    add("  - ", {"at", durationText(step.at)}, out);
    add("    ", step.deed, out);
  }
  add("", {"until", durationText(plan.until)}, out);
  return out;
}

}  // namespace raft::hunt
