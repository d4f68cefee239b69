#include "control/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace tapdeck::control {
namespace {

constexpr char32_t kReplacement = 0xfffd;

struct CodePoint {
  char32_t value = kReplacement;
  std::size_t bytes = 1;
  bool valid = false;
};

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

// The code point at `at` (RFC 3629: no overlong forms, surrogates or values above U+10FFFF); an
// invalid byte is one replacement.
CodePoint decode_at(std::string_view text, std::size_t at) {
  const std::uint8_t first = byte_at(text, at);
  if (first < 0x80) return {first, 1, true};
  std::size_t length = 0;
  char32_t value = 0;
  char32_t lowest = 0;
  if ((first & 0xe0U) == 0xc0) {
    length = 2, value = first & 0x1fU, lowest = 0x80;
  } else if ((first & 0xf0U) == 0xe0) {
    length = 3, value = first & 0x0fU, lowest = 0x800;
  } else if ((first & 0xf8U) == 0xf0) {
    length = 4, value = first & 0x07U, lowest = 0x10000;
  } else {
    return {};
  }
  if (text.size() - at < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint8_t next = byte_at(text, at + i);
    if ((next & 0xc0U) != 0x80) return {};
    value = (value << 6) | (next & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < lowest || value > 0x10ffff || surrogate) return {};
  return {value, length, true};
}

bool is_control(char32_t value) {
  // C0, DEL, C1, line separators and the marks that reorder a terminal's text.
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x2028 || value == 0x2029 ||
         (value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

using Range = std::pair<char32_t, char32_t>;

constexpr std::array<Range, 9> kZeroWidth = {{{0x300, 0x36f},
                                              {0x483, 0x489},
                                              {0x591, 0x5bd},
                                              {0x64b, 0x65f},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x200b, 0x200f},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f}}};
constexpr std::array<Range, 9> kDoubleWidth = {{{0x1100, 0x115f},
                                                {0x2e80, 0x303e},
                                                {0x3041, 0xa4cf},
                                                {0xac00, 0xd7a3},
                                                {0xf900, 0xfaff},
                                                {0xfe30, 0xfe6f},
                                                {0xff00, 0xff60},
                                                {0x1f300, 0x1faff},
                                                {0x20000, 0x3fffd}}};

template <std::size_t N>
bool in_ranges(const std::array<Range, N>& ranges, char32_t value) {
  return std::any_of(ranges.begin(), ranges.end(), [value](const Range& range) {
    return value >= range.first && value <= range.second;
  });
}

bool is_number_like(std::string_view text) {
  if (text.front() != '+' && text.front() != '-') return false;
  const std::string_view rest = text.substr(1);
  const bool has_digit = rest.find_first_of("0123456789") != std::string_view::npos;
  return has_digit && rest.find_first_not_of("0123456789 ().-/") == std::string_view::npos;
}

bool is_formula(std::string_view text) {
  if (text.empty() || std::string_view("=+-@\t\r").find(text.front()) == std::string_view::npos) {
    return false;
  }
  return !is_number_like(text);
}

void append_padded(std::string& line, const std::string& cell, std::size_t width, Align align) {
  const std::size_t used = display_width(cell);
  const std::string padding(width > used ? width - used : 0, ' ');
  line += align == Align::kRight ? padding + cell : cell + padding;
}

}  // namespace

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    out += point.valid ? text.substr(at, point.bytes) : std::string_view("\xef\xbf\xbd");
    at += point.bytes;
  }
  return out;
}

std::string to_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    if (!point.valid) {
      out += "\xef\xbf\xbd";
    } else if (is_control(point.value)) {
      out += '?';
    } else {
      out += text.substr(at, point.bytes);
    }
    at += point.bytes;
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_at(text, at);
    at += point.bytes;
    if (in_ranges(kZeroWidth, point.value)) continue;
    width += in_ranges(kDoubleWidth, point.value) ? 2 : 1;
  }
  return width;
}

std::string csv_cell(std::string_view text) {
  std::string cell = to_valid_utf8(text);
  if (is_formula(cell)) cell.insert(cell.begin(), '\'');
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char character : cell) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i != 0) line += ',';
    line += csv_cell(cells[i]);
  }
  return line + "\r\n";
}

Table::Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {
  for (const TableColumn& column : columns_) widths_.push_back(display_width(column.title));
}

std::string Table::render_row(const std::vector<std::string>& row) const {
  std::string line;
  for (std::size_t i = 0; i < std::min(columns_.size(), row.size()); ++i) {
    if (i != 0) line += "  ";
    append_padded(line, row[i], widths_[i], columns_[i].align);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string Table::render(const std::vector<std::vector<std::string>>& rows) {
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < std::min(columns_.size(), row.size()); ++i) {
      widths_[i] = std::max(widths_[i], display_width(row[i]));
    }
  }
  std::string out;
  if (!titles_shown_) {
    std::vector<std::string> titles;
    for (const TableColumn& column : columns_) titles.push_back(column.title);
    out += render_row(titles);
    titles_shown_ = true;
  }
  for (const auto& row : rows) out += render_row(row);
  return out;
}

}  // namespace tapdeck::control
