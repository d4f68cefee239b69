#include <algorithm>
#include <iterator>
#include <set>

#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "model/event_codec.h"
#include "storage/call_store_read.h"

namespace tapdeck::storage {
namespace {

constexpr std::size_t kTermEntriesMax = 50'000;  // with more the walk goes by date
constexpr std::size_t kGoneAtLeast = 16;         // that may go with a batch
constexpr char kNumberTag = 'n';
constexpr char kAddressTag = 'a';

std::string number_term(std::string_view number) { return kNumberTag + index_term(number); }

std::string address_term(const IpAddress& ip) { return kAddressTag + to_string(ip); }

// What an event is found by: sorted, without duplicates.
std::vector<std::string> terms_of(const EventRecord& event) {
  std::vector<std::string> terms = {address_term(event.source.ip),
                                    address_term(event.destination.ip)};
  for (const std::string& number : searchable_numbers(event)) terms.push_back(number_term(number));
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

CallKey key_at(std::string_view bytes) {
  CallKey key{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), key.size()), key.begin());
  return key;
}

bool is_before(const CallKey& a, const CallKey& b) { return view(a) < view(b); }

Error undecodable_event() {
  return make_error(ErrorCode::kCorrupt,
                    "A stored event cannot be decoded; `store check` tells which.");
}

// One put_events(): what comes and what goes for it.
class EventBatch {
 public:
  EventBatch(const CallStore::Impl& store, std::int64_t now_us)
      : store_(store), reader_(store), now_us_(now_us), bounds_(store.events) {}

  Result<void> add(const EventRecord& event);
  Result<void> drop_old(std::size_t most);

  rocksdb::WriteBatch& finish() {
    std::array<char, 8> count{};
    store_be(count.data(), bounds_.count);
    put(Column::kMeta, kEventCountKey, {count.data(), count.size()});
    return batch_;
  }

  [[nodiscard]] const EventBounds& bounds() const { return bounds_; }

 private:
  void put(Column column, std::string_view key, std::string_view value) {
    const rocksdb::Status status = batch_.Put(store_.column(column), slice(key), slice(value));
    TD_ASSERT(status.ok());  // a batch in memory refuses nothing but keys of 4 GiB
  }

  void remove(Column column, std::string_view key) {
    const rocksdb::Status status = batch_.Delete(store_.column(column), slice(key));
    TD_ASSERT(status.ok());
  }

  void drop(const CallKey& key, const EventRecord& event);
  Result<void> drop_surplus(std::size_t& left);
  Result<void> drop_ended(std::size_t& left);

  const CallStore::Impl& store_;
  const Reader reader_;
  std::int64_t now_us_;
  EventBounds bounds_;
  rocksdb::WriteBatch batch_;
  std::set<CallKey, decltype(&is_before)> added_{&is_before};
  std::set<CallKey, decltype(&is_before)> dropped_{&is_before};
};

Result<void> EventBatch::add(const EventRecord& event) {
  const CallKey key = make_call_key(event.time_us, event.uid);
  bool is_new = added_.insert(key).second;
  if (is_new && bounds_.count > 0 && !is_before(bounds_.newest, key)) {
    const auto stored = reader_.get(Column::kEvents, view(key));
    if (!stored) return Error(stored.error());
    is_new = !*stored;
    // Its terms may be others by now: the plan of numbers may have changed.
    const auto old = *stored ? decode_event(**stored) : std::nullopt;
    if (old) {
      for (const std::string& term : terms_of(*old)) {
        remove(Column::kEventTerms, index_key(term, view(key)));
      }
    }
  }
  put(Column::kEvents, view(key), encode_event(event));
  for (const std::string& term : terms_of(event)) {
    put(Column::kEventTerms, index_key(term, view(key)), {});
  }
  if (bounds_.count == 0 || is_before(bounds_.newest, key)) bounds_.newest = key;
  if (is_before(key, bounds_.first)) bounds_.first = key;
  if (is_before(key, bounds_.unended)) bounds_.unended = key;
  if (is_new) ++bounds_.count;
  return {};
}

void EventBatch::drop(const CallKey& key, const EventRecord& event) {
  if (!dropped_.insert(key).second) return;
  remove(Column::kEvents, view(key));
  for (const std::string& term : terms_of(event)) {
    remove(Column::kEventTerms, index_key(term, view(key)));
  }
  --bounds_.count;
}

// What was added in this batch is not seen here, so nothing that is newer goes before it.
Result<void> EventBatch::drop_surplus(std::size_t& left) {
  if (bounds_.count <= store_.events_max) return {};
  Walk walk(reader_, Column::kEvents, view(bounds_.first), {});
  for (; walk.valid() && left > 0 && bounds_.count > store_.events_max; walk.next(), --left) {
    const CallKey key = key_at(walk.key());
    if (!added_.empty() && !is_before(key, *added_.begin())) break;
    const auto event = decode_event(walk.value());
    if (!event) return undecodable_event();
    drop(key, *event);
    bounds_.first = key;
  }
  return walk.status();
}

Result<void> EventBatch::drop_ended(std::size_t& left) {
  Walk walk(reader_, Column::kEvents, view(bounds_.unended), {});
  for (; walk.valid() && left > 0; walk.next(), --left) {
    const auto event = decode_event(walk.value());
    if (!event) return undecodable_event();
    const CallKey key = key_at(walk.key());
    if (event->kept_until_us) {
      if (*event->kept_until_us > now_us_ || added_.contains(key)) break;
      drop(key, *event);
    }
    bounds_.unended = key;
  }
  return walk.status();
}

Result<void> EventBatch::drop_old(std::size_t most) {
  std::size_t left = most;
  TD_TRY(drop_ended(left));
  left = most;
  return drop_surplus(left);
}

TermSpan exactly(const std::string& term) { return {index_key(term, {}), term + '\1'}; }

// Of the filter that narrows most; none where only a walk by date helps.
std::vector<TermSpan> spans_of(const EventQuery& query) {
  std::vector<TermSpan> spans;
  for (const std::string_view text :
       {std::string_view(query.number), std::string_view(query.number_e164)}) {
    if (text.empty()) continue;
    const std::string number = search_number(text.substr(0, text.find('*')));
    if (number.empty()) return {};
    const std::string term = number_term(number);
    spans.push_back(text.back() == '*' ? TermSpan{term, successor(term)} : exactly(term));
  }
  if (spans.empty() && query.ip) spans.push_back(exactly(address_term(*query.ip)));
  return spans;
}

struct EventRange {
  CallKey lower{};
  std::optional<CallKey> upper;

