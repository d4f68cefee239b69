#include "pipelines/calls/log_detail.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "pipelines/signalling/lexer.h"
#include "storage/crypto.h"

namespace tapdeck::calls {
namespace {

constexpr std::size_t kMaskedDigits = 4;
constexpr std::size_t kNumberDigits = 6;  // fewer are a version, or a model
// The time of every zone is a multiple of it: a tally stays on the day of its call, wherever.
constexpr std::int64_t kQuarterUs = 900'000'000;

// "sip:+49711155501@192.0.2.4" keeps scheme and host; a password may be another form of the number,
// and so may parameters.
std::string mask_uri(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos) return mask_number(uri);
  std::string masked(uri.substr(0, colon + 1));
  std::string_view rest = uri.substr(colon + 1);
  const std::size_t at = rest.find('@');
  const std::string_view first = rest.substr(0, rest.find_first_of("@;:?"));
  const bool is_number = at != std::string_view::npos || sip::iequals(masked, "tel:") ||
                         first.find_first_not_of("0123456789+*#-") == std::string_view::npos;
  if (is_number) masked += mask_number(first);
  if (at != std::string_view::npos) rest.remove_prefix(at);
  if (is_number && at == std::string_view::npos) return masked;
  return masked.append(rest.substr(0, rest.find_first_of(";?")));
}

// "Linphone/5.2 (Anna's phone) 0049711155501" tells the product: comments (RFC 3261, section 25.1)
// are free text, and a run of digits that is a number's length may be one.
std::string mask_product(std::string_view text) {
  std::string masked;
  std::size_t depth = 0;
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view taken = text.substr(0, std::max<std::size_t>(digits, 1));
    text.remove_prefix(taken.size());
    if (c == '(') ++depth;
    if (depth == 0) masked += digits < kNumberDigits ? std::string(taken) : mask_number(taken);
    if (c == ')' && depth > 0) --depth;
  }
  masked.erase(masked.find_last_not_of(' ') + 1);
  return masked;
}

Uid tally_uid(const Uid& uid, std::int64_t quarter_us) {
  storage::Hasher hasher;
  const std::string text = "tally " + to_string(uid);
  const ByteView bytes = as_bytes(text);
  const auto hash = hasher.sha256({&bytes, 1});
  std::array<std::uint8_t, 10> head{};
  std::copy_n(hash.begin(), head.size(), head.begin());
  return make_uid(quarter_us / 1000, head);
}

}  // namespace

std::string mask_number(std::string_view number) {
  const std::size_t shown = number.size() - std::min(number.size(), kMaskedDigits);
  return std::string(number.substr(0, shown)).append(number.size() - shown, 'x');
}

void mask_record(CallRecord& record) {
  record.masked = true;
  for (CallParty& party : record.parties) {
    party.number = mask_number(party.number);
    party.e164.clear();
    party.name.clear();
    party.user_agent = mask_product(party.user_agent);
    party.uri = mask_uri(party.uri);
    party.device.reset();
    party.sdp_origin.clear();  // its user name may be the number
  }
  for (std::string* number : {&record.dialled, &record.diverted_from, &record.asserted}) {
    *number = mask_number(*number);
  }
  record.dialled_e164.clear();
  record.diverted_from_e164.clear();
  record.asserted_e164.clear();
  if (record.transferred) {
    record.transferred->to = mask_uri(record.transferred->to);
    const bool is_role = record.transferred->by == "caller" || record.transferred->by == "callee";
    if (!is_role) record.transferred->by = mask_uri(record.transferred->by);
    record.transferred->to_e164.clear();
  }
  record.claims.reset();
  record.reason.clear();  // a phrase may name anybody; the code stays
  if (record.business != nullptr) {
    CallBusiness business = *record.business;
    business.agent.clear();
    business.client.clear();
    record.business = std::make_shared<const CallBusiness>(std::move(business));
  }
  for (CallEdge& edge : record.edges) {
    edge.number = mask_number(edge.number);
    edge.e164.clear();
    edge.uri = mask_uri(edge.uri);
  }
}

void reduce_to_tally(CallRecord& record) {
  const std::int64_t time_us = record.key_time_us();
  const std::int64_t quarter_us = time_us - time_us % kQuarterUs;
  CallRecord tally;
  tally.uid = tally_uid(record.uid, quarter_us);
  tally.final = true;
  tally.realm = record.realm;
  tally.realm_name = std::move(record.realm_name);
  tally.node = std::move(record.node);
  tally.port = std::move(record.port);
  tally.state = record.state;
  tally.first_seen_us = quarter_us;
  tally.direction = record.direction;
  tally.trunk = std::move(record.trunk);
  tally.outcome = record.outcome;
  tally.recording.state = record.recording.state;
  tally.recording.reasons = std::move(record.recording.reasons);
  tally.recording.retention_class = std::move(record.recording.retention_class);
  tally.recording.locked = record.recording.locked;
  tally.recording.policy_rule = std::move(record.recording.policy_rule);
  if (record.recording.cdr_expires_us) {
    tally.recording.cdr_expires_us = *record.recording.cdr_expires_us - (time_us - quarter_us);
  }
  record = std::move(tally);
}

}  // namespace tapdeck::calls
