#include "tests/differential/osip_reader.h"

#include <osip2/osip.h>
#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>

namespace tapdeck::differential {
namespace {

std::string text_of(const char* text) { return text == nullptr ? std::string() : text; }

void discard(const char*, int, osip_trace_level_t, const char*, va_list) {}

void start_library() {
  static const bool started = [] {
    parser_init();
    osip_trace_initialize_func(TRACE_LEVEL0, discard);
    return true;
  }();
  static_cast<void>(started);
}

std::string tag_of(osip_from_t* end) {
  osip_generic_param_t* tag = nullptr;
  if (end == nullptr || osip_from_get_tag(end, &tag) != 0) return {};
  return text_of(tag->gvalue);
}

void read_via(osip_message_t& message, SipFacts& facts) {
  osip_via_t* via = nullptr;
  if (osip_message_get_via(&message, 0, &via) < 0 || via == nullptr) return;
  facts.has_via = true;
  osip_generic_param_t* branch = nullptr;
  if (osip_via_param_get_byname(via, const_cast<char*>("branch"), &branch) == 0) {
    facts.branch = text_of(branch->gvalue);
  }
}

SipFacts facts_of(osip_message_t& message) {
  SipFacts facts;
  facts.accepted = true;
  facts.method = text_of(message.sip_method);
  facts.status = message.sip_method == nullptr ? message.status_code : 0;
  if (message.call_id != nullptr) {
    facts.call_id = text_of(message.call_id->number);
    if (message.call_id->host != nullptr) facts.call_id += "@" + text_of(message.call_id->host);
  }
  if (message.cseq != nullptr) {
    facts.cseq_number = text_of(message.cseq->number);
    facts.cseq_method = text_of(message.cseq->method);
  }
  facts.has_from = message.from != nullptr;
  facts.has_to = message.to != nullptr;
  facts.from_tag = tag_of(message.from);
  facts.to_tag = tag_of(message.to);
  read_via(message, facts);
  osip_body_t* body = nullptr;
  const int bodies = osip_list_size(&message.bodies);
  if (bodies == 0) facts.body = "";
  if (bodies == 1 && osip_message_get_body(&message, 0, &body) >= 0) {
    facts.body = std::string(body->body, body->length);
  }
  return facts;
}

}  // namespace

SipFacts read_by_osip(const std::string& text) {
  start_library();
  osip_message_t* message = nullptr;
  if (osip_message_init(&message) != 0) return {};
  SipFacts facts;
  if (osip_message_parse(message, text.data(), text.size()) == 0) facts = facts_of(*message);
  osip_message_free(message);
  return facts;
}

}  // namespace tapdeck::differential
