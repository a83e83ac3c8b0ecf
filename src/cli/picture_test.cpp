#include "cli/picture.h"

#include <gtest/gtest.h>

#include "trace/notation.h"

namespace raft::cli {
namespace {

Scene staleRead() {
  return {.bars = {{"process 0", "write 1", 0, 1},
                   {"process 1", "write 2", 2, 3},
                   {"process 0", "read→1", 4, 5}},
          .order = {0, 1},
          .culprit = 2};
}

TEST(PictureOfAHistory, HasALaneForEachProcessAndAMarkWhereSomethingTakesEffect) {
  EXPECT_EQ(pictureOf(staleRead(), {}).lanes,
            "  process 0  ├ write 1 ●┤            ├ read→1 ✗┤\n"
            "  process 1              ├ write 2 ●┤\n");
}

TEST(PictureOfAHistory, IsDrawnWithAsciiIfNeedBe) {
  EXPECT_EQ(pictureOf(staleRead(), {.ascii = true}).lanes,
            "  process 0  | write 1 *|            | read->1 X|\n"
            "  process 1              | write 2 *|\n");
}

TEST(PictureOfAHistory, ColoursTheCulprit) {
  const std::string lanes = pictureOf(staleRead(), {.style = Style{true}}).lanes;
  EXPECT_NE(lanes.find("\x1b[1;31m├ read→1 ✗┤\x1b[0m"), lanes.npos) << lanes;
}

TEST(PictureOfAHistory, LetsWhatNeverRespondedGoOn) {
  const Picture picture =
      pictureOf({.bars = {{"a", "write 1", 0}, {"b", "read→1", 1, 2}}, .order = {0, 1}}, {});
  EXPECT_EQ(picture.lanes,
            "  a  ├ write 1 ●┄┄┄┄┄┄┄┄┄┄┄┄\n"
            "  b             ├ read→1 ●┤\n");
  EXPECT_TRUE(picture.open);
  EXPECT_EQ(pictureOf({.bars = {{"a", "write 1", 0}}}, {}).lanes, "  a  ├ write 1 ┄┄\n");
}

// Where not all has room, what shows the mistake does.
TEST(PictureOfAHistory, FitsTheWidthWithTheCulpritAndItsWitnesses) {
  Scene scene;
  for (std::uint32_t i = 0; i < 500; ++i) {
    scene.bars.push_back(
        {"process " + std::to_string(i % 40), "write " + std::to_string(i), 2 * i, 2 * i + 1});
    scene.order.push_back(i);
  }
  scene.bars.push_back({"process 7", "read→3", 1000, 1001});
  scene.culprit = 500;
  scene.witnesses = {3, 9};
  for (const std::uint32_t width : {60u, 80u, 200u}) {
    const Picture picture = pictureOf(scene, {.width = width});
    EXPECT_GT(picture.left, 400u);
    for (const char* label : {" write 3 ●", " write 9 ●", " read→3 ✗"}) {
      EXPECT_NE(picture.lanes.find(label), std::string::npos) << label << "\n" << picture.lanes;
    }
    for (std::size_t at = 0; at < picture.lanes.size();) {
      const std::size_t end = picture.lanes.find('\n', at);
      EXPECT_LE(trace::columns(picture.lanes.substr(at, end - at)), width);
      at = end + 1;
    }
  }
}

TEST(PictureOfAHistory, OfNothingIsEmpty) { EXPECT_EQ(pictureOf({}, {}).lanes, ""); }

}  // namespace
}  // namespace raft::cli
