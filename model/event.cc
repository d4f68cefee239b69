#include "model/event.h"

#include <algorithm>

#include "model/call_query.h"

namespace tapdeck {
namespace {

constexpr std::array<std::string_view, kEventMethods> kMethodNames = {
    "REGISTER", "OPTIONS", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH"};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::string_view event_method_name(EventMethod method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

std::optional<EventMethod> parse_event_method(std::string_view name) {
  for (std::size_t i = 0; i < kMethodNames.size(); ++i) {
    const bool same = std::equal(name.begin(),
                                 name.end(),
                                 kMethodNames[i].begin(),
                                 kMethodNames[i].end(),
                                 [](char a, char b) { return upper(a) == b; });
    if (same) return static_cast<EventMethod>(i);
  }
  return std::nullopt;
}

std::vector<std::string> searchable_numbers(const EventRecord& event) {
  std::vector<std::string> numbers;
  for (const std::string* written :
       {&event.from.number, &event.from.e164, &event.to.number, &event.to.e164}) {
    std::string number = search_number(*written);
    if (!number.empty()) numbers.push_back(std::move(number));
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

bool matches(const EventQuery& query, const EventRecord& event) {
  if (query.from_us && event.time_us < *query.from_us) return false;
  if (query.to_us && event.time_us >= *query.to_us) return false;
  if (query.method && event.method != *query.method) return false;
  if (query.status_code && event.status_code != query.status_code) return false;
  if (query.ip && event.source.ip != *query.ip && event.destination.ip != *query.ip) return false;
  return query.number.empty() ||
         NumberPattern(query.number, query.number_e164).matches_any(searchable_numbers(event));
}

}  // namespace tapdeck
