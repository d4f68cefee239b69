// Builds capture files in memory for the tests of this folder.
// Threads: any.  Memory: a vector.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tapdeck::engine::test {

class CaptureBytes {
 public:
  explicit CaptureBytes(bool big_endian = false) : big_endian_(big_endian) {}

  template <std::unsigned_integral T>
  CaptureBytes& put(T value) {
    std::uint8_t raw[sizeof(T)];
    if (big_endian_) {
      store_be(raw, value);
    } else {
      store_le(raw, value);
    }
    bytes_.insert(bytes_.end(), raw, raw + sizeof raw);
    return *this;
  }

  CaptureBytes& put_text(std::string_view text) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    return *this;
  }

  CaptureBytes& u16(unsigned value) { return put(static_cast<std::uint16_t>(value)); }

  CaptureBytes& u32(std::uint64_t value) { return put(static_cast<std::uint32_t>(value)); }

  CaptureBytes& pcap_header(std::uint32_t magic, std::uint32_t link_type = 1) {
    return u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65'535).u32(link_type);
  }

  CaptureBytes& pcap_record(std::uint32_t seconds, std::uint32_t ticks, std::string_view data) {
    return u32(seconds).u32(ticks).u32(data.size()).u32(data.size()).put_text(data);
  }

  // A pcapng block around a body, padded.
  CaptureBytes& block(std::uint32_t type, const CaptureBytes& body) {
    const std::size_t padded = (body.bytes_.size() + 3) & ~std::size_t{3};
    u32(type).u32(padded + 12);
    bytes_.insert(bytes_.end(), body.bytes_.begin(), body.bytes_.end());
    bytes_.resize(bytes_.size() + padded - body.bytes_.size());
    return u32(padded + 12);
  }

  [[nodiscard]] CaptureBytes body() const { return CaptureBytes(big_endian_); }

  CaptureBytes& section() {
    return block(0x0a0d0d0a, body().u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff));
  }

  CaptureBytes& interface(unsigned link_type, std::uint32_t snaplen = 0) {
    return block(1, body().u16(link_type).u16(0).u32(snaplen));
  }

  CaptureBytes& enhanced(std::uint32_t interface_id, std::uint64_t ticks, std::string_view data) {
    return block(6,
                 body()
                     .u32(interface_id)
                     .u32(ticks >> 32)
                     .u32(ticks & 0xffffffff)
                     .u32(data.size())
                     .u32(data.size())
                     .put_text(data));
  }

  [[nodiscard]] ByteView view() const { return bytes_; }

  std::vector<std::uint8_t> bytes_;

 private:
  bool big_endian_;
};

}  // namespace tapdeck::engine::test
