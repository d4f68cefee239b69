#include "pipelines/signalling/hep.h"

#include <algorithm>

namespace tapdeck::sip {
namespace {

constexpr std::string_view kMagic = "HEP3";
constexpr std::size_t kChunkHeadBytes = 6;

enum ChunkType : std::uint16_t {
  kIpProtocol = 2,
  kSourceIpv4 = 3,
  kDestinationIpv4 = 4,
  kSourceIpv6 = 5,
  kDestinationIpv6 = 6,
  kSourcePort = 7,
  kDestinationPort = 8,
  kSeconds = 9,
  kMicroseconds = 10,
  kProtocol = 11,
  kAgent = 12,
  kPayload = 15,
  kCompressedPayload = 16,
  kCorrelation = 17,
  kVlan = 18,
};

template <typename T>
bool read_number(ByteView value, T& to) {
  if (value.size() != sizeof(T)) return false;
  if constexpr (sizeof(T) == 1) {
    to = value[0];
  } else {
    to = load_be<T>(value.data());
  }
  return true;
}

bool read_ip(ByteView value, std::size_t bytes, std::optional<IpAddress>& to) {
  if (value.size() != bytes) return false;
  IpAddress address;
  if (bytes == 4) address.bytes[10] = address.bytes[11] = 0xff;
  std::copy(value.begin(), value.end(), address.bytes.end() - static_cast<std::ptrdiff_t>(bytes));
  to = address;
  return true;
}

class ChunkReader {
 public:
  explicit ChunkReader(HepPacket& packet) : packet_(packet) {}

  bool take(std::uint16_t type, ByteView value) {
    switch (type) {
      case kIpProtocol: return read_number(value, packet_.ip_protocol);
      case kSourceIpv4: return read_ip(value, 4, source_);
      case kDestinationIpv4: return read_ip(value, 4, destination_);
      case kSourceIpv6: return read_ip(value, 16, source_);
      case kDestinationIpv6: return read_ip(value, 16, destination_);
      case kSourcePort: return read_number(value, packet_.source.port);
      case kDestinationPort: return read_number(value, packet_.destination.port);
      case kSeconds: packet_.seconds = 0; return read_number(value, *packet_.seconds);
      case kMicroseconds: return read_number(value, packet_.microseconds);
      case kProtocol: return read_number(value, packet_.protocol);
      case kAgent: return read_number(value, packet_.agent);
      case kVlan: return read_number(value, packet_.vlan);
      case kCorrelation: packet_.correlation = value; return true;
      case kCompressedPayload:
        packet_.is_compressed = true;
        packet_.payload = value;
        return true;
      case kPayload: packet_.payload = value; return true;
      default: return true;
    }
  }

  [[nodiscard]] HepVerdict finish() const {
    if (packet_.payload.empty()) return HepVerdict::kNoPayload;
    if (!source_ || !destination_) return HepVerdict::kNoAddresses;
    packet_.source.ip = *source_;
    packet_.destination.ip = *destination_;
    return HepVerdict::kOk;
  }

 private:
  HepPacket& packet_;
  std::optional<IpAddress> source_;
  std::optional<IpAddress> destination_;
};

}  // namespace

bool begins_hep(ByteView bytes) { return as_text(bytes).starts_with(kMagic); }

std::optional<std::size_t> hep_length(ByteView bytes) {
  if (bytes.size() < kHepHeadBytes || !begins_hep(bytes)) return std::nullopt;
  return std::max<std::size_t>(load_be<std::uint16_t>(bytes.data() + kMagic.size()), kHepHeadBytes);
}

HepVerdict parse_hep(ByteView bytes, HepPacket& packet) {
  packet = {};
  const std::optional<std::size_t> length = hep_length(bytes);
  if (!length) return begins_hep(bytes) ? HepVerdict::kTruncated : HepVerdict::kNotHep;
  const HepVerdict too_short =
      *length > bytes.size() ? HepVerdict::kTruncated : HepVerdict::kBadChunk;
  ByteView rest = bytes.first(std::min(*length, bytes.size())).subspan(kHepHeadBytes);
  ChunkReader reader(packet);
  while (!rest.empty()) {
    if (rest.size() < kChunkHeadBytes) return too_short;
    const auto vendor = load_be<std::uint16_t>(rest.data());
    const auto type = load_be<std::uint16_t>(rest.data() + 2);
    const std::size_t chunk = load_be<std::uint16_t>(rest.data() + 4);
    if (chunk < kChunkHeadBytes) return HepVerdict::kBadChunk;
    if (chunk > rest.size()) return too_short;
    if (vendor == 0 && !reader.take(type, rest.subspan(kChunkHeadBytes, chunk - kChunkHeadBytes))) {
      return HepVerdict::kBadChunk;
    }
    rest = rest.subspan(chunk);
  }
  return reader.finish();
}

}  // namespace tapdeck::sip
