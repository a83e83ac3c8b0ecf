#include "scenario/yaml.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "scenario/words.h"

namespace raft::scenario {
namespace {

Position positionOf(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

// Builds the tree of one document from yaml-cpp's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Mistakes& mistakes) : mistakes_(mistakes) {}

  const Value& root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override { root_.at = positionOf(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse(mark, "", anchor);
    add({.at = positionOf(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    mistakes_.add(positionOf(mark), "aliases (*name) are not part of the language: write it out");
    add({.at = positionOf(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse(mark, tag, anchor);
    const bool quoted = tag == "!";
    // yaml-cpp tells apart `~` and nothing at all, which mean the same.
    if (!quoted && (text == "~" || text == "null")) return add({.at = positionOf(mark)});
    add({.kind = Value::Kind::Scalar, .at = positionOf(mark), .text = text, .quoted = quoted});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse(mark, tag, anchor);
    open_.push_back({.kind = Value::Kind::Sequence, .at = positionOf(mark)});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse(mark, tag, anchor);
    open_.push_back({.kind = Value::Kind::Mapping, .at = positionOf(mark)});
  }
  void OnMapEnd() override { close(); }

 private:
  void refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) {
      mistakes_.add(positionOf(mark), "anchors (&name) are not part of the language: remove it");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      mistakes_.add(positionOf(mark), "tags such as " + scenario::quoted(tag) +
                                          " are not part of the language: remove it");
    }
  }

  void close() {
    Value done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done));
  }

  void add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Value& parent = open_.back();
    if (!parent.isMapping() || parent.keys.size() > parent.items.size()) {
      // Nothing has no place of its own: take that of its key.
      if (value.isNothing() && parent.isMapping()) value.at = parent.keys.back().at;
      parent.items.push_back(std::move(value));
      return;
    }
    if (!value.isScalar()) {
      mistakes_.add(value.at, "expected a word as key, not " +
                                  std::string(value.isNothing() ? "nothing" : "a list or mapping"));
    }
    parent.keys.push_back({.text = value.text, .at = value.at});
  }

  Mistakes& mistakes_;
  Value root_;
  std::vector<Value> open_;
};

// yaml-cpp's own words, or better ones where it speaks of its insides.
std::string sentence(const std::string& text, const YAML::Exception& e) {
  std::size_t line = 0;  // where the line begins in which it went wrong
  for (int i = 0; i < e.mark.line && line != text.npos; ++i) {
    line = text.find('\n', line);
    if (line != text.npos) ++line;
  }
  if (line < text.size()) {
    const std::string_view indent = std::string_view(text).substr(
        line, std::min(text.find_first_not_of(" \t", line), text.size()) - line);
    if (indent.find('\t') != indent.npos) {
      return "this line is indented with a tab: expected blanks";
    }
  }
  if (e.msg.starts_with("end of sequence flow")) return "a list that '[' begins lacks its ']'";
  if (e.msg.starts_with("end of map flow")) return "a mapping that '{' begins lacks its '}'";
  return "this is not YAML: " + e.msg;
}

}  // namespace

ParsedYaml parseYaml(const std::string& text) {
  Mistakes mistakes;
  TreeBuilder builder(mistakes);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    if (mistakes.empty()) {
      Mistakes ignored;
      TreeBuilder second(ignored);
      if (parser.HandleNextDocument(second)) {
        mistakes.add(second.root().at,
                     "a second document begins here: expected one scenario in a file");
      }
    }
  } catch (const YAML::Exception& e) {
    mistakes.add(positionOf(e.mark), sentence(text, e));
  }
  ParsedYaml out{.mistakes = mistakes.sorted()};
  if (out.mistakes.empty()) out.root = builder.root();
  return out;
}

Read readYaml(const std::string& text, Contradictions contradictions) {
  ParsedYaml parsed = parseYaml(text);
  if (!parsed.root) return {.mistakes = std::move(parsed.mistakes)};
  return readScenario(*parsed.root, contradictions);
}

}  // namespace raft::scenario
