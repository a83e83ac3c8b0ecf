#include "hunt/coverage.h"

#include "trace/sentence.h"

namespace raft::hunt {

namespace {

template <std::size_t... place>
std::vector<std::string> namesOf(std::index_sequence<place...>) {
  const auto name = [](trace::What what) {
    trace::Fact fact;
    fact.what = std::move(what);
    return std::string(trace::kindName(fact));
  };
  return {name(trace::What(std::in_place_index<place>))...};
}

}  // namespace

void Coverage::add(const Coverage& other) {
  for (std::size_t i = 0; i < kinds; ++i) {
    told[i] += other.told[i];
    runs[i] += other.runs[i];
  }
}

std::vector<std::string> namesOfKinds() {
  return namesOf(std::make_index_sequence<Coverage::kinds>());
}

}  // namespace raft::hunt
