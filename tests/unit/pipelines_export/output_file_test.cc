#include "pipelines/export/output_file.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines_export/fake_store.h"

namespace tapdeck::exports {
namespace {

TEST(OutputFileTest, AppearsWholeAndReplaces) {
  const TemporaryFolder folder;
  for (const std::string_view text : {"abc", "xyz"}) {
    auto file = OutputFile::create(folder.file("f"), 3);
    ASSERT_TRUE(file);
    std::copy(text.begin(), text.end(), file->bytes().begin());
    const auto exported = file->publish();
    ASSERT_TRUE(exported);
    EXPECT_EQ(read_file(folder.file("f")), text);
    EXPECT_EQ(exported->bytes, 3u);
    if (text == "abc") {
      EXPECT_EQ(exported->sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
  }
  EXPECT_EQ(folder.count(), 1u);
}

TEST(OutputFileTest, UnpublishedLeavesNothing) {
  const TemporaryFolder folder;
  {
    auto file = OutputFile::create(folder.file("f"), 3);
    ASSERT_TRUE(file);
    EXPECT_EQ(folder.count(), 1u);
    const OutputFile moved(std::move(*file));
    EXPECT_EQ(moved.bytes().size(), 3u);
  }
  EXPECT_EQ(folder.count(), 0u);
}

TEST(OutputFileTest, NoSpaceIsAnErrorBeforehand) {
  const TemporaryFolder folder;
  const auto file = OutputFile::create(folder.file("f"), std::size_t{1} << 60);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kResources);
  EXPECT_EQ(folder.count(), 0u);
}

}  // namespace
}  // namespace tapdeck::exports
