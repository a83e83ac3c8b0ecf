// What runs went through: how often each kind of fact was told.
//
// A hunt that exercised nothing finds nothing; here that is seen.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "trace/fact.h"

namespace raft::hunt {

struct Coverage {
  static constexpr std::size_t kinds = std::variant_size_v<trace::What>;
  std::array<std::uint64_t, kinds> told = {};  // by kind of fact
  std::array<std::uint64_t, kinds> runs = {};  // in how many runs it was told at all

  // Of one run.
  void add(const trace::Fact& fact) { ++told[fact.what.index()]; }
  // Of other runs.
  void add(const Coverage& other);
  bool operator==(const Coverage&) const = default;
};

// "becameLeader", as in JSON, by place in Coverage::told.
std::vector<std::string> namesOfKinds();

}  // namespace raft::hunt
