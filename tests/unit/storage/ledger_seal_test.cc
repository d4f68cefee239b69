#include "storage/ledger_seal.h"

#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::storage {
namespace {

class LedgerSeal : public ::testing::Test {
 protected:
  LedgerSeal() : sealer_(LedgerDirectory::master(), {1}, directory_.keys()) { sealer_.set_file(0); }

  LedgerEntryHeader seal(std::uint32_t key_id, const Uid& uid, std::string_view content) {
    LedgerEntryHeader header;
    header.sequence = 5;
    header.group = 5;
    header.type = 10;
    header.uid = uid;
    header.key_id = key_id;
    const auto key = sealer_.key_of(header);
    EXPECT_TRUE(key);
    entry_.clear();
    sealer_.seal(*key, header, content, entry_);
    LedgerEntryHeader sealed;
    EXPECT_EQ(decode_ledger_entry(entry_, sealed), LedgerByteVerdict::kGood);
    return sealed;
  }

  LedgerContentState open(const LedgerEntryHeader& header) {
    const auto state = sealer_.open(header, entry_, content_);
    EXPECT_TRUE(state);
    return *state;
  }

  LedgerDirectory directory_;
  LedgerSealer sealer_;
  std::vector<std::uint8_t> entry_;
  std::vector<std::uint8_t> content_;
};

TEST_F(LedgerSeal, ContentIsHiddenAndComesBack) {
  const std::string secret = "the number 49301234567";
  const LedgerEntryHeader header = seal(kNoKey, {}, secret);
  EXPECT_EQ(as_text(entry_).find("49301234"), std::string_view::npos);
  EXPECT_EQ(open(header), LedgerContentState::kReadable);
  EXPECT_EQ(as_text(content_), secret);
  seal(kNoKey, {}, "");
  LedgerEntryHeader empty;
  ASSERT_EQ(decode_ledger_entry(entry_, empty), LedgerByteVerdict::kGood);
  EXPECT_EQ(open(empty), LedgerContentState::kReadable);
  EXPECT_TRUE(content_.empty());
}

// The point of it: key and salt go, the content is gone, the leaf is what it was.
TEST_F(LedgerSeal, DestroyingTheKeyLeavesTheLeafAlone) {
  const Uid uid = testing::ledger_uid(1);
  const auto key = directory_.keys().allocate(uid, SegmentKind::kSip);
  ASSERT_TRUE(key);
  const LedgerEntryHeader header = seal(key->id, uid, "a note");
  const Hash leaf = ledger_leaf_hash(sealer_.hasher(), header);
  EXPECT_EQ(open(header), LedgerContentState::kReadable);
  ASSERT_TRUE(directory_.keys().destroy(key->id, uid));
  EXPECT_EQ(open(header), LedgerContentState::kKeyGone);
  EXPECT_TRUE(content_.empty());
  EXPECT_EQ(ledger_leaf_hash(sealer_.hasher(), header), leaf);
  // The slot is used again, by the same call even.
  const auto again = directory_.keys().allocate(uid, SegmentKind::kSip);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->id, key->id);
  EXPECT_EQ(open(header), LedgerContentState::kDoesNotOpen);
}

TEST_F(LedgerSeal, NothingOfTheHeaderCanBeChanged) {
  const LedgerEntryHeader good = seal(kNoKey, {}, "content");
  std::vector<LedgerEntryHeader> others(6, good);
  others[0].time_us += 1;
  others[1].type += 1;
  others[2].sequence += 1;
  others[3].commitment[0] ^= 1;
  others[4].nonce[0] ^= 1;
  others[5].uid = testing::ledger_uid(1);
  for (const LedgerEntryHeader& other : others) {
    EXPECT_EQ(open(other), LedgerContentState::kStoreDamaged);
  }
  sealer_.set_file(1);
  EXPECT_EQ(open(good), LedgerContentState::kStoreDamaged) << "moved to another file";
}

// Encrypted by who has the key, but with a leaf that says something else.
TEST_F(LedgerSeal, AContentMustBeWhatItsLeafCommitsTo) {
  LedgerEntryHeader header;
  header.type = 11;
  header.content_bytes = 3;
  header.commitment.fill(1);
  entry_.assign(ledger_entry_bytes(3), 0);
  const auto head = MutableByteView(entry_).first<kLedgerEntryHeaderBytes>();
  encode_ledger_entry_header(header, head);
  Aead aead;
  Tag tag;
  const std::string text = "lie";
  const ByteView piece = as_bytes(text);
  aead.seal({.key = sealer_.file_key().key, .nonce = header.nonce, .associated = head},
            {&piece, 1},
            entry_.data() + kLedgerEntryHeaderBytes,
            tag);
  finish_ledger_entry(entry_, tag);
  ASSERT_EQ(decode_ledger_entry(entry_, header), LedgerByteVerdict::kGood);
  EXPECT_EQ(open(header), LedgerContentState::kNotCommitted);
  EXPECT_TRUE(content_.empty());
}

// Equal contents do not look equal, not even to who knows one of them.
TEST_F(LedgerSeal, EqualContentsHaveUnequalCommitments) {
  const RecordingKey& key = sealer_.file_key();
  LedgerEntryHeader first;
  LedgerEntryHeader second;
  second.sequence = 1;
  std::vector<std::uint8_t> bytes;
  sealer_.seal(key, first, "same", bytes);
  sealer_.seal(key, second, "same", bytes);
  ASSERT_EQ(decode_ledger_entry(bytes, first), LedgerByteVerdict::kGood);
  ASSERT_EQ(decode_ledger_entry(ByteView(bytes).subspan(ledger_entry_bytes(4)), second),
            LedgerByteVerdict::kGood);
  EXPECT_NE(first.commitment, second.commitment);
  EXPECT_NE(first.nonce, second.nonce);
}

}  // namespace
}  // namespace tapdeck::storage
