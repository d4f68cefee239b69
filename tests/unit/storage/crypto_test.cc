#include "storage/crypto.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "storage/crc32c.h"

namespace tapdeck::storage {
namespace {

// NIST SP 800-38D test case 14: a zero key, a zero nonce, sixteen zero bytes.
TEST(Aead, MatchesPublishedVector) {
  Aead aead;
  const std::array<std::uint8_t, kKeyBytes> key{};
  const Nonce nonce{};
  const std::vector<std::uint8_t> plain(16);
  std::vector<std::uint8_t> cipher(16);
  Tag tag;
  // In two pieces, as from a header and its records.
  const ByteView pieces[] = {ByteView(plain).first(5), ByteView(plain).subspan(5)};
  aead.seal({.key = key, .nonce = nonce, .associated = {}}, pieces, cipher.data(), tag);
  EXPECT_EQ(to_hex(cipher), "cea7403d4d606b6e074ec5d3baf39d18");
  EXPECT_EQ(to_hex(tag), "d0d1c8a799996bf0265b98b5d48ab919");
}

// Longer than any vector register, at odd lengths, in odd pieces and in place.
TEST(Aead, PiecesAndLengthsDoNotMatter) {
  Aead aead;
  const std::array<std::uint8_t, kKeyBytes> key{1};
  const Nonce nonce{2};
  std::vector<std::uint8_t> plain(20'000);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i * 7 / 3);
  const Aead::Input input{.key = key, .nonce = nonce, .associated = ByteView(plain).first(96)};
  for (const std::size_t length : {0U, 1U, 15U, 16U, 17U, 255U, 4'097U, 16'256U, 20'000U}) {
    const ByteView whole = ByteView(plain).first(length);
    std::vector<std::uint8_t> cipher(length + 1);
    std::vector<std::uint8_t> again(length + 1);
    Tag tag;
    Tag tag_again;
    aead.seal(input, {&whole, 1}, cipher.data(), tag);
    const std::size_t cut = length / 3;
    const ByteView pieces[] = {whole.first(cut), ByteView{}, whole.subspan(cut)};
    aead.seal(input, pieces, again.data(), tag_again);
    EXPECT_EQ(cipher, again);
    EXPECT_EQ(tag, tag_again);
    EXPECT_TRUE(aead.open(input, ByteView(cipher).first(length), tag, cipher.data()));
    EXPECT_TRUE(std::equal(whole.begin(), whole.end(), cipher.begin()));
  }
}

TEST(Aead, RefusesEverythingAltered) {
  Aead aead;
  std::array<std::uint8_t, kKeyBytes> key{1};
  Nonce nonce{2};
  std::vector<std::uint8_t> associated{3, 4, 5};
  const std::vector<std::uint8_t> plain{10, 11, 12, 13};
  std::vector<std::uint8_t> cipher(4);
  std::vector<std::uint8_t> back(4);
  Tag tag;
  const ByteView piece(plain);
  aead.seal(
      {.key = key, .nonce = nonce, .associated = associated}, {&piece, 1}, cipher.data(), tag);
  const auto opens = [&] {
    return aead.open(
        {.key = key, .nonce = nonce, .associated = associated}, cipher, tag, back.data());
  };
  ASSERT_TRUE(opens());
  EXPECT_EQ(back, plain);
  for (std::uint8_t* byte :
       {key.data(), nonce.data(), associated.data(), cipher.data(), tag.data()}) {
    *byte ^= 1;
    EXPECT_FALSE(opens());
    EXPECT_EQ(back, std::vector<std::uint8_t>(4)) << "nothing unauthenticated is given out";
    *byte ^= 1;
  }
  EXPECT_TRUE(opens());
}

TEST(Hasher, Sha256OfAbc) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 6962 section 2.1, computed by its recursive definition.
Hash recursive_root(Hasher& hasher, std::span<const Hash> leaves) {
  if (leaves.size() == 1) return leaves.front();
  std::size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  const Hash left = recursive_root(hasher, leaves.first(split));
  const Hash right = recursive_root(hasher, leaves.subspan(split));
  const std::uint8_t node = 1;
  const ByteView pieces[] = {{&node, 1}, left, right};
  return hasher.sha256(pieces);
}

TEST(Hasher, MerkleRootIsThatOfRfc6962) {
  Hasher hasher;
  std::vector<Hash> leaves;
  for (std::uint8_t i = 1; i <= 33; ++i) {
    const ByteView piece(&i, 1);
    leaves.push_back(hasher.leaf({}, {&piece, 1}));
    EXPECT_EQ(hasher.merkle_root(leaves), recursive_root(hasher, leaves)) << leaves.size();
  }
  // The hash of the one leaf "" in the certificate-transparency test vectors.
  EXPECT_EQ(to_hex(hasher.leaf({}, {})),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(KeyWrap, IsBoundToItsPlaceAndMaster) {
  Aead aead;
  MasterKey master;
  master.bytes[3] = 3;
  RecordingKey key;
  key.key[0] = 1;
  key.salt[31] = 2;
  const std::vector<std::uint8_t> here{1};
  const std::vector<std::uint8_t> there{2};
  const WrappedKey wrapped = wrap_key(aead, master, here, key);
  RecordingKey back;
  ASSERT_TRUE(unwrap_key(aead, master, here, wrapped, back));
  EXPECT_EQ(back.key, key.key);
  EXPECT_EQ(back.salt, key.salt);
  EXPECT_FALSE(unwrap_key(aead, master, there, wrapped, back));
  EXPECT_FALSE(unwrap_key(aead, MasterKey(), here, wrapped, back));
}

TEST(NonceSource, NeverRepeats) {
  NonceSource source;
  std::vector<Nonce> seen;
  for (int i = 0; i < 1000; ++i) seen.push_back(source.next());
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST(Crc32c, MatchesRfc3720AndItself) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
  const std::vector<std::uint8_t> zeros(32);
  EXPECT_EQ(crc32c(zeros), 0x8a9136aaU);
  std::vector<std::uint8_t> bytes(100);
  random_bytes(bytes);
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const ByteView view = ByteView(bytes).first(length);
    EXPECT_EQ(crc32c(view), crc32c_portable(view));
    EXPECT_EQ(crc32c(ByteView(bytes).subspan(length), crc32c(view)), crc32c(bytes));
  }
}

// RFC 8032 section 7.1, TEST 2.
TEST(Ed25519, MatchesPublishedVector) {
  const std::array<std::uint8_t, kKeyBytes> seed = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda,
                                                    0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
                                                    0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24,
                                                    0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
  const SigningKey key = signing_key_of(seed);
  EXPECT_EQ(to_hex(key.public_key),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::array<std::uint8_t, 1> message = {0x72};
  const Signature signature = sign(key, message);
  EXPECT_EQ(to_hex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(is_signed(key.public_key, message, signature));
}

TEST(Ed25519, RefusesEverythingAltered) {
  const std::array<std::uint8_t, kKeyBytes> seed = {1};
  const SigningKey key = signing_key_of(seed);
  std::vector<std::uint8_t> message = {1, 2, 3};
  Signature signature = sign(key, message);
  EXPECT_TRUE(is_signed(key.public_key, message, signature));
  message[1] ^= 1;
  EXPECT_FALSE(is_signed(key.public_key, message, signature));
  message[1] ^= 1;
  signature[40] ^= 1;
  EXPECT_FALSE(is_signed(key.public_key, message, signature));
  signature[40] ^= 1;
  PublicKey other = key.public_key;
  other[0] ^= 1;
  EXPECT_FALSE(is_signed(other, message, signature));
}

TEST(Ed25519, PublicKeysTravelAsDerAndPem) {
  const std::array<std::uint8_t, kKeyBytes> seed = {1};
  const PublicKey key = signing_key_of(seed).public_key;
  EXPECT_EQ(public_key_from_der(to_der(key)), key);
  std::string pem = to_pem(key);
  EXPECT_EQ(public_key_from_pem("a comment\n" + pem), key);
  EXPECT_EQ(public_key_from_pem(pem.substr(0, pem.size() - 8)), std::nullopt);
  EXPECT_EQ(public_key_from_pem(""), std::nullopt);
  pem[30] = pem[30] == 'A' ? 'B' : 'A';  // of the prefix: another kind of key
  EXPECT_EQ(public_key_from_pem(pem), std::nullopt);
}

TEST(Base64, IsStrict) {
  const std::vector<std::uint8_t> bytes = {0xfb, 0xff, 0x00, 0x10};
  EXPECT_EQ(to_base64(bytes), "+/8AEA==");
  EXPECT_EQ(from_base64("+/8AEA=="), bytes);
  EXPECT_EQ(to_base64({}), "");
  EXPECT_EQ(from_base64(""), std::vector<std::uint8_t>{});
  for (const char* wrong :
       {"+/8AEA=", "+/8AEA", "+/8AEB==", " +/8AEA==", "+/8AEA==\n", "====", "=AAA", "-_8AEA=="}) {
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace tapdeck::storage
