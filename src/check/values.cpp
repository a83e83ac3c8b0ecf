#include "check/values.h"

#include <algorithm>

#include "raft/random.h"
#include "trace/json.h"
#include "trace/notation.h"

namespace raft::check {

Values::Values() { atom("nil"); }

ValueId Values::numberOf(Kind kind, std::string_view text, std::span<const ValueId> items) {
  std::uint64_t hash = mixBits(static_cast<std::uint64_t>(kind) + 1);
  for (const char byte : text) hash = mixBits(hash ^ static_cast<unsigned char>(byte)) + 1;
  for (const ValueId item : items) hash = mixBits(hash ^ item) + 1;
  const std::uint32_t known = index_.find(hash, [&](ValueId value) {
    return stored_[value].kind == kind &&
           (kind == Kind::List ? std::ranges::equal(this->items(value), items)
                               : this->text(value) == text);
  });
  if (known != HashIndex::none) return known;
  const ValueId value = size();
  index_.add(hash, value);
  if (kind == Kind::List) {
    stored_.push_back({items_.size(), static_cast<std::uint32_t>(items.size()), kind});
    items_.insert(items_.end(), items.begin(), items.end());
  } else {
    stored_.push_back({bytes_.size(), static_cast<std::uint32_t>(text.size()), kind});
    bytes_ += text;
  }
  return value;
}

std::string_view Values::text(ValueId value) const {
  const Stored& stored = stored_[value];
  return std::string_view(bytes_).substr(stored.begin, stored.size);
}

std::span<const ValueId> Values::items(ValueId list) const {
  const Stored& stored = stored_[list];
  return std::span(items_).subspan(stored.begin, stored.size);
}

bool Values::isCount(ValueId value, std::uint64_t& out) const {
  if (value == untold || stored_[value].kind != Kind::Atom) return false;
  const std::string_view digits = text(value);
  if (digits.empty() || digits.size() > 18) return false;
  out = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return false;
    out = 10 * out + static_cast<std::uint64_t>(digit - '0');
  }
  return true;
}

std::string Values::tell(ValueId value, std::uint32_t most) const {
  if (value == untold) return "?";
  std::string out;
  if (isString(value)) {
    std::string_view bytes = text(value);
    std::uint32_t shown = 0;
    std::uint64_t end = 0;
    while (end < bytes.size() && shown < most) {
      end += std::max(1u, trace::utf8Length(bytes.substr(end)));
      ++shown;
    }
    trace::appendJsonString(out, bytes.substr(0, end));
    if (end < bytes.size()) out.insert(out.size() - 1, "…");
    return out;
  }
  if (!isList(value)) {
    const std::string_view written = text(value);
    return written.size() <= most ? std::string(written)
                                  : std::string(written.substr(0, most)) + "…";
  }
  out = "[";
  for (const ValueId item : items(value)) {
    if (out.size() > 1) out += " ";
    if (out.size() >= most) {
      out += "…";
      break;
    }
    out += tell(item, most);
  }
  return out + "]";
}

std::uint64_t Values::bytes() const {
  return stored_.capacity() * sizeof(Stored) + bytes_.capacity() + 4 * items_.capacity() +
         index_.bytes();
}

}  // namespace raft::check
