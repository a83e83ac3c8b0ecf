#include "check/violation.h"

#include <string_view>

namespace raft::check {

namespace {

// What stands for one place of a sentence.
std::string filled(std::string_view place, const Violation& v, const trace::Names& names) {
  const auto server = [&](std::uint32_t i) {
    return i < v.servers.size() ? names.of(v.servers[i]) : names.of(std::nullopt);
  };
  const auto entry = [&](std::uint32_t i) {
    if (i >= v.entries.size()) return std::string("nothing");
    return trace::entryText(v.entries[i].index, v.entries[i].term);
  };
  if (place == "s1") return server(0);
  if (place == "s2") return server(1);
  if (place == "e1") return entry(0);
  if (place == "e2") return entry(1);
  if (place == "e3") return entry(2);
  if (place == "term") return trace::text(v.term.value);
  if (place == "then") return v.earlier ? trace::text(*v.earlier) : std::string("before");
  if (place == "termThen") return trace::text(v.earlierTerm.value_or(v.term).value);
  if (place == "all") {
    ServerSet all;
    for (ServerId each : v.servers) all.insert(each);
    return names.of(all);
  }
  std::string asItStood = "{";  // no place of ours
  asItStood += place;
  return asItStood += '}';
}

}  // namespace

const char* nameOf(Property property) {
  switch (property) {
    case Property::ElectionSafety: return "ElectionSafety";
    case Property::LeaderAppendOnly: return "LeaderAppendOnly";
    case Property::LogMatching: return "LogMatching";
    case Property::LeaderCompleteness: return "LeaderCompleteness";
    case Property::StateMachineSafety: return "StateMachineSafety";
    case Property::Durability: return "Durability";
    case Property::Progress: return "Progress";
    case Property::OverlappingMajorities: return "OverlappingMajorities";
    case Property::Invariant: return "Invariant";
    case Property::SameState: return "SameState";
    case Property::ExactlyOnce: return "ExactlyOnce";
    case Property::Linearizability: return "Linearizability";
    case Property::FreshReads: return "FreshReads";
    case Property::Own: return "OwnProperty";
  }
  return "unknown";
}

std::string nameOf(const Violation& violation) {
  return violation.own.empty() ? nameOf(violation.property) : violation.own;
}

std::string tell(const Violation& violation, const trace::Names& names) {
  std::string told;
  std::string_view rest = violation.sentence;
  while (!rest.empty()) {
    const auto open = rest.find('{');
    const auto close = rest.find('}', open == rest.npos ? 0 : open);
    if (open == rest.npos || close == rest.npos) break;
    told += rest.substr(0, open);
    told += filled(rest.substr(open + 1, close - open - 1), violation, names);
    rest.remove_prefix(close + 1);
  }
  return told += rest;
}

}  // namespace raft::check
