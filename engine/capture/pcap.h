// The pcap format: both byte orders, microseconds and nanoseconds, and the "modified" variant with
// 24-byte record headers.
// Threads, memory, errors: as CaptureReader.  Format: draft-ietf-opsawg-pcap.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/capture/reader.h"

namespace tapdeck::engine {

class PcapReader final : public CaptureReader {
 public:
  // Precondition: at least 4 bytes.
  static bool recognises(ByteView start);

  static Result<std::unique_ptr<CaptureReader>> create(std::unique_ptr<Source> source,
                                                       std::string name);

 private:
  using CaptureReader::CaptureReader;

  [[nodiscard]] std::uint32_t load32(const std::uint8_t* from) const {
    return big_endian_ ? load_be<std::uint32_t>(from) : load_le<std::uint32_t>(from);
  }

  ReadVerdict read_next(CapturedPacket& packet) override;

  bool big_endian_ = false;
  std::uint16_t link_type_ = 0;
  std::uint32_t record_header_bytes_ = 16;
  std::uint32_t ns_per_tick_ = 1'000;
};

}  // namespace tapdeck::engine
