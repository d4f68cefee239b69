// The way of everything a call leaves behind, from the call plane to disk.  Messages and call
// records share one queue to the writer, so that a record never overtakes the messages it speaks
// of; a final one waits for the media that had left the workers before it.  Messages never wait for
// media: of a slow disk they get the first part.  Records go on to the keeper, final ones when all
// that their calls kept is durable.  What is to be shredded is abandoned by the writer at once,
// ahead of chunks that still wait, and destroyed by the keeper, who may wait for the disk.
//
//   call plane --RecordCommand--> RecordWriter (segments) --CallRecord--> RecordKeeper (RocksDB)
//                                                         --ShredOrder-->
//
// Threads: the call plane pushes, the writer thread steps RecordWriter, the store thread steps
// RecordKeeper; in ingest all three are one thread.  Memory: two bounded queues.
// A call store that refuses every write is asked again, for as long as somebody has patience: who
// ends waits until the keeper has_given_up().
// Full: media waits in the chunk rings (workers drop and tell when those are full); records and
// messages are never dropped, whoever pushes them waits.  Events are dropped, and counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "apps/record_commands.h"
#include "base/counters.h"
#include "base/spsc_ring.h"
#include "engine/rings.h"
#include "model/call.h"
#include "model/event.h"
#include "model/media_span.h"
#include "storage/record_intake.h"

namespace tapdeck::apps {

struct RecordQueues {
  explicit RecordQueues(std::size_t capacity)
      : to_writer(capacity), to_keeper(capacity), shreds(capacity), events(capacity) {}

  SpscRing<RecordCommand> to_writer;
  SpscRing<CallRecord> to_keeper;
  SpscRing<ShredOrder> shreds;   // from the writer to the keeper
  SpscRing<EventRecord> events;  // from the call plane to the keeper: they wait for nothing
};

struct RecordFigures {
  Counter chunks_written;
  Counter chunks_failed;       // the disk refused them: their recordings have gaps
  Counter messages_failed;     // likewise, batches of SIP messages and records beside them
  Counter chunks_abandoned;    // of shredded recordings: zeroed, not written
  Counter messages_abandoned;  // likewise
  Counter packets_cut;         // likewise, of stretches that were not to be kept
  Counter recordings_shredded;
  Counter records_committed;
  Counter events_committed;
  Counter commit_failures;  // batches that RocksDB refused; retried until they pass

  // What became of a chunk, which is zeroed if its recording was abandoned.
  void note(storage::AppendVerdict verdict, Chunk& chunk);
};

class RecordWriter {
 public:
  // All must outlive the writer.
  RecordWriter(storage::SegmentWriter& segments,
               std::vector<engine::WorkerRings*> workers,
               RecordQueues& queues,
               RecordFigures& figures);

  // Handles the commands that are queued, then every chunk that is in the rings, then the ends of
  // calls.  Where the call store holds up the first or the last, chunks are written all the same.
  // Returns how many things it moved; 0 means idle or waiting for the disk.
  std::uint32_t step(std::int64_t timer_now_ns);

  // Nothing is queued and no chunk is waiting; final records may still wait for the disk.
  [[nodiscard]] bool is_idle() const;

  // Waits until all that was written is durable; step() then passes on what still has_finals().
  Result<void> flush() { return segments_.flush(); }

  // No further call can end before one of those that wait is durable and handed on.
  [[nodiscard]] bool is_full_of_finals() const {
    return finals_.size() >= queues_.to_keeper.capacity();
  }

  [[nodiscard]] bool has_finals() const { return !finals_.empty(); }

  // Call records that have not been passed on.  Nothing may be pushed any more.
  [[nodiscard]] std::size_t count_left();

 private:
  // Final records that came at once, and how many chunks of each worker go before them.
  struct Ending {
    std::vector<std::uint64_t> chunks;
    std::deque<CallRecord> records;
  };

  void handle_commands();
  bool handle(RecordCommand& command, Ending& ending);
  bool keep_messages(const KeepMessages& messages);
  bool keep_beside_messages(CallRecord& record);
  void note_messages(storage::AppendVerdict verdict);
  bool shred(const ShredRecording& order);
  bool shred(const ShredMedia& order);
  void note_cut(const ShredMedia& order);
  void cut(Chunk& chunk);
  void write_chunks();
  std::uint32_t take_batch(engine::WorkerRings& rings, std::uint32_t most);
  bool write_batch();
  [[nodiscard]] std::vector<std::uint64_t> chunks_so_far() const;
  void end_calls();
  void pass_finals();

  storage::SegmentWriter& segments_;
  std::vector<engine::WorkerRings*> workers_;
  RecordQueues& queues_;
  RecordFigures& figures_;
  std::deque<RecordCommand> commands_;
  std::deque<Ending> endings_;          // their calls' last chunks are still in the rings
  std::size_t ending_count_ = 0;        // records in them
  std::deque<CallRecord> finals_;       // their calls have ended, but wait for the disk
  std::vector<std::uint64_t> written_;  // chunks, per worker
  std::vector<Chunk*> batch_;           // taken from a ring
  std::size_t batch_at_ = 0;            // what comes next of it; a busy disk refused that
  std::uint32_t moved_ = 0;             // in this step
  // Of calls that are not over: what is not to be written of media that is on its way.
  std::unordered_map<Uid, std::vector<MediaSpan>, UidHash> cuts_;
};

class RecordKeeper {
 public:
  RecordKeeper(storage::RecordIntake& intake, RecordQueues& queues, RecordFigures& figures);

  // Commits whatever waits, at most 512 records, once there are 64 or 100 ms have passed; what is
  // to be shredded goes at once.  Returns how many records and orders it took.
  std::uint32_t step(std::int64_t timer_now_ns);
  Result<void> flush();  // commits whatever is there

  // As flush(), but tries again until it works or has_given_up().
  Result<void> flush_patiently();

  // The call store has refused every write for kPatienceNs.  Any thread.
  [[nodiscard]] bool has_given_up(std::int64_t timer_now_ns) const {
    const std::int64_t since_ns = refusing_since_ns_.load(std::memory_order_relaxed);
    return since_ns != 0 && timer_now_ns - since_ns >= kPatienceNs;
  }

  // That nothing will be stored any more, of how many call records, and why.  `left`: of others.
  [[nodiscard]] Error refusal(std::size_t left) const;

  [[nodiscard]] std::size_t count_left() const { return group_.size() + queues_.to_keeper.size(); }

  [[nodiscard]] bool is_idle() const {
    return group_.empty() && queues_.to_keeper.size() == 0 && events_.empty() &&
           queues_.events.size() == 0 && shreds_.empty() && queues_.shreds.size() == 0;
  }

 private:
  static constexpr std::int64_t kPatienceNs = 30'000'000'000;

  template <typename Record>
  static std::uint32_t take(SpscRing<Record>& from, std::vector<Record>& to, std::size_t most);
  Result<void> put_groups();
  Result<void> shred_all();
  Result<void> obey(const ShredOrder& order);
  void take_newest_spans();
  Result<void> commit();

  storage::RecordIntake& intake_;
  RecordQueues& queues_;
  RecordFigures& figures_;
  std::vector<CallRecord> group_;
  std::vector<EventRecord> events_;
  std::vector<ShredOrder> shreds_;
  std::int64_t committed_ns_ = 0;
  std::atomic<std::int64_t> refusing_since_ns_{0};  // keeper: rw, others: ro; 0: it does not
  std::string refusal_;
};

}  // namespace tapdeck::apps
