// What is wrong with a file: where, and a sentence that says what stood there and what was
// expected.
#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scenario/value.h"

namespace raft::scenario {

struct Mistake {
  Position at;
  std::string message;
  bool operator==(const Mistake&) const = default;
};

// Collects them all, so that a file is put right in one go.
class Mistakes {
 public:
  void add(Position at, std::string message) { all_.push_back({at, std::move(message)}); }
  bool empty() const { return all_.empty(); }
  // By position; what is said twice of one place is said once.
  std::vector<Mistake> sorted() const {
    std::vector<Mistake> out = all_;
    std::sort(out.begin(), out.end(), [](const Mistake& a, const Mistake& b) {
      return a.at != b.at ? a.at < b.at : a.message < b.message;
    });
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

 private:
  std::vector<Mistake> all_;
};

}  // namespace raft::scenario
