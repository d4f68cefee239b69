// One RTP stream, or one direction of a fax, as its worker keeps it: hot state (key, and what every
// packet touches: two cache lines) and cold state.
// Threads: the owning worker.  Memory: arrays of StreamTable, zeroed: all zeroes is a valid unused
// stream.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/bytes.h"
#include "engine/index_table.h"
#include "model/binding.h"
#include "model/dtmf.h"
#include "model/ids.h"
#include "model/stream.h"

namespace tapdeck::engine {

struct StreamKey {
  std::array<std::uint8_t, 16> source_ip;
  std::array<std::uint8_t, 16> destination_ip;
  std::uint16_t source_port;
  std::uint16_t destination_port;
  std::uint32_t ssrc;
  std::uint32_t realm;
  std::uint16_t aside;   // 0 in packets; 1: StreamTable::set_aside()
  std::uint16_t is_fax;  // 1: T.38 in datagrams, which have no SSRC; 0: RTP.  These two keep the
                         // hashed bytes a multiple of 8

  // All bytes count, six words at a time: the default would call memcmp for each address.
  bool operator==(const StreamKey& other) const {
    const auto* a = reinterpret_cast<const std::uint8_t*>(this);
    const auto* b = reinterpret_cast<const std::uint8_t*>(&other);
    std::uint64_t difference = 0;
    for (std::size_t at = 0; at < sizeof(StreamKey); at += 8) {
      difference |= load_le<std::uint64_t>(a + at) ^ load_le<std::uint64_t>(b + at);
    }
    return difference == 0;
  }
};

static_assert(sizeof(StreamKey) == 48 && std::has_unique_object_representations_v<StreamKey>);

enum class StreamState : std::uint8_t {
  kUnused = 0,
  kProbation,    // no SDP explains it and it has not shown two packets in sequence yet
  kQuarantined,  // proven, but no SDP explains it
  kBound,        // belongs to a call
};

// Bits of StreamHot::flags.  Those about cold state spare a packet in sequence the look at it.
enum StreamFlag : std::uint8_t {
  kStreamPaused = 1,       // its call has been paused or muted at some time, or it is unwanted
  kStreamGaps = 2,         // cold.gaps_pending may not be 0
  kStreamOddSequence = 4,  // cold.bad_sequence may not be 0
  kStreamOddType = 8,      // cold.other_type_run may not be 0
  kStreamWithheld = 16,    // the call plane wants none of it to be kept, for lack of room
  kStreamStarved = 32,     // its call found no free chunk
  kStreamDtmf = 64,        // the last packet's payload type is one of cold.dtmf
  kStreamDoubled = 128,    // duplicates have come: cold.recent has what is kept
};

// How far the stream's open chunk is filled: its header is written only when it is handed on, so
// that a packet touches nothing of it but the place where it is copied to.
struct ChunkFill {
  std::int64_t base_us;   // SectionHeader::base_us
  std::uint32_t last_us;  // the latest packet, after the base
  std::uint16_t record_bytes;
  std::uint16_t packet_count;
};

// Two neighbouring cache lines: what every packet changes, and what tells it from others.
struct alignas(64) StreamHot {
  std::uint64_t packet_count;  // since the stream began or changed calls
  std::uint64_t payload_bytes;
  std::int64_t last_ns;         // latest packet time
  std::uint64_t seen;           // bit i: extended sequence `highest - i` was received
  std::uint32_t chunk;          // open chunk, by index
  std::uint32_t highest;        // extended sequence number
  std::uint32_t rtp_timestamp;  // of the packet that fed jitter last
  std::uint32_t arrival_us;     // its arrival, modulo 2^32
  std::uint32_t clock_rate_hz;  // of jitter_payload_type; 0 unknown
  float jitter;                 // RFC 3550 A.8, timestamp units
  float jitter_max;
  StreamState state;
  std::uint8_t flags;                // StreamFlag
  std::uint8_t payload_type;         // of the last packet
  std::uint8_t jitter_payload_type;  // whose packets feed jitter

  StreamKey key;
  ChunkFill fill;  // of `chunk`

  [[nodiscard]] bool has(StreamFlag flag) const { return (flags & flag) != 0; }

