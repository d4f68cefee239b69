#include "engine/capture/inflate.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <zlib.h>
#include <zstd.h>

namespace tapdeck::engine {
namespace {

constexpr std::size_t kOutputBytes = 1'048'576;   // decompressed at a time
constexpr std::size_t kInputBytesMax = 1U << 30;  // zlib counts in 32 bits
constexpr int kZstdWindowLogMax = 27;             // 128 MiB

// The buffer of what was decompressed and not yet skipped; the formats fill its end.
class InflatingSource : public Source {
 public:
  explicit InflatingSource(ByteView input) : input_(input) {}

  [[nodiscard]] std::uint64_t bytes_read() const override { return consumed_; }

  [[nodiscard]] std::uint64_t bytes_total() const override { return input_.size(); }

 protected:
  // Decompresses into `room`, advancing consumed_; the bytes produced.  May set ended_, failure_.
  virtual std::size_t inflate_some(MutableByteView room) = 0;

  [[nodiscard]] ByteView rest() const { return input_.subspan(consumed_); }

  void fail(std::string_view why) {
    failure_ = why;
    ended_ = true;
  }

  ByteView input_;
  std::size_t consumed_ = 0;

 private:
  void fill(std::size_t count) final {
    const std::size_t kept = window_.size() - at_;
    if (kept > 0) std::memmove(buffer_.data(), window_.data() + at_, kept);
    at_ = 0;
    const std::size_t wanted = std::max(count, kOutputBytes);
    if (buffer_.size() < wanted) buffer_.resize(wanted);
    std::size_t held = kept;
    while (held < count && !ended_) held += inflate_some(MutableByteView(buffer_).subspan(held));
    window_ = ByteView(buffer_).first(held);
  }

  std::vector<std::uint8_t> buffer_;
};

class GzipSource final : public InflatingSource {
 public:
  explicit GzipSource(ByteView input) : InflatingSource(input) {
    constexpr int kGzipOnly = 16;
    if (::inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) fail("no memory to decompress");
  }

  ~GzipSource() override { ::inflateEnd(&stream_); }

 private:
  std::size_t inflate_some(MutableByteView room) override {
    const std::size_t given = std::min(rest().size(), kInputBytesMax);
    stream_.next_in = const_cast<Bytef*>(rest().data());
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = room.data();
    stream_.avail_out = static_cast<uInt>(std::min(room.size(), kInputBytesMax));
    const std::size_t offered = stream_.avail_out;
    const int verdict = ::inflate(&stream_, Z_NO_FLUSH);
    consumed_ += given - stream_.avail_in;
    const std::size_t made = offered - stream_.avail_out;
    if (verdict == Z_STREAM_END) {
      end_member();
    } else if (verdict != Z_OK && verdict != Z_BUF_ERROR) {
      fail("its gzip data are damaged");
    } else if (made == 0 && rest().empty()) {
      fail("its gzip data are cut off");
    }
    return made;
  }

  // Another member may follow; what else follows is padding.
  void end_member() {
    const ByteView after = rest();
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
  explicit ZstdSource(ByteView input) : InflatingSource(input), context_(::ZSTD_createDCtx()) {
    if (context_ == nullptr) {
      fail("no memory to decompress");
    } else {
      ::ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }
  }

  ~ZstdSource() override { ::ZSTD_freeDCtx(context_); }

 private:
  std::size_t inflate_some(MutableByteView room) override {
    ZSTD_inBuffer in{rest().data(), rest().size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t verdict = ::ZSTD_decompressStream(context_, &out, &in);
    consumed_ += in.pos;
    if (::ZSTD_isError(verdict) != 0) {
      fail("its zstd data are damaged");
    } else if (rest().empty() && verdict == 0) {
      ended_ = true;
    } else if (rest().empty() && out.pos < out.size) {
      fail("its zstd data are cut off");
    }
    return out.pos;
  }

  ZSTD_DCtx* context_;
};

}  // namespace

std::unique_ptr<Source> make_inflating_source(ByteView bytes) {
  if (bytes.size() < 4) return nullptr;
  if (bytes[0] == 0x1f && bytes[1] == 0x8b) return std::make_unique<GzipSource>(bytes);
  const auto magic = load_le<std::uint32_t>(bytes.data());
  const bool skippable = (magic & 0xfffffff0U) == 0x184d2a50U;
  if (magic == 0xfd2fb528U || skippable) return std::make_unique<ZstdSource>(bytes);
  return nullptr;
}

}  // namespace tapdeck::engine
