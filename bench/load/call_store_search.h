// The searches that people wait for, on a store that a CallMaker's calls fill.
// Threads: one.  Memory: one page of calls.
#pragma once

#include <string>
#include <vector>

#include "bench/load/call_store_load.h"
#include "bench/load/fresh_process.h"
#include "storage/call_store.h"

namespace tapdeck::load {

enum class SearchKind {
  kRareNumber,      // a subscriber on the day of one of its calls
  kFrequentNumber,  // the first call centre on a day
  kMiddleNumber,    // a call centre of little traffic
  kPrefix,          // a hundred numbers on a day
  kDate,            // all calls from a moment on
};
inline constexpr SearchKind kSearchKinds[] = {SearchKind::kRareNumber,
                                              SearchKind::kMiddleNumber,
                                              SearchKind::kFrequentNumber,
                                              SearchKind::kPrefix,
                                              SearchKind::kDate};

const char* search_name(SearchKind kind);

// The n-th search of its kind: others of the same store, spread over all of its time.
CallQuery make_search(const CallMaker& maker, SearchKind kind, std::uint64_t n, std::uint32_t page);

// What a child of `fresh` does; its questions are of measure_cold().
std::string answer_cold(const CallStoreLoadOptions& options, const std::string& question);

Result<StoreSearchResult> measure_search(const CallStoreLoadOptions& options,
                                         const storage::CallStore& store,
                                         SearchKind kind);
Result<void> measure_cold(const CallStoreLoadOptions& options,
                          FreshProcess& fresh,
                          SearchKind kind,
                          StoreSearchResult& result);

bool drop_page_cache();  // false: not permitted
Distribution distribution_of(std::vector<double> values);
storage::CallStoreOptions store_options(const CallStoreLoadOptions& options);

}  // namespace tapdeck::load
