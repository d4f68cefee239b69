#include "engine/capture/source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
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

std::string make_file() {
  char path[] = "/tmp/tapdeck-source-XXXXXX";
  const int file = ::mkstemp(path);
  EXPECT_GE(file, 0);
  ::close(file);
  return path;
}

TEST(Source, ReadsFilesAndTellsWhyNot) {
  const std::string path = make_file();
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
  std::filesystem::remove(path);
  EXPECT_EQ(open_file_source(path).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(open_file_source("/tmp").error().code, ErrorCode::kInvalidArgument);
}

// Bytes of a file in any steps; until it ends.
std::string read_all(Source& source, std::size_t step) {
  std::string all;
  while (true) {
    const std::size_t got = std::min(source.peek(step).size(), step);
    if (got == 0) return all;
    all += as_text(source.peek(step).first(got));
    source.skip(got);
  }
}

TEST(Source, AnyStepsReadTheWholeFile) {
  const std::string path = make_file();
  std::string text;
  for (int i = 0; text.size() < 3'000'000; ++i) text += std::to_string(i);
  std::ofstream(path) << text;
  for (const std::size_t step : {1'000U, 65'537U, 262'144U, 262'145U, 1'048'577U, 9'000'000U}) {
    auto source = open_file_source(path);
    ASSERT_TRUE(source);
    EXPECT_TRUE(read_all(**source, step) == text) << step;
    EXPECT_EQ((*source)->failure(), "");
  }
  std::filesystem::remove(path);
}

TEST(Source, AFileThatIsCutMeanwhileEndsThereAndSaysSo) {
  const std::string path = make_file();
  std::ofstream(path) << std::string(3'000'000, 'a');
  auto source = open_file_source(path);
  ASSERT_TRUE(source);
  EXPECT_GE((*source)->peek(100'000).size(), 100'000U);
  std::filesystem::resize_file(path, 1'000'000);
  EXPECT_EQ(read_all(**source, 64), std::string(1'000'000, 'a'));
  EXPECT_TRUE((*source)->failure().ends_with("cut off")) << (*source)->failure();
  std::filesystem::remove(path);
}

TEST(Source, AFileThatGrowsMeanwhileIsAsLongAsItWas) {
  const std::string path = make_file();
  std::ofstream(path) << "1234";
  auto source = open_file_source(path);
  ASSERT_TRUE(source);
  std::ofstream(path, std::ios::app) << "5678";
  EXPECT_EQ(read_all(**source, 64), "1234");
  EXPECT_EQ((*source)->failure(), "");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace tapdeck::engine
