#include "cli/picture.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "trace/notation.h"

namespace raft::cli {
namespace {

constexpr std::uint32_t mostLanes = 24;
constexpr std::uint32_t mostLabel = 24;  // columns
constexpr std::uint32_t margin = 2;

// What happens, from left to right: responses and calls in the order of time, and between them the
// moments at which operations take effect.
struct Moment {
  enum class Kind : std::uint8_t { Call, Effect, Response };
  Kind kind;
  std::uint32_t bar;
  std::uint32_t event;  // the latest call or response at that moment
};

std::string shortened(std::string_view text, std::uint32_t most) {
  if (trace::columns(text) <= most) return std::string(text);
  std::string out;
  while (!text.empty() && trace::columns(out) + 1 < most) {
    const std::uint32_t length = std::max(1u, trace::utf8Length(text));
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out + "…";
}

// A lane of cells, one a column, that becomes text.
struct Lane {
  struct Cell {
    std::string sign = " ";
    bool bad = false;
    bool good = false;
  };
  std::vector<Cell> cells;

  void put(std::uint32_t column, std::string sign, bool bad = false, bool good = false) {
    if (column >= cells.size()) cells.resize(column + 1);
    cells[column] = {std::move(sign), bad, good};
  }
  void write(std::uint32_t column, std::string_view text, bool bad) {
    while (!text.empty()) {
      const std::uint32_t length = std::max(1u, trace::utf8Length(text));
      put(column++, std::string(text.substr(0, length)), bad);
      text.remove_prefix(length);
    }
  }
  std::string text(const Style& style) const {
    std::string out;
    for (std::size_t i = 0; i < cells.size();) {
      std::size_t end = i;
      std::string run;
      while (end < cells.size() && cells[end].bad == cells[i].bad &&
             cells[end].good == cells[i].good) {
        run += cells[end++].sign;
      }
      out += cells[i].bad ? style.bad(run) : cells[i].good ? style.good(run) : run;
      i = end;
    }
    return out;
  }
};

class Painter {
 public:
  Painter(const Scene& scene, const PictureOptions& options) : scene_(scene), options_(options) {
    findMoments();
  }

  // Nothing: there is no room for all of it.
  std::optional<std::string> paint() const;

 private:
  struct Signs {
    const char *call, *response, *line, *effect, *culprit, *open;
  };
  static constexpr Signs drawn = {"├", "┤", "─", "●", "✗", "┄"};
  static constexpr Signs ascii = {"|", "|", "-", "*", "X", "."};

  const Signs& signs() const { return options_.ascii ? ascii : drawn; }

  void findMoments();
  std::optional<std::vector<std::uint32_t>> columns(std::uint32_t left, std::uint32_t label) const;
  std::string labelOf(std::uint32_t bar, std::uint32_t most) const {
    const std::string label = shortened(scene_.bars[bar].label, most);
    return " " + (options_.ascii ? inAscii(label) : label) + " ";
  }
  std::string drawLanes(const std::vector<std::uint32_t>& columns,
                        const std::vector<std::string>& names, std::uint32_t left,
                        std::uint32_t label) const;

  const Scene& scene_;
  const PictureOptions& options_;
  std::vector<Moment> moments_;
};

void Painter::findMoments() {
  const std::uint32_t last =
      scene_.culprit == check::never ? check::never : scene_.bars[scene_.culprit].response;
  for (std::uint32_t i = 0; i < scene_.bars.size(); ++i) {
    const Bar& bar = scene_.bars[i];
    if (bar.call <= last) moments_.push_back({Moment::Kind::Call, i, bar.call});
    if (bar.response <= last && bar.response != check::never) {
      moments_.push_back({Moment::Kind::Response, i, bar.response});
    }
  }
  // Each takes effect as early as the order lets it.
  std::uint32_t event = 0;
  for (const std::uint32_t i : scene_.order) {
    event = std::max(event, scene_.bars[i].call);
    moments_.push_back({Moment::Kind::Effect, i, event});
  }
  if (scene_.culprit != check::never) {
    // Its mark stands where it responds: by then it must have happened.
    moments_.push_back({Moment::Kind::Effect, scene_.culprit, last - 1});
  }
  std::ranges::stable_sort(moments_, [](const Moment& a, const Moment& b) {
    const bool aLater = a.kind == Moment::Kind::Effect;
    const bool bLater = b.kind == Moment::Kind::Effect;
    return std::pair(a.event, aLater) < std::pair(b.event, bLater);
  });
}

// Where each moment stands, or nothing if that is too wide. What is not told apart by time, calls
// or responses in a row, may stand in one column.
std::optional<std::vector<std::uint32_t>> Painter::columns(std::uint32_t left,
                                                           std::uint32_t label) const {
  std::vector<std::uint32_t> columns;
  std::map<std::uint32_t, std::uint32_t> ends;     // of each bar's label
  std::map<std::string_view, std::uint32_t> free;  // of each lane
  std::uint32_t column = left;
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    const Moment& moment = moments_[i];
    const bool same =
        i > 0 && moment.kind == moments_[i - 1].kind && moment.kind != Moment::Kind::Effect;
    if (i > 0 && !same) ++column;
    const std::string_view lane = scene_.bars[moment.bar].lane;
    if (moment.kind == Moment::Kind::Call) {
      column = std::max(column, free[lane]);
      ends[moment.bar] = column + 1 + trace::columns(labelOf(moment.bar, label));
    } else {
      column = std::max(column, ends[moment.bar]);
    }
    free[lane] = column + 2;
    columns.push_back(column);
    if (column + 2 > options_.width) return std::nullopt;
  }
  for (const auto& [bar, end] : ends) {
    if (end + 2 > options_.width) return std::nullopt;
  }
  return columns;
}

std::optional<std::string> Painter::paint() const {
  std::vector<std::string> names;
  std::uint32_t wide = 0;
  for (const Bar& bar : scene_.bars) {
    if (std::ranges::find(names, bar.lane) != names.end()) continue;
    names.push_back(bar.lane);
    wide = std::max(wide, std::min(trace::columns(bar.lane), 16u));
    if (names.size() > mostLanes) return std::nullopt;
  }
  std::ranges::sort(names, [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), a) < std::pair(b.size(), b);  // so that 10 follows 9
  });
  const std::uint32_t left = margin + wide + 2;
  for (const std::uint32_t label : {mostLabel, 12u, 8u}) {
    if (const auto found = columns(left, label)) return drawLanes(*found, names, left, label);
  }
  return std::nullopt;
}