  // Counted only: the call was refused or cut short, or found no chunk.
  [[nodiscard]] bool is_withheld() const {
    return (flags & (kStreamWithheld | kStreamStarved)) != 0;
  }

  void set(StreamFlag flag) { flags = static_cast<std::uint8_t>(flags | flag); }

  void clear(StreamFlag flag) { flags = static_cast<std::uint8_t>(flags & ~flag); }
};

static_assert(sizeof(StreamHot) == 128 && std::is_trivially_copyable_v<StreamHot>);
static_assert(offsetof(StreamHot, key) == 64);

// Whose copies are known: a second mirror is some packets behind at most.
constexpr std::size_t kRecentPackets = 8;

constexpr std::size_t kGapReasons = 7;  // GapReason counts from 1

struct StreamCold {
  // Statistics that few packets touch.
  std::uint64_t expected_past;  // of finished sequence runs
  std::uint64_t duplicate_count;
  std::uint64_t reordered_count;
  std::uint64_t lost_by_us_count;
  std::uint64_t run_start;  // packet_count when the current payload type came
  std::int64_t first_ns;
  std::int64_t jump_ns;          // of the packet before the one that jumped
  std::uint32_t jump_timestamp;  // likewise
  std::uint32_t first_sequence;  // extended, of the current run
  std::uint32_t bad_sequence;    // RFC 3550 A.1: the next number that would confirm a jump; | 1<<16
  std::uint32_t other_type_run;  // packets in a row that are not of jitter_payload_type
  std::uint8_t payload_type_count;
  std::uint8_t payload_type_at;  // index of the current type; kStreamPayloadTypesMax: not listed
  std::array<PayloadCount, kStreamPayloadTypesMax> payload_types;
  DtmfTypes dtmf;  // in which keys travel; none while no call has the stream

  std::array<LossSpan, kLossCauses> losses;  // not reported yet, by LossCause

  // Whose it is, valid when bound.
  CallHandle call;
  Uid recording;
  std::uint32_t claim;          // kNone when the claim was evicted
  std::uint32_t key_timestamp;  // RTP timestamp of the last key that was told
  std::uint16_t retention_class;
  std::uint16_t media_index;
  MediaKind kind;
  std::uint8_t receiver;
  std::uint8_t sender;
  bool bound_by_destination;
  bool unwanted;                // policy wants it to be counted only
  bool mask_keys;               // before they are kept
  bool tell_keys;               // to the call plane
  bool key_told;                // one at least, the last at key_timestamp
  std::uint16_t offered_round;  // Media::offer_round_ in which it was offered; 0: never

  // Claims after this time do not have it by its destination alone (stray_marks.h).
  std::int64_t stray_since_ns;

  // Where it came in.
  std::uint16_t port_index;
  std::uint16_t vlan;

  // Chunks.
  std::array<std::uint32_t, kGapReasons> gaps;  // lost packets not told yet, by GapReason
  std::uint32_t gaps_pending;                   // their sum
  std::uint32_t chunk_sequence;
  // Not kept for lack of room: packets are counted when the stream is reported, not one by one.
  std::uint64_t withheld_from;     // packet_count that has been accounted for
  std::int64_t withheld_since_ns;  // the packet before the first of them
  std::uint32_t quarantine_first;  // oldest quarantined chunk; hot.chunk is the newest
  std::uint32_t held_packet;       // probation slot, by index

  // Fingerprints of packets that are kept, by sequence number; 0: none.
  std::array<std::uint32_t, kRecentPackets> recent;

  // Lists.
  std::uint32_t destination;  // addresses, by index
  std::uint32_t source;
  Link by_destination;
  Link by_source;
  Link in_call;
  Link timer;  // all streams, next due first
  std::int64_t due_ns;
  std::int64_t idle_since_ns;
  std::uint64_t serviced_count;  // packet_count at the last service
  std::uint64_t created;         // order of creation
};

static_assert(std::is_trivially_destructible_v<StreamCold>);

// The stream's payload type or cold.dtmf has changed.
inline void note_dtmf(StreamHot& hot, const StreamCold& cold) {
  if (cold.dtmf.concerns(hot.payload_type)) {
    hot.set(kStreamDtmf);
  } else {
    hot.clear(kStreamDtmf);
  }
}

}  // namespace tapdeck::engine
