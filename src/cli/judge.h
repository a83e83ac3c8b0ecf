// `raftlab check`: whether histories are linearizable, told as a sentence and a picture.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/read_history.h"
#include "raft/types.h"

namespace raft::cli {

struct JudgeOptions {
  HistoryOptions reading = {};
  std::optional<Duration> timeout = {};  // for each file
  std::uint64_t memory = 2'000'000'000;  // bytes, for a file
  bool quiet = false;
  bool ascii = false;
  bool colour = false;
  bool progress = false;
  std::uint32_t width = 80;
};

// "2 GB", "512 MiB"; nothing: it is no amount of memory.
std::optional<std::uint64_t> parseMemory(std::string_view text);

// Judges all files ("-": standard input), one after another. Returns the exit code: bad input
// outweighs a violation, that outweighs what could not be judged.
int judgeAll(const std::vector<std::string>& files, const JudgeOptions& options);

}  // namespace raft::cli
