#include "bench/load/call_store_search.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

namespace tapdeck::load {
namespace {

// Prime to every number of calls: walks over all of them in no order.
constexpr std::uint64_t kCallStride = 1'000'003;

double microseconds_since(std::int64_t begin_ns) {
  return static_cast<double>(monotonic_now_ns() - begin_ns) / kNsPerUs;
}

}  // namespace

const char* search_name(SearchKind kind) {
  switch (kind) {
    case SearchKind::kRareNumber: return "number_rare_and_day";
    case SearchKind::kMiddleNumber: return "number_middle_and_day";
    case SearchKind::kFrequentNumber: return "number_frequent_and_day";
    case SearchKind::kPrefix: return "prefix_and_day";
    case SearchKind::kDate: return "date_only";
  }
  return "?";
}

CallQuery make_search(const CallMaker& maker,
                      SearchKind kind,
                      std::uint64_t n,
                      std::uint32_t page) {
  const std::uint64_t call = (n + 1) * kCallStride % maker.options().calls;
  const std::int64_t at_us = maker.times(call).start_us;
  CallQuery query;
  query.limit = page;
  query.from_us = at_us - at_us % kUsPerDay;
  if (kind == SearchKind::kDate) query.from_us = at_us;
  query.to_us = *query.from_us + kUsPerDay;
  if (kind == SearchKind::kRareNumber) query.number = maker.caller(call);
  if (kind == SearchKind::kFrequentNumber) query.number = maker.centre(0);
  if (kind == SearchKind::kMiddleNumber) {
    query.number = maker.centre(static_cast<std::uint32_t>(n % 10) + maker.options().centres / 2);
  }
  if (kind == SearchKind::kPrefix) {
    const std::string number = maker.caller(call);
    query.number = number.substr(0, number.size() - 4) + "*";
  }
  return query;
}

storage::CallStoreOptions store_options(const CallStoreLoadOptions& options) {
  storage::CallStoreOptions result;
  result.block_cache_bytes = options.block_cache_bytes;
  return result;
}

Distribution distribution_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2],
          values[std::min(values.size() - 1, values.size() * 99 / 100)],
          values.back()};
}

bool drop_page_cache() {
  ::sync();
  const int file = ::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool dropped = ::write(file, "3\n", 2) == 2;
  ::close(file);
  return dropped;
}

std::string answer_cold(const CallStoreLoadOptions& options, const std::string& question) {
  int kind = 0;
  unsigned long long n = 0;
  if (std::sscanf(question.c_str(), "%d %llu", &kind, &n) != 2) return "?";
  const CallMaker maker(options.maker);
  const CallQuery query = make_search(maker, static_cast<SearchKind>(kind), n, options.page_calls);
  const std::int64_t open_ns = monotonic_now_ns();
  const auto store = storage::CallStore::open(options.directory + "/calls", store_options(options));
  if (!store) return "?";
  const double open_us = microseconds_since(open_ns);
  const std::int64_t find_ns = monotonic_now_ns();
  const auto page = (*store)->find(query);
  const double find_us = microseconds_since(find_ns);
  if (!page) return "?";
  return std::to_string(open_us) + " " + std::to_string(find_us);
}

Result<StoreSearchResult> measure_search(const CallStoreLoadOptions& options,
                                         const storage::CallStore& store,
                                         SearchKind kind) {
  const CallMaker maker(options.maker);
  StoreSearchResult result;
  result.kind = search_name(kind);
  std::uint64_t found = 0;
  // A person repeats and refines a search: each is asked twice, and the second is measured.
  std::vector<double> times;
  for (std::uint64_t n = 0; n < options.searches; ++n) {
    const CallQuery query = make_search(maker, kind, n, options.page_calls);
    TD_TRY(store.find(query));
    const std::int64_t begin_ns = monotonic_now_ns();
    const auto page = store.find(query);
    times.push_back(microseconds_since(begin_ns));
    if (!page) return Error(page.error());
    found += page->calls.size();
  }
  result.calls_found = static_cast<double>(found) / options.searches;
  result.warm_us = distribution_of(std::move(times));
  return result;
}

Result<void> measure_cold(const CallStoreLoadOptions& options,
                          FreshProcess& fresh,
                          SearchKind kind,
                          StoreSearchResult& result) {
  std::vector<double> open_times;
  std::vector<double> find_times;
  for (std::uint32_t n = 0; n < options.cold_searches; ++n) {
    drop_page_cache();
    const std::string answer =
        fresh.ask(std::to_string(static_cast<int>(kind)) + " " + std::to_string(n));
    double open_us = 0;
    double find_us = 0;
    if (std::sscanf(answer.c_str(), "%lf %lf", &open_us, &find_us) != 2) {
      return make_error(ErrorCode::kIo, "A cold search failed.");
    }
    open_times.push_back(open_us);
    find_times.push_back(find_us);
  }
  result.cold_open_us = distribution_of(std::move(open_times));
  result.cold_us = distribution_of(std::move(find_times));
  return {};
}

}  // namespace tapdeck::load