std::string Painter::drawLanes(const std::vector<std::uint32_t>& columns,
                               const std::vector<std::string>& names, std::uint32_t left,
                               std::uint32_t label) const {
  struct Drawn {
    std::uint32_t call = 0;
    std::optional<std::uint32_t> effect, response;
  };
  std::vector<Drawn> bars(scene_.bars.size());
  std::uint32_t right = 0;
  for (std::size_t i = 0; i < moments_.size(); ++i) {
    Drawn& bar = bars[moments_[i].bar];
    switch (moments_[i].kind) {
      case Moment::Kind::Call: bar.call = columns[i]; break;
      case Moment::Kind::Effect: bar.effect = columns[i]; break;
      case Moment::Kind::Response: bar.response = columns[i]; break;
    }
    right = std::max(right, columns[i] + 1);
  }
  std::map<std::string, Lane> lanes;
  for (std::uint32_t i = 0; i < bars.size(); ++i) {
    const Drawn& bar = bars[i];
    Lane& lane = lanes[scene_.bars[i].lane];
    const bool bad = i == scene_.culprit;
    const bool open = scene_.bars[i].response == check::never;
    const std::string text = labelOf(i, label);
    std::uint32_t end = std::max(right, bar.call + trace::columns(text) + 2);
    // Without a response it goes on, but not beyond the next call of its process.
    for (std::uint32_t j = i + 1; j < bars.size() && open; ++j) {
      if (scene_.bars[j].lane == scene_.bars[i].lane) end = std::min(end, bars[j].call - 1);
    }
    for (std::uint32_t c = bar.call; c <= bar.response.value_or(end); ++c) {
      lane.put(c, open ? signs().open : signs().line, bad);
    }
    lane.put(bar.call, signs().call, bad);
    lane.write(bar.call + 1, text, bad);
    if (bar.effect) lane.put(*bar.effect, bad ? signs().culprit : signs().effect, bad, !bad);
    if (bar.response) lane.put(*bar.response, signs().response, bad);
  }
  std::string out;
  for (const std::string& name : names) {
    std::string shown = shortened(name, left - margin - 2);
    if (options_.ascii && shown != name) shown.replace(shown.size() - 3, 3, ".");
    out +=
        std::string(margin, ' ') + shown + std::string(left - margin - trace::columns(shown), ' ');
    Lane& lane = lanes[name];
    lane.cells.erase(lane.cells.begin(), lane.cells.begin() + left);
    out += lane.text(options_.style) + "\n";
  }
  return out;
}

// The scene with these bars alone, in the order of their calls.
Scene partOf(const Scene& scene, std::vector<std::uint32_t> bars) {
  std::ranges::sort(bars, {}, [&](std::uint32_t i) { return scene.bars[i].call; });
  bars.erase(std::ranges::unique(bars).begin(), bars.end());
  std::map<std::uint32_t, std::uint32_t> places;
  Scene out;
  for (const std::uint32_t i : bars) {
    places[i] = static_cast<std::uint32_t>(out.bars.size());
    out.bars.push_back(scene.bars[i]);
    if (i == scene.culprit) out.culprit = places[i];
  }
  for (const std::uint32_t i : scene.order) {
    const auto place = places.find(i);
    if (place != places.end()) out.order.push_back(place->second);
  }
  return out;
}

}  // namespace

Picture pictureOf(const Scene& scene, const PictureOptions& options) {
  const auto count = static_cast<std::uint32_t>(scene.order.size());
  std::vector<std::uint32_t> needed = scene.witnesses;
  if (scene.culprit != check::never) needed.push_back(scene.culprit);
  for (std::uint32_t more = std::min(count, 60u) + 1; more-- > 0;) {
    std::vector<std::uint32_t> bars = needed;
    bars.insert(bars.end(), scene.order.end() - more, scene.order.end());
    if (more == count && scene.culprit == check::never) {
      bars.resize(scene.bars.size());
      std::iota(bars.begin(), bars.end(), 0u);
    }
    if (bars.empty()) break;
    const Scene part = partOf(scene, std::move(bars));
    const std::optional<std::string> lanes = Painter(part, options).paint();
    if (!lanes) continue;
    const bool open =
        std::ranges::any_of(part.bars, [](const Bar& bar) { return bar.response == check::never; });
    return {*lanes, static_cast<std::uint32_t>(scene.bars.size() - part.bars.size()), open};
  }
  return {};
}

}  // namespace raft::cli
