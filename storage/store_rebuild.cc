#include "storage/store_rebuild.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "storage/retention_store.h"
#include "storage/segment_checkpoint.h"
#include "storage/segment_file.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kRecordsPerBatch = 512;

bool is_there(const std::string& path) {
  struct stat status {};

  return lstat(path.c_str(), &status) == 0;
}

std::uint64_t bytes_of(const std::string& path) {
  struct stat status {};

  return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// "calls.before-rebuild-20261126T140312Z"
std::string aside_name(std::int64_t now_us) {
  std::string name(kSetAsidePrefix);
  for (const char c : format_rfc3339_us(now_us).substr(0, 19)) {
    if (c != '-' && c != ':') name += c;
  }
  return name + "Z";
}

}  // namespace

Result<std::unique_ptr<StoreRebuild>> StoreRebuild::open(RebuildOptions options) {
  std::unique_ptr<StoreRebuild> rebuild(new StoreRebuild(std::move(options)));
  TD_TRY(rebuild->start());
  return rebuild;
}

Result<void> StoreRebuild::start() {
  if (!is_there(directory() + "/segments") && !is_there(directory() + "/FORMAT")) {
    return make_error(ErrorCode::kNotFound, "There is no store in " + directory() + ".");
  }
  if (!is_there(directory() + "/keys/00000000.keys") &&
      !list_segment_files(directory()).segments.empty()) {
    return make_error(ErrorCode::kNotFound,
                      "The store " + directory() +
                          " has segments, but no keys in keys/: nothing of it can be read.");
  }
  auto lock = take_store_lock(directory());
  if (!lock) {
    if (lock.error().code == ErrorCode::kBusy) {
      lock.error().message +=
          " A store is rebuilt while nobody uses it: stop the service, or wait for the command.";
    }
    return Error(std::move(lock.error()));
  }
  lock_ = std::move(*lock);
  if (is_there(directory() + "/FORMAT")) TD_TRY(check_store_format(directory()));
  auto opened = open_store_keys(options_.store);
  if (!opened) return Error(std::move(opened.error()));
  opened_ = std::move(*opened);
  survey_ = std::make_unique<SegmentSurvey>(*opened_.keys);
  return {};
}

Result<RebuildFigures> StoreRebuild::look() {
  TD_TRY(read_segments(Way::kLook));
  for (const auto& [uid, seen] : seen_) {
    if (seen.readable && !seen.record) ++figures_.records_made;
  }
  TD_TRY(count_gone());
  const auto mark = read_rebuild_mark(directory());
  if (!mark) return Error(mark.error());
  if (*mark) {
    figures_.set_aside = **mark;
  } else if (is_there(directory() + "/calls")) {
    figures_.set_aside = aside_name(wall_now_ns() / kNsPerUs);
  }
  count_journal();
  return figures_;
}

// In this order: while the mark is there, whatever stands in `calls` is either the old call store,
// which has not been set aside yet, or one that is not whole.
Result<RebuildFigures> StoreRebuild::run(std::int64_t now_us) {
  TD_TRY(set_aside(now_us));
  TD_TRY(make_call_store(now_us));
  TD_TRY(read_segments(Way::kMake));
  TD_TRY(make_records());
  TD_TRY(follow_journal());
  TD_TRY(lengthen());
  TD_TRY(claim_keys());
  TD_TRY(mark_done());
  count_journal();
  calls_.reset();
  TD_TRY(remove_rebuild_mark(directory()));
  return figures_;
}

Result<void> StoreRebuild::set_aside(std::int64_t now_us) {
  const std::string calls = directory() + "/calls";
  auto mark = read_rebuild_mark(directory());
  if (!mark) return Error(std::move(mark.error()));
  if (!*mark) {
    std::string name = is_there(calls) ? aside_name(now_us) : std::string();
    if (!name.empty() && is_there(directory() + "/" + name)) {
      return make_error(ErrorCode::kAlreadyExists,
                        directory() + "/" + name +
                            " is there already: the call store cannot be set aside under it.");
    }
    TD_TRY(write_rebuild_mark(directory(), name));
    *mark = std::move(name);
  }
  figures_.set_aside = **mark;
  const std::string aside = directory() + "/" + **mark;
  if (!(*mark)->empty() && !is_there(aside)) {
    if (rename(calls.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
      return make_errno_error(ErrorCode::kIo, calls + " cannot be set aside as " + aside, errno);
    }
  } else if (is_there(calls)) {
    std::error_code failed;
    std::filesystem::remove_all(calls, failed);
    if (failed) {
      return make_errno_error(ErrorCode::kIo,
                              calls + ", which a rebuilding left unfinished, cannot be removed",
                              failed.value());
    }
  }
  return sync_directory(directory());
}

// That nothing expires is durable before there is anything that could.
Result<void> StoreRebuild::make_call_store(std::int64_t now_us) {
  if (!is_there(directory() + "/FORMAT")) TD_TRY(check_store_format(directory()));
  CallStoreOptions options;
  options.block_cache_bytes = options_.store.block_cache_bytes;
  options.events_max = options_.store.events_max;
  auto calls = CallStore::open(directory() + "/calls", options);
  if (!calls) return Error(std::move(calls.error()));
  calls_ = std::move(*calls);
  TD_TRY(sync_directory(directory()));
  return calls_->put_meta(kRebuiltValue, std::to_string(now_us));
}

Result<void> StoreRebuild::leave_alone(const std::string& path,
                                       SegmentSurvey::Finding finding,
                                       Way way) {
  if (finding == SegmentSurvey::Finding::kBlank) {
    if (way == Way::kMake && unlink(path.c_str()) != 0 && errno != ENOENT) {
      return make_errno_error(ErrorCode::kIo, path + " cannot be removed", errno);
    }
    return {};
  }
  ++figures_.segments_unreadable;
  log_error("Segment " + path + " has no readable header and is left alone.");
  // Rows may be missing: it is not what nobody needs.
  if (way == Way::kMake && chmod(path.c_str(), 0600) != 0) {
    return make_errno_error(ErrorCode::kIo, path + " cannot be marked", errno);
  }
  return {};
}

Result<void> StoreRebuild::read_segments(Way way) {
  const SegmentFiles files = list_segment_files(directory());
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const std::string& path : files.segments) total += bytes_of(path);
  for (const std::string& path : files.segments) {
    const std::uint64_t bytes = bytes_of(path);
    SurveyedSegment segment;
    const auto finding = survey_->read(path, segment);
    if (!finding) return Error(finding.error());
    if (*finding == SegmentSurvey::Finding::kSegment) {
      ++figures_.segments;
      if (!segment.sealed) ++figures_.segments_unsealed;
      figures_.bytes_dropped += segment.bytes_dropped;
      const std::vector<FooterEntry> readable = survey_->readable(segment);
      note_seen(segment, readable);
      TD_TRY(take_records(segment, readable, way));
      if (way == Way::kMake) TD_TRY(put_rows(segment, readable));
    } else {
      TD_TRY(leave_alone(path, *finding, way));
    }
    done += bytes;
    if (options_.progress) options_.progress(done, total);
  }
  figures_.recordings = seen_.size();
  for (const auto& [uid, seen] : seen_) {
    if (!seen.readable) ++figures_.recordings_gone;
    if (seen.record) ++figures_.records;
  }
  return {};
}

