// What the writer knows and the call store does not yet: every segment of the store and how far it
// is durable, the extents of recordings that have no committed row, and up to where streams are
// durable.
//
// Threads: writers add (each its own segments and recordings), the store thread takes rows and
// retires them, readers copy; one mutex, held for short copies only. Memory: 64 bytes per extent
// until its row is committed, a fixed part per segment of the store, 100 bytes for each of the last
// kAbandonedMax recordings that were abandoned. Full: never; bounded by segment size and the store
// thread's pace.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "storage/segment_format.h"
#include "storage/store_access.h"

namespace tapdeck::storage {

constexpr std::size_t kAbandonedMax = 65'536;

enum class SegmentFooter : std::uint8_t { kWritten, kMissing };

struct SegmentInfo {
  std::string path;
  SegmentKind kind = SegmentKind::kMedia;
  std::uint64_t durable_bytes = 0;  // header and extents; the footer not counted
  bool sealed = false;
};

// Extents of one recording in one segment.
struct SegmentExtents {
  Uid recording{};
  SegmentId segment{};
  SegmentKind kind = SegmentKind::kMedia;
  bool again = false;  // others of the same two were handed over before: their row is to be joined
  std::vector<ExtentEntry> entries;
};

struct OpenStream {
  std::uint16_t stream = 0;
  StreamDurability durability;
};

struct OpenRecording {
  std::vector<SegmentExtents> extents;  // durable ones only
  std::vector<OpenStream> streams;
};

class OpenIndex {
 public:
  struct Recording;

  // Segments.
  void add_segment(const SegmentId& id, SegmentInfo info);
  void set_durable(const SegmentId& id, std::uint64_t bytes);
  // Everything up to `bytes` is durable and nothing follows: rows of its recordings are ready.
  // Without its footer it is never reported by take_indexed(), so that the next opening seals it.
  void seal(const SegmentId& id, std::uint64_t bytes, SegmentFooter footer);
  // The segment never held anything.
  void remove_segment(const SegmentId& id);
  // Forgets extents that end behind `bytes`: the disk refused them.
  void drop_behind(const SegmentId& id, std::uint64_t bytes);
  // Takes out a sealed segment of which no row waits to be committed; false: it is none.
  bool remove_sealed(const SegmentId& id);
  [[nodiscard]] std::optional<SegmentInfo> find_segment(const SegmentId& id);
  [[nodiscard]] std::vector<std::pair<SegmentId, SegmentInfo>> segments();

  // Recordings; the writer's thread.  What open() gives is good until end_recording().
  [[nodiscard]] Recording* open(const Uid& recording);
  // A hint: extents of these will be added soon.
  void warm(std::span<Recording* const> recordings);
  void add_stream(Recording* recording, const OpenStream& stream);
  // A section waits to be packed: later ones of its stream are not durable before it.
  void hold(Recording* recording, std::uint16_t stream, std::uint32_t sequence);
  void add_extents(Recording* recording,
                   const SegmentId& segment,
                   std::span<const ExtentEntry> entries);
  // Of what the recording holds these sections are lost.
  void drop_held(Recording* recording, std::span<const ExtentEntry> sections);
  void end_recording(const Uid& recording);

  // From now on nothing of these parts is indexed: what has no committed row is forgotten, and what
  // is added later is not taken.
  enum class Abandon : std::uint8_t {
    kAlsoLater,    // also if it begins later: of the last kAbandonedMax that holds
    kWhatIsThere,  // it is over, nobody adds to it
  };
  void abandon(const Uid& recording, ShredParts parts, Abandon until);
  void readmit(const Uid& recording);  // it is made anew
  [[nodiscard]] ShredParts abandoned_parts(const Uid& recording);

  // Moves with each abandon(); then abandoned_since() has the recordings, from `seen` on.
  [[nodiscard]] std::uint64_t abandonments() const {
    return abandonments_.load(std::memory_order_acquire);
  }

  std::vector<Uid> abandoned_since(std::uint64_t& seen);

  // True when all rows of an ended recording are ready, or there are none.
  [[nodiscard]] bool is_settled(const Uid& recording);

  // Rows that are complete and durable, each once; the store's thread commits them, then says so.
  [[nodiscard]] std::vector<SegmentExtents> take_ready();
  void retire(std::span<const SegmentExtents> committed);
  void give_back(std::vector<SegmentExtents> rows);  // the commit failed
  // Sealed segments that have all their rows committed, each once.
  [[nodiscard]] std::vector<SegmentId> take_indexed();

  // For readers: take it before reading committed rows, so that no row is missed between the two.
  [[nodiscard]] std::optional<OpenRecording> find_recording(const Uid& recording);
  [[nodiscard]] std::size_t recording_count();
  // Something was added to it and it has not ended.
  [[nodiscard]] bool is_open(const Uid& recording);

 private:
  struct SegmentIdHash {
    std::size_t operator()(const SegmentId& id) const {
      std::size_t value = 0;
      std::memcpy(&value, id.data(), sizeof value);
      return value;
    }
  };

  struct Segment {
    SegmentInfo info;
    std::vector<Uid> members;        // recordings with a group here, once each
    std::vector<Uid> ended_members;  // ended, but not all durable when they did
    // Of those, until it is sealed: they have a row already.
    std::unordered_set<Uid, UidHash> handed_over;
    std::uint64_t group_count = 0;  // groups not yet retired
    SegmentFooter footer = SegmentFooter::kMissing;
  };

  struct Waiting {  // a section that is not yet durable, in order of appending
    std::uint32_t sequence = 0;
    bool placed = false;  // false: held for packing
    SegmentId segment{};
    std::uint64_t end = 0;
    std::int64_t last_us = 0;
  };

  struct Stream {
    OpenStream known;
    std::vector<Waiting> waiting;
  };

  struct Group {
    SegmentId segment{};
    bool handed_over = false;
    std::vector<ExtentEntry> entries;
  };

  static Stream& stream_of(Recording& recording, std::uint16_t number);
  [[nodiscard]] static bool is_over(const Recording& recording);
  void place(Recording& recording, const SegmentId& segment, const ExtentEntry& entry);
  void settle(Recording& recording);
  static void touch(std::span<Recording* const> recordings);
  bool try_ready(Recording& recording, const SegmentId& segment, Segment& in);
  void drop_entries(Recording& recording, const SegmentId& id, std::uint64_t bytes, Segment& in);
  void note_if_indexed(const SegmentId& id, const Segment& segment);
  void remember_abandoned(const Uid& recording, ShredParts parts);
  void forget_rows(Recording& recording, ShredParts parts);

  std::mutex mutex_;
  std::unordered_map<SegmentId, Segment, SegmentIdHash> segments_;
  std::unordered_map<Uid, Recording, UidHash> recordings_;
  std::vector<SegmentExtents> ready_;
  std::vector<SegmentId> indexed_;

  struct Abandoned {
    ShredParts parts = ShredParts::kNone;
    std::uint32_t entries = 0;  // in abandoned_order_
  };

  std::unordered_map<Uid, Abandoned, UidHash> abandoned_;
  std::deque<Uid> abandoned_order_;  // oldest first
  std::atomic<std::uint64_t> abandonments_{0};
};

struct OpenIndex::Recording {
  Uid uid{};
  bool ended = false;
  bool is_open = false;                                  // the writer has it from open()
  std::atomic<ShredParts> abandoned{ShredParts::kNone};  // written under the mutex
  std::vector<Group> groups;
  std::vector<Stream> streams;  // by number
};

}  // namespace tapdeck::storage
