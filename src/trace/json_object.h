// A JSON object that is being written: what json.cpp makes facts of. Internal to it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "raft/message.h"
#include "trace/json.h"
#include "trace/notation.h"
#include "trace/observer.h"

namespace raft::trace {

// One object: fields appended in order. Absent optionals are left out.
class JsonObject {
 public:
  JsonObject(std::string& out, const Names& names) : out_(out), names_(names) { out_ += '{'; }
  void close() { out_ += '}'; }

  void field(std::string_view key, std::uint64_t number) { out_ += name(key) + text(number); }
  template <class Tag>
  void field(std::string_view key, Number<Tag, std::uint64_t> number) {
    field(key, number.value);
  }
  void field(std::string_view key, Duration time) {
    const std::int64_t micros = time.count();
    out_ += name(key);
    if (micros < 0) out_ += '-';
    const auto size = static_cast<std::uint64_t>(micros);
    out_ += text(micros < 0 ? 0 - size : size);
  }
  void field(std::string_view key, bool value) { out_ += name(key) + (value ? "true" : "false"); }
  void field(std::string_view key, std::string_view utf8) {
    out_ += name(key);
    appendJsonString(out_, utf8);
  }
  void field(std::string_view key, const char* utf8) { field(key, std::string_view(utf8)); }
  void field(std::string_view key, const std::string& utf8) { field(key, std::string_view(utf8)); }
  void field(std::string_view key, ServerId server) { field(key, names_.of(server)); }
  void field(std::string_view key, const ServerSet& servers) {
    out_ += name(key);
    list(servers);
  }
  template <class T>
  void field(std::string_view key, const std::optional<T>& value) {
    if (value) field(key, *value);
  }
  void field(std::string_view key, const Command& command) {
    std::string_view bytes = command.bytes();
    std::string_view rest = bytes;
    while (const std::uint32_t length = utf8Length(rest)) rest.remove_prefix(length);
    if (rest.empty()) return field(key, bytes);
    std::string hex;
    for (const char each : bytes) {
      const auto byte = static_cast<unsigned char>(each);
      hex += "0123456789abcdef"[byte >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
    field(std::string(key) + "Hex", hex);
  }
  void field(std::string_view key, const Entries& entries) {
    out_ += name(key) + "[";
    bool first = true;
    for (const Entry& entry : entries) {
      if (!std::exchange(first, false)) out_ += ',';
      JsonObject object(out_, names_);
      object.field("term", entry.term);
      if (entry.type == EntryType::Noop) object.field("noop", true);
      if (entry.type == EntryType::Command) object.field("command", entry.command);
      if (entry.type == EntryType::Configuration) {
        object.field("configuration", decode(entry.command));
      }
      object.close();
    }
    out_ += ']';
  }
  void field(std::string_view key, const std::vector<ServerSet>& groups) {
    out_ += name(key) + "[";
    for (std::uint32_t i = 0; i < groups.size(); ++i) {
      if (i > 0) out_ += ',';
      list(groups[i]);
    }
    out_ += ']';
  }
  void field(std::string_view key, const ConflictHint& hint) {
    if (!hint.given()) return;
    JsonObject object = sub(key);
    object.field("term", hint.term);
    object.field("first", hint.first);
    object.field("last", hint.last);
    object.close();
  }
  void field(std::string_view key, const Link& link) {
    JsonObject object = sub(key);
    object.field("up", link.up);
    object.field("latencyMin", link.latencyMin);
    object.field("latencyMax", link.latencyMax);
    object.field("lossPerMillion", std::uint64_t{link.lossPerMillion});
    object.field("duplicatePerMillion", std::uint64_t{link.duplicatePerMillion});
    object.close();
  }
  void field(std::string_view key, const Configuration& configuration) {
    JsonObject object = sub(key);
    object.field("voters", configuration.voters);
    if (configuration.isJoint()) object.field("nextVoters", configuration.nextVoters);
    object.field("learners", configuration.learners);
    object.close();
  }
  void field(std::string_view key, const Envelope& envelope);

 private:
  JsonObject sub(std::string_view key) {
    out_ += name(key);
    return JsonObject(out_, names_);
  }
  std::string name(std::string_view key) {
    std::string out = std::exchange(first_, false) ? "\"" : ",\"";
    return out.append(key) + "\":";
  }
  void list(const ServerSet& servers) {
    out_ += '[';
    bool first = true;
    for (ServerId server : servers) {
      if (!std::exchange(first, false)) out_ += ',';
      appendJsonString(out_, names_.of(server));
    }
    out_ += ']';
  }

  std::string& out_;
  const Names& names_;
  bool first_ = true;
};

}  // namespace raft::trace
