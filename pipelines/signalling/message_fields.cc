// Typed accessors of Message: the first value of a header, read by fields.h.
#include "pipelines/signalling/lexer.h"
#include "pipelines/signalling/message.h"

namespace tapdeck::sip {
namespace {

std::optional<std::string_view> first_value(const Message& message, HeaderId id) {
  Message::ValueIterator iterator = message.values(id);
  std::string_view value;
  if (!iterator.next(value)) return std::nullopt;
  return value;
}

// Reads the first value with `read`; nothing when there is none.
template <typename Read>
auto read_first(const Message& message, HeaderId id, Read read) -> decltype(read({})) {
  const std::optional<std::string_view> value = first_value(message, id);
  if (!value) return std::nullopt;
  return read(*value);
}

// "3600" or "3600;param" or "3600 (comment)"
std::optional<std::uint32_t> read_seconds(std::string_view value) {
  return parse_u32(value.substr(0, find_any(value, "; \t(")));
}

}  // namespace

std::optional<Via> Message::top_via() const { return read_first(*this, HeaderId::kVia, parse_via); }

std::optional<NameAddr> Message::from() const {
  return parse_name_addr(first(HeaderId::kFrom).value_or(std::string_view()));
}

std::optional<NameAddr> Message::to() const {
  return parse_name_addr(first(HeaderId::kTo).value_or(std::string_view()));
}

std::optional<NameAddr> Message::name_addr(HeaderId id) const {
  return read_first(*this, id, parse_name_addr);
}

std::optional<Contact> Message::contact() const {
  return read_first(*this, HeaderId::kContact, parse_contact);
}

std::optional<ContentType> Message::content_type() const {
  return read_first(*this, HeaderId::kContentType, parse_content_type);
}

std::optional<Reason> Message::reason() const {
  std::optional<Reason> best;
  ValueIterator iterator = values(HeaderId::kReason);
  std::string_view value;
  while (iterator.next(value)) {
    const std::optional<Reason> reason = parse_reason(value);
    if (!reason) continue;
    if (!best) best = reason;
    if (iequals(reason->protocol, "Q.850")) return reason;
  }
  return best;
}

std::optional<Replaces> Message::replaces() const {
  return read_first(*this, HeaderId::kReplaces, parse_replaces);
}

std::optional<SessionExpires> Message::session_expires() const {
  return read_first(*this, HeaderId::kSessionExpires, parse_session_expires);
}

std::optional<std::uint32_t> Message::max_forwards() const {
  return read_first(*this, HeaderId::kMaxForwards, parse_u32);
}

std::optional<std::uint32_t> Message::expires() const {
  return read_first(*this, HeaderId::kExpires, read_seconds);
}

std::optional<std::uint32_t> Message::rseq() const {
  return read_first(*this, HeaderId::kRSeq, parse_u32);
}

std::optional<RAck> Message::rack() const { return read_first(*this, HeaderId::kRAck, parse_rack); }

std::string_view Message::user_agent() const {
  const std::optional<std::string_view> agent = first(HeaderId::kUserAgent);
  return agent ? *agent : first(HeaderId::kServer).value_or(std::string_view());
}

bool Message::has_credentials() const {
  return has(HeaderId::kAuthorization) || has(HeaderId::kProxyAuthorization);
}

}  // namespace tapdeck::sip
