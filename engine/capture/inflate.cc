#include "engine/capture/inflate.h"

#include <algorithm>
#include <utility>

#include <zlib.h>
#include <zstd.h>

namespace tapdeck::engine {
namespace {

constexpr std::size_t kOutputBytes = 1'048'576;   // decompressed at a time
constexpr std::size_t kInputBytesMax = 1U << 30;  // zlib counts in 32 bits
constexpr int kZstdWindowLogMax = 27;             // 128 MiB

class InflatingSource : public BufferedSource {
 public:
  explicit InflatingSource(std::unique_ptr<Source> raw)
      : BufferedSource(kOutputBytes), raw_(std::move(raw)) {}

  [[nodiscard]] std::uint64_t bytes_read() const override { return raw_->bytes_read(); }

  [[nodiscard]] std::uint64_t bytes_total() const override { return raw_->bytes_total(); }

 protected:
  // What is there to decompress, `count` bytes at least; fewer at the end.
  ByteView input(std::size_t count = 1) { return raw_->peek(count); }

  void consume(std::size_t count) { raw_->skip(count); }

  [[nodiscard]] bool is_at_end() { return input().empty(); }

  // There is no more, but there should be.
  void fail_at_end(std::string_view why) { fail(raw_->failure().empty() ? why : raw_->failure()); }

 private:
  std::unique_ptr<Source> raw_;
};

class GzipSource final : public InflatingSource {
 public:
  explicit GzipSource(std::unique_ptr<Source> raw) : InflatingSource(std::move(raw)) {
    constexpr int kGzipOnly = 16;
    if (::inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) fail("no memory to decompress");
  }

  ~GzipSource() override { ::inflateEnd(&stream_); }

 private:
  std::size_t read_some(MutableByteView room) override {
    const ByteView packed = input();
    const std::size_t given = std::min(packed.size(), kInputBytesMax);
    stream_.next_in = const_cast<Bytef*>(packed.data());
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = room.data();
    stream_.avail_out = static_cast<uInt>(std::min(room.size(), kInputBytesMax));
    const std::size_t offered = stream_.avail_out;
    const int verdict = ::inflate(&stream_, Z_NO_FLUSH);
    consume(given - stream_.avail_in);
    const std::size_t made = offered - stream_.avail_out;
    if (verdict == Z_STREAM_END) {
      end_member();
    } else if (verdict != Z_OK && verdict != Z_BUF_ERROR) {
      fail("its gzip data are damaged");
    } else if (made == 0 && is_at_end()) {
      fail_at_end("its gzip data are cut off");
    }
    return made;
  }

  // Another member may follow; what else follows is padding.
  void end_member() {
    const ByteView after = input(2);
    if (after.size() >= 2 && after[0] == 0x1f && after[1] == 0x8b) {
      ::inflateReset(&stream_);
    } else {
      ended_ = true;
    }
  }

  z_stream stream_{};
};

class ZstdSource final : public InflatingSource {
 public:
  explicit ZstdSource(std::unique_ptr<Source> raw)
      : InflatingSource(std::move(raw)), context_(::ZSTD_createDCtx()) {
    if (context_ == nullptr) {
      fail("no memory to decompress");
    } else {
      ::ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }
  }

  ~ZstdSource() override { ::ZSTD_freeDCtx(context_); }

 private:
  std::size_t read_some(MutableByteView room) override {
    const ByteView packed = input();
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t verdict = ::ZSTD_decompressStream(context_, &out, &in);
    consume(in.pos);
    if (::ZSTD_isError(verdict) != 0) {
      fail("its zstd data are damaged");
    } else if (is_at_end() && verdict == 0) {
      ended_ = true;
    } else if (is_at_end() && out.pos < out.size) {
      fail_at_end("its zstd data are cut off");
    }
    return out.pos;
  }

  ZSTD_DCtx* context_;
};

}  // namespace

std::unique_ptr<Source> inflate_if_packed(std::unique_ptr<Source> raw) {
  const ByteView bytes = raw->peek(4);
  if (bytes.size() < 4) return raw;
  if (bytes[0] == 0x1f && bytes[1] == 0x8b) return std::make_unique<GzipSource>(std::move(raw));
  const auto magic = load_le<std::uint32_t>(bytes.data());
  const bool skippable = (magic & 0xfffffff0U) == 0x184d2a50U;
  if (magic == 0xfd2fb528U || skippable) return std::make_unique<ZstdSource>(std::move(raw));
  return raw;
}

}  // namespace tapdeck::engine
