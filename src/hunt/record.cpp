#include "hunt/record.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace raft::hunt {

namespace {

using nlohmann::ordered_json;

ordered_json jsonOf(const Kind& kind) {
  return {{"kind", kind.find.kind},
          {"sentence", kind.find.sentence},
          {"microseconds", kind.find.time.count()},
          {"seed", kind.seed},
          {"count", kind.count}};
}

Kind kindOf(const ordered_json& json) {
  return {.find = {.kind = json.at("kind"),
                   .sentence = json.at("sentence"),
                   .time = Time(json.at("microseconds").get<std::int64_t>())},
          .seed = json.at("seed"),
          .count = json.at("count")};
}

}  // namespace

std::string Record::add(const Record& other) {
  for (const auto& [first, last] : seeds) {
    for (const auto& [otherFirst, otherLast] : other.seeds) {
      if (otherLast < first || last < otherFirst) continue;
      return fmt::format("seed {} was hunted twice: in {}..{} and in {}..{}",
                         std::max(first, otherFirst), first, last, otherFirst, otherLast);
    }
  }
  seeds.insert(seeds.end(), other.seeds.begin(), other.seeds.end());
  std::ranges::sort(seeds);
  tally.add(other.tally);
  return {};
}

std::string textOf(const Record& record) {
  ordered_json out;
  out["seeds"] = record.seeds;
  out["runs"] = record.tally.runs;
  out["events"] = record.tally.events;
  out["simulatedMicroseconds"] = record.tally.simulated.count();
  const std::vector<std::string> names = namesOfKinds();
  for (std::size_t i = 0; i < names.size(); ++i) {
    out["coverage"][names[i]] = {record.tally.coverage.told[i], record.tally.coverage.runs[i]};
  }
  out["finds"] = ordered_json::array();
  for (const Kind& kind : record.tally.finds) out["finds"].push_back(jsonOf(kind));
  return out.dump(1) + "\n";
}

std::string read(std::string_view text, Record& out) {
  try {
    const ordered_json json = ordered_json::parse(text);
    json.at("seeds").get_to(out.seeds);
    out.tally.runs = json.at("runs");
    out.tally.events = json.at("events");
    out.tally.simulated = Duration(json.at("simulatedMicroseconds").get<std::int64_t>());
    const std::vector<std::string> names = namesOfKinds();
    for (std::size_t i = 0; i < names.size(); ++i) {
      // One that is not there was not yet told of when that hunt was made.
      if (!json.at("coverage").contains(names[i])) continue;
      const ordered_json& counts = json["coverage"][names[i]];
      out.tally.coverage.told[i] = counts.at(0);
      out.tally.coverage.runs[i] = counts.at(1);
    }
    for (const ordered_json& each : json.at("finds")) out.tally.finds.push_back(kindOf(each));
  } catch (const ordered_json::exception& e) {
    return std::string("is no record of a hunt: ") + e.what();
  }
  return {};
}

}  // namespace raft::hunt
