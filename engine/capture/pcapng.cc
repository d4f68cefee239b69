#include "engine/capture/pcapng.h"

#include <algorithm>

#include "base/clock.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;  // the same in both byte orders
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;

constexpr std::size_t kBlockHeaderBytes = 8;
constexpr std::size_t kBlockBytesMin = 12;
constexpr std::size_t kInterfaceBodyBytes = 8;
constexpr std::size_t kEnhancedBodyBytes = 20;
constexpr std::size_t kSectionBodyBytes = 16;

constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionTimeResolution = 9;
constexpr std::uint16_t kOptionTimeOffset = 14;

// if_tsresol: a power of ten, or with the top bit of two.  0: finer than can be counted.
std::uint64_t ticks_per_second(std::uint8_t resolution) {
  const unsigned power = resolution & 0x7fU;
  if ((resolution & 0x80U) != 0) return power < 64 ? std::uint64_t{1} << power : 0;
  if (power > 19) return 0;
  std::uint64_t ticks = 1;
  for (unsigned i = 0; i < power; ++i) ticks *= 10;
  return ticks;
}

// Room for whoever adds a duration to a time: no capture is from the 23rd century.
constexpr std::int64_t kSecondsMax = 7'258'118'400;

// UTC nanoseconds; a time that no capture can have stands at the limit, and is wild to whoever
// looks at its neighbours.
std::int64_t to_ns(std::uint64_t ticks, std::uint64_t per_second, std::int64_t offset_s) {
  const auto fraction =
      static_cast<std::int64_t>(uint128{ticks % per_second} * 1'000'000'000U / per_second);
  const auto whole = static_cast<std::int64_t>(
      std::min(ticks / per_second, static_cast<std::uint64_t>(2 * kSecondsMax)));
  const std::int64_t seconds = whole + std::clamp(offset_s, -3 * kSecondsMax, kSecondsMax);
  return std::clamp(seconds, -kSecondsMax, kSecondsMax) * kNsPerSecond + fraction;
}

std::size_t padded(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

}  // namespace

bool PcapngReader::recognises(ByteView start) {
  return load_le<std::uint32_t>(start.data()) == kSectionHeader;
}

ReadVerdict PcapngReader::read_next(CapturedPacket& packet) {
  for (;;) {
    record_start_ = source_->position();
    ByteView block = source_->peek(kBlockBytesMin);
    if (block.size() < kBlockBytesMin) {
      return block.empty() && source_->failure().empty() ? ReadVerdict::kEnd : short_read();
    }
    const bool section = load_le<std::uint32_t>(block.data()) == kSectionHeader;
    if (section) {
      // The byte order of this block's own length is told only behind it.
      const std::uint8_t* magic = block.data() + kBlockHeaderBytes;
      big_endian_ = load_be<std::uint32_t>(magic) == kByteOrderMagic;
      if (load32(magic) != kByteOrderMagic) return corrupt("a section has no byte-order magic");
    } else if (!in_section_) {
      return corrupt("a block stands before the first section");
    }
    const std::uint32_t type = load32(block.data());
    const std::uint32_t length = load32(block.data() + 4);
    if (length < kBlockBytesMin || length % 4 != 0 || length > kBlockBytesMax) {
      return corrupt("a block has an impossible length");
    }
    block = source_->peek(length);
    if (block.size() < length) return short_read();
    if (load32(block.data() + length - 4) != length) {
      return corrupt("the two lengths of a block differ");
    }
    source_->skip(length);
    const ByteView body = block.subspan(kBlockHeaderBytes, length - kBlockBytesMin);
    const ReadVerdict verdict = section ? begin_section(body) : read_block(type, body, packet);
    if (verdict != ReadVerdict::kEnd) return verdict;
  }
}

ReadVerdict PcapngReader::read_block(std::uint32_t type, ByteView body, CapturedPacket& packet) {
  switch (type) {
    case kInterfaceDescription: return add_interface(body);
    case kEnhancedPacket: return read_enhanced(body, packet);
    case kSimplePacket: return read_simple(body, packet);
    case kObsoletePacket: return read_obsolete(body, packet);
    default: return ReadVerdict::kEnd;
  }
}

ReadVerdict PcapngReader::begin_section(ByteView body) {
  if (body.size() < kSectionBodyBytes) return corrupt("a section header is too short");
  if (load16(body.data() + 4) != 1) return corrupt("a section is of an unknown version");
  interfaces_before_ += static_cast<std::uint32_t>(interfaces_.size());
  interfaces_.clear();
  in_section_ = true;
  return ReadVerdict::kEnd;
}

ReadVerdict PcapngReader::add_interface(ByteView body) {
  if (body.size() < kInterfaceBodyBytes) return corrupt("an interface description is too short");
  if (interfaces_.size() == kInterfaceCountMax) return corrupt("a section has too many interfaces");
  Interface made;
  made.link_type = load16(body.data());
  made.snaplen = load32(body.data() + 4);
  ByteView options = body.subspan(kInterfaceBodyBytes);
  while (options.size() >= 4) {
    const std::uint16_t code = load16(options.data());
    const std::uint16_t length = load16(options.data() + 2);
    if (code == kOptionEnd || padded(length) > options.size() - 4) break;
    read_option(code, options.subspan(4, length), made);
    options = options.subspan(4 + padded(length));
  }
  if (made.ticks_per_second == 0) return corrupt("an interface has an impossible clock");
  interfaces_.push_back(made);
  return ReadVerdict::kEnd;
}

void PcapngReader::read_option(std::uint16_t code, ByteView value, Interface& made) const {
  if (code == kOptionTimeResolution && value.size() == 1) {
    made.ticks_per_second = ticks_per_second(value[0]);
  } else if (code == kOptionTimeOffset && value.size() == 8) {
    made.offset_s = static_cast<std::int64_t>(load64(value.data()));
  }
}

ReadVerdict PcapngReader::read_enhanced(ByteView body, CapturedPacket& packet) {
  if (body.size() < kEnhancedBodyBytes) return corrupt("a packet block is too short");
  const std::uint64_t ticks =
      std::uint64_t{load32(body.data() + 4)} << 32 | load32(body.data() + 8);
  return deliver(load32(body.data()),
                 ticks,
                 load32(body.data() + 12),
                 load32(body.data() + 16),
                 body.subspan(kEnhancedBodyBytes),
                 packet);
}

ReadVerdict PcapngReader::read_obsolete(ByteView body, CapturedPacket& packet) {
  if (body.size() < kEnhancedBodyBytes) return corrupt("a packet block is too short");
  const std::uint64_t ticks =
      std::uint64_t{load32(body.data() + 4)} << 32 | load32(body.data() + 8);
  return deliver(load16(body.data()),
                 ticks,
                 load32(body.data() + 12),
                 load32(body.data() + 16),
                 body.subspan(kEnhancedBodyBytes),
                 packet);
}

ReadVerdict PcapngReader::read_simple(ByteView body, CapturedPacket& packet) {
  if (body.size() < 4) return corrupt("a packet block is too short");
  if (interfaces_.empty()) return corrupt("a packet is of an interface that was not described");
  const std::uint32_t original = load32(body.data());
  const ByteView data = body.subspan(4);
  std::uint32_t captured = original;
  const std::uint32_t snaplen = interfaces_[0].snaplen;
  if (snaplen > 0) captured = std::min(captured, snaplen);
  const std::int64_t time_ns = last_time_ns_;
  const ReadVerdict verdict = deliver(0, 0, captured, original, data, packet);
  packet.time_ns = last_time_ns_ = time_ns;
  return verdict;
}

ReadVerdict PcapngReader::deliver(std::uint32_t interface,
                                  std::uint64_t ticks,
                                  std::uint32_t captured,
                                  std::uint32_t original,
                                  ByteView data,
                                  CapturedPacket& packet) {
  if (interface >= interfaces_.size()) {
    return corrupt("a packet is of an interface that was not described");
  }
  if (captured > kSnaplenMax) return corrupt("a packet is longer than 256 KiB");
  if (captured > data.size()) return corrupt("a packet is longer than its block");
  const Interface& from = interfaces_[interface];
  packet.time_ns = to_ns(ticks, from.ticks_per_second, from.offset_s);
  last_time_ns_ = packet.time_ns;
  packet.original_length = std::max(original, captured);
  packet.interface_index = interfaces_before_ + interface;
  packet.link_type = from.link_type;
  packet.bytes = data.first(captured);
  return ReadVerdict::kPacket;
}

}  // namespace tapdeck::engine
