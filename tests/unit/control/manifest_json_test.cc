#include "control/manifest_json.h"

#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

exports::Manifest make_manifest() {
  exports::Manifest manifest;
  manifest.format = "wav";
  manifest.matched = 2;
  manifest.exported = 1;
  manifest.explained = 1;
  exports::ExportedFile file;
  file.path = "/srv/export/a.wav";
  file.bytes = 44;
  file.sha256 = "aa";
  file.duration_ms = 1'000;
  file.gaps = {{1'700'000'000'000'000, 1'700'000'001'000'000, "loss", 50}};
  file.gaps_left_out = 2;
  file.notes = {"not UTF-8: \xff"};
  manifest.entries = {{tapdeck::testing::sample_uid(1'700'000'000'000'000), {file}, ""},
                      {tapdeck::testing::sample_uid(1'700'000'001'000'000), {}, "no media"}};
  return manifest;
}

TEST(ManifestJson, NamesFilesAndReasons) {
  const Json json = manifest_to_json(make_manifest());
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["format"], "wav");
  EXPECT_EQ(json["matched"], 2);
  EXPECT_EQ(json["exported"], 1);
  EXPECT_EQ(json["explained"], 1);
  const Json& exported = json["calls"][0];
  EXPECT_TRUE(exported["reason"].is_null());
  const Json& file = exported["files"][0];
  EXPECT_EQ(file["path"], "a.wav") << "the folder may be moved";
  EXPECT_EQ(file["bytes"], 44);
  EXPECT_EQ(file["duration_ms"], 1'000);
  EXPECT_EQ(file["gaps"][0]["from"], "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(file["gaps"][0]["reason"], "loss");
  EXPECT_EQ(file["gaps"][0]["packets"], 50);
  EXPECT_EQ(file["gaps_left_out"], 2);
  EXPECT_NO_THROW((void)file["notes"].dump());
  const Json& explained = json["calls"][1];
  EXPECT_TRUE(explained["files"].empty());
  EXPECT_EQ(explained["reason"], "no media");
}

TEST(ManifestJson, IsWrittenWholeAndForItsOwnerOnly) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/manifest.json";
  std::ofstream(path) << std::string(100'000, 'x');  // of an export before
  const auto digest = write_manifest(make_manifest(), directory.path());
  ASSERT_TRUE(digest);
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(Json::parse(text), manifest_to_json(make_manifest()));
  EXPECT_EQ(*digest, storage::sha256(as_bytes(text)));

  struct stat status {};

  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(ManifestJson, OfEarlierExportsStaysAsItWas) {
  const testing::TemporaryDirectory directory;
  const auto text_of = [&directory](const std::string& name) {
    std::ifstream file(directory.path() + "/" + name);
    return std::string((std::istreambuf_iterator<char>(file)), {});
  };
  std::vector<storage::Hash> digests;
  for (std::uint64_t matched = 1; matched <= 3; ++matched) {
    exports::Manifest manifest = make_manifest();
    manifest.matched = matched;
    const auto digest = write_manifest(manifest, directory.path());
    ASSERT_TRUE(digest);
    digests.push_back(*digest);
  }
  EXPECT_EQ(storage::sha256(as_bytes(text_of("manifest-1.json"))), digests[0]);
  EXPECT_EQ(storage::sha256(as_bytes(text_of("manifest-2.json"))), digests[1]);
  EXPECT_EQ(storage::sha256(as_bytes(text_of("manifest.json"))), digests[2]);
}

TEST(ManifestJson, ADirectoryThatIsGoneIsAnError) {
  const testing::TemporaryDirectory directory;
  const auto written = write_manifest(make_manifest(), directory.path() + "/none");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace tapdeck::control
