// A history as a picture: a lane for each process, a bar for each operation from its call to its
// response, a mark where it takes effect.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "check/linearizability.h"
#include "cli/terminal.h"

namespace raft::cli {

struct Bar {
  std::string lane;
  std::string label;  // "write 1"
  std::uint32_t call;
  std::uint32_t response = check::never;
};

struct Scene {
  std::vector<Bar> bars;
  std::vector<std::uint32_t> order = {};      // of the bars: those that take effect
  std::uint32_t culprit = check::never;       // the bar that cannot be placed
  std::vector<std::uint32_t> witnesses = {};  // bars that show why
};

struct Picture {
  std::string lanes = {};  // lines; empty: there is no room for anything
  std::uint32_t left = 0;  // bars that are not in it
  bool open = false;       // some bar in it has no response
};

struct PictureOptions {
  std::uint32_t width = 80;
  bool ascii = false;
  Style style = {};
};

// All of the scene, if there is room. Otherwise the culprit, its witnesses, and as many as possible
// of those that took effect last before it.
Picture pictureOf(const Scene& scene, const PictureOptions& options);

}  // namespace raft::cli
