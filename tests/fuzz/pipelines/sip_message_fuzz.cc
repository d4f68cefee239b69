// Any bytes through the SIP parser and every accessor: views must stay inside the datagram.
#include <cstdint>
#include <cstdlib>

#include "pipelines/signalling/body.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/sdp.h"

namespace {

using namespace tapdeck;
using namespace tapdeck::sip;

std::size_t sum = 0;

// Reads every byte, so that the sanitizer sees a view that leaves its buffer.
void touch(std::string_view text) {
  for (const char c : text) sum += static_cast<unsigned char>(c);
}

void touch_address(const std::optional<NameAddr>& address) {
  if (!address) return;
  touch(address->display_name);
  touch(address->uri.user);
  touch(address->uri.host);
  touch(address->uri.params);
  touch(address->uri.headers);
  touch(address->uri.user_number());
  touch(address->uri.header("Replaces").value_or(""));
  touch(address->tag());
}

void touch_fields(const Message& message) {
  if (const auto via = message.top_via()) {
    touch(via->host);
    touch(via->branch);
    touch(via->received);
  }
  if (const auto contact = message.contact()) touch_address(contact->address);
  if (const auto type = message.content_type()) touch(type->boundary);
  if (const auto reason = message.reason()) touch(reason->text);
  if (const auto replaces = message.replaces()) touch(replaces->to_tag);
  if (const auto session = message.session_expires()) touch(session->refresher);
  if (const auto uri = message.request_uri()) touch(uri->host);
  if (const auto rack = message.rack()) touch(rack->cseq.method_token);
  sum += message.max_forwards().value_or(0) + message.expires().value_or(0) +
         message.rseq().value_or(0) + (message.has_credentials() ? 1 : 0);
  touch(message.user_agent());
  touch(message.reason_phrase());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Message message;
  static Sdp sdp;
  const ParseVerdict verdict = parse({data, size}, message);
  if (verdict_name(verdict) == "unknown") std::abort();
  for (std::size_t i = 0; i < message.header_count(); ++i) {
    touch(message.header(i).name);
    touch(message.header(i).value);
  }
  if (!is_accepted(verdict)) return 0;
  if (message.bytes_used() > size || message.call_id().empty()) std::abort();
  if (message.cseq().method != message.method()) std::abort();
  touch(message.body());
  for (int i = 0; i < static_cast<int>(HeaderId::kCount); ++i) {
    const HeaderId id = static_cast<HeaderId>(i);
    Message::ValueIterator values = message.values(id);
    for (std::string_view value; values.next(value);) {
      if (value.empty()) std::abort();
      touch(value);
      char buffer[64];
      sum += copy_unfolded(value, buffer, sizeof buffer) + copy_decoded(value, buffer, 64) +
             copy_unescaped(value, buffer, sizeof buffer);
    }
    touch_address(message.name_addr(id));
  }
  touch_fields(message);
  const BodySdp body = find_sdp(message);
  touch(body.text);
  touch(body.encoding);
  if (!body.text.empty()) parse_sdp(body.text, sdp);
  return 0;
}
