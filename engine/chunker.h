// Fills chunks with the packets of bound streams and hands them to the writer: when full, when
// older than flush_interval, when the stream ends.
//
// Extents are padded to whole blocks of kBlockBytes.  So what goes out for its age alone, the open
// chunks of one call, fills whole blocks: the newest packets of each stay behind as a rest, less
// than a block of them all, in chunks that are no younger than the first of them
// (docs/BUDGETS.md#space).
//
// Threads: the owning worker.  Memory: chunks of the pool.  When no chunk is free or the writer's
// ring is full: the packets are dropped and counted, and a gap record in the stream's next chunk
// tells how many and why.  Sections: docs/formats/segment.md.
#pragma once

#include <array>
#include <cstdint>

#include "engine/chunk_pool.h"
#include "engine/counters.h"
#include "engine/prefetch.h"
#include "engine/stream_table.h"

namespace tapdeck::engine {

class Chunker {
 public:
  Chunker(Arena& arena, StreamTable& streams, ChunkPool& pool, WorkerCounters& counters)
      : streams_(streams),
        pool_(pool),
        counters_(counters),
        order_(arena.take<Order>(streams.capacity() + std::size_t{1})) {}

  enum class Verdict : std::uint8_t {
    kKept,
    kTooLong,  // dropped: counted, and pending as a gap
    kNoChunk,  // nothing was done: there is no free chunk
  };

  // Appends a packet to the stream's open chunk, opening or changing chunks as needed.
  Verdict append(std::uint32_t stream, ByteView packet, std::int64_t time_ns, std::int64_t now_ns);

  // Asks memory for what changing the stream's chunk will touch.
  void prefetch_change(std::uint32_t stream) const {
    const auto* cold = reinterpret_cast<const std::uint8_t*>(&streams_.cold(stream));
    for (std::size_t at = 0; at < sizeof(StreamCold); at += kLineBytes)
      prefetch_to_write(cold + at);
    prefetch_to_write(&order_[stream]);
    prefetch_head(streams_.hot(stream).chunk);
    prefetch_head(pool_.next());
  }

  // Packets of these times that are not kept: they become a gap record, and a LossSpan.
  struct Lost {
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
    std::uint32_t packets = 1;
  };

  void add_gap(std::uint32_t stream, GapReason reason, const Lost& lost);

  void add_gap(std::uint32_t stream, GapReason reason, std::int64_t time_ns) {
    add_gap(stream, reason, {time_ns, time_ns, 1});
  }

  // The open chunk is given back and nothing of it stays in memory, nor what was to be told of
  // gaps: none of it was wanted.
  void wipe_open(std::uint32_t stream);

  // Takes packets from `from_ns` on out of the open chunk again: they become a gap of kPaused.
  void cut_paused(std::uint32_t stream, std::int64_t from_ns);
  // Likewise, of [from_ns, to_ns), out of a chunk that is not open.
  void cut_paused(std::uint32_t stream, Chunk& chunk, std::int64_t from_ns, std::int64_t to_ns);

  // Drops the open chunk, if any: its packets become a gap.
  void drop_open(std::uint32_t stream);

  // Takes over a chunk that was filled in quarantine as the open chunk of a bound stream.
  void adopt(std::uint32_t stream, std::uint32_t chunk, std::int64_t now_ns);

  // Hands out the open chunk, if any.  kEnd: also opens one for gaps that nobody has told yet.
  enum class Why : std::uint8_t { kFlush, kEnd };

  void close(std::uint32_t stream, Why why, std::int64_t now_ns);

  // Hands out chunks older than `age_ns`, with those of the same call, so that the writer can pack
  // them; at most `budget` such groups.
  void flush_aged(std::int64_t now_ns, std::int64_t age_ns, std::uint32_t budget);

  [[nodiscard]] bool has_open() const { return oldest() != kNone; }

  void flush_oldest(std::int64_t now_ns) { close(oldest(), Why::kFlush, now_ns); }

