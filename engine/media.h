// The media side of a worker: RTP streams, whose they are, their statistics, reports and chunks.
//
// Whose a stream is:
// - The claim on its destination decides, else the one on its source (symmetric RTP).  Of several
//   on the destination that of a call which claims the source, too, else the newest that covers the
//   packet's time; RTP from shortly before a bind is adopted.  Then comes a claim on a destination
//   that media of the call came from; last a call without signalling that claims both ends, which
//   gives the stream up to whoever else claims one.
// - A running stream stays with its call, also after kUnbind, until kRelease or until it breaks off
//   after another call's claim (media_contest.cc): its part ends with a final report.
// - After kRelease, packets of the same stream make a new one.  While it runs on, only a call that
//   claims its source has it (stray_marks.h).
//
// When room is short (docs/adr/0009-whole-calls-under-overload.md):
// - The call plane refuses, cuts and restores calls; their streams are then counted only.
// - A stream without a chunk takes one of the quarantine, else its call starves: it gives up all
//   its chunks, and takes none until an eighth of all is free.
// - A stream of a call takes the place of one that is not kept when the table is full.
//
// Threads: the owning worker.  Memory: an Arena at start.  When tables are full: counted drops.
#pragma once

#include <cstdint>

#include "engine/chunker.h"
#include "engine/counters.h"
#include "engine/decode/decode.h"
#include "engine/endpoint_map.h"
#include "engine/media_packet.h"
#include "engine/quarantine.h"
#include "engine/rings.h"
#include "engine/rtp/statistics.h"
#include "engine/stray_marks.h"
#include "engine/stream_table.h"
#include "engine/worker.h"

namespace tapdeck::engine {

class Media {
 public:
  Media(Arena& arena, const WorkerOptions& options, WorkerRings& rings, WorkerCounters& counters);

  [[nodiscard]] StreamTable& streams() { return streams_; }

  [[nodiscard]] const StreamTable& streams() const { return streams_; }

  void set_now(std::int64_t timer_now_ns) { now_ns_ = timer_now_ns; }

  // Before on_rtp(), each for all of a burst: the stream, then the place of the copy.
  void prefetch_stream(MediaPacket& packet) const {
    packet.likely_stream = streams_.prefetch_stream(packet.hash);
  }

  void prefetch_chunk(const MediaPacket& packet) const {
    const StreamHot& hot = streams_.hot(packet.likely_stream);
    if (hot.chunk == kNone) return;
    if (room_of(hot.fill) >= kRecordHeaderBytes + packet.payload.size()) {
      prefetch_record(pool_.at(hot.chunk), hot.fill, packet.payload.size());
    } else {
      chunker_.prefetch_change(packet.likely_stream);
    }
  }

  PacketClass on_rtp(const MediaPacket& packet);
  void on_rtcp(const MediaPacket& packet);
  void on_zrtp(const MediaPacket& packet);
  bool on_fax(const MediaPacket& packet);  // false: it is no T.38 of a call

  [[nodiscard]] bool expects_fax() const { return endpoints_.has_fax(); }

  // False when the report ring has too little room: call again with the same message.
  [[nodiscard]] bool on_message(const BindMessage& message);

  void age();  // chunks, quarantine and streams; bounded work

  void discard_quarantine() { quarantine_.discard_all(); }

  [[nodiscard]] bool flush_open();  // hands out open chunks; false: the ring is full, some are left

  void fill_report(std::uint32_t stream, StreamReportKind kind, StreamReport& report) const;
  void visit(StreamVisitor visitor, void* context) const;
  void update_gauges();

 private:
  // media.cc: packets and time
  std::uint32_t create_stream(const MediaPacket& packet);
  void join_addresses(std::uint32_t stream,
                      const MediaPacket& packet,
                      std::uint32_t destination,
                      std::uint32_t source);
  void remove_stream(std::uint32_t stream);
  void note_missing(std::uint32_t stream, const LossSpan& missing);
  void update_clock(std::uint32_t stream);
  [[nodiscard]] std::uint32_t find_rtcp_claim(RealmId realm,
                                              Endpoint at,
                                              std::int64_t time_ns) const;
  [[nodiscard]] bool find_ends(const MediaPacket& packet, StreamReport& out);
  void tell_rtcp(const StreamReport& report);
  bool service(std::uint32_t stream);
  void report(std::uint32_t stream, StreamReportKind kind, std::uint8_t key = 0);

  // media_keeping.cc: what is kept of packets
  PacketClass keep_bound(std::uint32_t stream,
                         const MediaPacket& packet,
                         const SequenceVerdict& sequence);
  PacketClass keep_unbound(std::uint32_t stream,
                           const MediaPacket& packet,
                           const SequenceVerdict& sequence);
  void note_kept(std::uint32_t stream, const MediaPacket& packet);
  void note_truncated(std::uint32_t stream, const MediaPacket& packet);
  [[nodiscard]] bool is_kept_already(std::uint32_t stream, ByteView packet);
  void recall_kept(std::uint32_t stream);

