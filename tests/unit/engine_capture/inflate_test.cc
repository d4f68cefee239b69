#include "engine/capture/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/capture/reader.h"
#include "tests/unit/engine_capture/capture_bytes.h"

namespace tapdeck::engine {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes gzip(ByteView from) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(::compressBound(from.size()) + 64);
  stream.next_in = const_cast<Bytef*>(from.data());
  stream.avail_in = static_cast<uInt>(from.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

Bytes zstd(ByteView from) {
  Bytes out(::ZSTD_compressBound(from.size()));
  out.resize(::ZSTD_compress(out.data(), out.size(), from.data(), from.size(), 3));
  return out;
}

Bytes joined(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

// More than one output buffer, not a multiple of any, and not compressible to nothing.
test::CaptureBytes large_capture() {
  test::CaptureBytes file;
  file.pcap_header(0xa1b2c3d4);
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    file.pcap_record(i, 0, std::string(1'000 + i % 7, static_cast<char>('a' + i % 23)));
  }
  return file;
}

enum class Contents : std::uint8_t { kChecked, kAny };

ReadVerdict read_all(ByteView bytes,
                     std::uint32_t& packets,
                     Contents contents = Contents::kChecked) {
  auto reader = CaptureReader::open_memory(bytes, "t");
  EXPECT_TRUE(reader) << reader.error().message;
  packets = 0;
  CapturedPacket packet;
  ReadVerdict verdict{};
  while ((verdict = (*reader)->next(packet)) == ReadVerdict::kPacket) {
    if (contents == Contents::kChecked) {
      EXPECT_EQ(packet.bytes.size(), 1'000 + packets % 7);
      EXPECT_EQ(packet.bytes.back(), 'a' + packets % 23);
    }
    ++packets;
  }
  return verdict;
}

TEST(Inflate, ReadsGzipAndZstdInOneAndSeveralPieces) {
  const test::CaptureBytes file = large_capture();
  const ByteView head = file.view().first(1'500'001);
  const ByteView tail = file.view().subspan(1'500'001);
  for (const Bytes& packed : {gzip(file.view()),
                              zstd(file.view()),
                              joined(gzip(head), gzip(tail)),
                              joined(zstd(head), zstd(tail))}) {
    std::uint32_t packets = 0;
    EXPECT_EQ(read_all(packed, packets), ReadVerdict::kEnd);
    EXPECT_EQ(packets, 3'000U);
  }
}

TEST(Inflate, ACutFileIsTruncatedAndADamagedOneCorrupt) {
  const test::CaptureBytes file = large_capture();
  for (Bytes packed : {gzip(file.view()), zstd(file.view())}) {
    std::uint32_t packets = 0;
    EXPECT_EQ(read_all(ByteView(packed).first(packed.size() * 3 / 4), packets),
              ReadVerdict::kTruncated);
    EXPECT_GT(packets, 0U);
    for (std::size_t i = packed.size() / 2; i < packed.size() / 2 + 64; ++i) packed[i] ^= 0xff;
    EXPECT_EQ(read_all(packed, packets, Contents::kAny), ReadVerdict::kCorrupt);
    EXPECT_LT(packets, 3'000U);
  }
}

TEST(Inflate, AnOutputOfExactlyItsBufferEnds) {
  // A frame whose last byte fills the buffer: its end must not be taken for a cut.
  const Bytes plain(1'048'576, 0x55);
  for (const Bytes& packed : {gzip(plain), zstd(plain)}) {
    const auto source = make_memory_source(packed);
    ASSERT_NE(source, nullptr);
    EXPECT_EQ(source->peek(1'048'576).size(), 1'048'576U);
    source->skip(1'048'576);
    EXPECT_EQ(source->peek(1).size(), 0U);
    EXPECT_EQ(source->failure(), "");
  }
}

TEST(Inflate, PlainBytesAreNotItsBusiness) {
  for (const std::string_view bytes : {"\xa1\xb2\xc3\xd4 and more", "", "\x1f"}) {
    std::unique_ptr<Source> plain = make_memory_source(as_bytes(bytes));
    const Source* same = plain.get();
    EXPECT_EQ(inflate_if_packed(std::move(plain)).get(), same);
  }
}

}  // namespace
}  // namespace tapdeck::engine
