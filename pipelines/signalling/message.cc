#include "pipelines/signalling/message.h"

#include <algorithm>

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

constexpr std::uint16_t kStatusMin = 100;
constexpr std::uint16_t kStatusMax = 699;

bool names_sip(std::string_view line) {
  for (std::size_t at = line.find('/'); at != std::string_view::npos; at = line.find('/', at + 1)) {
    if (at >= 3 && iequals(line.substr(at - 3, 3), "SIP")) return true;
  }
  return false;
}

// The tag of a From or To; where its address cannot be read, the dialog is still known by it.
std::string_view tag_of(std::string_view value) {
  // With one closing bracket and nothing quoted behind it, it is the same whatever the address is.
  const std::size_t close = value.find('>', find_unquoted(value, "<"));
  const bool is_plain = close != std::string_view::npos &&
                        find_any(value, ">\"", close + 1) == std::string_view::npos;
  if (!is_plain) {
    if (const std::optional<NameAddr> address = parse_name_addr(value)) return address->tag();
  }
  const std::size_t last = value.rfind('>');
  if (last != std::string_view::npos) value.remove_prefix(last + 1);
  const std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return {};
  return find_param(value.substr(semicolon + 1), "tag").value_or(std::string_view());
}

}  // namespace

// One pass over the datagram; fills the message it is given.
class MessageParser {
 public:
  MessageParser(std::string_view text, Message& message) : text_(text), message_(message) {}

