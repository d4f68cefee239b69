// The SegmentWriter of a store: recordings, their keys, stream numbers and digests, packing of
// partial chunks; SegmentOutput does the files. Threads: see segment_writer.h; figures from any.
// Memory: per recording its two keys, its streams, 56 bytes per extent for the digest and at most
// one extent of held sections; all held sections together at most kHeldBytesMax.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/extent_codec.h"
#include "storage/leaf_ahead.h"
#include "storage/segment_output.h"
#include "storage/segment_writer.h"

namespace tapdeck::storage {

// What a recording that goes on after a restart has in the store already.
struct RecordingPast {
  std::uint16_t next_stream = 0;
  std::uint32_t next_message = 0;
  std::uint64_t media_bytes = 0;
  std::vector<ExtentEntry> media;  // for the digest
};

class SegmentWriterImpl final : public SegmentWriter {
 public:
  // `key_user`: see KeyVault::take_unsynced_files(); each writer of a store has its own.
  SegmentWriterImpl(const StoreOptions& options,
                    KeyVault& keys,
                    OpenIndex& index,
                    std::uint32_t key_user = 0);
  ~SegmentWriterImpl() override;

  // Before the first append: `recording` goes on behind what the store has of it.
  void continue_recording(const Uid& recording, RecordingPast past);

  // Before the first append: what the store has of `recording` is no more.
  void forget_recording(const Uid& recording) { past_.erase(recording); }

  void announce(std::span<const Chunk* const> chunks) override;
  AppendVerdict try_append(const Chunk& chunk) override;
  AppendVerdict try_append_messages(const Uid& recording,
                                    std::uint16_t retention_class,
                                    std::string_view records) override;
  RecordingSummary sum_up(const CallRecord& record) override;
  AppendVerdict try_append_record(const CallRecord& record) override;
  void end_recording(const Uid& recording) override;
  RecordingSummary take_summary(const Uid& recording) override;

  bool is_settled(const Uid& recording) override { return index_.is_settled(recording); }

  void abandon(const Uid& recording, ShredParts parts) override;
  std::uint32_t step(std::int64_t timer_now_ns) override;
  Result<void> flush() override;

  // end_recording() of every recording that is still open.
  void end_all();

  // flush(), then seals every segment.  On the thread that appended last, or with nothing in
  // flight.
  Result<void> close();

  WriterFigures& figures() { return output_.figures(); }

 private:
  struct StreamKey {
    Endpoint source;
    Endpoint destination;
    std::uint32_t ssrc = 0;
    std::uint16_t realm = 0;

    bool operator==(const StreamKey&) const = default;
  };

  static StreamKey stream_key_of(const SectionHeader& section);

  struct StreamKeyHash {
    std::size_t operator()(const StreamKey& key) const;
  };

  struct Held {  // a section waiting to be packed
    std::uint16_t stream = 0;
    std::uint32_t sequence = 0;
    std::uint32_t duration_us = 0;
    bool may_go_alone = false;
    std::vector<std::uint8_t> section;
  };

  struct Leaf {
    SegmentId segment{};
    ExtentEntry entry;
    std::int64_t last_us = 0;  // of all sections
    std::uint32_t sections = 0;
    std::uint64_t packets = 0;
  };

  // The media of a recording, kept until its summary has been taken.
  struct Kept {
    std::vector<ExtentEntry> past;
    std::uint64_t past_bytes = 0;
    std::vector<Leaf> leaves;
    std::uint64_t failed = 0;
    std::vector<LostMedia> lost;
    std::optional<std::string> digest;  // of all of it, once asked for
  };

  struct Content {  // of the extent being made
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
    std::uint32_t sections = 0;
    std::uint64_t packets = 0;
  };

  struct Recording {
    OpenIndex::Recording* indexed = nullptr;
    std::uint16_t retention_class = 0;
    std::optional<AllocatedKey> media_key;
    std::optional<AllocatedKey> sip_key;
    std::unordered_map<StreamKey, std::uint16_t, StreamKeyHash> streams;
    std::uint16_t next_stream = 0;
    std::uint32_t next_message = 0;
    Kept kept;
    std::vector<Held> held;
    std::size_t held_bytes = 0;  // with packed entries
  };

  // An announced chunk, and what was found of it before its turn came.
  struct Announced {
    const Chunk* chunk = nullptr;
    Recording* recording = nullptr;  // null: there was none
    std::optional<std::uint16_t> stream = std::nullopt;
  };

  Recording& recording_of(const Uid& uid, std::uint16_t retention_class);
  std::optional<std::uint16_t> stream_of(Recording& recording, const Chunk& chunk);
  [[nodiscard]] const Announced* announced(const Chunk& chunk) const;
  void forget_announced(const Chunk& chunk);
  static bool is_partial(const Chunk& chunk);
  AppendVerdict append(const Chunk& chunk);
  bool ensure_key(const Uid& uid, std::optional<AllocatedKey>& key, SegmentKind kind);
  void hold(const Uid& uid, Recording& recording, const Chunk& chunk, std::uint16_t stream);
  AppendVerdict pack(const Uid& uid, Recording& recording);
  AppendVerdict pack_alike(const Uid& uid, Recording& recording);
  void release_held(Recording& recording, std::size_t count);
  void pack_now(const Uid& uid, Recording& recording);

  struct Plaintext {
    std::span<const ByteView> pieces;
    const Chunk* chunk = nullptr;  // of which it is the section; null: of none alone
  };

  AppendVerdict write_extent(const Uid& uid,
                             Recording& recording,
                             ExtentHeader& header,
                             const Plaintext& plaintext,
                             std::vector<ExtentEntry>& entries);
  const AllocatedKey* key_of_whole(const Chunk& chunk) const;
  AppendVerdict append_group(const Uid& uid, Recording& recording, std::string_view records);
  [[nodiscard]] std::uint16_t class_of(const CallRecord& record) const;
  static void note_lost(Kept& kept, const Content& content);
  AppendVerdict refuse(Kept& kept, const Content& content);
  AppendVerdict refuse_messages();
  RecordingSummary summarise(Kept& kept);
  void on_lost(const LostExtent& lost);

  [[nodiscard]] static bool is_abandoned(const Recording& recording, SegmentKind kind);
  AppendVerdict refuse_abandoned();
  AppendVerdict drop_fresh_key(const Uid& uid, std::optional<AllocatedKey>& key);
  void drop_held(Recording& recording);
  void forget_abandoned(const Uid& uid);
  void pack_aged();

  const StoreOptions options_;
  KeyVault& keys_;
  OpenIndex& index_;
  SegmentOutput output_;
  ExtentCodec codec_;
  LeafAhead leaves_;
  std::vector<Announced> announced_;           // whose recordings have not ended since
  std::vector<OpenIndex::Recording*> warmed_;  // reused
  MessageCompressor compressor_;
  std::unordered_map<Uid, Recording, UidHash> recordings_;
  std::unordered_map<Uid, Kept, UidHash> ended_;
  std::unordered_map<Uid, RecordingPast, UidHash> past_;
  std::deque<std::pair<std::int64_t, Uid>> holding_;  // since when, oldest first
  std::size_t held_bytes_ = 0;
  std::uint64_t abandonments_seen_ = 0;
  std::vector<ExtentEntry> entries_;  // reused
  Content content_;
  std::int64_t now_ns_ = 0;
};

}  // namespace tapdeck::storage
