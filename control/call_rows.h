// Calls as rows: the columns of the default table, and chosen fields for tables, CSV and JSON.
// Threads: one at a time.  Memory: one page of rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/call_json.h"
#include "control/text.h"
#include "model/call.h"

namespace tapdeck::control {

enum class RowFormat : std::uint8_t { kTable, kJson, kCsv };

struct RowOptions {
  RowFormat format = RowFormat::kTable;
  std::vector<std::string> fields;  // empty: all (JSON), or the usual columns
  std::string zone;                 // of the table's times
};

// "a,b.c" as names that is_field_name() knows; kInvalidArgument names the first unknown one.
Result<std::vector<std::string>> parse_fields(std::string_view text);

class RowRenderer {
 public:
  explicit RowRenderer(RowOptions options);

  // The lines of these calls, under the titles (table, CSV) on the first call.
  std::string render(const std::vector<CallRecord>& calls);

 private:
  [[nodiscard]] std::string render_json(const CallRecord& call) const;
  [[nodiscard]] std::vector<std::string> cells_of(const CallRecord& call) const;
  std::string render_csv(const std::vector<CallRecord>& calls);

  RowOptions options_;
  Table table_;
  bool csv_titles_shown_ = false;
};

// "1:02:03" or "2:03" of whole seconds, rounded down; "" when absent.
std::string format_clock_duration(const std::optional<std::int64_t>& duration_ms);

}  // namespace tapdeck::control
