// Disks and clocks: how long a write may take, how clocks drift, and what befalls disks in a step.
#include "scenario/reading.h"
#include "scenario/tokens.h"

namespace raft::scenario {
namespace {

using What = decltype(Deed::what);
using Verb = DiskDeed::Verb;

const char* const diskPhrases =
    "stalls, stalls for 1 s, works, fails its next write, fails its next 3 writes, fails every "
    "write, fails every 3rd write, flips a bit of entry 2 or is lost";

// "2nd" or "3": each so-manieth.
std::optional<std::uint64_t> takeOrdinal(Tokens& in) {
  std::string_view word = in.peek();
  for (std::string_view ending : {"st", "nd", "rd", "th"}) {
    if (!word.ends_with(ending)) continue;
    word.remove_suffix(2);
    break;
  }
  const std::optional<std::uint64_t> number = parseCount(word);
  if (number) in.take();
  return number;
}

// "its next write", "its next 3 writes", "every write", "every 3rd write".
bool takeFailing(Tokens& in, trace::WritesFail& out) {
  if (in.accept({"its", "next"})) {
    out.next = 1;
    if (in.accept({"write"})) return true;
    const std::optional<std::uint64_t> count = parseCount(in.peek());
    if (!count || *count == 0) return false;
    out.next = *count;
    in.take();
    return in.acceptAny({"writes", "write"});
  }
  if (!in.acceptAny({"every", "each"})) return false;
  if (in.accept({"write"})) return true;
  const std::optional<std::uint64_t> nth = takeOrdinal(in);
  if (!nth || *nth == 0) return false;
  out.every = *nth;
  return in.accept({"write"});
}

}  // namespace

Parsed<DiskDeed> parseDisk(std::string_view text) {
  Tokens in(text);
  DiskDeed out;
  bool lasts = false;
  bool right = true;
  if (in.accept({"stalls"})) {
    lasts = true;
  } else if (in.accept({"fails"})) {
    out.verb = Verb::Fail;
    right = takeFailing(in, out.failing);
    lasts = out.failing.next == 0;
  } else if (in.accept({"works"})) {
    out.verb = Verb::Mend;
  } else if (in.accept({"is", "lost"})) {
    out.verb = Verb::Lose;
  } else if (in.accept({"flips", "a", "bit", "of", "entry"})) {
    out.verb = Verb::FlipBit;
    const std::optional<std::uint64_t> entry = parseCount(in.peek());
    right = entry && *entry > 0;
    out.entry = entry.value_or(0);
    in.take();
  } else {
    right = false;
  }
  if (right && lasts && in.accept({"for"})) {
    const Parsed<Duration> span = parseDuration(in.rest());
    if (!span.value) return {{}, span.wrong};
    if (*span.value == Duration(0))
      return {{}, "expected a time above 0, not " + quoted(in.rest())};
    out.span = span.value;
  } else if (!in.atEnd()) {
    right = false;
  }
  if (!right) {
    return {{}, "a disk does not do " + quoted(text) + "; expected one of: " + diskPhrases};
  }
  return {out};
}

Parsed<std::int32_t> parseDrift(std::string_view text) {
  const std::string expected = "expected how a clock drifts, such as 5 % fast or 0.1 % slow, not ";
  std::string_view share = trimmed(text);
  const bool fast = share.ends_with("fast");
  if (!fast && !share.ends_with("slow")) return {{}, expected + quoted(text)};
  share.remove_suffix(4);
  const Parsed<std::uint32_t> drift = parsePercent(trimmed(share));
  if (!drift.value) return {{}, expected + quoted(text)};
  if (*drift.value > static_cast<std::uint32_t>(sim::Clock::mostDrift)) {
    return {{}, quoted(text) + " is too much for a clock: expected at most 90 %"};
  }
  const auto size = static_cast<std::int32_t>(*drift.value);
  return {fast ? size : -size};
}

void Reading::readWriteTimeout(const Value& value) {
  perServer(value, "a time, or a mapping from servers to times", [&](const Value& v, ServerId id) {
    out_.world.raft[id.value - 1].writeTimeout = positiveDuration(v).value_or(Duration(0));
  });
}

void Reading::readDrift(const Value& value) {
  out_.world.clocks.resize(out_.world.servers);
  perServer(value, "how clocks drift, such as 5 % fast, or a mapping from servers to that",
            [&](const Value& v, ServerId id) {
              const std::optional<std::string> text = scalar(v, "how a clock drifts");
              const auto drift = text ? noted(v, parseDrift(*text)) : std::nullopt;
              out_.world.clocks[id.value - 1].driftPerMillion = drift.value_or(0);
            });
}

void Reading::readDriftBound(const Value& value) {
  const std::optional<std::uint32_t> bound = percent(value);
  if (!bound) return;
  if (*bound >= 1'000'000) {
    return wrong(value.at, "expected less than 100 %, or no lease would last, not " + shown(value));
  }
  for (Settings& each : out_.world.raft) each.clockDriftBound = *bound;
}

// In the midst of a write.
std::optional<What> Reading::crash(const Value& value) {
  CrashInAWrite out;
  bool good = true;
  members(value, "a crash in a write",
          {{"servers",
            [&](const Value& v) {
              const std::optional<std::vector<Target>> whom = targets(v);
              good = whom && noOthers(v, *whom) && good;
              if (whom) out.targets = *whom;
            }},
           {"torn after", [&](const Value& v) {
              const std::optional<std::string> text =
                  scalar(v, "how many entries are whole, such as 1 entry");
              const std::string words = text.value_or("");
              Tokens in(words);
              const std::optional<std::uint64_t> whole = parseCount(in.take());
              in.acceptAny({"entry", "entries"});
              if (text && (!whole || !in.atEnd())) {
                wrong(v.at,
                      "expected how many entries are whole, such as 1 entry, not " + shown(v));
              }
              good = good && whole && in.atEnd();
              out.whole = whole.value_or(0);
            }}});
  for (const char* key : {"servers", "torn after"}) {
    if (value.find(key)) continue;
    wrong(value.at, "a crash in a write needs `" + std::string(key) +
                        "`, such as {servers: A, torn after: 1 entry}");
    return std::nullopt;
  }
  return good ? std::optional<What>(out) : std::nullopt;
}

std::optional<What> Reading::changeDisks(const Value& value) {
  ChangeDisks out;
  if (!value.isMapping() || value.keys.empty()) {
    wrong(value.at,
          "expected a mapping from servers to what befalls their disks, such as "
          "{A: stalls}, not " +
              (value.isMapping() ? "an empty one" : shown(value)));
    return std::nullopt;
  }
  bool good = true;
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const Key& key = value.keys[i];
    const Value who{.kind = Value::Kind::Scalar, .at = key.at, .text = key.text};
    const std::optional<std::vector<Target>> whom = targets(who);
    const std::optional<std::string> text = scalar(value.items[i], "what befalls a disk");
    const std::optional<DiskDeed> deed =
        text ? noted(value.items[i], parseDisk(*text)) : std::nullopt;
    good = whom && noOthers(who, *whom) && deed && good;
    if (good) out.disks.push_back({*whom, *deed});
  }
  return good ? std::optional<What>(out) : std::nullopt;
}

// What must be violated: the run does what nobody may do.
void Reading::readViolates(const Value& value) {
  using check::Property;
  out_.violatesAt = value.at;
  eachItem(value, [&](const Value& v) {
    const std::optional<std::string> text = scalar(v, "a property, such as LeaderCompleteness");
    if (!text) return;
    std::vector<std::string> words;
    for (const Property each :
         {Property::ElectionSafety, Property::LeaderAppendOnly, Property::LogMatching,
          Property::LeaderCompleteness, Property::StateMachineSafety, Property::Durability,
          Property::OverlappingMajorities, Property::SameState, Property::ExactlyOnce,
          Property::FreshReads, Property::Linearizability}) {
      words.emplace_back(check::nameOf(each));
      if (words.back() != *text) continue;
      return out_.violates.push_back(each);
    }
    wrong(v.at, "there is no property " + quoted(*text) +
                    suggestion(*text, words, "one of: " + orList(words)));
  });
}

}  // namespace raft::scenario
