// Tells by its first bytes whether a UDP payload or a TCP segment is signalling: SIP, HEP, or a
// WebSocket that carries SIP.  One Hyperscan database has all patterns, all of them anchored.
//
// Threads: one, the owner's: a scan uses the detector's scratch.  Memory: database and scratch, in
// create(); find() allocates nothing.  Cost: a first byte that begins none of them is answered by a
// table, and at most kLookedAtBytes are scanned.
// RFC 3261 7.1 and 7.2, RFC 7118, HEP3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

struct hs_database;
struct hs_scratch;

namespace tapdeck::engine {

enum class Signalling : std::uint8_t { kOther, kSip, kHep, kWebSocket };

class SipDetector {
 public:
  static constexpr std::size_t kLookedAtBytes = 2'048;

  static Result<SipDetector> create();

  SipDetector(SipDetector&& other) noexcept;
  SipDetector& operator=(SipDetector&&) = delete;
  ~SipDetector();

  // What `payload` begins with.
  [[nodiscard]] Signalling find(ByteView payload) const {
    return payload.empty() || !may_begin_[payload[0]] ? Signalling::kOther : scan(payload);
  }

  // The same for the front of a TCP segment, which may be a WebSocket's frame, too.
  [[nodiscard]] Signalling find_in_stream(ByteView payload) const;

 private:
  SipDetector() = default;
  [[nodiscard]] Signalling scan(ByteView payload) const;
  [[nodiscard]] Signalling find_in_frame(ByteView payload) const;

  hs_database* database_ = nullptr;
  hs_scratch* scratch_ = nullptr;
  std::array<bool, 256> may_begin_{};
};

}  // namespace tapdeck::engine
