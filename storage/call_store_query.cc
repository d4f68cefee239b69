#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "model/call_codec.h"
#include "storage/call_store_read.h"

namespace tapdeck::storage {
namespace {

// Index entries a prefix search looks at before it goes by date instead: a prefix that has more is
// so broad that a walk over the calls, oldest first, meets its matches soon.
constexpr std::size_t kPrefixEntriesMax = 50'000;

// Calls are wanted from `lower` on, up to, not including, `upper`.
struct KeyRange {
  std::string lower;
  std::string upper;  // empty: no end
};

// Fills a page, and looks one match further to know whether another page follows.
class PageBuilder {
 public:
  PageBuilder(const CallStore::Impl& store, const CallQuery& query)
      : store_(store), query_(query) {}

  // False: the page is full.
  bool offer(const CallKey& key, CallRecord call) {
    store_.apply_overlay(call);
    if (!matches(query_, call)) return true;
    if (query_.limit != 0 && page_.calls.size() == query_.limit) {
      page_.next_cursor = encode_cursor(last_);
      return false;
    }
    page_.calls.push_back(std::move(call));
    last_ = key;
    return true;
  }

  CallPage take() { return std::move(page_); }

 private:
  const CallStore::Impl& store_;
  const CallQuery& query_;
  CallPage page_;
  CallKey last_{};
};

CallKey to_call_key(std::string_view bytes) {
  CallKey key{};
  std::copy_n(bytes.begin(), key.size(), key.begin());
  return key;
}

// The earliest key time a call overlapping `from_us` can have: no ended call lasted longer than the
// stored maximum, and calls still open are known by name.
Result<std::int64_t> overlap_floor_us(const Reader& reader, std::int64_t from_us) {
  auto maximum = reader.get(Column::kMeta, kMaxTotalKey);
  if (!maximum) return Error(std::move(maximum.error()));
  std::int64_t floor_us = from_us;
  if (*maximum && (*maximum)->size() == 8) {
    const auto longest = static_cast<std::int64_t>(load_be<std::uint64_t>((*maximum)->data()));
    if (__builtin_sub_overflow(from_us, longest, &floor_us)) {
      floor_us = std::numeric_limits<std::int64_t>::min();
    }
  }
  const std::string prefix = open_key(first_call_key(std::numeric_limits<std::int64_t>::min()));
  const Walk open(reader, Column::kMeta, prefix, successor(prefix.substr(0, 5)));
  if (!open.valid()) {
    TD_TRY(open.status());
    return floor_us;
  }
  const std::string_view oldest = open.key().substr(5);
  if (oldest.size() != kCallKeyBytes) return undecodable_call(std::string(kCallKeyBytes, '\0'));
  return std::min(floor_us, call_key_time_us(oldest));
}

Result<KeyRange> key_range(const Reader& reader, const CallQuery& query) {
  KeyRange range;
  if (query.from_us) {
    std::int64_t from_us = *query.from_us;
    if (query.overlap) {
      const Result<std::int64_t> floor_us = overlap_floor_us(reader, from_us);
      if (!floor_us) return Error(floor_us.error());
      from_us = *floor_us;
    }
    range.lower = view(first_call_key(from_us));
  }
  if (query.to_us) range.upper = view(first_call_key(*query.to_us));
  if (!query.cursor.empty()) {
    const std::optional<CallKey> last = decode_cursor(query.cursor);
    if (!last) {
      return make_error(ErrorCode::kInvalidArgument,
                        "\"" + query.cursor.substr(0, 80) + "\" is not a cursor of a call list.");
    }
    range.lower = std::max(range.lower, std::string(view(*last)) + '\0');
  }
  return range;
}

Result<void> scan_by_date(const Reader& reader, const KeyRange& range, PageBuilder& page) {
  Walk walk(reader, Column::kCalls, range.lower, range.upper);
  for (; walk.valid(); walk.next()) {
    if (walk.key().size() != kCallKeyBytes) continue;  // an older version
    std::optional<CallRecord> call = decode_call(walk.value());
    if (!call) return undecodable_call(walk.key());
    if (!page.offer(to_call_key(walk.key()), std::move(*call))) return {};
  }
  return walk.status();
}

// True when the page wants more.
Result<bool> offer_key(const Reader& reader, const CallKey& key, PageBuilder& page) {
  auto stored = reader.load(key);
  if (!stored) return Error(std::move(stored.error()));
  if (!*stored) return true;  // an index entry without its call: `store check` reports it
  return page.offer(key, std::move((*stored)->call));
}

Result<void> scan_exact(const Reader& reader,
                        Column column,
                        std::string_view term,
                        const KeyRange& range,
                        PageBuilder& page) {
  const std::string upper =
      range.upper.empty() ? std::string(term) + '\1' : index_key(term, range.upper);
  Walk walk(reader, column, index_key(term, range.lower), upper, Walk::Reach::kPrefix);
  for (; walk.valid(); walk.next()) {
    if (walk.key().size() != term.size() + 1 + kCallKeyBytes) continue;
    const CallKey key = to_call_key(walk.key().substr(term.size() + 1));
    const Result<bool> more = offer_key(reader, key, page);
    if (!more) return Error(more.error());
    if (!*more) return {};
  }
  return walk.status();
}

// Of all numbers that a filter's text stands for; none where it stands for any.
std::vector<TermSpan> spans_of(std::string_view number, std::string_view e164) {
  std::vector<TermSpan> spans;
  for (const std::string_view text : {number, e164}) {
    const std::string term = index_term(search_number(text.substr(0, text.find('*'))));
    if (text.empty()) continue;
    if (term.empty()) return {};
    if (text.back() == '*') {
      spans.push_back({term, successor(term)});
    } else {
      spans.push_back({index_key(term, {}), term + '\1'});
    }
  }
  return spans;
}

// Adds the keys of all calls in `range` under the numbers of `span`; false when there are too many
// entries to look at.  Numbers sort before times in this index, so each number's entries outside
// the range are jumped over.
Result<bool> collect(const Reader& reader,
                     const TermSpan& span,
                     const KeyRange& range,
                     std::vector<CallKey>& keys) {
  Walk walk(reader, Column::kByNumber, span.lower, span.upper);
  for (std::size_t steps = 0; walk.valid(); ++steps) {
    if (steps == kPrefixEntriesMax) return false;
    if (walk.key().size() <= kCallKeyBytes) {
      walk.next();
      continue;
    }
    const std::string term(walk.key().substr(0, walk.key().size() - kCallKeyBytes - 1));
    const std::string_view key = walk.key().substr(term.size() + 1);
    if (key < range.lower) {
      walk.seek(index_key(term, range.lower));
    } else if (!range.upper.empty() && key >= range.upper) {
      walk.seek(term + '\1');
    } else {
      keys.push_back(to_call_key(key));
      walk.next();
    }
  }
  TD_TRY(walk.status());
  return true;
}

// What is found under several numbers is sorted by time before it is looked at.
Result<void> scan_spans(const Reader& reader,
                        const std::vector<TermSpan>& spans,
                        const KeyRange& range,
                        PageBuilder& page) {
  if (spans.empty()) return scan_by_date(reader, range, page);
  std::vector<CallKey> keys;
  for (const TermSpan& span : spans) {
    const Result<bool> all = collect(reader, span, range, keys);
    if (!all) return Error(all.error());
    if (!*all) return scan_by_date(reader, range, page);
  }
  std::sort(keys.begin(), keys.end(), [](const CallKey& a, const CallKey& b) {
    return view(a) < view(b);  // as bytes, not as signed chars
  });
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  for (const CallKey& key : keys) {
    const Result<bool> more = offer_key(reader, key, page);
    if (!more) return Error(more.error());
    if (!*more) return {};
  }
  return {};
}

struct NumberFilter {
  std::string_view number;
  std::string_view e164;
};

// The number filter that narrows most: an exact one if there is any.  Caller and callee are found
// in the same index, since every number of a call is in it.
NumberFilter best_number(const CallQuery& query) {
  NumberFilter best;
  for (const NumberFilter& filter : {NumberFilter{query.number, query.number_e164},
                                     NumberFilter{query.caller, query.caller_e164},
                                     NumberFilter{query.callee, query.callee_e164}}) {
    if (filter.number.empty()) continue;
    if (filter.number.back() != '*') return filter;
    if (filter.number.size() > best.number.size()) best = filter;
  }
  return best;
}

Result<void> run(const Reader& reader, const CallQuery& query, PageBuilder& page) {
  const Result<KeyRange> range = key_range(reader, query);
  if (!range) return Error(range.error());
  if (query.uid) {
    auto stored = UidFinder(reader.store()).find_call(*query.uid);
    if (!stored) return Error(std::move(stored.error()));
    if (*stored && view((*stored)->key) >= range->lower) {
      page.offer((*stored)->key, std::move((*stored)->call));
    }
    return {};
  }
  if (!query.call_id.empty()) {
    return scan_exact(reader, Column::kByCallId, index_term(query.call_id), *range, page);
  }
  if (!query.conversation_id.empty()) {
    const std::string term = index_term(query.conversation_id);
    return scan_exact(reader, Column::kByConversation, term, *range, page);
  }
  const auto [number, e164] = best_number(query);
  if (number.empty()) return scan_by_date(reader, *range, page);
  if (number.back() != '*' && e164.empty()) {
    return scan_exact(reader, Column::kByNumber, index_term(search_number(number)), *range, page);
  }
  return scan_spans(reader, spans_of(number, e164), *range, page);
}

}  // namespace

Result<CallPage> CallStore::find(const CallQuery& query) const {
  const Reader reader(*impl_);
  PageBuilder page(*impl_, query);
  TD_TRY(run(reader, query, page));
  return page.take();
}

}  // namespace tapdeck::storage
