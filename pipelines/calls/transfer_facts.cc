#include "pipelines/calls/transfer_facts.h"

#include "pipelines/signalling/lexer.h"

namespace tapdeck::calls {
namespace {

using sip::HeaderId;
using sip::Method;

bool is_redirect(const sip::Message& message) {
  return message.is_response() && message.method() == Method::kInvite &&
         message.status_code() >= 300 && message.status_code() < 400;
}

std::string_view decoded(std::string_view text, Scratch& scratch) {
  constexpr std::size_t kReplacesMax = 512;
  text = text.substr(0, kReplacesMax);
  return scratch.take(text.size(), [text](char* to, std::size_t capacity) {
    return sip::copy_decoded(text, to, capacity);
  });
}

// "SIP/2.0 200 OK" as the first line of the body.
std::optional<std::uint16_t> fragment_status(std::string_view body) {
  constexpr std::string_view kVersion = "SIP/2.0 ";
  std::string_view line;
  if (!sip::take_line(body, line) || !sip::istarts_with(line, kVersion)) return std::nullopt;
  return sip::parse_u16(line.substr(kVersion.size(), 3));
}

void read_redirects(const sip::Message& message, Scratch& scratch, TransferFacts& facts) {
  auto values = message.values(HeaderId::kContact);
  std::string_view value;
  while (facts.redirect_count < kRedirectsPerMessageMax && values.next(value)) {
    const auto address = sip::parse_name_addr(value);
    if (address) facts.redirects[facts.redirect_count++] = person_of(*address, scratch);
  }
}

}  // namespace

bool may_tell_of_transfer(const sip::Message& message) {
  constexpr std::uint64_t kBits = sip::header_bit(HeaderId::kReferTo) |
                                  sip::header_bit(HeaderId::kReplaces) |
                                  sip::header_bit(HeaderId::kReferredBy);
  return message.has_any(kBits) || is_redirect(message) ||
         (message.is_request() && message.method() == Method::kNotify);
}

TransferFacts read_transfer(const sip::Message& message, Scratch& scratch) {
  TransferFacts facts;
  if (is_redirect(message)) read_redirects(message, scratch, facts);
  if (!message.is_request()) return facts;
  if (message.method() == Method::kNotify) {
    if (message.has_token(HeaderId::kEvent, "refer")) {
      facts.notified_status = fragment_status(message.body());
    }
    return facts;
  }
  if (message.method() == Method::kRefer) {
    const auto target = message.name_addr(HeaderId::kReferTo);
    if (!target) return facts;
    facts.refer_to = person_of(*target, scratch);
    if (const auto dialog = message.first(HeaderId::kTargetDialog)) {
      facts.target = sip::parse_replaces(*dialog);
    }
    if (const auto replaces = target->uri.header("Replaces")) {
      facts.replaces = sip::parse_replaces(decoded(*replaces, scratch));
    }
    return facts;
  }
  if (message.method() != Method::kInvite) return facts;
  facts.replaces = message.replaces();
  if (const auto by = message.name_addr(HeaderId::kReferredBy)) {
    facts.referred_by = person_of(*by, scratch);
  }
  return facts;
}

}  // namespace tapdeck::calls
