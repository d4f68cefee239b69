#include "engine/capture/source.h"

#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tapdeck::engine {
namespace {

TEST(Source, WindowsMoveForward) {
  const auto source = make_memory_source(as_bytes("abcdef"));
  EXPECT_EQ(as_text(source->peek(2)).substr(0, 2), "ab");
  source->skip(4);
  EXPECT_EQ(as_text(source->peek(2)), "ef");
  EXPECT_EQ(as_text(source->peek(100)), "ef");
  EXPECT_EQ(source->position(), 4U);
}

TEST(Source, ReadsFilesAndTellsWhyNot) {
  char path[] = "/tmp/tapdeck-source-XXXXXX";
  const int file = ::mkstemp(path);
  ASSERT_GE(file, 0);
  ::close(file);
  EXPECT_EQ(open_file_source(path).error().code, ErrorCode::kInvalidArgument);  // empty
  std::ofstream(path) << "hello capture";
  auto source = open_file_source(path);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(as_text((*source)->peek(5)), "hello capture");
  (*source)->skip(6);
  EXPECT_EQ(as_text((*source)->peek(100)), "capture");
  (*source)->skip(7);
  EXPECT_TRUE((*source)->peek(1).empty());
  EXPECT_EQ((*source)->bytes_total(), 13U);
  ::unlink(path);
  EXPECT_EQ(open_file_source(path).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(open_file_source("/tmp").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace tapdeck::engine
