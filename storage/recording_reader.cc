#include "storage/recording_reader.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <set>
#include <tuple>

#include "base/clock.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kPackedCacheExtents = 16;

bool is_shredded(const ExtentHeader& header) { return (header.flags & kExtentShredded) != 0; }

Error corrupt(const std::string& path, std::uint64_t offset, const char* what) {
  return make_error(ErrorCode::kCorrupt,
                    "The extent at " + path + ":" + std::to_string(offset) + " " + what + ".");
}

}  // namespace

Result<std::vector<LocatedExtent>> RecordingReader::locate(const Uid& recording, SegmentKind kind) {
  // The index first: a row that moves from it to the call store in between is then seen twice,
  // which is put right below, and never missed.
  const auto open = index_.find_recording(recording);
  auto rows = calls_.rows_of(recording);
  if (!rows) return Error(std::move(rows.error()));
  std::vector<LocatedExtent> located;
  std::set<std::tuple<SegmentId, std::uint64_t, std::uint16_t, std::uint32_t>> seen;
  const auto add = [&](const SegmentId& segment, const std::vector<ExtentEntry>& entries) {
    for (const ExtentEntry& entry : entries) {
      if (!seen.emplace(segment, entry.offset, entry.stream, entry.sequence).second) continue;
      located.push_back({segment, entry});
    }
  };
  for (const ExtentRow& row : *rows) {
    if (row.kind != kind) continue;
    const auto entries = decode_extent_row(row.packed);
    if (!entries) {
      return make_error(ErrorCode::kCorrupt,
                        "The extents row of " + to_string(recording) + " is damaged.");
    }
    add(row.segment, *entries);
  }
  if (open) {
    for (const SegmentExtents& extents : open->extents) {
      if (extents.kind == kind) add(extents.segment, extents.entries);
    }
  }
  return located;
}

Result<void> RecordingReader::tell_if_destroyed(const Uid& recording, SegmentKind kind) {
  const auto destroyed = calls_.destroyed_at(recording, kind);
  if (!destroyed) return Error(destroyed.error());
  if (!*destroyed) return {};
  const std::string part = kind == SegmentKind::kMedia ? "Media" : "Messages";
  return make_error(ErrorCode::kNotFound,
                    part + " of recording " + to_string(recording) +
                        " were destroyed on purpose at " + format_rfc3339_us(**destroyed) +
                        "; nothing of them can be read any more.");
}

Result<std::vector<LocatedExtent>> RecordingReader::media_in_order(const Uid& recording) {
  auto located = locate(recording, SegmentKind::kMedia);
  if (!located) return located;
  std::map<std::uint16_t, std::int64_t> arrival;  // of a stream's first packet
  for (const LocatedExtent& extent : *located) {
    const auto [at, fresh] = arrival.try_emplace(extent.entry.stream, extent.entry.first_us);
    if (!fresh) at->second = std::min(at->second, extent.entry.first_us);
  }
  const auto key = [&](const LocatedExtent& extent) {
    const ExtentEntry& entry = extent.entry;
    return std::tuple(arrival[entry.stream], entry.stream, entry.sequence, entry.first_us);
  };
  std::sort(located->begin(), located->end(), [&](const auto& a, const auto& b) {
    return key(a) < key(b);
  });
  return located;
}

