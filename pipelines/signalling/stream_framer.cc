#include "pipelines/signalling/stream_framer.h"

#include <algorithm>
#include <optional>

#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/message.h"

namespace tapdeck::sip {
namespace {

constexpr std::size_t kMethodBytesMax = 20;
constexpr std::size_t kStartLineBytesMax = 4'096;
constexpr std::size_t kHeaderNameBytesMax = 64;
constexpr std::string_view kStatus = "SIP/2.0 ";

std::size_t token_length(std::string_view text, std::size_t max) {
  std::size_t length = 0;
  while (length < text.size() && length <= max && is_token_char(text[length])) ++length;
  return length;
}

// Of a line whose end has not come yet.
StartVerdict may_become_start_line(std::string_view text) {
  if (text.size() > kStartLineBytesMax) return StartVerdict::kNo;
  if (text.starts_with(kStatus) || kStatus.starts_with(text)) return StartVerdict::kMaybe;
  const std::size_t method = token_length(text, kMethodBytesMax);
  if (method > kMethodBytesMax) return StartVerdict::kNo;
  if (method == text.size()) return StartVerdict::kMaybe;
  return method >= 3 && text[method] == ' ' ? StartVerdict::kMaybe : StartVerdict::kNo;
}

bool is_start_line(std::string_view line) {
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  if (line.starts_with(kStatus)) {
    return line.size() >= kStatus.size() + 3 && is_digit(line[kStatus.size()]) &&
           is_digit(line[kStatus.size() + 1]) && is_digit(line[kStatus.size() + 2]);
  }
  const std::size_t method = token_length(line, kMethodBytesMax);
  if (method < 3 || method > kMethodBytesMax || method >= line.size()) return false;
  if (line[method] != ' ' || line.size() < method + kSipVersion.size() + 2) return false;
  return iequals(line.substr(line.size() - kSipVersion.size()), kSipVersion) &&
         line[line.size() - kSipVersion.size() - 1] == ' ';
}

StartVerdict begins_header(std::string_view text) {
  std::size_t at = token_length(text, kHeaderNameBytesMax);
  if (at > kHeaderNameBytesMax) return StartVerdict::kNo;
  if (at == 0 && !text.empty()) return StartVerdict::kNo;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (at == text.size()) return StartVerdict::kMaybe;
  return text[at] == ':' ? StartVerdict::kYes : StartVerdict::kNo;
}

// Length of the header section with its blank line, looked for from `from` on; 0 when it has not
// ended yet.
std::size_t find_header_end(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] == '\n') return at + 2;
    if (at + 2 < text.size() && text[at + 1] == '\r' && text[at + 2] == '\n') return at + 3;
  }
  return 0;
}

struct BodyLength {
  std::optional<std::uint64_t> bytes;  // nothing when absent, unreadable or contradictory
  bool has_type = false;
};

BodyLength body_length(std::string_view headers) {
  BodyLength out;
  bool bad = false;
  std::string_view line;
  while (take_line(headers, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, colon));
    if (iequals(name, "content-type") || iequals(name, "c")) out.has_type = true;
    if (!iequals(name, "content-length") && !iequals(name, "l")) continue;
    const std::optional<std::uint64_t> value = parse_u64(trim(line.substr(colon + 1)));
    bad = bad || !value || (out.bytes && *out.bytes != *value);
    out.bytes = value;
  }
  if (bad) out.bytes.reset();
  return out;
}

// Where the next message may begin, at the beginning of a line behind `from`; text.size() when
// nowhere.
std::size_t find_message(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (at + 1 < text.size() && begins_message(text.substr(at + 1)) != StartVerdict::kNo) {
      return at + 1;
    }
  }
  return text.size();
}

std::size_t find_whole_message(std::string_view text, std::size_t from) {
  if (begins_message(text.substr(from)) == StartVerdict::kYes) return from;
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (begins_message(text.substr(at + 1)) == StartVerdict::kYes) return at + 1;
  }
  return text.size();
}

}  // namespace

StartVerdict begins_message(std::string_view text) {
  const std::size_t end = text.substr(0, kStartLineBytesMax + 1).find('\n');
  if (end == std::string_view::npos) return may_become_start_line(text);
  if (!is_start_line(text.substr(0, end))) return StartVerdict::kNo;
  return begins_header(text.substr(end + 1));
}

StreamStep StreamFramer::next(std::string_view buffered) {
  if (needed_ > 0) {
    if (buffered.size() < needed_) return {};
    return finish({StreamItem::kMessage, needed_});
  }
  if (buffered.empty()) return {};
  if (is_filler(buffered.front())) {
    const auto end = std::find_if_not(buffered.begin(), buffered.end(), is_filler);
    return finish({StreamItem::kKeepAlive, static_cast<std::size_t>(end - buffered.begin())});
  }
  switch (begins_message(buffered)) {
    case StartVerdict::kNo: return finish({StreamItem::kGarbage, find_message(buffered, 0)});
    case StartVerdict::kMaybe: return {};
    case StartVerdict::kYes: break;
  }
  return measure(buffered);
}

StreamStep StreamFramer::finish(StreamStep step) {
  reset();
  return step;
}

// A message is at the front.
StreamStep StreamFramer::measure(std::string_view buffered) {
  const std::size_t head = find_header_end(buffered, scanned_);
  if (head > kMessageBytesMax || (head == 0 && buffered.size() > kMessageBytesMax)) {
    return finish({StreamItem::kTooLong, buffered.find('\n') + 1});
  }
  if (head == 0) {
    scanned_ = buffered.size() - 2;  // a start line is longer
    return {};
  }
  const BodyLength body = body_length(buffered.substr(0, head));
  if (body.bytes && *body.bytes > kMessageBytesMax - head) {
    return finish({StreamItem::kTooLong, head});
  }
  if (!body.bytes && body.has_type) {
    const std::size_t end =
        std::min(find_whole_message(buffered, head), std::max(head, kMessageBytesMax));
    return finish({StreamItem::kMessage, end, true});
  }
  needed_ = head + static_cast<std::size_t>(body.bytes.value_or(0));
  return next(buffered);
}

}  // namespace tapdeck::sip
