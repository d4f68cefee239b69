#include "pipelines/signalling/body.h"

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

constexpr int kDepthMax = 2;  // of multiparts within each other

struct Delimiter {
  std::size_t begin = std::string_view::npos;  // of its line; npos: there is none
  std::size_t end = 0;                         // behind its line
  bool is_last = false;
};

// The next line that is "--boundary" or "--boundary--" (RFC 2046 section 5.1.1).
Delimiter find_delimiter(std::string_view text, std::string_view boundary) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t newline = text.find('\n', at);
    const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    std::string_view line = trim(text.substr(at, end - at));
    if (line.size() >= boundary.size() + 2 && line.substr(0, 2) == "--" &&
        line.substr(2, boundary.size()) == boundary) {
      line.remove_prefix(boundary.size() + 2);
      if (line.empty()) return {at, end, false};
      if (line == "--") return {at, end, true};
    }
    at = end;
  }
  return {};
}

// The line break before a delimiter belongs to the delimiter.
std::string_view without_last_break(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

bool is_plain_transfer(std::string_view encoding) {
  return encoding.empty() || iequals(encoding, "7bit") || iequals(encoding, "8bit") ||
         iequals(encoding, "binary");
}

bool is_identity(std::string_view encoding) {
  return encoding.empty() || iequals(encoding, "identity");
}

BodySdp take_sdp(std::string_view text, std::string_view encoding, SdpPlace place) {
  if (!is_identity(encoding)) return {SdpPlace::kEncoded, {}, encoding};
  return {place, text, encoding};
}

BodySdp find_in_parts(std::string_view body, std::string_view boundary, int depth) {
  BodySdp found{SdpPlace::kBroken, {}, {}};
  if (trim(boundary).empty()) return found;
  PartIterator parts(body, boundary);
  std::string_view headers;
  std::string_view content;
  while (parts.next(headers, content)) {
    if (found.place == SdpPlace::kBroken) found.place = SdpPlace::kNone;
    const std::optional<ContentType> type =
        parse_content_type(part_header(headers, "Content-Type"));
    if (!type) continue;
    if (type->is("application", "sdp")) {
      const std::string_view transfer = part_header(headers, "Content-Transfer-Encoding");
      if (!is_plain_transfer(transfer)) return {SdpPlace::kEncoded, {}, transfer};
      return take_sdp(content, part_header(headers, "Content-Encoding"), SdpPlace::kMultipart);
    }
    if (iequals(type->type, "multipart") && depth < kDepthMax) {
      const BodySdp nested = find_in_parts(content, type->boundary, depth + 1);
      if (nested.place == SdpPlace::kMultipart || nested.place == SdpPlace::kEncoded) return nested;
    }
  }
  return found;
}

bool is_recording_metadata(const ContentType& type) {
  return type.is("application", "rs-metadata+xml") || type.is("application", "rs-metadata");
}

std::optional<std::string_view> metadata_in_parts(std::string_view body,
                                                  std::string_view boundary,
                                                  int depth) {
  if (trim(boundary).empty()) return std::nullopt;
  PartIterator parts(body, boundary);
  std::string_view headers;
  std::string_view content;
  while (parts.next(headers, content)) {
    const auto type = parse_content_type(part_header(headers, "Content-Type"));
    if (!type) continue;
    if (is_recording_metadata(*type)) {
      const bool is_plain = is_identity(part_header(headers, "Content-Encoding")) &&
                            is_plain_transfer(part_header(headers, "Content-Transfer-Encoding"));
      return is_plain ? content : std::string_view();
    }
    if (!iequals(type->type, "multipart") || depth >= kDepthMax) continue;
    if (const auto nested = metadata_in_parts(content, type->boundary, depth + 1)) return nested;
  }
  return std::nullopt;
}

}  // namespace

PartIterator::PartIterator(std::string_view body, std::string_view boundary)
    : rest_(body), boundary_(boundary) {
  const Delimiter first = find_delimiter(rest_, boundary_);
  done_ = first.begin == std::string_view::npos || first.is_last;
  if (!done_) rest_.remove_prefix(first.end);
}

bool PartIterator::next(std::string_view& headers, std::string_view& content) {
  if (done_) return false;
  const Delimiter delimiter = find_delimiter(rest_, boundary_);
  std::string_view part = rest_;
  if (delimiter.begin == std::string_view::npos) {
    done_ = true;
  } else {
    part = without_last_break(rest_.substr(0, delimiter.begin));
    rest_.remove_prefix(delimiter.end);
    done_ = delimiter.is_last;
  }
  content = part;
  std::string_view line;
  while (take_line(content, line)) {
    if (line.empty()) break;
  }
  headers = part.substr(0, part.size() - content.size());
  return true;
}

std::string_view part_header(std::string_view headers, std::string_view name) {
  std::string_view rest = headers;
  std::string_view line;
  while (take_line(rest, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !iequals(trim(line.substr(0, colon)), name)) continue;
    const char* value = line.data() + colon + 1;
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) take_line(rest, line);
    return trim({value, static_cast<std::size_t>(line.data() + line.size() - value)});
  }
  return {};
}

BodySdp find_sdp(const Message& message) {
  const std::string_view body = message.body();
  if (trim(body).empty()) return {};
  const std::string_view encoding =
      message.first(HeaderId::kContentEncoding).value_or(std::string_view());
  const std::optional<ContentType> type = message.content_type();
  if (!type) {
    if (message.has(HeaderId::kContentType) || !istarts_with(body, "v=0")) return {};
    return take_sdp(body, encoding, SdpPlace::kDirect);
  }
  if (type->is("application", "sdp")) return take_sdp(body, encoding, SdpPlace::kDirect);
  if (!iequals(type->type, "multipart")) return {};
  if (!is_identity(encoding)) return {SdpPlace::kEncoded, {}, encoding};
  return find_in_parts(body, type->boundary, 1);
}

std::optional<std::string_view> find_recording_metadata(const Message& message) {
  const std::optional<ContentType> type = message.content_type();
  if (!type) return std::nullopt;
  const bool is_multipart = iequals(type->type, "multipart");
  if (!is_multipart && !is_recording_metadata(*type)) return std::nullopt;
  // Of an encoded multipart nobody knows what is in it.
  if (!is_identity(message.first(HeaderId::kContentEncoding).value_or(std::string_view()))) {
    return is_multipart ? std::nullopt : std::optional(std::string_view());
  }
  return is_multipart ? metadata_in_parts(message.body(), type->boundary, 1)
                      : std::optional(message.body());
}

}  // namespace tapdeck::sip
