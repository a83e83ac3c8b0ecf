// The page that a story is written on: time, lanes, wrapped text. Internal to the story.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trace/notation.h"

namespace raft::trace {

// What a server's lane shows.
struct Lane {
  enum class Shown : std::uint8_t { Unborn, Follower, Candidate, Leader, Down };
  Shown shown = Shown::Unborn;
  bool paused = false;
  Term term;
};

struct PageOptions {
  Names names;
  std::uint32_t servers;
  std::uint32_t width;
  bool colour;
  bool ascii;
};

class Page {
 public:
  enum class Tone : std::uint8_t { Plain, Quiet, Alarm };

  explicit Page(PageOptions options);

  // What the signs mean, and the servers' names above their lanes.
  void legend(std::string& out) const;
  // One deed: `acting` show their role and term, the other lanes run on.
  void row(std::string& out, std::string_view time, const std::vector<Lane>& lanes,
           const ServerSet& acting, std::string_view text, Tone tone) const;

 private:
  std::vector<std::string> wrapped(std::string_view text, std::uint32_t columns) const;
  std::string lane(const Lane& lane, bool acting) const;
  std::string sign(const Lane& lane) const;
  std::string line(const Lane& lane) const;
  void appendLanes(std::string& out, const std::vector<Lane>& lanes, const ServerSet& acting) const;
  std::string coloured(std::string_view code, const std::string& text) const;
  std::string plain(std::string_view utf8) const;

  PageOptions options_;
  bool hasLanes_;
  std::uint32_t laneWidth_;
  std::uint32_t textColumn_;
};

}  // namespace raft::trace
