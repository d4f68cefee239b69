#include "pipelines/calls/message_numbers.h"

namespace tapdeck::calls {

numbers::CallRoute route_of(const SeenMessage& message) {
  if (message.numbers == nullptr) return {};
  const SignalMessage& signal = message.signal;
  if (message.facts.is_request) {
    return message.numbers->route(signal.realm, signal.source, signal.destination);
  }
  return message.numbers->route(signal.realm, signal.destination, signal.source);
}

bool is_dialable(std::string_view number) {
  return !number.empty() && number.find_first_not_of("0123456789+*#") == std::string_view::npos;
}

}  // namespace tapdeck::calls
