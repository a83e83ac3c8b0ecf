// What a hunt leaves behind, as JSON: hunts on many machines are added up from it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hunt/hunt.h"

namespace raft::hunt {

// Seeds that were hunted, both ends included, and what came of them.
struct Record {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seeds = {};
  Tally tally = {};

  // Both together. Returns a sentence if a seed is in both, and then leaves this as it is.
  std::string add(const Record& other);
};

std::string textOf(const Record& record);

// Fills `out`; otherwise returns what is wrong with the text.
std::string read(std::string_view text, Record& out);

}  // namespace raft::hunt
