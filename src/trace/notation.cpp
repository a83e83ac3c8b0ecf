#include "trace/notation.h"

#include <algorithm>
#include <charconv>

namespace raft::trace {

namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    if (i > 0) all += i + 1 == parts.size() ? " and " : ", ";
    all += parts[i];
  }
  return all;
}

std::string hexByte(unsigned char byte) {
  const char* digits = "0123456789abcdef";
  return std::string("\\x") + digits[byte >> 4] + digits[byte & 15];
}

bool isControl(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return byte < 0x20 || byte == 0x7f;
  // U+0080 to U+009F, and what would turn the direction of a line around.
  return character.size() == 2 && byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

std::string Names::of(ServerId server) const {
  if (server.value >= 1 && server.value <= names_.size()) return names_[server.value - 1];
  return "s" + text(server.value);
}

std::string Names::of(std::optional<ServerId> server) const {
  return server ? of(*server) : "nobody";
}

std::string Names::of(const ServerSet& servers) const {
  std::vector<std::string> parts;
  for (ServerId server : servers) parts.push_back(of(server));
  return parts.empty() ? "nobody" : joined(parts);
}

std::string text(std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return std::string(digits, end);
}

std::string text(Duration time) {
  const bool negative = time.count() < 0;
  const auto micros = negative ? 0 - static_cast<std::uint64_t>(time.count())
                               : static_cast<std::uint64_t>(time.count());
  std::string out = (negative ? "-" : "") + text(micros / 1000);
  if (const std::uint64_t rest = micros % 1000; rest != 0) {
    std::string digits = text(1000 + rest).substr(1);
    while (digits.back() == '0') digits.pop_back();
    out += "." + digits;
  }
  return out + " ms";
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  std::string out = text(count) + " ";
  if (count == 1) return out.append(one);
  return many.empty() ? out.append(one) + "s" : out.append(many);
}

std::string entryText(Index index, Term term) { return text(index.value) + "^" + text(term.value); }

std::string placeIn(const Log& log, Index index) {
  if (index < log.baseIndex()) return text(index.value);
  return entryText(index, log.term(index));
}

std::string entriesText(Index first, const Entries& entries) {
  if (entries.empty()) return "nothing";
  std::string out = entryText(first, entries[0].term);
  if (entries.size() == 1) return out;
  const std::uint64_t last = entries.size() - 1;
  return out + " to " + entryText(first + last, entries[last].term);
}

std::string entriesInFull(Index first, const Entries& entries, std::uint32_t most) {
  if (entries.empty()) return "nothing";
  std::vector<std::string> parts;
  const std::uint64_t shown = entries.size() <= most ? entries.size() : most;
  for (std::uint64_t i = 0; i < shown; ++i) {
    parts.push_back(entryText(first + i, entries[i].term) + " (" + entryMeaning(entries[i]) + ")");
  }
  if (shown < entries.size()) parts.push_back(text(entries.size() - shown) + " more");
  return joined(parts);
}

std::string logText(const Log& log, std::uint32_t most) {
  const std::uint64_t last = log.lastIndex().value;
  if (last == 0) return "empty";
  std::string out;
  const std::uint64_t base = log.baseIndex().value;
  if (base > 0) out = "[" + entryText(base, log.baseTerm()) + "]";
  const std::uint64_t first = last - base > most ? last - most + 1 : base + 1;
  if (first > base + 1) out += out.empty() ? "…" : " …";
  for (std::uint64_t i = first; i <= last; ++i) {
    if (!out.empty()) out += ' ';
    out += entryText(i, log.term(i));
  }
  return out;
}

std::string withoutControls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::uint32_t length = utf8Length(text);
    if (text[0] == '\n') {
      out += ' ';
    } else if (length == 0 || isControl(text.substr(0, length))) {
      out += hexByte(static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string commandText(const Command& command, std::uint32_t most) {
  std::string_view bytes = command.bytes();
  if (bytes.empty()) return "empty command";
  std::string out;
  for (std::uint32_t shown = 0; !bytes.empty(); ++shown) {
    if (shown == most) return out + "…";
    const std::uint32_t length = utf8Length(bytes);
    if (length == 0 || isControl(bytes.substr(0, length))) {
      out += hexByte(static_cast<unsigned char>(bytes[0]));
      bytes.remove_prefix(1);
      continue;
    }
    out += bytes.substr(0, length);
    bytes.remove_prefix(length);
  }
  return out;
}

std::string entryMeaning(const Entry& entry) {
  if (entry.type == EntryType::Configuration) return "configuration";
  return entry.type == EntryType::Noop ? "no-op" : commandText(entry.command);
}

std::string configurationText(const Configuration& configuration, const Names& names) {
  const auto set = [&](const ServerSet& servers) {
    std::string out;
    for (ServerId server : servers) out += (out.empty() ? "" : " ") + names.of(server);
    return "{" + out + "}";
  };
  std::string out = set(configuration.voters);
  if (configuration.isJoint()) out += " and " + set(configuration.nextVoters);
  if (!configuration.learners.empty()) out += " learning " + set(configuration.learners);
  return out;
}

std::string wishText(const ChangeConfiguration& wish, const Names& names) {
  std::string out;
  const auto item = [&](std::string_view verb, const ServerSet& servers, std::string_view one,
                        std::string_view many) {
    if (servers.empty()) return;
    if (!out.empty()) out += " and ";
    out += std::string(verb) + names.of(servers);
    out += servers.size() == 1 ? one : many;
  };
  item("make ", wish.voters, " a voter", " voters");
  item("make ", wish.learners, " a learner", " learners");
  item("remove ", wish.removed, "", "");
  return out.empty() ? "change no member" : out;
}

std::string_view roleName(const Role& role) {
  if (std::holds_alternative<Leader>(role)) return "leader";
  return std::holds_alternative<Candidate>(role) ? "candidate" : "follower";
}

std::uint32_t utf8Length(std::string_view bytes) {
  const auto at = [&](std::uint32_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.empty()) return 0;
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::uint32_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || bytes.size() < length) return 0;
  for (std::uint32_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  // Neither longer than needed, nor a surrogate, nor beyond U+10FFFF.
  if (lead == 0xe0 && at(1) < 0xa0) return 0;
  if (lead == 0xed && at(1) >= 0xa0) return 0;
  if (lead == 0xf0 && at(1) < 0x90) return 0;
  if (lead == 0xf4 && at(1) >= 0x90) return 0;
  return length;
}

std::uint32_t columns(std::string_view utf8) {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      utf8, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

}  // namespace raft::trace
