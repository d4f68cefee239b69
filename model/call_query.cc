#include "model/call_query.h"

#include <algorithm>
#include <limits>

#include "base/clock.h"

namespace tapdeck {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// The user part of "<sip:+49-89-1234;phone-context=x@host;user=phone>" and the like: "+49-89-1234".
std::string_view number_part(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '<')) text.remove_prefix(1);
  for (const std::string_view scheme : {"sips:", "sip:", "tel:"}) {
    if (starts_with_ignoring_case(text, scheme)) {
      text.remove_prefix(scheme.size());
      break;
    }
  }
  return text.substr(0, text.find_first_of("@;?>"));
}

bool is_visual_separator(char c) {
  return c == '-' || c == '.' || c == '(' || c == ')' || c == '/';
}

bool party_matches(const CallRecord& call,
                   std::optional<std::uint8_t> index,
                   const NumberPattern& pattern) {
  if (!index || *index >= call.parties.size()) return false;
  const CallParty& party = call.parties[*index];
  return pattern.matches(party.number) || pattern.matches(party.e164);
}

bool numbers_match(const CallQuery& query, const CallRecord& call) {
  if (!query.number.empty() &&
      !NumberPattern(query.number, query.number_e164).matches_any(searchable_numbers(call))) {
    return false;
  }
  if (!query.caller.empty() &&
      !party_matches(call, call.caller, NumberPattern(query.caller, query.caller_e164))) {
    return false;
  }
  if (query.callee.empty()) return true;
  const NumberPattern callee(query.callee, query.callee_e164);
  return party_matches(call, call.callee, callee) || callee.matches(call.dialled) ||
         callee.matches(call.dialled_e164);
}

bool time_matches(const CallQuery& query, const CallRecord& call) {
  if (query.to_us && call.key_time_us() >= *query.to_us) return false;
  if (!query.from_us) return true;
  return (query.overlap ? call_end_us(call) : call.key_time_us()) >= *query.from_us;
}

bool identity_matches(const CallQuery& query, const CallRecord& call) {
  if (query.uid && *query.uid != call.uid) return false;
  if (!query.call_id.empty() && query.call_id != call.call_id) return false;
  return query.conversation_id.empty() || query.conversation_id == call.conversation_id;
}

bool facts_match(const CallQuery& query, const CallRecord& call) {
  if (query.outcome && *query.outcome != call.outcome) return false;
  if (query.direction && *query.direction != call.direction) return false;
  if (query.status_code && query.status_code != call.status_code) return false;
  if (query.recording && *query.recording != call.recording.state) return false;
  return !query.min_duration_ms || (call.talk_ms && *call.talk_ms >= *query.min_duration_ms);
}

bool ip_matches(const IpAddress& ip, const CallRecord& call) {
  return std::any_of(call.parties.begin(),
                     call.parties.end(),
                     [&](const CallParty& party) {
                       return party.ip == ip ||
                              (party.device != nullptr && party.device->address.ip == ip);
                     }) ||
         std::any_of(call.media.begin(), call.media.end(), [&](const MediaRecord& media) {
           return media.source.ip == ip || media.destination.ip == ip;
         });
}

bool has_codec(const MediaRecord& media, std::string_view codec) {
  return equal_ignoring_case(media.codec, codec) ||
         std::any_of(media.codecs.begin(), media.codecs.end(), [&](const auto& entry) {
           return equal_ignoring_case(entry.second, codec);
         });
}

bool media_matches(const CallQuery& query, const CallRecord& call) {
  if (query.ip && !ip_matches(*query.ip, call)) return false;
  if (!query.codec.empty() &&
      std::none_of(call.media.begin(), call.media.end(), [&](const MediaRecord& media) {
        return has_codec(media, query.codec);
      })) {
    return false;
  }
  if (!query.max_mos) return true;
  return std::any_of(call.media.begin(), call.media.end(), [&](const MediaRecord& media) {
    return media.mos_est && *media.mos_est <= *query.max_mos;
  });
}

// A fact that a call lacks never matches.
bool business_matches(const CallQuery& query, const CallRecord& call) {
  const auto holds = [](const std::string& asked, const std::string& has) {
    return asked.empty() || asked == has;
  };
  static const CallBusiness kNone;
  const CallBusiness& business = call.business ? *call.business : kNone;
  return holds(query.trunk, call.trunk) && holds(query.agent, business.agent) &&
         holds(query.client, business.client) &&
         holds(query.marketing_channel, business.marketing_channel) &&
         (query.tag.empty() ||
          std::find(business.tags.begin(), business.tags.end(), query.tag) != business.tags.end());
}

}  // namespace

NumberPattern::NumberPattern(std::string_view text, std::string_view e164)
    : prefix_(!text.empty() && text.back() == '*'),
      number_(search_number(prefix_ ? text.substr(0, text.size() - 1) : text)),
      e164_(search_number(e164.substr(0, e164.find('*')))) {}

bool NumberPattern::matches(std::string_view written) const {
  return matches_searched(search_number(written));
}

bool NumberPattern::matches_any(const std::vector<std::string>& numbers) const {
  return std::any_of(numbers.begin(), numbers.end(), [this](const std::string& number) {
    return matches_searched(number);
  });
}

bool NumberPattern::matches_searched(std::string_view number) const {
  if (number.empty()) return false;
  if (prefix_) {
    return number.starts_with(number_) || (!e164_.empty() && number.starts_with(e164_));
  }
  return number == number_ || number == e164_;
}

std::string search_number(std::string_view text) {
  std::string number;
  for (const char c : number_part(text)) {
    const bool printable = c > ' ' && c != 0x7f;  // octets above 0x7f are negative chars: dropped
    if (printable && !is_visual_separator(c)) number.push_back(lower(c));
  }
  if (number.starts_with("+")) return number.substr(1);
  if (number.starts_with("00")) return number.substr(2);
  return number;
}

std::vector<std::string> searchable_numbers(const CallRecord& call) {
  std::vector<std::string> numbers;
  const auto add = [&numbers](std::string_view written) {
    std::string number = search_number(written);
    if (!number.empty()) numbers.push_back(std::move(number));
  };
  for (const CallParty& party : call.parties) {
    add(party.number);
    add(party.e164);
  }
  add(call.dialled);
  add(call.diverted_from);
  add(call.asserted);
  add(call.dialled_e164);
  add(call.diverted_from_e164);
  add(call.asserted_e164);
  if (call.transferred) {
    add(call.transferred->to);
    add(call.transferred->to_e164);
  }
  for (const CallEdge& edge : call.edges) {
    add(edge.number);
    add(edge.e164);
  }
  if (call.claims) {
    for (const CallIdentity& identity : call.claims->identities) {
      add(identity.number);
      add(identity.e164);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::int64_t call_end_us(const CallRecord& call) {
  if (call.ended_us) return *call.ended_us;
  if (call.state == CallState::kInProgress) return std::numeric_limits<std::int64_t>::max();
  std::int64_t end_us = call.key_time_us() + call.total_ms.value_or(0) * kUsPerMs;
  for (const MediaRecord& media : call.media) end_us = std::max(end_us, media.last_us);
  return end_us;
}

bool matches(const CallQuery& query, const CallRecord& call) {
  return time_matches(query, call) && identity_matches(query, call) && facts_match(query, call) &&
         numbers_match(query, call) && media_matches(query, call) && business_matches(query, call);
}

}  // namespace tapdeck
