// The open segments of a store and the staging buffers they share: gives out room for extents,
// writes full or aged buffers, syncs, advances what is durable, seals.
//
// Threads: every method on the writer's thread; figures from any. Memory: staging buffers,
// allocated here; a footer entry (80 bytes) per section of an open segment.  Full: reserve() gives
// kBusy while every buffer is in flight.  A refused write or sync ends its segment at its durable
// end; what lay behind is reported through `on_lost`.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "storage/keys.h"
#include "storage/open_index.h"
#include "storage/segment_file.h"
#include "storage/segment_writer.h"
#include "storage/store.h"
#include "storage/uring.h"

namespace tapdeck::storage {

struct WriterFigures {
  Counter segments_created;
  Counter segments_sealed;
  Counter segments_failed;
  Counter extents;
  Counter bytes_staged;
  Counter writes;
  Counter syncs;
  Counter io_errors;
  Counter busy;               // reserve() found no buffer
  Counter lost_extents;       // taken, then refused by the disk
  Counter failed_appends;     // not taken, or no room in any segment
  Counter abandoned_appends;  // not taken: their recordings were abandoned
  Counter packed_extents;
  Counter checkpoints;
  Counter checkpoints_failed;
  Counter direct_segments;    // opened with O_DIRECT
  Counter buffered_segments;  // where the file system refuses it, at once or at a write
  Counter blocking_writes;    // made without io_uring, which the kernel denies
};

struct SegmentSlot {
  std::uint16_t retention_class = 0;
  SegmentKind kind = SegmentKind::kMedia;
  std::int32_t utc_day = 0;

  bool operator==(const SegmentSlot&) const = default;
};

struct LostExtent {
  Uid recording{};
  SegmentId segment{};
  std::uint64_t offset = 0;
};

class SegmentOutput {
 public:
  using OnLost = std::function<void(const LostExtent&)>;

  struct Keys {  // the vault, and as which of its users to sync it
    KeyVault& vault;
    std::uint32_t user = 0;
  };

  SegmentOutput(const StoreOptions& options, Keys keys, OpenIndex& index, OnLost on_lost);
  ~SegmentOutput();
  SegmentOutput(const SegmentOutput&) = delete;
  SegmentOutput& operator=(const SegmentOutput&) = delete;

  // Room for one extent; valid until the next call of any other method.
  struct Place {
    SegmentId segment{};
    std::uint64_t offset = 0;
    std::uint8_t* to = nullptr;
  };

  [[nodiscard]] AppendVerdict reserve(const SegmentSlot& slot,
                                      std::uint32_t stored_bytes,
                                      Place& place);
  // The extent is written to its place, which must be the last one reserved.
  void commit(OpenIndex::Recording* recording, std::span<const ExtentEntry> entries);

  std::uint32_t step(std::int64_t timer_now_ns);
  void wait();  // for one completion, and handles it

  Result<void> flush();
  void seal_all();  // after flush(); waits

  [[nodiscard]] bool usable_here() const { return uring_.usable_here(); }

  WriterFigures& figures() { return figures_; }

 private:
  struct Write {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    bool done = false;
  };

  // A checkpoint or the footer on its way to the disk, and the sync behind it.
  struct Aside {
    std::vector<std::uint8_t> bytes;
    std::uint32_t requests = 0;
    bool failed = false;
  };

  struct Segment {
    SegmentSlot slot;
    SegmentId id{};
    std::string path;
    SegmentFile file;
    std::uint64_t end = 0;  // behind the last committed extent
    std::uint64_t allocated = 0;
    int buffer = -1;  // staging buffer, or none
    std::uint64_t buffer_offset = 0;
    std::uint32_t buffer_used = 0;
    std::int64_t buffer_since_ns = 0;
    std::deque<Write> writes;   // in offset order
    std::uint64_t written = 0;  // all below is written
    std::uint64_t durable = 0;
    std::int64_t unsynced_since_ns = 0;
    std::uint32_t requests = 0;  // in flight
    bool syncing = false;
    bool closing = false;  // full: seal when durable
    bool failed = false;
    bool sealing = false;
    std::vector<FooterEntry> footer;
    Aside aside;
    Descriptor checkpoints;
    std::uint64_t checkpoint_file_bytes = 0;
    std::uint64_t checkpointed = kSegmentHeaderBytes;  // checkpoints cover all below,
    std::size_t checkpointed_entries = 0;              // which are so many of `footer`
    std::int64_t checkpointed_ns = 0;
    bool checkpoints_failed = false;
  };

  enum class RequestKind : std::uint8_t { kWrite, kSync, kKeySync, kCheckpoint, kFooter };

  struct Request {
    RequestKind kind = RequestKind::kWrite;
    Segment* segment = nullptr;
    std::uint64_t offset = 0;  // write: where; sync: durable up to here when done
    std::uint32_t bytes = 0;
    int buffer = -1;
    int file = -1;
    bool direct = false;  // write: made with O_DIRECT
  };

  Segment* find(const SegmentSlot& slot);
  Segment* open(const SegmentSlot& slot);
  bool take_buffer(Segment& segment);
  void write_oldest_partial();
  bool write_out(Segment& segment);
  void queue_write(Request request);
  void go_on_buffered(Segment& segment);
  bool preallocate(Segment& segment, std::uint64_t end);
  bool start_sync(Segment& segment);
  std::uint64_t new_request(const Request& request);
  std::uint32_t handle_completions();
  void on_write(const Request& request, std::int32_t result);
  void on_sync(const Request& request, std::int32_t result);
  void fail(Segment& segment, int error, const char* what);
  void start_aside(Segment& segment, RequestKind kind, int file, std::uint64_t offset);
  void on_aside(const Request& request, std::int32_t result);
  void start_checkpoint(Segment& segment);
  void seal_finished();
  bool start_seal(Segment& segment);
  void finish_seal(Segment& segment, SegmentFooter footer);
  void end_before_buffer(Segment& segment);
  void abandon_behind(Segment& segment, std::uint64_t end);
  [[nodiscard]] bool all_settled() const;

  StoreOptions options_;
  Keys keys_;
  OpenIndex& index_;
  OnLost on_lost_;
  WriterFigures figures_;
  std::unique_ptr<std::uint8_t, void (*)(void*)> memory_;
  std::vector<int> free_buffers_;
  std::vector<std::unique_ptr<Segment>> segments_;
  Uring uring_;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_requests_;
  Segment* reserved_in_ = nullptr;
  std::uint32_t reserved_bytes_ = 0;
  std::uint32_t key_syncs_ = 0;  // in flight
  std::int64_t now_ns_ = 0;
  std::int64_t retry_at_ns_ = 0;  // no new segment before, after the disk refused one
  bool refused_ = false;          // since the last flush()
};

}  // namespace tapdeck::storage