void StoreRebuild::note_seen(const SurveyedSegment& segment,
                             const std::vector<FooterEntry>& readable) {
  for (const FooterEntry& entry : segment.entries) {
    SeenRecording& seen = seen_[entry.recording];
    if (seen.retention_class.empty()) seen.retention_class = segment.header.retention_class;
    seen.had_media = seen.had_media || segment.header.kind == SegmentKind::kMedia;
  }
  for (const FooterEntry& entry : readable) seen_[entry.recording].readable = true;
  figures_.extents += readable.size();
}

// A call that went on after a crash may have ended twice: the later end counts.
Result<void> StoreRebuild::take_records(const SurveyedSegment& segment,
                                        const std::vector<FooterEntry>& readable,
                                        Way way) {
  for (const FooterEntry& entry : readable) {
    if (entry.entry.kind != ExtentType::kRecord) continue;
    auto record = survey_->record_of(segment, entry);
    if (!record) {
      ++figures_.records_damaged;
      continue;
    }
    SeenRecording& seen = seen_[entry.recording];
    const std::pair rank(record->version, segment.header.created_us);
    if (seen.record && rank < *seen.record) continue;
    seen.record = rank;
    if (way == Way::kLook) continue;
    group_.push_back(std::move(*record));
    if (group_.size() >= kRecordsPerBatch) TD_TRY(put_some(group_));
  }
  return put_some(group_);
}

Result<void> StoreRebuild::put_some(std::vector<CallRecord>& calls) {
  if (calls.empty()) return {};
  TD_TRY(calls_->put(calls, {}));
  calls.clear();
  return {};
}

Result<void> StoreRebuild::seal(const SurveyedSegment& segment) {
  const Descriptor file = open_segment_to_write(segment.path);
  if (!file.valid()) {
    return make_errno_error(
        ErrorCode::kIo, "The segment " + segment.path + " cannot be opened", errno);
  }
  return seal_segment_file(file.get(), segment.header.id, segment.end, segment.entries);
}

Result<void> StoreRebuild::put_rows(const SurveyedSegment& segment,
                                    const std::vector<FooterEntry>& readable) {
  if (!segment.sealed) TD_TRY(seal(segment));
  index_.add_segment(segment.header.id,
                     {segment.path, segment.header.kind, segment.end, /*sealed=*/true});
  std::vector<ExtentRow> rows;
  for (auto at = readable.begin(); at != readable.end();) {
    SegmentExtents extents;
    extents.recording = at->recording;
    extents.segment = segment.header.id;
    extents.kind = segment.header.kind;
    for (; at != readable.end() && at->recording == extents.recording; ++at) {
      extents.entries.push_back(at->entry);
    }
    rows.push_back(make_row(extents));
    if (rows.size() < kRowsPerBatch && at != readable.end()) continue;
    TD_TRY(calls_->put({}, rows));
    rows.clear();
  }
  unlink(checkpoint_path(segment.path).c_str());
  return mark_segment_indexed(segment.path);
}

Result<void> StoreRebuild::make_records() {
  for (const auto& [uid, seen] : seen_) {
    if (seen.readable && !seen.record) TD_TRY(make_record(uid, seen));
  }
  return put_some(group_);
}

Result<void> StoreRebuild::make_record(const Uid& uid, const SeenRecording& seen) {
  RecordingReader reader(*opened_.keys, *calls_, index_);
  group_.push_back(make_rebuilt_record(uid, seen, options_.classes, reader));
  ++figures_.records_made;
  return group_.size() < kRecordsPerBatch ? Result<void>() : put_some(group_);
}

void StoreRebuild::count_journal() {
  opened_.journal->look([this](const LedgerState& state) {
    figures_.journal_entries = state.next_sequence();
    figures_.held = 0;
    for (const auto& [name, matter] : state.matters()) figures_.held += matter.held;
    figures_.erased = state.erased().size();
    figures_.lengthened = state.extended().size();
    figures_.annotated = state.annotations().size();
    return true;
  });
}

}  // namespace tapdeck::storage
