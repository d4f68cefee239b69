// Segments read without a call store.  What becomes of them: store_rebuild_test.cc.
#include "storage/segment_survey.h"

#include <sys/stat.h>

#include "model/call_codec.h"
#include "tests/unit/storage/shredder_fixture.h"

namespace tapdeck::storage {
namespace {

class RecordExtentTest : public ::testing::Test {
 protected:
  RecordExtentTest() {
    call_ = call_of(1, true);
    call_.call_id = "id";
    pack();
    header_.kind = ExtentType::kRecord;
    header_.recording = test_uid(1);
  }

  void pack() {
    const std::string encoded = encode_call(call_);
    const ByteView bytes = compressor_.compress(encoded);
    plaintext_.assign(bytes.begin(), bytes.end());
    header_.raw_bytes = static_cast<std::uint32_t>(encoded.size());
  }

  bool reads() { return decode_record_extent(header_, plaintext_, compressor_).has_value(); }

  CallRecord call_;
  ExtentHeader header_;
  std::vector<std::uint8_t> plaintext_;
  MessageCompressor compressor_;
};

TEST_F(RecordExtentTest, IsTheRecord) {
  const auto read = decode_record_extent(header_, plaintext_, compressor_);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->call_id, "id");
  EXPECT_EQ(read->uid, test_uid(1));
}

TEST_F(RecordExtentTest, IsOfItsCallOnly) {
  header_.recording = test_uid(2);
  EXPECT_FALSE(reads());
}

TEST_F(RecordExtentTest, IsFinal) {
  call_.final = false;
  pack();
  EXPECT_FALSE(reads());
}

TEST_F(RecordExtentTest, OtherKindsAndLengthsAreNone) {
  header_.kind = ExtentType::kMessages;
  EXPECT_FALSE(reads());
  header_.kind = ExtentType::kRecord;
  ++header_.raw_bytes;
  EXPECT_FALSE(reads());
  header_.raw_bytes = 65U << 20;
  EXPECT_FALSE(reads());
}

TEST_F(RecordExtentTest, AnyDamageIsRefusedOrReadsAsARecord) {
  for (std::size_t at = 0; at < plaintext_.size(); ++at) {
    plaintext_[at] ^= 0x40;
    reads();
    plaintext_[at] ^= 0x40;
  }
  plaintext_.resize(plaintext_.size() / 2);
  EXPECT_FALSE(reads());
}

class SegmentSurveyTest : public ShredderTest {
 protected:
  void SetUp() override { open(); }

  // Of the one segment; the store is closed.
  SegmentSurvey::Finding survey(SurveyedSegment& segment) {
    store_.reset();
    auto master =
        load_master_key(directory_.path() + "/keys/master.key", MissingMasterKey::kRefuse);
    TD_ASSERT(master.has_value());
    auto keys = KeyVault::open(directory_.path() + "/keys", *master);
    TD_ASSERT(keys.has_value());
    keys_ = std::move(*keys);
    survey_ = std::make_unique<SegmentSurvey>(*keys_);
    const auto found = survey_->read(segment_files(directory_.path()).front(), segment);
    TD_ASSERT(found.has_value());
    return *found;
  }

  std::unique_ptr<KeyVault> keys_;
  std::unique_ptr<SegmentSurvey> survey_;
};

TEST_F(SegmentSurveyTest, WhatHasNoKeyIsThereAndDoesNotOpen) {
  for (std::uint8_t number = 1; number <= 2; ++number) {
    append(store_->writer(), *make_chunk({.recording = number}));
    store_->writer().end_recording(test_uid(number));
  }
  ASSERT_TRUE(store_->writer().flush());
  ASSERT_TRUE(store_->put_pending_rows());
  ASSERT_TRUE(store_->shred(test_uid(1), ShredParts::kMedia));
  SurveyedSegment segment;
  ASSERT_EQ(survey(segment), SegmentSurvey::Finding::kSegment);
  EXPECT_TRUE(segment.sealed);
  EXPECT_EQ(segment.entries.size(), 2U);
  const auto readable = survey_->readable(segment);
  ASSERT_EQ(readable.size(), 1U);
  EXPECT_EQ(readable[0].recording, test_uid(2));
}

TEST_F(SegmentSurveyTest, AFileWithoutAHeaderIsBlankOrUnreadable) {
  append(store_->writer(), *make_chunk({.recording = 1}));
  ASSERT_TRUE(store_->writer().flush());
  store_.reset();
  const std::string path = segment_files(directory_.path()).front();
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  const auto overwrite = [&](char with) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file << std::string(kBlockBytes, with);
  };
  SurveyedSegment segment;
  overwrite('x');
  EXPECT_EQ(survey(segment), SegmentSurvey::Finding::kUnreadable);
  overwrite('\0');
  EXPECT_EQ(survey(segment), SegmentSurvey::Finding::kBlank);
}

}  // namespace
}  // namespace tapdeck::storage
