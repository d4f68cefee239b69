#include "storage/signing_key.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "storage/files.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

MasterKey master(std::uint8_t first) {
  MasterKey key;
  key.bytes[0] = first;
  return key;
}

class SigningKeyTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return directory_.path() + "/signing.key"; }

  TemporaryDirectory directory_;
};

TEST_F(SigningKeyTest, IsMadeOnceAndFoundAgain) {
  SigningKeyFile file(path(), master(1));
  const auto made = file.get();
  ASSERT_TRUE(made);

  struct stat status {};

  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const auto again = SigningKeyFile(path(), master(1)).get();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->seed, made->seed);
  EXPECT_EQ(again->public_key, made->public_key);
}

TEST_F(SigningKeyTest, TheSeedIsNotInTheFile) {
  const auto key = SigningKeyFile(path(), master(1)).get();
  ASSERT_TRUE(key);
  std::ifstream stream(path(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  ASSERT_EQ(bytes.size(), kSigningFileBytes);
  EXPECT_EQ(bytes.find(std::string(key->seed.begin(), key->seed.end())), std::string::npos);
  EXPECT_NE(bytes.find(std::string(key->public_key.begin(), key->public_key.end())),
            std::string::npos);
}

TEST_F(SigningKeyTest, AnyAlteredByteIsFound) {
  const std::array<std::uint8_t, kKeyBytes> seed = {1};
  const SigningFileBytes bytes = encode_signing_key(signing_key_of(seed), master(1), 5);
  ASSERT_TRUE(decode_signing_key(bytes, master(1)));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    SigningFileBytes altered = bytes;
    altered[i] ^= 1;
    EXPECT_FALSE(decode_signing_key(altered, master(1))) << i;
  }
  EXPECT_FALSE(decode_signing_key(ByteView(bytes).first(bytes.size() - 1), master(1)));
  EXPECT_EQ(decode_signing_key(bytes, master(2)).error().code, ErrorCode::kPermission);
}

TEST_F(SigningKeyTest, ADamagedFileIsNotReplaced) {
  const std::array<std::uint8_t, 3> junk = {1, 2, 3};
  ASSERT_TRUE(write_file_durably(path(), junk, 0600));
  SigningKeyFile file(path(), master(1));
  const auto key = file.get();
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(key.error().message.find(path()), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path()), 3U);
  std::filesystem::remove(path());
  EXPECT_TRUE(file.get()) << "it is asked for again";
}

}  // namespace
}  // namespace tapdeck::storage
