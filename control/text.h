// Text for people and machines: UTF-8 repair, terminal columns, CSV cells (RFC 4180), aligned
// tables. Threads: any.  Memory: strings.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tapdeck::control {

// The same text with every byte that is no part of valid UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

// `text` on one terminal line: valid UTF-8, control characters (escape sequences from the wire
// too) shown as '?'.
std::string to_printable(std::string_view text);

// Columns that valid UTF-8 text takes on a terminal: combining marks 0, East Asian wide ones 2.
std::size_t display_width(std::string_view text);

// A CSV cell, quoted where RFC 4180 asks for it.  A cell that a spreadsheet would run as a formula
// (first character = + - @ TAB or CR) gets a leading apostrophe, but not when it is a plain number
// or phone number (sign, then digits, spaces and ().-/ only).
std::string csv_cell(std::string_view text);
std::string csv_line(const std::vector<std::string>& cells);  // with CRLF

enum class Align { kLeft, kRight };

struct TableColumn {
  std::string title;
  Align align = Align::kLeft;
};

// An aligned table, page by page: two spaces between columns, no trailing blanks, no wrapping.
// Columns grow with what has been seen so far and never shrink.
class Table {
 public:
  explicit Table(std::vector<TableColumn> columns);

  // The rows as lines, under the titles on the first call.
  std::string render(const std::vector<std::vector<std::string>>& rows);

 private:
  [[nodiscard]] std::string render_row(const std::vector<std::string>& row) const;

  std::vector<TableColumn> columns_;
  std::vector<std::size_t> widths_;
  bool titles_shown_ = false;
};

}  // namespace tapdeck::control
