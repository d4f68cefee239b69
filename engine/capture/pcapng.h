// The pcapng format: sections of either byte order, interfaces of any link type and clock,
// enhanced, simple and obsolete packet blocks; other blocks are skipped. Threads, memory, errors:
// as CaptureReader.  Interfaces are at most kInterfaceCountMax per section. Format:
// draft-ietf-opsawg-pcapng.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/capture/reader.h"

namespace tapdeck::engine {

class PcapngReader final : public CaptureReader {
 public:
  PcapngReader(std::unique_ptr<Source> source, std::string name)
      : CaptureReader(std::move(source), std::move(name)) {}

  // Precondition: at least 4 bytes.
  static bool recognises(ByteView start);

 private:
  struct Interface {
    std::uint64_t ticks_per_second = 1'000'000;
    std::int64_t offset_s = 0;
    std::uint32_t snaplen = 0;  // 0: none
    std::uint16_t link_type = 0;
  };

  [[nodiscard]] std::uint16_t load16(const std::uint8_t* from) const {
    return big_endian_ ? load_be<std::uint16_t>(from) : load_le<std::uint16_t>(from);
  }

  [[nodiscard]] std::uint32_t load32(const std::uint8_t* from) const {
    return big_endian_ ? load_be<std::uint32_t>(from) : load_le<std::uint32_t>(from);
  }

  [[nodiscard]] std::uint64_t load64(const std::uint8_t* from) const {
    return big_endian_ ? load_be<std::uint64_t>(from) : load_le<std::uint64_t>(from);
  }

  ReadVerdict read_next(CapturedPacket& packet) override;

  // Each takes the body of its block.  kEnd: there was no packet in it, go on.
  ReadVerdict read_block(std::uint32_t type, ByteView body, CapturedPacket& packet);
  ReadVerdict begin_section(ByteView body);
  ReadVerdict add_interface(ByteView body);
  ReadVerdict read_enhanced(ByteView body, CapturedPacket& packet);
  ReadVerdict read_simple(ByteView body, CapturedPacket& packet);
  ReadVerdict read_obsolete(ByteView body, CapturedPacket& packet);

  void read_option(std::uint16_t code, ByteView value, Interface& made) const;

  // The packet of `captured` bytes at the start of `data`, on an interface that exists.
  ReadVerdict deliver(std::uint32_t interface,
                      std::uint64_t ticks,
                      std::uint32_t captured,
                      std::uint32_t original,
                      ByteView data,
                      CapturedPacket& packet);

  bool big_endian_ = false;
  bool in_section_ = false;
  std::vector<Interface> interfaces_;    // of this section
  std::uint32_t interfaces_before_ = 0;  // of earlier sections
  std::int64_t last_time_ns_ = 0;        // for simple packet blocks, which carry no time
};

}  // namespace tapdeck::engine