  [[nodiscard]] bool holds(const CallKey& key) const {
    return !is_before(key, lower) && (!upper || is_before(key, *upper));
  }
};

// The keys in `range` under these terms, in order; nothing when there are too many to look at.
Result<std::optional<std::vector<CallKey>>> keys_of(const Reader& reader,
                                                    const std::vector<TermSpan>& spans,
                                                    const EventRange& range) {
  std::vector<CallKey> keys;
  std::size_t seen = 0;
  for (const TermSpan& span : spans) {
    Walk walk(reader, Column::kEventTerms, span.lower, span.upper);
    for (; walk.valid(); walk.next()) {
      if (++seen > kTermEntriesMax) return std::optional<std::vector<CallKey>>{};
      if (walk.key().size() <= kCallKeyBytes) continue;
      const CallKey key = key_at(walk.key().substr(walk.key().size() - kCallKeyBytes));
      if (range.holds(key)) keys.push_back(key);
    }
    TD_TRY(walk.status());
  }
  std::sort(keys.begin(), keys.end(), is_before);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return std::optional(std::move(keys));
}

// Fills a page, and looks one match further to know whether another follows.
class EventPageBuilder {
 public:
  explicit EventPageBuilder(const EventQuery& query) : query_(query) {}

  // False: the page is full.
  Result<bool> offer(const CallKey& key, std::string_view bytes) {
    auto event = decode_event(bytes);
    if (!event) return undecodable_event();
    if (!matches(query_, *event)) return true;
    if (query_.limit != 0 && page_.events.size() == query_.limit) {
      page_.next_cursor = encode_cursor(last_);
      return false;
    }
    page_.events.push_back(std::move(*event));
    last_ = key;
    return true;
  }

  EventPage take() { return std::move(page_); }

