#include "bench/load/call_store_verify.h"

#include <algorithm>

#include "base/clock.h"
#include "model/call_codec.h"

namespace tapdeck::load {
namespace {

constexpr std::uint64_t kSampleStride = 7'368'787;  // prime: samples from everywhere
constexpr std::uint32_t kWindows = 50;
constexpr std::uint64_t kWindowCalls = 500;

Error wrong(std::uint64_t call, const std::string& what) {
  return make_error(ErrorCode::kCorrupt, "Call " + std::to_string(call) + ": " + what);
}

Result<void> expect_found(const CallMaker& maker,
                          const storage::CallStore& store,
                          std::uint64_t call,
                          CallQuery query) {
  query.from_us = maker.times(call).start_us;
  query.to_us = *query.from_us + 1;
  const auto page = store.find(query);
  if (!page) return Error(page.error());
  const Uid uid = maker.uid(call);
  if (std::none_of(page->calls.begin(), page->calls.end(), [&](const CallRecord& found) {
        return found.uid == uid;
      })) {
    return wrong(call, "an index does not name it");
  }
  return {};
}

Result<void> verify_sample(const CallMaker& maker,
                           const storage::CallStore& store,
                           std::uint64_t call) {
  const auto versions = store.versions(maker.uid(call));
  if (!versions) return wrong(call, versions.error().message);
  const bool answered = maker.times(call).answered_us != 0;
  if (versions->size() != (answered ? 2U : 1U)) return wrong(call, "it has other versions");
  const CallRecord made = maker.record(call, true);
  if (encode_call(versions->back()) != encode_call(made)) return wrong(call, "it was changed");
  if (answered && encode_call(versions->front()) != encode_call(maker.record(call, false))) {
    return wrong(call, "its older version was changed");
  }
  for (const std::string& number : searchable_numbers(made)) {
    CallQuery query;
    query.number = number;
    TD_TRY(expect_found(maker, store, call, query));
  }
  CallQuery query;
  query.call_id = made.call_id;
  TD_TRY(expect_found(maker, store, call, query));
  if (!maker.options().rows) return {};
  const auto rows = store.rows_of(made.uid);
  if (!rows) return Error(rows.error());
  auto expected = maker.rows(call);
  std::sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) {
    return a.kind < b.kind;
  });
  if (*rows != expected) return wrong(call, "its extent rows were changed");
  return {};
}

// All calls of one stretch of time, and no others.
Result<void> verify_window(const CallMaker& maker,
                           const storage::CallStore& store,
                           std::uint64_t first) {
  const std::uint64_t last = std::min(first + kWindowCalls, maker.options().calls) - 1;
  std::vector<Uid> expected;
  for (std::uint64_t call = first; call < last; ++call) expected.push_back(maker.uid(call));
  CallQuery query;
  query.from_us = maker.times(first).start_us;
  query.to_us = maker.times(last).start_us;
  const auto page = store.find(query);
  if (!page) return Error(page.error());
  if (page->calls.size() != expected.size()) return wrong(first, "calls near it are missing");
  for (const CallRecord& call : page->calls) {
    if (std::find(expected.begin(), expected.end(), call.uid) == expected.end()) {
      return wrong(first, "calls near it were never made");
    }
  }
  return {};
}

Result<void> verify_count(const CallMaker& maker, const storage::CallStore& store) {
  if (!maker.options().rows) return {};
  std::uint64_t messages = 0;
  TD_TRY(store.for_each_row([&messages](const storage::ExtentRow& row) {
    messages += row.kind == storage::SegmentKind::kSip ? 1 : 0;
    return true;
  }));
  if (messages == maker.options().calls) return {};
  return make_error(ErrorCode::kCorrupt,
                    "The store has rows of " + std::to_string(messages) + " calls.");
}

}  // namespace

Result<void> verify_calls(const CallMaker& maker,
                          const storage::CallStore& store,
                          std::uint32_t samples) {
  const std::uint64_t calls = maker.options().calls;
  TD_TRY(verify_count(maker, store));
  for (std::uint32_t i = 0; i < samples; ++i) {
    TD_TRY(verify_sample(maker, store, (i + 1) * kSampleStride % calls));
  }
  for (std::uint32_t i = 0; i < std::min<std::uint64_t>(kWindows, calls / 2); ++i) {
    TD_TRY(verify_window(maker, store, (i + 1) * kSampleStride % (calls / 2)));
  }
  const auto open = store.open_calls();
  if (!open) return Error(open.error());
  if (!open->empty()) return make_error(ErrorCode::kCorrupt, "Calls are still listed as open.");
  return {};
}

}  // namespace tapdeck::load
