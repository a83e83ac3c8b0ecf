#include "cli/form.h"

#include <algorithm>

#include "scenario/words.h"
#include "trace/json.h"

namespace raft::cli {

const Form* Form::find(std::string_view key) const {
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].isName(key)) return &items[i + 1];
  }
  return nullptr;
}

std::string Form::spelt() const {
  std::string out;
  switch (kind) {
    case Kind::Nil: return "nil";
    case Kind::Keyword: return ":" + text;
    case Kind::Character: return "\\" + text;
    case Kind::String: trace::appendJsonString(out, text); return out;
    case Kind::Tagged: return "#" + text + " " + (items.empty() ? "" : items[0].spelt());
    case Kind::Boolean:
    case Kind::Number:
    case Kind::Symbol: return text;
    default: break;
  }
  std::vector<std::string> parts;
  const std::size_t step = kind == Kind::Map ? 2 : 1;
  for (std::size_t i = 0; i + step <= items.size(); i += step) {
    parts.push_back(items[i].spelt() + (step == 2 ? " " + items[i + 1].spelt() : ""));
  }
  if (kind != Kind::List) std::ranges::sort(parts);  // their order means nothing
  out = kind == Kind::List ? "[" : kind == Kind::Map ? "{" : "#{";
  for (const std::string& part : parts) out += part + " ";
  if (!parts.empty()) out.pop_back();
  return out + (kind == Kind::List ? "]" : "}");
}

std::string Form::called() const {
  switch (kind) {
    case Kind::Nil: return "nil";
    case Kind::Boolean: return text;
    case Kind::Number: return "the number " + scenario::quoted(text);
    case Kind::Character: return "a character";
    case Kind::String: return "the string " + scenario::quoted(text);
    case Kind::Keyword: return "the keyword " + scenario::quoted(":" + text);
    case Kind::Symbol: return "the symbol " + scenario::quoted(text);
    case Kind::List: return "a list of " + std::to_string(items.size());
    case Kind::Map: return "a map";
    case Kind::Set: return "a set";
    case Kind::Tagged: return "a value tagged " + scenario::quoted("#" + text);
  }
  return "";
}

void unreadable(scenario::Position at, std::string message) {
  throw Unreadable{{at, std::move(message)}};
}

}  // namespace raft::cli