  ParseVerdict run() {
    while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == '\0')) ++at_;
    if (at_ == text_.size()) return ParseVerdict::kKeepAlive;
    if (at_ > 0) note(kRepairLeadingSpace);
    ParseVerdict verdict = parse_start_line(take_raw_line());
    if (verdict == ParseVerdict::kOk) verdict = parse_headers();
    if (verdict == ParseVerdict::kOk) verdict = check_mandatory();
    if (verdict != ParseVerdict::kOk) return verdict;
    parse_body();
    return message_.repairs_ == 0 ? ParseVerdict::kOk : ParseVerdict::kRepaired;
  }

 private:
  void note(Repair repair) {
    message_.repairs_ = static_cast<std::uint16_t>(message_.repairs_ | repair);
  }

  // The line at at_ without its end; at_ moves behind it.
  std::string_view take_raw_line() {
    const std::size_t end = text_.find('\n', at_);
    std::string_view line = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    } else if (end != std::string_view::npos) {
      note(kRepairBareLf);
    }
    return line;
  }

  ParseVerdict parse_start_line(std::string_view line) {
    if (!names_sip(line)) return ParseVerdict::kNotSip;
    if (is_space(line.back())) {
      line = trim(line);
      // "SIP/2.0 200 " is the correct form of an empty reason phrase.
      if (!istarts_with(line, "SIP/")) note(kRepairStartLineSpace);
    }
    if (istarts_with(line, "SIP/")) return parse_status_line(line);
    return parse_request_line(line);
  }

  ParseVerdict parse_status_line(std::string_view line) {
    const std::size_t version_end = std::min(find_any(line, " \t"), line.size());
    if (!iequals(line.substr(0, version_end), kSipVersion)) return ParseVerdict::kBadVersion;
    std::string_view rest = line.substr(version_end);
    if (rest.size() > 1 && is_blank(rest[1])) note(kRepairStartLineSpace);
    rest = trim(rest);
    const std::size_t code_end = std::min(find_any(rest, " \t"), rest.size());
    const std::optional<std::uint16_t> code = parse_u16(rest.substr(0, code_end));
    if (!code || code_end != 3 || *code < kStatusMin || *code > kStatusMax) {
      return ParseVerdict::kBadStatusCode;
    }
    message_.is_request_ = false;
    message_.status_code_ = *code;
    message_.reason_phrase_ = trim(rest.substr(code_end));
    return ParseVerdict::kOk;
  }

  ParseVerdict parse_request_line(std::string_view line) {
    const std::size_t method_end = find_any(line, " \t");
    const std::size_t version_at = line.find_last_of(" \t");
    if (method_end == std::string_view::npos || method_end == version_at) {
      return ParseVerdict::kBadStartLine;
    }
    const std::string_view version = line.substr(version_at + 1);
    if (!istarts_with(version, "SIP/")) return ParseVerdict::kBadStartLine;
    if (!iequals(version, kSipVersion)) return ParseVerdict::kBadVersion;
    const std::string_view between = line.substr(method_end + 1, version_at - method_end - 1);
    message_.is_request_ = true;
    message_.method_token_ = line.substr(0, method_end);
    message_.request_uri_ = trim(between);
    if (!is_token(message_.method_token_) || message_.request_uri_.empty()) {
      return ParseVerdict::kBadStartLine;
    }
    if (message_.request_uri_.size() != between.size() ||
        find_any(message_.request_uri_, " \t") != std::string_view::npos) {
      note(kRepairStartLineSpace);
    }
    if (message_.request_uri_.front() == '<' && message_.request_uri_.back() == '>') {
      message_.request_uri_ = message_.request_uri_.substr(1, message_.request_uri_.size() - 2);
      note(kRepairStartLineSpace);
    }
    message_.method_ = method_of(message_.method_token_);
    return ParseVerdict::kOk;
  }

  // Header lines up to the blank line, continuation lines joined to theirs.
  ParseVerdict parse_headers() {
    bool ended = false;
    while (at_ < text_.size()) {
      const std::size_t begin = at_;
      std::size_t length = take_raw_line().size();
      if (length == 0) {
        ended = true;
        break;
      }
      while (at_ < text_.size() && is_blank(text_[at_])) {
        const std::string_view line = take_raw_line();
        length = static_cast<std::size_t>(line.data() + line.size() - (text_.data() + begin));
      }
      if (!add_header(begin, length)) return ParseVerdict::kHeaderTooMany;
    }
    if (message_.header_count_ == 0) return ParseVerdict::kNoHeaders;
    if (!ended) note(kRepairNoBlankLine);
    return ParseVerdict::kOk;
  }

  bool add_header(std::size_t begin, std::size_t length) {
    const std::string_view line = text_.substr(begin, length);
    std::size_t colon = token_length(line);
    std::string_view name = line.substr(0, colon);
    if (colon == 0 || colon == line.size() || line[colon] != ':') {
      colon = line.find(':');
      name = colon == std::string_view::npos ? std::string_view() : trim(line.substr(0, colon));
      if (!is_token(name)) {
        note(kRepairBadHeaderLine);
        return true;
      }
    }
    if (message_.header_count_ == kHeadersMax) return false;
    const std::string_view value = trim(line.substr(colon + 1));
    Message::Slot& slot = message_.headers_[message_.header_count_++];
    slot.id = header_id_of(name);
    const std::uint64_t bit = header_bit(slot.id);
    message_.repeated_ |= message_.present_ & bit;
    if ((message_.present_ & bit) == 0) {
      message_.present_ |= bit;
      message_.first_index_[static_cast<std::size_t>(slot.id)] =
          static_cast<std::uint8_t>(message_.header_count_ - 1);
    }
    slot.name_offset = offset_of(name);
    slot.name_length = static_cast<std::uint16_t>(name.size());
    slot.value_offset = offset_of(value);
    slot.value_length = static_cast<std::uint16_t>(value.size());
    return true;
  }

  std::uint16_t offset_of(std::string_view part) const {
    return static_cast<std::uint16_t>(part.data() - text_.data());
  }

  // The only line with `id`; with several, the first one, noted.
  std::optional<std::string_view> single(HeaderId id) {
    if ((message_.repeated_ & header_bit(id)) != 0) note(kRepairDuplicateHeader);
    return message_.first(id);
  }

  ParseVerdict check_mandatory() {
    const std::optional<std::string_view> call_id = single(HeaderId::kCallId);
    if (!call_id || call_id->empty()) return ParseVerdict::kMissingCallId;
    const std::optional<std::string_view> cseq_value = single(HeaderId::kCSeq);
    if (!cseq_value) return ParseVerdict::kMissingCSeq;
    const std::optional<std::string_view> from = single(HeaderId::kFrom);
    if (!from) return ParseVerdict::kMissingFrom;
    const std::optional<std::string_view> to = single(HeaderId::kTo);
    if (!to) return ParseVerdict::kMissingTo;
    if (!message_.has(HeaderId::kVia)) return ParseVerdict::kMissingVia;
    const std::optional<CSeq> cseq = parse_cseq(*cseq_value);
    if (!cseq) return ParseVerdict::kBadCSeq;
    if (message_.is_request_ && cseq->method_token != message_.method_token_) {
      return ParseVerdict::kBadCSeq;
    }
    message_.cseq_ = *cseq;
    message_.method_ = cseq->method;
    message_.method_token_ = cseq->method_token;
    message_.call_id_ = *call_id;
    message_.from_tag_ = tag_of(*from);
    message_.to_tag_ = tag_of(*to);
    return ParseVerdict::kOk;
  }

  void parse_body() {
    const std::string_view rest = text_.substr(at_);
    message_.body_ = rest;
    message_.bytes_used_ = text_.size();
    // Over UDP the datagram says it (RFC 3261 section 18.3).
    if (!message_.has(HeaderId::kContentLength)) return;
    std::optional<std::uint32_t> length;
    for (std::size_t i = message_.first_at(HeaderId::kContentLength); i < message_.header_count_;
         ++i) {
      if (message_.headers_[i].id != HeaderId::kContentLength) continue;
      const std::optional<std::uint32_t> value = parse_u32(message_.header(i).value);
      if (!value || (length && *length != *value)) {
        note(kRepairContentLengthBad);
        return;
      }
      length = value;
    }
    if (*length > rest.size()) {
      note(kRepairContentLengthLong);
      return;
    }
    message_.body_ = rest.substr(0, *length);
    message_.bytes_used_ = at_ + *length;
  }

  std::string_view text_;
  Message& message_;
  std::size_t at_ = 0;
};

