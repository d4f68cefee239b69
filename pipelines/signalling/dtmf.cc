#include "pipelines/signalling/dtmf.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "model/dtmf.h"
#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/secrets.h"

namespace tapdeck::sip {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool icontains(std::string_view text, std::string_view part) {
  for (std::size_t at = 0; at + part.size() <= text.size(); ++at) {
    if (iequals(text.substr(at, part.size()), part)) return true;
  }
  return false;
}

template <std::size_t kCount>
bool is_one_of(std::string_view name, const std::array<std::string_view, kCount>& names) {
  return std::any_of(
      names.begin(), names.end(), [name](std::string_view each) { return iequals(name, each); });
}

// Fields of key bodies that tell nothing of keys; "p" and "y" are Nortel's package and name.
constexpr std::array<std::string_view, 5> kHarmless = {"duration", "dur", "volume", "p", "y"};
// The last one is that of ECMA-323 (CSTA).
constexpr std::array<std::string_view, 4> kXmlNames = {
    "digits", "digit", "dtmf", "charactersToSend"};
constexpr std::string_view kXmlVariable = "dtmf.";  // RFC 5707 section 9.4: dtmf.digits

enum class Kind : std::uint8_t {
  kOther,
  kFields,  // lines of name and value, or the keys alone
  kEvents,
  kXml,
};

// Of a Content-Type.
Kind kind_of(std::string_view value) {
  const std::string_view type = trim(value.substr(0, value.find(';')));
  if (icontains(type, "telephone-event")) return Kind::kEvents;
  if (icontains(type, "dtmf") || icontains(type, "digits")) return Kind::kFields;
  return icontains(type, "xml") ? Kind::kXml : Kind::kOther;
}

// One word that is not another field.
bool is_harmless(std::string_view name, std::string_view value) {
  return is_one_of(name, kHarmless) && find_any(value, "=:;,& \t") == kNone;
}

bool is_name_char(char c) {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '.';
}

class DtmfBlanker {
 public:
  explicit DtmfBlanker(MutableByteView bytes) : bytes_(bytes), text_(as_text(bytes)) {}

  std::size_t run() {
    std::size_t at = 0;
    while (at < text_.size() && is_space(text_[at])) ++at;
    while (at < text_.size()) {
      at = read_headers(at);
      const std::size_t end = end_of_part(at);
      blank_body(at, end);
      at = end_of_line(end);
    }
    return blanked_;
  }

 private:
  // Behind the line break of the line that `at` is in.
  [[nodiscard]] std::size_t end_of_line(std::size_t at) const {
    const std::size_t newline = text_.find('\n', at);
    return newline == kNone ? text_.size() : newline + 1;
  }

  // The same for a header field, with its continuation lines.
  [[nodiscard]] std::size_t end_of_field(std::size_t at) const {
    std::size_t end = end_of_line(at);
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) {
      const std::size_t next = end_of_line(end);
      if (trim(text_.substr(end, next - end)).empty()) break;
      end = next;
    }
    return end;
  }

  // Learns what follows the header section that begins at `at`; returns where that is.
  std::size_t read_headers(std::size_t at) {
    kind_ = Kind::kOther;
    encoded_ = false;
    while (at < text_.size()) {
      const std::size_t end = end_of_field(at);
      const std::string_view field = text_.substr(at, end - at);
      at = end;
      if (trim(field).empty()) break;
      const std::size_t colon = field.find(':');
      if (colon != kNone) read_field(trim(field.substr(0, colon)), trim(field.substr(colon + 1)));
    }
    return at;
  }

  void read_field(std::string_view name, std::string_view value) {
    if (iequals(name, "Content-Type") || iequals(name, "c")) {
      if (kind_ == Kind::kOther) kind_ = kind_of(value);
      in_parts_ = in_parts_ || istarts_with(value, "multipart");
    } else if (iequals(name, "Content-Encoding") || iequals(name, "e")) {
      encoded_ = encoded_ || !iequals(value, "identity");
    } else if (iequals(name, "Content-Transfer-Encoding")) {
      encoded_ = encoded_ || iequals(value, "base64") || iequals(value, "quoted-printable");
    }
  }

  // The next delimiter line of a multipart body from the line at `at` on, whichever part's: that
  // covers parts within parts.
  [[nodiscard]] std::size_t end_of_part(std::size_t at) const {
    if (!in_parts_) return text_.size();
    while (at < text_.size() && text_.substr(at, 2) != "--") at = end_of_line(at);
    return at;
  }

