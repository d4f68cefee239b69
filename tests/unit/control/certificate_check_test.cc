#include "control/certificate_check.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/unit/control/fake_store.h"

namespace tapdeck::control {
namespace {

using namespace retention;

constexpr const char* kKeyFile = "/store.pem";

// A real store in which a call was erased.
class CertificateCheckTest : public testing::ServedStore {
 protected:
  void SetUp() override {
    settings_.config = config::defaults();
    settings_.store_directory = directory_.path();
    const auto calls = testing::make_calls(2);
    {
      auto store =
          storage::Store::open(store_options(settings_, storage::StoreMode::kCreateIfMissing));
      ASSERT_TRUE(store) << store.error().message;
      ASSERT_TRUE((*store)->put_calls(calls));
    }
    const auto access = open_retention(settings_);
    ASSERT_TRUE(access) << access.error().message;
    EraseRequest request;
    request.calls.uids = {calls[0].uid, calls[1].uid};
    request.reason = "GDPR";
    request.confirmed = true;
    const Json answer = ask(**access, request);
    file_ = json_line(field_of(answer, "certificate")) + "\n";
    pem_ = field_of(ask(**access, PublicKeyRequest{}), "public_key").get<std::string>();
  }

  static Json ask(RetentionAccess& access, const RetentionRequest& request) {
    const auto answer = access.ask(request);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? Json::parse(*answer) : Json();
  }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = elsewhere_.path() + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::string altered() {
    std::string text = file_;
    text.replace(text.find("GDPR"), 4, "gdpr");
    return text;
  }

  Settings settings_;
  testing::TemporaryDirectory elsewhere_;
  std::string file_;
  std::string pem_;
};

TEST_F(CertificateCheckTest, WhatTheStoreSignedIsGoodAndInItsJournal) {
  const auto checked = check_certificate(file_, storage::public_key_from_pem(pem_));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(field_of(checked->body, "reason"), Json("GDPR"));
  EXPECT_EQ(checked->entries.size(), 2U);
  const auto access = open_retention(settings_);
  ASSERT_TRUE(access);
  const auto missing = find_missing(**access, *checked);
  ASSERT_TRUE(missing) << missing.error().message;
  EXPECT_TRUE(missing->empty());
}

TEST_F(CertificateCheckTest, EntriesThatAreOthersAreMissing) {
  auto checked = check_certificate(file_, std::nullopt);
  ASSERT_TRUE(checked);
  auto& [sequence, entry] = *checked->entries.begin();
  entry.leaf_hash[0] = entry.leaf_hash[0] == '0' ? '1' : '0';
  checked->entries[999] = {entry.uid, entry.leaf_hash};
  const auto access = open_retention(settings_);
  ASSERT_TRUE(access);
  EXPECT_EQ(*find_missing(**access, *checked), (std::vector<std::uint64_t>{sequence, 999}));
}

TEST_F(CertificateCheckTest, AlteredOrSignedBySomebodyElseIsRefused) {
  EXPECT_EQ(check_certificate(altered(), std::nullopt).error().code, ErrorCode::kCorrupt);
  const auto other = storage::signing_key_of(std::vector<std::uint8_t>(storage::kKeyBytes, 9));
  EXPECT_FALSE(check_certificate(file_, other.public_key));
  EXPECT_FALSE(check_certificate(seal_certificate(R"({"certificate":"other"})", other), {}));
  const std::string deep(100'000, '[');
  EXPECT_FALSE(check_certificate(seal_certificate(deep, other), {}));
  EXPECT_FALSE(check_certificate("{}", {}));
  const auto odd = check_certificate(
      seal_certificate(R"({"calls":[{"sequence":"x"}],"certificate":"erasure"})", other), {});
  ASSERT_FALSE(odd);
  EXPECT_NE(odd.error().message.find("another version"), std::string::npos);
}

TEST_F(CertificateCheckTest, TheCommandSaysWhatWasLookedAt) {
  const std::string good = write("/good.json", file_);
  EXPECT_EQ(run({"audit", "certificate", good}), kExitDone) << err_;
  EXPECT_NE(out_.find("erasure of 2 calls"), std::string::npos) << out_;
  EXPECT_NE(out_.find("signature: good"), std::string::npos) << out_;
  EXPECT_NE(out_.find("journal: has its entries"), std::string::npos) << out_;
  EXPECT_EQ(run({"audit", "certificate", write("/bad.json", altered())}), kExitFailed);
  EXPECT_EQ(run({"audit", "certificate", elsewhere_.path() + "/none.json"}), kExitFailed);
  EXPECT_EQ(run({"audit", "key"}), kExitDone);
  EXPECT_EQ(out_, pem_);
}

TEST_F(CertificateCheckTest, TheCommandWorksWithoutTheStore) {
  const std::string good = write("/good.json", file_);
  const std::string key = write(kKeyFile, pem_);
  const auto run_elsewhere = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {
        "tapdeck", "--store", elsewhere_.path() + "/none", "audit", "certificate", good};
    words.insert(words.end(), more.begin(), more.end());
    return run_words(words);
  };
  EXPECT_EQ(run_elsewhere({"--key", key}), kExitDone) << err_;
  EXPECT_NE(out_.find("journal: not looked at"), std::string::npos) << out_;
  EXPECT_EQ(run_elsewhere({"--json"}), kExitDone) << err_;
  EXPECT_EQ(field_of(Json::parse(out_), "key_known"), Json(false));
  const auto other = storage::signing_key_of(std::vector<std::uint8_t>(storage::kKeyBytes, 9));
  EXPECT_EQ(run_elsewhere({"--key", write("/other.pem", storage::to_pem(other.public_key))}),
            kExitFailed);
  EXPECT_EQ(run_elsewhere({"--key", good}), kExitFailed) << "that is no key";
}

}  // namespace
}  // namespace tapdeck::control
