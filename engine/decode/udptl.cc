#include "engine/decode/udptl.h"

namespace tapdeck::engine {
namespace {

constexpr std::uint8_t kParity = 0x80;  // forward error correction, instead of earlier packets
constexpr std::size_t kOpenTypesMax = 256;

// Steps through a datagram of which the capture may have less than there was.
class UdptlWalk {
 public:
  UdptlWalk(ByteView payload, std::size_t length) : payload_(payload), length_(length) {}

  // The rest is not there to be looked at.
  [[nodiscard]] bool is_cut() const { return at_ >= payload_.size() && at_ < length_; }

  [[nodiscard]] bool is_at_end() const { return at_ == length_; }

  bool take_byte(std::uint8_t& byte) {
    if (at_ >= payload_.size()) return false;
    byte = payload_[at_++];
    return true;
  }

  // A length of aligned PER: one byte, or two of 14 bits.
  bool take_length(std::size_t& length) {
    std::uint8_t first = 0;
    if (!take_byte(first)) return false;
    length = first;
    if (first < 0x80) return true;
    std::uint8_t second = 0;
    if (first >= 0xc0 || !take_byte(second)) return false;
    length = (first & 0x3fU) << 8 | second;
    return true;
  }

  bool skip(std::size_t bytes) {
    if (bytes > length_ - at_) return false;
    at_ += bytes;
    return true;
  }

  bool skip_field() {
    std::size_t length = 0;
    return take_length(length) && skip(length);
  }

 private:
  ByteView payload_;
  std::size_t length_;
  std::size_t at_ = 2;  // behind the sequence number
};

}  // namespace

bool is_udptl(ByteView payload, std::uint32_t wire_length) {
  if (payload.size() < kUdptlBytesMin || wire_length < payload.size()) return false;
  UdptlWalk walk(payload, wire_length);
  std::size_t primary_bytes = 0;
  if (!walk.take_length(primary_bytes) || primary_bytes == 0 || !walk.skip(primary_bytes)) {
    return false;
  }
  std::uint8_t recovery = 0;
  if (!walk.take_byte(recovery)) return walk.is_cut();
  if (recovery != 0 && recovery != kParity) return false;
  if (recovery == kParity && !walk.skip_field()) return walk.is_cut();  // how many each one covers
  std::size_t count = 0;
  if (!walk.take_length(count)) return walk.is_cut();
  if (count > kOpenTypesMax) return false;
  for (; count > 0; --count) {
    if (!walk.skip_field()) return walk.is_cut();
  }
  return walk.is_at_end();
}

}  // namespace tapdeck::engine
