// HEP version 3, in which capture agents send copies of packets: "HEP3", a length and chunks.  Only
// the chunks of vendor 0 are read; others are passed over by their length.
// Threads: any.  Memory: none; the packet borrows the bytes.  Bad input: a verdict.
// Format: the HEP3 network protocol specification, revision 28 (chunk types 1 to 20).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/ids.h"

namespace tapdeck::sip {

enum class HepVerdict : std::uint8_t {
  kOk,
  kNotHep,
  kTruncated,    // it ends within a chunk
  kBadChunk,     // a chunk shorter than its head, beyond the packet, or of a wrong size
  kNoAddresses,  // what it carries cannot be placed
  kNoPayload,    // a keep-alive
};

// Values of HepPacket::protocol.
constexpr std::uint8_t kHepTypeSip = 1;
constexpr std::uint8_t kHepTypeRtcp = 5;  // as it was sent, or retold in JSON

struct HepPacket {
  Endpoint source{};
  Endpoint destination{};
  std::uint8_t ip_protocol = 0;  // 17 UDP, 6 TCP
  std::uint8_t protocol = 0;     // of the payload
  bool is_compressed = false;
  std::optional<std::uint32_t> seconds;  // UTC
  std::uint32_t microseconds = 0;
  std::uint32_t agent = 0;  // capture id
  std::uint16_t vlan = 0;
  ByteView correlation{};  // internal correlation id
  ByteView payload{};
};

constexpr std::size_t kHepHeadBytes = 6;

bool begins_hep(ByteView bytes);

// What the packet at the front says of its length, at least kHepHeadBytes; nothing when its head is
// not there.
std::optional<std::size_t> hep_length(ByteView bytes);

// Reads the packet at the front of `bytes`.  One that says it is longer than they are is read as
// far as its whole chunks reach.
HepVerdict parse_hep(ByteView bytes, HepPacket& packet);

}  // namespace tapdeck::sip
