// What was found out about a history, and how it is told.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/objects.h"
#include "cli/judge.h"
#include "cli/read_history.h"

namespace raft::cli {

struct Judgement {
  explicit Judgement(const History& of) : history(of) {}

  const History& history;
  std::vector<std::vector<check::Operation>> parts = {};  // one a key
  std::vector<check::Linearization> found = {};           // of each part
  std::vector<std::uint32_t> violated = {};               // parts that are not linearizable
  std::optional<std::uint32_t> shown = {};                // the part to look at
  std::optional<check::Explanation> why = {};             // it is not linearizable
  std::unique_ptr<check::Model> model = {};               // that explains it
  Duration searched = {};
  bool interrupted = false;

  std::uint32_t unknown() const;  // parts
};

// Whole lines: the verdict, why, and the picture.
std::string judgementText(const Judgement& judgement, const std::string& path,
                          const JudgeOptions& options);

}  // namespace raft::cli
