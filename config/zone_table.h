// The clock of one zone as a table of its changes, so that local times are found without a library,
// a lock or an allocation.  The only file pair of the configuration that knows the date library.
// Threads: any after its making.  Memory: 12 bytes a change, about two a year.  The system's zone
// database (IANA) says what changes there are; behind its last one nothing changes any more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tapdeck::config {

class ZoneTable {
 public:
  // kInvalidArgument: there is no such zone.
  static Result<ZoneTable> create(const std::string& name);

  // Seconds to add to UTC for the zone's clock at that time.
  [[nodiscard]] std::int32_t offset_s(std::int64_t utc_s) const;

  // The first instant at which the zone's clock shows this or, where it leaps over it, more.
  // local_s: seconds since 1970-01-01 00:00 of that clock.
  [[nodiscard]] std::int64_t to_utc_s(std::int64_t local_s) const;

 private:
  ZoneTable() = default;

  std::vector<std::int64_t> begins_;  // UTC seconds, ascending; the first is the beginning of time
  std::vector<std::int32_t> offsets_;
};

}  // namespace tapdeck::config
