// For one's own model: numbers the states of any type, so that equal ones have the same number.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "check/hash_index.h"
#include "check/linearizability.h"

namespace raft::check {

// `Hash` gives 64 well-mixed bits (raft/random.h has mixBits); equal states have equal hashes.
template <class State, class Hash>
class States {
 public:
  StateId numberOf(State state) {
    const std::uint64_t hash = Hash()(state);
    const std::uint32_t known =
        index_.find(hash, [&](std::uint32_t number) { return states_[number] == state; });
    if (known != HashIndex::none) return known;
    const StateId number = static_cast<StateId>(states_.size());
    index_.add(hash, number);
    states_.push_back(std::move(state));
    return number;
  }
  const State& operator[](StateId number) const { return states_[number]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(states_.size()); }
  // Without what states keep elsewhere.
  std::uint64_t bytes() const { return states_.capacity() * sizeof(State) + index_.bytes(); }

 private:
  std::vector<State> states_ = {};
  HashIndex index_ = {};
};

}  // namespace raft::check