std::string_view verdict_name(ParseVerdict verdict) {
  switch (verdict) {
    case ParseVerdict::kOk: return "ok";
    case ParseVerdict::kRepaired: return "repaired";
    case ParseVerdict::kKeepAlive: return "keep_alive";
    case ParseVerdict::kNotSip: return "not_sip";
    case ParseVerdict::kBadStartLine: return "bad_start_line";
    case ParseVerdict::kBadVersion: return "bad_version";
    case ParseVerdict::kBadStatusCode: return "bad_status_code";
    case ParseVerdict::kNoHeaders: return "no_headers";
    case ParseVerdict::kHeaderTooMany: return "header_too_many";
    case ParseVerdict::kMissingCallId: return "missing_call_id";
    case ParseVerdict::kMissingCSeq: return "missing_cseq";
    case ParseVerdict::kMissingFrom: return "missing_from";
    case ParseVerdict::kMissingTo: return "missing_to";
    case ParseVerdict::kMissingVia: return "missing_via";
    case ParseVerdict::kBadCSeq: return "bad_cseq";
    case ParseVerdict::kTooLong: return "too_long";
    case ParseVerdict::kCount: break;
  }
  return "unknown";
}

ParseVerdict parse(ByteView datagram, Message& message) {
  message.text_ = as_text(datagram);
  message.is_request_ = false;
  message.method_ = Method::kOther;
  message.status_code_ = 0;
  message.repairs_ = 0;
  message.cseq_ = CSeq{};
  message.bytes_used_ = 0;
  message.header_count_ = 0;
  message.present_ = 0;
  message.repeated_ = 0;
  for (std::string_view* field : {&message.method_token_,
                                  &message.request_uri_,
                                  &message.reason_phrase_,
                                  &message.call_id_,
                                  &message.from_tag_,
                                  &message.to_tag_,
                                  &message.body_}) {
    *field = {};
  }
  if (datagram.size() > kMessageBytesMax) return ParseVerdict::kTooLong;
  return MessageParser(message.text_, message).run();
}

bool Message::ValueIterator::next(std::string_view& value) {
  while (true) {
    if (!rest_.empty()) {
      if (header_is_list(id_)) {
        if (take_list_element(rest_, value)) return true;
        continue;
      }
      value = rest_;
      rest_ = {};
      return true;
    }
    if (!message_.has(id_)) return false;
    index_ = std::max(index_, message_.first_at(id_));
    while (index_ < message_.header_count_ && message_.headers_[index_].id != id_) ++index_;
    if (index_ == message_.header_count_) return false;
    rest_ = message_.header(index_++).value;
  }
}

Header Message::header(std::size_t index) const {
  const Slot& slot = headers_[index];
  return {slot.id,
          text_.substr(slot.name_offset, slot.name_length),
          text_.substr(slot.value_offset, slot.value_length)};
}

std::optional<std::string_view> Message::first(HeaderId id) const {
  if (!has(id)) return std::nullopt;
  return header(first_at(id)).value;
}

std::optional<std::string_view> Message::first_named(std::string_view name) const {
  for (std::size_t i = 0; i < header_count_; ++i) {
    if (iequals(header(i).name, name)) return header(i).value;
  }
  return std::nullopt;
}

bool Message::has_token(HeaderId id, std::string_view token) const {
  ValueIterator iterator = values(id);
  std::string_view value;
  while (iterator.next(value)) {
    if (iequals(trim(value.substr(0, value.find(';'))), token)) return true;
  }
  return false;
}

}  // namespace tapdeck::sip
