#include "control/annotation_csv.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "model/annotations.h"

namespace tapdeck::control {
namespace {

struct CsvRow {
  std::size_t line = 0;
  std::vector<std::string> cells;
};

// Takes one row after the other.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  // nullopt: the end.  Rows of nothing are passed over.
  std::optional<CsvRow> next() {
    while (!text_.empty()) {
      CsvRow row;
      row.line = line_;
      bool more = true;
      while (more) {
        row.cells.emplace_back();
        more = read_cell(row.cells.back());
      }
      if (row.cells.size() > 1 || !row.cells.front().empty()) return row;
    }
    return std::nullopt;
  }

  // A quote without its other one, or with something behind it.
  [[nodiscard]] bool malformed() const { return malformed_; }

 private:
  // True: another cell of the row follows.
  bool read_cell(std::string& cell) {
    if (text_.starts_with('"')) read_quoted(cell);
    while (!text_.empty()) {
      const char c = take();
      if (c == ',') return true;
      if (c == '\n') return false;
      if (c == '\r' && (text_.empty() || text_.front() == '\n')) continue;
      cell += c;
    }
    return false;
  }

  void read_quoted(std::string& cell) {
    take();
    while (!text_.empty()) {
      const char c = take();
      if (c != '"') {
        cell += c;
      } else if (text_.starts_with('"')) {
        cell += take();
      } else {
        const bool ends = text_.empty() || text_.front() == ',' || text_.front() == '\n' ||
                          text_.starts_with("\r\n");
        malformed_ = malformed_ || !ends;
        return;
      }
    }
    malformed_ = true;
  }

  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    if (c == '\n') ++line_;
    return c;
  }

  std::string_view text_;
  std::size_t line_ = 1;
  bool malformed_ = false;
};

class Builder {
 public:
  // False: without a header nothing can be said of the rows.
  bool read_header(const std::optional<CsvRow>& header) {
    if (!header) return fault(1, "there is no header; it names uid and keys, such as uid,csat.");
    columns_ = header->cells;
    if (columns_.size() < 2 || columns_.front() != "uid") {
      return fault(header->line, "the header begins with uid and goes on with keys: uid,csat.");
    }
    for (std::size_t i = 1; i < columns_.size(); ++i) {
      const auto known = check_annotation(columns_[i], "");
      if (!known) return fault(header->line, known.error().message);
      if (std::count(columns_.begin(), columns_.end(), columns_[i]) > 1) {
        return fault(header->line, "the key " + columns_[i] + " stands in it twice.");
      }
    }
    return true;
  }

  void add(const CsvRow& row) {
    if (row.cells.size() != columns_.size()) {
      fault(row.line,
            std::to_string(row.cells.size()) + " cells, where the header has " +
                std::to_string(columns_.size()) + ".");
      return;
    }
    const auto uid = parse_uid(row.cells.front());
    if (!uid) {
      fault(row.line,
            "'" + row.cells.front().substr(0, 80) + "' is not a uid (26 letters and digits).");
      return;
    }
    const auto [before, is_new] = lines_of_.emplace(*uid, row.line);
    if (!is_new) {
      fault(row.line, "the uid of line " + std::to_string(before->second) + " again.");
      return;
    }
    AnnotationLine line{row.line, *uid, {}};
    for (std::size_t i = 1; i < columns_.size(); ++i) {
      const auto checked = check_annotation(columns_[i], row.cells[i]);
      if (!checked) {
        fault(row.line, checked.error().message);
        return;
      }
      if (!row.cells[i].empty()) line.values.emplace_back(columns_[i], row.cells[i]);
    }
    std::sort(line.values.begin(), line.values.end());
    if (!line.values.empty()) file_.lines.push_back(std::move(line));
  }

  bool fault(std::size_t line, const std::string& what) {
    file_.faults.push_back("line " + std::to_string(line) + ": " + what);
    return false;
  }

  AnnotationFile take() { return std::move(file_); }

 private:
  std::vector<std::string> columns_;
  std::unordered_map<Uid, std::size_t, UidHash> lines_of_;
  AnnotationFile file_;
};

}  // namespace

AnnotationFile read_annotations(std::string_view text) {
  CsvReader reader(text);
  Builder builder;
  auto row = reader.next();
  if (!reader.malformed() && builder.read_header(row)) {
    while ((row = reader.next()) && !reader.malformed()) builder.add(*row);
  }
  // What follows a lost quote is read as anything but what was meant.
  if (reader.malformed()) builder.fault(row ? row->line : 1, "a quotation mark that does not fit.");
  return builder.take();
}

}  // namespace tapdeck::control