  // media_binding.cc: claims
  struct Owner {
    std::uint32_t claim = kNone;
    bool by_destination = false;
  };

  [[nodiscard]] Owner find_owner(std::uint32_t stream, std::int64_t time_ns) const;
  void attach(std::uint32_t stream, const Owner& owner);
  void detach(std::uint32_t stream);
  void take_parties(std::uint32_t stream, const Owner& owner);
  void reexamine(std::uint32_t stream, const BindMessage& message);
  void start_anew(std::uint32_t stream, std::int64_t time_ns);
  void forget_past(std::uint32_t stream);
  void end_part(std::uint32_t stream);
  [[nodiscard]] bool bind(const BindMessage& message);
  void unbind(const BindMessage& message);
  void set_paused(const BindMessage& message, bool paused);
  void set_muted(const BindMessage& message, bool muted);
  [[nodiscard]] bool is_unrecorded(std::uint32_t stream) const;
  void note_stray(std::uint32_t stream);
  [[nodiscard]] bool release(const BindMessage& message);
  void forget_claim(const CallHandle& call, std::uint32_t address);
  void drop_surplus_claim(const CallHandle& call);

  // media_contest.cc: streams that a later call claims
  [[nodiscard]] bool is_contested(std::uint32_t stream, const Owner& owner);
  void contest(std::uint32_t stream, const Owner& owner, const BindMessage& message);
  void contest_ended(std::uint32_t stream, std::int64_t end_ns);
  void renew(std::uint32_t stream);
  [[nodiscard]] bool is_nested(const StreamCold& cold, const CallHandle& other);
  [[nodiscard]] bool broke_off(std::uint32_t stream, std::int64_t since_ns, std::int64_t pause_ns);
  std::uint32_t find_contested(const MediaPacket& packet);
  void doubt_stray(std::uint32_t stream, const MediaPacket& packet);
  void pass_on(std::uint32_t stream, const Owner& owner);
  void hand_over(std::uint32_t stream, const Owner& owner);

  // media_masking.cc: keys that must not be read
  void take_dtmf(std::uint32_t stream, const Claim& claim, bool by_destination);
  void tell_key(std::uint32_t stream, const MediaPacket& packet);
  void mask_newest(std::uint32_t stream, std::size_t packet_bytes);

  // media_shedding.cc: what is not kept for lack of room
  void set_withheld(const BindMessage& message);
  void withhold(std::uint32_t stream, StreamFlag why);
  void keep_again(std::uint32_t stream, StreamFlag why);
  void forget_withholding(std::uint32_t stream);
  void take_withholding(std::uint32_t stream, const CallSlot& slot);
  void settle_withheld(std::uint32_t stream);
  void count_withheld(std::uint32_t stream);
  void note_missed(std::uint32_t claim, std::int64_t time_ns);
  void tell_missed(std::uint32_t stream);
  void starve(std::uint32_t stream);
  void feed_hungry();
  void make_room();
  [[nodiscard]] bool is_kept(std::uint32_t claim);
  [[nodiscard]] bool is_wanted(const MediaPacket& packet);

  // media_fax.cc: T.38 in datagrams
  [[nodiscard]] std::uint32_t find_fax_claim(const StreamKey& key, std::int64_t time_ns) const;
  [[nodiscard]] Owner find_fax_owner(std::uint32_t stream, std::int64_t time_ns) const;
  std::uint32_t create_fax(const MediaPacket& packet, const StreamKey& key, std::uint64_t hash);

  // media_unbound.cc: RTP that no call explains
  bool tell(std::uint32_t stream);
  bool offer(std::uint32_t stream);
  [[nodiscard]] bool set_offering(BindOperation operation);

  const WorkerOptions& options_;
  WorkerRings& rings_;
  WorkerCounters& counters_;
  StreamTable streams_;
  EndpointMap endpoints_;
  ChunkPool pool_;
  Chunker chunker_;
  Quarantine quarantine_;
  StrayMarks strays_;
  ListHead timers_;  // StreamCold::timer
  ListHead hungry_;  // CallSlot::hungry: starved calls
  std::int64_t now_ns_ = 0;
  std::uint32_t unproven_count_ = 0;
  std::uint32_t bound_count_ = 0;
  std::uint32_t withheld_count_ = 0;
  bool offering_ = false;          // unexplained RTP is told of
  std::uint16_t offer_round_ = 0;  // counts kOfferUnbound
};

}  // namespace tapdeck::engine
