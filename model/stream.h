// What a worker tells the call plane about RTP streams, and directions of a fax: RFC 3550
// statistics, periodically and at the end. Sent by value through the worker's report ring. Threads:
// plain value, one owner at every instant.  Memory: none.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "model/binding.h"
#include "model/ids.h"
#include "model/media.h"

namespace tapdeck {

constexpr std::size_t kStreamPayloadTypesMax = 8;

struct PayloadCount {
  std::uint8_t payload_type = 0;
  std::uint32_t packet_count = 0;
};

// Why packets are missing in what is kept of a stream.
enum class LossCause : std::uint8_t {
  kWire,    // never came
  kByUs,    // came, and we dropped them
  kPaused,  // came, and were not to be kept
  kCut,     // came without their end: the capture had cut them
};

constexpr std::size_t kLossCauses = 4;

// Packets of one cause that are missing, all of them or their end: from the last packet before
// them, or the first of them, to the first packet after them, or the last of them.
struct LossSpan {
  std::int64_t from_ns = 0;  // packet times
  std::int64_t to_ns = 0;
  std::uint64_t packet_count = 0;  // 0: nothing is missing

  void add(std::int64_t from, std::int64_t to, std::uint64_t packets) {
    if (packet_count == 0 || from < from_ns) from_ns = from;
    if (packet_count == 0 || to > to_ns) to_ns = to;
    packet_count += packets;
  }
};

struct StreamStatistics {
  std::uint64_t packet_count = 0;   // RTP packets received on the wire, duplicates included
  std::uint64_t payload_bytes = 0;  // UDP payload bytes (RTP header included)
  std::uint64_t expected_count =
      0;  // extended highest sequence - first + 1, summed over sequence restarts (RFC 3550 A.3)
  std::uint64_t duplicate_count = 0;
  std::uint64_t reordered_count = 0;   // arrived after a higher sequence number, not duplicates
  std::uint64_t lost_by_us_count = 0;  // received by us, then dropped by us
  std::int64_t first_ns = 0;           // packet times
  std::int64_t last_ns = 0;
  double jitter_ms = 0;  // RFC 3550 A.8 at the end; negative: clock rate unknown
  double jitter_max_ms = 0;
  std::uint8_t payload_type_count = 0;
  std::array<PayloadCount, kStreamPayloadTypesMax>
      payload_types{};  // in order of appearance; later ones are counted in packet_count only

  // RFC 3550: expected - received; negative when duplicates outnumber losses.
  [[nodiscard]] std::int64_t lost_count() const {
    return static_cast<std::int64_t>(expected_count) - static_cast<std::int64_t>(packet_count);
  }
};

enum class StreamReportKind : std::uint8_t {
  kActivity,  // periodic, or the stream has just been bound
  kFinal,     // the last word on this stream
  kRtcp,      // no stream's statistics, but one sender report or report block, see RtcpFacts
  kSecured,   // no stream's statistics: `source` and `destination` have agreed on keys in the media
              // path (ZRTP), what they send is encrypted; `ssrc` is not set
  kKey,       // as kActivity, because `key` was pressed at last_ns (BindMessage::tell_keys)
  kOffer,     // no call has claimed this stream, and what came of it waits in quarantine
  kReleased,  // every stream of `call` on this worker has been reported; only `call` and `worker`
              // are set
};

// One RTCP sender report, or one report block of whatever report, as it passed the tap (RFC 3550
// 6.4); of a packet that has neither, that it came.  StreamReport::ssrc is the sender's, or the one
// that the block is about; `receiver` is the party that declared the destination, `sender` the one
// that declared the source (kNoParty when SDP does not tell); the addresses are the packet's.
struct RtcpFacts {
  bool is_block = false;
  bool is_sign = false;            // neither: all that its packet says is that somebody is there
  std::uint8_t fraction_lost = 0;  // block: of 256, since the last report
  std::uint32_t jitter = 0;        // block: timestamp units
  std::uint32_t ntp = 0;           // report: its time; block: LSR
  std::uint32_t delay = 0;         // block: DLSR, 1/65536 s
  std::int64_t time_ns = 0;        // packet time
};

struct StreamReport {
  StreamReportKind kind = StreamReportKind::kActivity;
  MediaKind media_kind = MediaKind::kUnknown;
  std::uint8_t receiver = 0;  // party id that receives this stream (declared its destination);
                              // kNoParty when bound by its source
  std::uint8_t sender =
      0;  // party id that sends it where the source address told; kNoParty otherwise
  std::uint16_t worker = 0;
  std::uint16_t media_index = 0;
  RealmId realm = 0;
  std::uint16_t port_index = 0;
  std::uint16_t vlan = 0;
  std::uint8_t key = 0;  // kKey: event of RFC 4733, 0 to kLastKeyEvent
  CallHandle call{};
  Uid recording{};
  Endpoint source{};
  Endpoint destination{};
  std::uint32_t ssrc = 0;
  StreamStatistics statistics{};
  RtcpFacts rtcp{};
  // What has gone missing since the last report, by LossCause.  Losses on the wire of different
  // seconds come in different reports.
  std::array<LossSpan, kLossCauses> losses{};

  // T.38 in datagrams, one direction: there is no SSRC, no payload type and no jitter.
  [[nodiscard]] bool is_fax() const {
    return media_kind == MediaKind::kFax && statistics.payload_type_count == 0;
  }
};

static_assert(std::is_trivially_copyable_v<StreamReport>);

constexpr std::uint8_t kNoParty = 0xff;

}  // namespace tapdeck
