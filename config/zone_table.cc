#include "config/zone_table.h"

#include <algorithm>
#include <chrono>
#include <date/tz.h>
#include <exception>
#include <limits>

namespace tapdeck::config {
namespace {

constexpr std::int64_t kFirstInstant = std::numeric_limits<std::int64_t>::min();
constexpr int kLastYear = 2'100;

}  // namespace

Result<ZoneTable> ZoneTable::create(const std::string& name) {
  try {
    const date::time_zone* zone = date::locate_zone(name);
    const date::sys_seconds end = date::sys_days(date::year(kLastYear) / 1 / 1);
    ZoneTable table;
    date::sys_seconds at = date::sys_days(date::year(1970) / 1 / 1);
    while (at < end) {
      const date::sys_info info = zone->get_info(at);
      const auto offset = static_cast<std::int32_t>(info.offset.count());
      if (table.offsets_.empty()) {
        table.begins_.push_back(kFirstInstant);
        table.offsets_.push_back(offset);
      } else if (table.offsets_.back() != offset) {
        table.begins_.push_back(info.begin.time_since_epoch().count());
        table.offsets_.push_back(offset);
      }
      if (info.end <= at) break;
      at = info.end;
    }
    return table;
  } catch (const std::exception&) {
    return make_error(ErrorCode::kInvalidArgument, "there is no time zone '" + name + "'");
  }
}

std::int32_t ZoneTable::offset_s(std::int64_t utc_s) const {
  const auto behind = std::ranges::upper_bound(begins_, utc_s);
  return offsets_[static_cast<std::size_t>(behind - begins_.begin()) - 1];
}

std::int64_t ZoneTable::to_utc_s(std::int64_t local_s) const {
  for (std::size_t i = 0; i < begins_.size(); ++i) {
    const std::int64_t utc_s = std::max(begins_[i], local_s - offsets_[i]);
    if (i + 1 == begins_.size() || utc_s < begins_[i + 1]) return utc_s;
  }
  return local_s;
}

}  // namespace tapdeck::config
