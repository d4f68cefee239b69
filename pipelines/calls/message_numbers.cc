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

}  // namespace tapdeck::calls