  void blank_body(std::size_t begin, std::size_t end) {
    if (encoded_ && kind_ != Kind::kOther) return blank_range(begin, end);
    switch (kind_) {
      case Kind::kFields:
      case Kind::kOther: return blank_fields(begin, end);
      case Kind::kEvents: return blank_events(begin, end);
      case Kind::kXml: return blank_xml(begin, end);
    }
  }

  // "Signal=5", "Signal: 5", "d=Digits=5", or the keys alone.
  void blank_fields(std::size_t begin, std::size_t end) {
    while (begin < end) {
      const std::size_t next = std::min(end_of_line(begin), end);
      const std::size_t sign = find_any(text_.substr(0, next), "=:", begin);
      if (sign == kNone) {
        if (kind_ == Kind::kFields) blank_range(begin, next);
      } else {
        const std::string_view name = trim(text_.substr(begin, sign - begin));
        const std::string_view value = trim(text_.substr(sign + 1, next - sign - 1));
        const bool tells =
            kind_ == Kind::kFields ? !is_harmless(name, value) : iequals(name, "signal");
        if (tells) blank_range(sign + 1, next);
      }
      begin = next;
    }
  }

  // RFC 4733 section 2.3 as a body of its own.
  void blank_events(std::size_t begin, std::size_t end) {
    constexpr std::size_t kEventBytes = 4;
    if (begin == end) return;
    if (bytes_[begin] >= ' ' && bytes_[begin] < 0x7f) return blank_range(begin, end);
    // A line break behind it is not the event's.
    while (begin < end && (end - begin) % kEventBytes != 0 && is_space(text_[end - 1])) --end;
    for (std::size_t at = begin; at < end; at += kEventBytes) {
      if (bytes_[at] > kLastKeyEvent) continue;
      bytes_[at] = kMaskedEvent;
      ++blanked_;
    }
  }

  void blank_xml(std::size_t begin, std::size_t end) {
    bool is_variable = false;  // one of DTMF was named, its <value> follows
    while (begin < end) {
      std::size_t behind = begin;
      while (behind < end && is_name_char(text_[behind])) ++behind;
      const std::string_view name = text_.substr(begin, behind - begin);
      is_variable = is_variable || istarts_with(name, kXmlVariable);
      const bool is_value = is_variable && iequals(name, "value");
      if (is_value || is_one_of(name, kXmlNames)) {
        if (is_element(begin)) {
          blank_element(behind, end);
        } else {
          blank_attribute(behind, end);
        }
        is_variable = is_variable && !is_value;
      }
      begin = std::max(behind, begin + 1);
    }
  }

  // Whether the name that begins at `at` is that of a tag that opens: "<digits" or "<kpml:digits".
  [[nodiscard]] bool is_element(std::size_t at) const {
    constexpr std::size_t kPrefixMax = 64;
    const std::size_t least = at > kPrefixMax ? at - kPrefixMax : 0;
    while (at > least && (is_name_char(text_[at - 1]) || text_[at - 1] == ':')) --at;
    return at > 0 && text_[at - 1] == '<';
  }

  // ="VALUE" behind an attribute's name that ends at `at`.
  void blank_attribute(std::size_t at, std::size_t end) {
    while (at < end && is_space(text_[at])) ++at;
    if (at == end || text_[at] != '=') return;
    ++at;
    while (at < end && is_space(text_[at])) ++at;
    if (at == end || (text_[at] != '"' && text_[at] != '\'')) return;
    blank_range(at + 1, std::min(text_.find(text_[at], at + 1), end));
  }

  // All between a tag whose name ends at `at` and the next one that closes.
  void blank_element(std::size_t at, std::size_t end) {
    const std::size_t tag_end = std::min(text_.find('>', at), end);
    if (tag_end == end || text_[tag_end - 1] == '/') return;
    blank_range(tag_end + 1, std::min(text_.find("</", tag_end), end));
  }

  void blank_range(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
      if (is_space(text_[at])) continue;
      bytes_[at] = static_cast<std::uint8_t>(kBlank);
      ++blanked_;
    }
  }

  MutableByteView bytes_;
  std::string_view text_;
  std::size_t blanked_ = 0;
  Kind kind_ = Kind::kOther;  // of the body at hand
  bool encoded_ = false;
  bool in_parts_ = false;
};

}  // namespace

std::size_t blank_dtmf(MutableByteView message) { return DtmfBlanker(message).run(); }

}  // namespace tapdeck::sip
