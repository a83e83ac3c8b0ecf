// Single messages: what becomes of the next one on a link.
#include "scenario/reading.h"
#include "scenario/tokens.h"

namespace raft::scenario {

using What = decltype(Deed::what);

Parsed<sim::Carriage> parseCarriage(std::string_view text) {
  const std::string wrong = quoted(text) + " is nothing that becomes of a message; expected " +
                            "`is lost`, `takes 40 ms` or `takes 2 ms and its copy 40 ms`";
  Tokens in(text);
  if (in.accept({"is", "lost"}) && in.atEnd()) return {sim::Carriage{.lost = trace::Lost::Chance}};
  if (!in.accept({"takes"})) return {{}, wrong};
  constexpr std::string_view copies = " and its copy ";
  const std::string_view rest = in.rest();
  const std::size_t copy = rest.find(copies);
  const Parsed<Duration> latency = parseDuration(rest.substr(0, copy));
  if (!latency.value) return {{}, latency.wrong};
  if (copy == rest.npos) return {sim::Carriage{.latency = *latency.value}};
  const Parsed<Duration> second = parseDuration(rest.substr(copy + copies.size()));
  if (!second.value) return {{}, second.wrong};
  return {sim::Carriage{.latency = *latency.value, .copyLatency = *second.value}};
}

std::string textOf(const sim::Carriage& carriage) {
  if (carriage.lost) return "is lost";
  const std::string out = "takes " + durationText(carriage.latency);
  return carriage.copyLatency ? out + " and its copy " + durationText(*carriage.copyLatency) : out;
}

std::optional<What> Reading::arrangeMessages(const Value& value) {
  if (!value.isMapping() || value.keys.empty()) {
    wrong(value.at,
          "expected a mapping from links to what becomes of the next message, such as "
          "{A -> B: is lost}, not " +
              (value.isMapping() ? "an empty one" : shown(value)));
    return std::nullopt;
  }
  ArrangeMessages out;
  bool good = true;
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    const Key& key = value.keys[i];
    const Parsed<Arrow> arrow = parseArrow(key.text, cast_);
    if (!arrow.value) wrong(key.at, arrow.wrong);
    std::vector<sim::Carriage> next;
    eachItem(value.items[i], [&](const Value& one) {
      const std::optional<std::string> text = scalar(one, "what becomes of a message");
      const auto carriage = text ? noted(one, parseCarriage(*text)) : std::nullopt;
      if (carriage) next.push_back(*carriage);
      good = good && carriage;
    });
    if (value.items[i].isSequence() && value.items[i].items.empty()) {
      wrong(value.items[i].at, "expected what becomes of a message, not an empty list");
    }
    good = good && arrow.value && !next.empty();
    if (good) out.links.push_back({*arrow.value, std::move(next)});
  }
  return good ? std::optional<What>(std::move(out)) : std::nullopt;
}

}  // namespace raft::scenario