 private:
  const EventQuery& query_;
  EventPage page_;
  CallKey last_{};
};

Result<void> fill_from_keys(const Reader& reader,
                            const std::vector<CallKey>& keys,
                            EventPageBuilder& page) {
  for (const CallKey& key : keys) {
    const auto bytes = reader.get(Column::kEvents, view(key));
    if (!bytes) return Error(bytes.error());
    if (!*bytes) continue;  // an entry without its event: `store check` reports it
    const Result<bool> more = page.offer(key, **bytes);
    if (!more) return Error(more.error());
    if (!*more) return {};
  }
  return {};
}

Result<void> fill_by_date(const Reader& reader, const EventRange& range, EventPageBuilder& page) {
  const std::string upper = range.upper ? std::string(view(*range.upper)) : std::string();
  Walk walk(reader, Column::kEvents, view(range.lower), upper);
  for (; walk.valid(); walk.next()) {
    const Result<bool> more = page.offer(key_at(walk.key()), walk.value());
    if (!more) return Error(more.error());
    if (!*more) return {};
  }
  return walk.status();
}

Result<EventRange> range_of(const EventQuery& query) {
  EventRange range;
  if (query.from_us) range.lower = first_call_key(*query.from_us);
  if (query.to_us) range.upper = first_call_key(*query.to_us);
  if (query.cursor.empty()) return range;
  const std::optional<CallKey> last = decode_cursor(query.cursor);
  if (!last) {
    return make_error(ErrorCode::kInvalidArgument,
                      "\"" + query.cursor.substr(0, 80) + "\" is not a cursor of an event list.");
  }
  CallKey behind = *last;  // the smallest key above it
  for (auto at = behind.rbegin(); at != behind.rend(); ++at) {
    *at = static_cast<char>(static_cast<unsigned char>(*at) + 1);
    if (*at != 0) break;
  }
  if (is_before(range.lower, behind)) range.lower = behind;
  return range;
}

}  // namespace

Result<EventBounds> read_event_bounds(const CallStore::Impl& store) {
  EventBounds bounds;
  const Reader reader(store);
  const auto count = reader.get(Column::kMeta, kEventCountKey);
  if (!count) return Error(count.error());
  if (!*count || (*count)->size() != 8) return bounds;
  bounds.count = load_be<std::uint64_t>((*count)->data());
  const std::unique_ptr<rocksdb::Iterator> events(
      store.db->NewIterator(reader.options(), store.column(Column::kEvents)));
  events->SeekToLast();
  if (events->Valid()) bounds.newest = key_at(events->key().ToStringView());
  TD_TRY(translate_unless_ok(events->status(), "Reading the newest event"));
  return bounds;
}

Result<void> CallStore::put_events(std::span<const EventRecord> events, std::int64_t now_us) {
  if (events.empty()) return {};
  const std::lock_guard lock(impl_->put_mutex);
  EventBatch batch(*impl_, now_us);
  for (const EventRecord& event : events) TD_TRY(batch.add(event));
  TD_TRY(batch.drop_old(std::max(kGoneAtLeast, 2 * events.size())));
  const rocksdb::Status status = impl_->db->Write(rocksdb::WriteOptions(), &batch.finish());
  if (!status.ok()) return translate(status, "Writing to the call store " + impl_->directory);
  impl_->events = batch.bounds();
  return {};
}

Result<EventPage> CallStore::find_events(const EventQuery& query) const {
  const auto range = range_of(query);
  if (!range) return Error(range.error());
  const Reader reader(*impl_);
  EventPageBuilder page(query);
  const std::vector<TermSpan> spans = spans_of(query);
  if (!spans.empty()) {
    const auto keys = keys_of(reader, spans, *range);
    if (!keys) return Error(keys.error());
    if (*keys) {
      TD_TRY(fill_from_keys(reader, **keys, page));
      return page.take();
    }
  }
  TD_TRY(fill_by_date(reader, *range, page));
  return page.take();
}

Result<void> check_events(const Reader& reader, std::vector<StoreFault>& faults) {
  const auto report = [&](std::string_view key, const char* what) {
    faults.push_back({"events/" + to_string(call_key_uid(key)), what});
  };
  std::uint64_t count = 0;
  Walk events(reader, Column::kEvents, {}, {});
  for (; events.valid(); events.next(), ++count) {
    const auto event = decode_event(events.value());
    if (events.key().size() != kCallKeyBytes || !event) {
      faults.push_back({"events", "an event cannot be decoded"});
      continue;
    }
    for (const std::string& term : terms_of(*event)) {
      const auto entry = reader.get(Column::kEventTerms, index_key(term, events.key()));
      if (!entry) return Error(entry.error());
      if (!*entry) report(events.key(), "it has no entry under one of its terms");
    }
  }
  TD_TRY(events.status());
  Walk terms(reader, Column::kEventTerms, {}, {});
  for (; terms.valid(); terms.next()) {
    if (terms.key().size() <= kCallKeyBytes) continue;
    const std::string_view key = terms.key().substr(terms.key().size() - kCallKeyBytes);
    const auto event = reader.get(Column::kEvents, key);
    if (!event) return Error(event.error());
    if (!*event) report(key, "a term points to no such event");
  }
  TD_TRY(terms.status());
  const auto stored = reader.get(Column::kMeta, kEventCountKey);
  if (!stored) return Error(stored.error());
  const bool counted = *stored && (*stored)->size() == 8;
  if ((counted ? load_be<std::uint64_t>((*stored)->data()) : 0) != count) {
    faults.push_back({"events", "their count is wrong"});
  }
  return {};
}

}  // namespace tapdeck::storage