 private:
  // By which a rest is told to be older than the moment it was made, in eighths of the age at which
  // chunks go out: never less than it is.  So each of these lists is in order by itself.
  static constexpr std::array<std::int64_t, 4> kOlderBy = {0, 1, 2, 4};

  struct Order {  // apart from the streams' cold state: closing a chunk touches two neighbours
    Link link;
    std::uint32_t list : 2;       // of open_
    std::uint32_t older_us : 30;  // as which the chunk is told than it is
  };

  // Open chunks of one call that go out together, as one extent.
  struct Group {
    static constexpr std::size_t kStreamsMax = 33;

    std::array<std::uint32_t, kStreamsMax> streams;
    std::size_t count = 0;
    std::size_t bytes = kExtentHeaderBytes;  // on disk, without padding
    std::size_t record_bytes = 0;            // of these
    std::uint32_t largest = kNone;           // the stream with the most bytes
  };

  [[nodiscard]] std::uint32_t oldest() const;
  [[nodiscard]] Group group_of(std::uint32_t stream);
  void add_to(Group& group, std::uint32_t stream);
  std::size_t close_but(std::uint32_t stream,
                        std::size_t rest,
                        std::int64_t now_ns,
                        std::int64_t age_ns);
  void note_open(std::uint32_t stream, std::uint32_t list, std::int64_t older_ns);
  void note_closed(std::uint32_t stream);

  void prefetch_head(std::uint32_t chunk) const {
    if (chunk == kNone) return;
    const auto* head = reinterpret_cast<const std::uint8_t*>(&pool_.at(chunk));
    prefetch_to_write(head);
    prefetch_to_write(head + kLineBytes);
  }

  [[nodiscard]] std::uint32_t open(std::uint32_t stream, std::int64_t time_ns, std::int64_t now_ns);
  void write_gaps(std::uint32_t stream);
  void lose(std::uint32_t stream, const Chunk& chunk, DropReason drop, GapReason gap);

  StreamTable& streams_;
  ChunkPool& pool_;
  WorkerCounters& counters_;
  std::span<Order> order_;
  std::array<ListHead, kOlderBy.size()> open_;  // of streams, oldest chunk first
};

// Prepares an empty chunk for a stream: everything of the section that the stream's key gives.
void begin_chunk(Chunk& chunk, StreamHot& hot, std::int64_t time_ns, std::int64_t now_ns);

// Writes the fill into the chunk's header: before anyone else looks at it.
void seal_chunk(Chunk& chunk, const ChunkFill& fill);

// The other way round.
ChunkFill fill_of(const Chunk& chunk);

// Makes room for a record and writes its header.  Precondition: room_of(fill) suffices.
std::uint8_t* append_header(
    Chunk& chunk, ChunkFill& fill, RecordKind kind, std::size_t length, std::uint32_t delta_us);

// Appends an RTP record.  False when there is no room for it, or its time is too far from the
// chunk's base (71 minutes).
bool append_record(Chunk& chunk, ChunkFill& fill, ByteView packet, std::int64_t time_ns);

constexpr std::size_t room_of(const ChunkFill& fill) { return kRecordBytesMax - fill.record_bytes; }

// Asks memory for the place that append_record() will write to.
inline void prefetch_record(const Chunk& chunk, const ChunkFill& fill, std::size_t packet_bytes) {
  constexpr std::size_t kLinesMax = 4;  // longer packets are copied fast enough without
  const std::uint8_t* at = chunk.records.data() + fill.record_bytes;
  // Records begin anywhere in a line.
  const std::size_t lines =
      (fill.record_bytes % kLineBytes + kRecordHeaderBytes + packet_bytes + kLineBytes - 1) /
      kLineBytes;
  for (std::size_t i = 0; i < lines && i < kLinesMax; ++i) {
    prefetch_to_write(at + i * kLineBytes);
  }
}

constexpr std::size_t kPacketBytesMax = kRecordLengthMax < kRecordBytesMax - kRecordHeaderBytes
                                            ? kRecordLengthMax
                                            : kRecordBytesMax - kRecordHeaderBytes;

}  // namespace tapdeck::engine