// Reads the extent's bytes into extent_.
Result<void> RecordingReader::load(const Uid& recording, const LocatedExtent& extent) {
  if (!file_.valid() || file_segment_ != extent.segment) {
    const auto info = index_.find_segment(extent.segment);
    if (!info) {
      return make_error(ErrorCode::kCorrupt,
                        "Segment " + to_hex(extent.segment) + " of recording " +
                            to_string(recording) + " is missing.");
    }
    file_ = Descriptor(::open(info->path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    file_path_ = info->path;
    file_segment_ = extent.segment;
    if (!file_.valid()) {
      return make_errno_error(
          ErrorCode::kIo, "The segment " + info->path + " cannot be opened", errno);
    }
  }
  extent_.resize(extent.entry.stored_bytes);
  if (!read_fully(file_.get(), extent_, extent.entry.offset)) {
    return corrupt(file_path_, extent.entry.offset, "is cut off");
  }
  return {};
}

Result<const RecordingReader::Opened*> RecordingReader::open(const Uid& recording,
                                                             const LocatedExtent& extent) {
  for (const Opened& opened : opened_) {
    if (opened.segment == extent.segment && opened.header.offset == extent.entry.offset) {
      return &opened;
    }
  }
  auto opened = open_anew(recording, extent);
  if (!opened) return gone_or(std::move(opened.error()), recording, extent);
  return opened;
}

// An extent whose row went while it was looked for: its bytes may be zero by now, or its segment
// removed.
Error RecordingReader::gone_or(Error damage, const Uid& recording, const LocatedExtent& extent) {
  const SegmentKind kind = segment_kind_of(extent.entry.kind);
  if (auto told = tell_if_destroyed(recording, kind); !told) return told.error();
  const auto there = locate(recording, kind);
  if (!there) return damage;
  const bool listed = std::any_of(there->begin(), there->end(), [&](const LocatedExtent& other) {
    return other.segment == extent.segment && other.entry.offset == extent.entry.offset;
  });
  if (listed) return damage;
  return make_error(ErrorCode::kNotFound,
                    "Recording " + to_string(recording) + " was destroyed on purpose meanwhile.");
}

Result<const RecordingReader::Opened*> RecordingReader::open_anew(const Uid& recording,
                                                                  const LocatedExtent& extent) {
  TD_TRY(load(recording, extent));
  const auto header = decode_extent_header(extent_);
  if (!header || header->segment != extent.segment || header->offset != extent.entry.offset ||
      header->recording != recording || header->stored_bytes != extent_.size() ||
      !extent_is_intact(*header, extent_)) {
    return corrupt(file_path_, extent.entry.offset, "is damaged");
  }
  if (opened_.size() == kPackedCacheExtents) opened_.pop_front();
  opened_.push_back({extent.segment, *header, {}});
  if (is_shredded(*header)) return &opened_.back();
  const auto key = keys_.read(header->key_id, recording);
  if (key && codec_.open(*header, *key, extent_, opened_.back().plaintext)) {
    return &opened_.back();
  }
  opened_.pop_back();
  if (!key) return Error(key.error());
  return corrupt(file_path_, extent.entry.offset, "does not open under its key");
}

Result<bool> RecordingReader::give_section(const Uid& recording,
                                           const LocatedExtent& extent,
                                           const SectionSink& sink) {
  const auto opened = open(recording, extent);
  if (!opened) return Error(opened.error());
  const Opened& found = **opened;
  if (is_shredded(found.header)) return true;
  bool go_on = true;
  bool given = false;
  const bool whole =
      for_each_section(found.header, found.plaintext, [&](const SectionView& section) {
        if (section.stream != extent.entry.stream || section.sequence != extent.entry.sequence) {
          return;
        }
        given = true;
        go_on = sink(section.header, section.records);
      });
  if (!whole || !given) {
    return corrupt(file_path_, extent.entry.offset, "does not hold the section it should");
  }
  return go_on;
}

Result<void> RecordingReader::read_media(const Uid& recording, const SectionSink& sink) {
  const auto located = media_in_order(recording);
  if (!located) return Error(located.error());
  if (located->empty()) return tell_if_destroyed(recording, SegmentKind::kMedia);
  opened_.clear();
  for (const LocatedExtent& extent : *located) {
    const auto go_on = give_section(recording, extent, sink);
    if (!go_on) return Error(go_on.error());
    if (!*go_on) break;
  }
  opened_.clear();
  return {};
}

Result<bool> RecordingReader::give_messages(const Uid& recording,
                                            const LocatedExtent& extent,
                                            const MessageSink& sink) {
  opened_.clear();
  const auto opened = open(recording, extent);
  if (!opened) return Error(opened.error());
  const Opened& found = **opened;
  if (is_shredded(found.header)) return true;
  if (found.header.kind != ExtentType::kMessages ||
      !compressor_.decompress(found.plaintext, found.header.raw_bytes, raw_)) {
    return corrupt(file_path_, extent.entry.offset, "holds no message records");
  }
  std::vector<MessageRecord> messages;
  Cursor cursor(as_bytes(raw_));
  while (auto message = read_message_record(cursor)) messages.push_back(std::move(*message));
  std::stable_sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) {
    return a.time_us < b.time_us;
  });
  for (const MessageRecord& message : messages) {
    if (!sink(message)) return false;
  }
  if (cursor.failed()) return corrupt(file_path_, extent.entry.offset, "has a damaged message");
  return true;
}

Result<void> RecordingReader::read_messages(const Uid& recording, const MessageSink& sink) {
  auto located = locate(recording, SegmentKind::kSip);
  if (!located) return Error(located.error());
  if (located->empty()) return tell_if_destroyed(recording, SegmentKind::kSip);
  std::erase_if(*located, [](const LocatedExtent& extent) {
    return extent.entry.kind == ExtentType::kRecord;  // the call store has it
  });
  std::sort(located->begin(), located->end(), [](const auto& a, const auto& b) {
    return std::pair(a.entry.first_us, a.entry.sequence) <
           std::pair(b.entry.first_us, b.entry.sequence);
  });
  for (const LocatedExtent& extent : *located) {
    const auto go_on = give_messages(recording, extent, sink);
    if (!go_on) return Error(go_on.error());
    if (!*go_on) break;
  }
  opened_.clear();
  return {};
}

Result<std::vector<StreamDurability>> RecordingReader::durability(const Uid& recording) {
  const auto open_recording = index_.find_recording(recording);
  const auto located = media_in_order(recording);
  if (!located) return Error(located.error());
  std::map<std::uint16_t, StreamDurability> streams;
  if (open_recording) {
    for (const OpenStream& stream : open_recording->streams) {
      streams[stream.stream] = stream.durability;
    }
  }
  const auto is_open = [&](std::uint16_t number) {
    return open_recording &&
           std::any_of(open_recording->streams.begin(),
                       open_recording->streams.end(),
                       [&](const OpenStream& stream) { return stream.stream == number; });
  };
  for (const LocatedExtent& extent : *located) {
    const std::uint16_t number = extent.entry.stream;
    if (is_open(number)) continue;
    if (streams.find(number) == streams.end()) {
      // Committed rows do not say which stream it is; its first readable section does.
      const auto given =
          give_section(recording, extent, [&](const SectionHeader& section, ByteView) {
            StreamDurability& known = streams[number];
            known.source = {{section.source_ip}, section.source_port};
            known.destination = {{section.destination_ip}, section.destination_port};
            known.ssrc = section.ssrc;
            return true;
          });
      if (!given) return Error(given.error());
    }
    const auto known = streams.find(number);
    if (known == streams.end()) continue;  // shredded so far
    std::int64_t& until = known->second.durable_until_us;
    until = std::max(until, extent.entry.last_us());
  }
  opened_.clear();
  std::vector<StreamDurability> result;
  for (const auto& [number, stream] : streams) result.push_back(stream);
  return result;
}

}  // namespace tapdeck::storage
