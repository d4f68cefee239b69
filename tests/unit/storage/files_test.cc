#include "storage/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

const std::string kText = "0123456789";
const ByteView kBytes{reinterpret_cast<const std::uint8_t*>(kText.data()), kText.size()};

Descriptor open_for_reading(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::string content_of(const std::string& path) {
  std::vector<std::uint8_t> bytes(100);
  const Descriptor file = open_for_reading(path);
  bytes.resize(read_up_to(file.get(), bytes, 0));
  return std::string(as_text(bytes));
}

mode_t mode_of(const std::string& path) {
  struct stat status {};

  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

TEST(Files, WritesDurablyOverWhatWasThere) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  const std::vector<std::uint8_t> longer(50, 'x');
  ASSERT_TRUE(write_file_durably(path, longer, 0644));
  ASSERT_TRUE(write_file_durably(path, kBytes, 0600));
  EXPECT_EQ(content_of(path), kText);
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(Files, AFailedWriteLeavesTheOldFileAndNothingBeside) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/taken";
  std::filesystem::create_directories(path + "/inside");  // cannot be renamed over
  const auto written = write_file_durably(path, kBytes, 0600);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_NE(written.error().message.find(path), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_TRUE(std::filesystem::exists(path + "/inside"));
}

TEST(Files, ReadsToTheEndAndNotBehindIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  ASSERT_TRUE(write_file_durably(path, kBytes, 0600));
  const Descriptor file = open_for_reading(path);
  std::vector<std::uint8_t> bytes(4);
  EXPECT_TRUE(read_fully(file.get(), bytes, 6));
  EXPECT_EQ(as_text(bytes), "6789");
  EXPECT_FALSE(read_fully(file.get(), bytes, 7));
  EXPECT_EQ(errno, 0) << "a short file is not a failing disk";
  EXPECT_EQ(read_up_to(file.get(), bytes, 8), 2U);
  EXPECT_EQ(read_up_to(file.get(), bytes, 100), 0U);
  EXPECT_FALSE(write_fully(file.get(), kBytes, 0)) << "opened for reading";
}

TEST(Files, MakesPrivateDirectoriesAllTheWay) {
  const TemporaryDirectory directory;
  const std::string deep = directory.path() + "/a/b/c";
  ASSERT_TRUE(make_directories(deep));
  ASSERT_TRUE(make_directories(deep)) << "they may be there";
  EXPECT_EQ(mode_of(deep), 0700U);
  EXPECT_EQ(mode_of(directory.path() + "/a"), 0700U);
  ASSERT_TRUE(write_file_durably(directory.path() + "/file", kBytes, 0600));
  EXPECT_FALSE(make_directories(directory.path() + "/file/a"));
}

TEST(Files, ADescriptorIsClosedOnceByItsLastOwner) {
  Descriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  Descriptor second(std::move(first));
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move): a moved-from one is empty
  EXPECT_EQ(second.get(), number);
  second = Descriptor();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace tapdeck::storage
