#include "storage/store.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "config/limits.h"
#include "storage/files.h"
#include "storage/journal_overlay.h"
#include "storage/rebuilt_record.h"
#include "storage/segment_file.h"
#include "storage/store_impl.h"
#include "storage/store_opening.h"

namespace tapdeck::storage {
namespace {

Result<void> check_options(const StoreOptions& options) {
  const bool sizes = options.staging_bytes % kBlockBytes == 0 &&
                     options.staging_bytes >= 64 * 1024 && options.staging_buffers >= 2 &&
                     options.staging_buffers <= 64 && options.open_segments_max >= 2 &&
                     options.segment_bytes >= options.staging_bytes;
  const bool classes = !options.retention_classes.empty() &&
                       std::none_of(options.retention_classes.begin(),
                                    options.retention_classes.end(),
                                    [](const std::string& name) {
                                      return name.empty() || name.starts_with(".") ||
                                             name.size() > kRetentionClassBytesMax ||
                                             name.find('/') != std::string::npos;
                                    });
  if (sizes && classes && !options.directory.empty()) return {};
  return make_error(
      ErrorCode::kInvalidArgument,
      "The store's options make no sense: staging buffers are 2 to 64 of whole 4 KiB "
      "blocks from 64 KiB on, not larger than a segment; class names are file names.");
}

// In the call store, decimal: how many entries the journal has had at least.
constexpr std::string_view kJournalValue = "journal/entries";

Error open_calls_error(Error error) {
  if (error.code == ErrorCode::kCorrupt) {
    error.message += " `tapdeck store rebuild` makes it anew from segments, keys and journal.";
  }
  return error;
}

}  // namespace

StoreImpl::~StoreImpl() {
  if (writer_ == nullptr) return;
  auto closed = writer_->close();
  if (!closed) log_error(closed.error().message);
  auto put = put_pending_rows();
  if (!put) log_error(put.error().message);
  auto listed = keys_->close_list();
  if (!listed) log_error(listed.error().message);
  note_journal();
}

Result<void> StoreImpl::start() {
  TD_TRY(check_options(options_));
  if (options_.mode == StoreMode::kCreateIfMissing) TD_TRY(make_directories(options_.directory));
  // Looked at before anything is written: a wrong directory is left as it is.
  if (options_.mode == StoreMode::kOpenExisting &&
      access((options_.directory + "/FORMAT").c_str(), F_OK) != 0) {
    return make_error(ErrorCode::kNotFound, "There is no store in " + options_.directory + ".");
  }
  auto lock = take_store_lock(options_.directory);
  if (!lock) return Error(std::move(lock.error()));
  lock_ = std::move(*lock);
  TD_TRY(check_store_format(options_.directory));
  TD_TRY(check_parts_are_there(options_.directory));
  auto opened = open_store_keys(options_);
  if (!opened) return Error(std::move(opened.error()));
  keys_ = std::move(opened->keys);
  signing_key_ = std::move(opened->signing_key);
  journal_ = std::move(opened->journal);
  // Made now, so that every backup has it; without one, recording goes on.
  if (const auto made = signing_key_->get(); !made) log_error(made.error().message);
  CallStoreOptions call_options;
  call_options.block_cache_bytes = options_.block_cache_bytes;
  call_options.events_max = options_.events_max;
  call_options.overlay = [this](CallRecord& call) {
    journal_->look([&call](const LedgerState& state) { apply_journal(state, call); });
  };
  call_options.erased = [this](const Uid& uid) {
    return journal_->look([&uid](const LedgerState& state) { return state.erased_parts(uid); });
  };
  auto calls = CallStore::open(options_.directory + "/calls", call_options);
  if (!calls) return open_calls_error(std::move(calls.error()));
  calls_ = std::move(*calls);
  TD_TRY(sync_directory(options_.directory));  // which has the name of calls/, perhaps since now
  TD_TRY(check_journal());
  auto recovered = recover_segments({options_.directory, *keys_, *calls_, index_});
  if (!recovered) return Error(std::move(recovered.error()));
  recovery_ = *recovered;
  shredder_ = std::make_unique<Shredder>(*keys_, *calls_, index_);
  const auto swept = shredder_->sweep();
  if (!swept) return Error(swept.error());
  recovery_.keys_destroyed = *swept;
  writer_ = std::make_unique<SegmentWriterImpl>(options_, *keys_, index_);
  TD_TRY(continue_open_calls());
  finish_cut_imports();
  return {};
}

// How many entries the journal has had at least.
Result<std::uint64_t> StoreImpl::known_entries() {
  const auto value = calls_->get_meta(kJournalValue);
  if (!value) return Error(value.error());
  std::uint64_t known = 0;
  if (*value) std::from_chars((*value)->data(), (*value)->data() + (*value)->size(), known);
  return known;
}

// Entries are durable before anything is done that the call store could know of: a journal that has
// fewer is an older one.
Result<void> StoreImpl::check_journal() {
  const auto known = known_entries();
  if (!known) return Error(known.error());
  const std::uint64_t entries = journal_->figures().entries;
  if (entries >= *known) {
    note_journal();
    return {};
  }
  return make_error(ErrorCode::kCorrupt,
                    "The journal in " + options_.directory + "/ledger has " +
                        std::to_string(entries) + " entries, and had " + std::to_string(*known) +
                        ": what was held and erased since is not in it. Put the newest one back; "
                        "if there is none, `tapdeck --store " +
                        options_.directory + " store rebuild` makes the call store anew by this.");
}

// A full disk may refuse it, and must not keep the store from being opened: an older journal is
// then told by fewer entries.
void StoreImpl::note_journal() {
  const auto known = known_entries();
  const std::uint64_t entries =
      journal_->look([](const LedgerState& state) { return state.next_sequence(); });
  auto noted = known ? Result<void>() : Result<void>(Error(known.error()));
  if (known && entries > *known) noted = calls_->put_meta(kJournalValue, std::to_string(entries));
  if (!noted) log_warning(noted.error().message);
}

// Calls that were in progress may go on: their streams get new numbers and their digest covers what
// is there already.  What was erased of them is not recorded again.
Result<void> StoreImpl::continue_open_calls() {
  const auto open = calls_->open_calls();
  if (!open) return Error(open.error());
  for (const CallRecord& call : *open) {
    const RecordingParts erased =
        journal_->look([&call](const LedgerState& state) { return state.erased_parts(call.uid); });
    ShredParts gone = ShredParts::kNone;
    if ((erased & kPartMedia) != 0) gone = gone | ShredParts::kMedia;
    if ((erased & kPartSip) != 0) gone = gone | ShredParts::kMessages;
    if (gone != ShredParts::kNone) {
      index_.abandon(call.uid, gone, OpenIndex::Abandon::kAlsoLater);
    }
    const auto rows = calls_->rows_of(call.uid);
    if (!rows) return Error(rows.error());
    RecordingPast past;
    for (const ExtentRow& row : *rows) {
      const auto entries = decode_extent_row(row.packed);
      if (!entries) continue;  // check() names it
      std::set<std::uint64_t> offsets;
      for (const ExtentEntry& entry : *entries) {
        if (row.kind == SegmentKind::kSip) {
          if (entry.kind == ExtentType::kRecord) continue;
          past.next_message = std::max(past.next_message, entry.sequence + 1);
          continue;
        }
        past.next_stream = std::max(past.next_stream, static_cast<std::uint16_t>(entry.stream + 1));
        if (!offsets.insert(entry.offset).second) continue;
        past.media.push_back(entry);
        past.media_bytes += entry.stored_bytes;
      }
    }
    if (!rows->empty()) writer_->continue_recording(call.uid, std::move(past));
  }
  return {};
}

Result<std::vector<std::string>> StoreImpl::set_aside() {
  return list_set_aside(options_.directory);
}

// Nobody goes on with them, so their time would never be over, and nothing could be erased of them.
// Another import of the same file begins them anew.
void StoreImpl::finish_cut_imports() {
  auto open = calls_->open_calls();
  if (!open) return log_warning(open.error().message);
  std::erase_if(*open, [](const CallRecord& call) { return call.port != config::kImportPort; });
  RecordingReader recordings(*keys_, *calls_, index_);
  for (CallRecord& call : *open) call = make_cut_record(std::move(call), recordings);
  if (open->empty()) return;
  if (const auto put = put_calls(*open); !put) log_warning(put.error().message);
}

Result<Presence> StoreImpl::presence_of(const Uid& uid) {
  auto presence = find_or_discard(uid);
  if (presence && *presence == Presence::kAbsent) writer_->forget_recording(uid);
  return presence;
}

Result<Presence> StoreImpl::find_or_discard(const Uid& uid) {
  if (journal_->look([&](const LedgerState& state) { return state.erased_parts(uid) != 0; })) {
    erased_again_.fetch_add(1, std::memory_order_relaxed);
    return Presence::kErased;
  }
  const auto stored = calls_->get(uid);
  if (!stored && stored.error().code != ErrorCode::kNotFound) return Error(stored.error());
  const bool whole = stored && stored->final && !is_cut_import(*stored);
  if (whole || index_.is_open(uid)) return Presence::kPresent;
  const std::lock_guard lock(put_mutex_);
  if (journal_->look([&](const LedgerState& state) { return state.is_held(uid); })) {
    log_warning("call " + to_string(uid) +
                " is held: what an earlier ingest left of it stays as it is.");
    return Presence::kPresent;
  }
  TD_TRY(shredder_->discard(uid));
  return Presence::kAbsent;
}

Result<std::unique_ptr<RecordIntake>> StoreImpl::open_import() {
  if (importing_.exchange(true)) {
    return make_error(ErrorCode::kBusy, "Another import into this store is in progress.");
  }
  ImportIntake::Parts parts{
      *keys_,
      index_,
      [this](std::span<const CallRecord> calls) { return put_calls(calls); },
      [this](std::span<const EventRecord> events) { return put_events(events); },
      [this](const Uid& uid) { return find_or_discard(uid); },
      [this](const Uid& uid, ShredParts what) { return shred(uid, what); },
      [this](const Uid& uid, const MediaSpan& span, CutCause cause) {
        return shred_media(uid, span, cause);
      },
      [this] { importing_.store(false); },
  };
  return std::unique_ptr<RecordIntake>(std::make_unique<ImportIntake>(options_, std::move(parts)));
}

// A recording has a row of the same segment already when something was appended after its end: rows
// are joined, never replaced by less.
Result<std::vector<ExtentRow>> StoreImpl::merge_rows(const std::vector<SegmentExtents>& ready) {
  std::vector<ExtentRow> rows;
  rows.reserve(ready.size());
  for (const SegmentExtents& extents : ready) {
    if (!extents.again) {
      rows.push_back(make_row(extents));
      continue;
    }
    const auto stored = calls_->rows_of(extents.recording);
    if (!stored) return Error(stored.error());
    SegmentExtents joined = extents;
    for (const ExtentRow& row : *stored) {
      if (row.segment != extents.segment) continue;
      const auto earlier = decode_extent_row(row.packed);
      if (!earlier) continue;
      joined.entries.insert(joined.entries.begin(), earlier->begin(), earlier->end());
    }
    rows.push_back(make_row(joined));
  }
  return rows;
}

Result<void> StoreImpl::put_calls(std::span<const CallRecord> calls) {
  const std::lock_guard lock(put_mutex_);
  const auto kept =
      journal_->look([&](const LedgerState& state) { return without_erased(state, calls); });
  if (kept) {
    erased_again_.fetch_add(calls.size() - kept->size(), std::memory_order_relaxed);
    calls = *kept;
  }
  std::vector<SegmentExtents> ready = index_.take_ready();
  // In the order of the keys of the rows of one segment, and so, mostly, of all keys.
  std::stable_sort(ready.begin(), ready.end(), [](const auto& a, const auto& b) {
    return std::tie(a.segment, a.recording.bytes) < std::tie(b.segment, b.recording.bytes);
  });
  auto rows = merge_rows(ready);
  auto put = rows ? Result<void>() : Result<void>(Error(rows.error()));
  if (put && (!calls.empty() || !rows->empty())) put = calls_->put(calls, *rows);
  if (!put) {
    index_.give_back(std::move(ready));
    return put;
  }
  shredder_->settle(ready);
  // If that fails, allocate() tries again and tells.
  if (auto listed = keys_->list_ahead(); !listed) log_warning(listed.error().message);
  // A part at a time: the writer waits for the index, too.
  constexpr std::size_t kRetiredAtOnce = 256;
  for (std::size_t at = 0; at < ready.size(); at += kRetiredAtOnce) {
    index_.retire(std::span(ready).subspan(at, std::min(kRetiredAtOnce, ready.size() - at)));
  }
  mark_indexed();
  return {};
}

void StoreImpl::mark_indexed() {
  for (const SegmentId& id : index_.take_indexed()) {
    const auto info = index_.find_segment(id);
    if (!info) continue;
    auto marked = mark_segment_indexed(info->path);
    // Without the mark, the next opening commits these rows once more.
    if (!marked) log_warning(marked.error().message);
  }
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
  while (options.directory.size() > 1 && options.directory.ends_with('/')) {
    options.directory.pop_back();
  }
  auto store = std::make_unique<StoreImpl>(std::move(options));
  TD_TRY(store->start());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace tapdeck::storage
