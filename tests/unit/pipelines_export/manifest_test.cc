#include "pipelines/export/manifest.h"

#include <gtest/gtest.h>

namespace tapdeck::exports {
namespace {

TEST(ManifestTest, MatchedIsExportedPlusExplained) {
  Manifest manifest;
  ExportedFile file;
  file.path = "x.wav";
  add_outcome(manifest, make_uid(1, {}), ExportOutcome(file));
  add_outcome(manifest, make_uid(2, {}), ExportOutcome(Explained{"no_media"}));
  add_outcome(manifest, make_uid(3, {}), make_error(ErrorCode::kIo, "The disk is full."));
  EXPECT_EQ(manifest.matched, 3u);
  EXPECT_EQ(manifest.exported, 1u);
  EXPECT_EQ(manifest.explained, 2u);
  ASSERT_EQ(manifest.entries.size(), 3u);
  EXPECT_EQ(manifest.entries[0].files.at(0).path, "x.wav");
  EXPECT_EQ(manifest.entries[0].reason, "");
  EXPECT_EQ(manifest.entries[1].reason, "no_media");
  EXPECT_EQ(manifest.entries[2].reason, "The disk is full.");
  EXPECT_EQ(manifest.entries[2].uid, make_uid(3, {}));
}

}  // namespace
}  // namespace tapdeck::exports
