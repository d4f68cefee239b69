#include "model/ledger_codec.h"

#include <ledger.pb.h>

namespace tapdeck {
namespace {

void write_actor(const LedgerActor& actor, wire::LedgerActorV1* to) {
  to->set_user_id(actor.user_id);
  to->set_group_id(actor.group_id);
  to->set_process_id(actor.process_id);
  to->set_name(actor.name);
}

std::string bytes_of(const std::vector<Uid>& uids) {
  std::string bytes;
  bytes.reserve(uids.size() * sizeof(Uid::bytes));
  for (const Uid& uid : uids) {
    bytes.append(reinterpret_cast<const char*>(uid.bytes.data()), uid.bytes.size());
  }
  return bytes;
}

std::string bytes_of(const std::optional<LedgerDigest>& digest) {
  if (!digest) return {};
  return {reinterpret_cast<const char*>(digest->data()), digest->size()};
}

void write_terms(const RetentionTerms& terms, wire::RetentionTermsV1* to) {
  to->set_media_s(terms.media_s);
  to->set_sip_s(terms.sip_s);
  to->set_cdr_s(terms.cdr_s);
  to->set_locked(terms.locked);
  to->set_max_s(terms.max_s);
  to->set_basis(terms.basis);
}

void write_filter(const CallQuery& query, wire::CallFilterV1* to) {
  to->set_number(query.number);
  to->set_caller(query.caller);
  to->set_callee(query.callee);
  to->set_number_e164(query.number_e164);
  to->set_caller_e164(query.caller_e164);
  to->set_callee_e164(query.callee_e164);
  if (query.from_us) to->set_from_us(*query.from_us);
  if (query.to_us) to->set_to_us(*query.to_us);
  to->set_overlap(query.overlap);
  to->set_call_id(query.call_id);
  if (query.uid) to->set_uid(query.uid->bytes.data(), query.uid->bytes.size());
  to->set_conversation_id(query.conversation_id);
  if (query.outcome) to->set_outcome(static_cast<std::uint32_t>(*query.outcome));
  if (query.direction) to->set_direction(static_cast<std::uint32_t>(*query.direction));
  if (query.ip) to->set_ip(query.ip->bytes.data(), query.ip->bytes.size());
  to->set_codec(query.codec);
  if (query.status_code) to->set_status_code(*query.status_code);
  if (query.min_duration_ms) to->set_min_duration_ms(*query.min_duration_ms);
  if (query.max_mos) to->set_max_mos(*query.max_mos);
  if (query.recording) to->set_recording(static_cast<std::uint32_t>(*query.recording));
  to->set_trunk(query.trunk);
  to->set_agent(query.agent);
  to->set_client(query.client);
  to->set_marketing_channel(query.marketing_channel);
  to->set_tag(query.tag);
}

template <typename Message>
Message new_message() {
  Message message;
  message.set_encoding(kLedgerEncoding);
  return message;
}

wire::PolicyChangeV1 message_of(const PolicyChange& from) {
  auto to = new_message<wire::PolicyChangeV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_before(bytes_of(from.before));
  to.set_after(bytes_of(from.after));
  to.set_rules(from.rules);
  to.set_reason(from.reason);
  return to;
}

wire::ClassChangeV1 message_of(const ClassChange& from) {
  auto to = new_message<wire::ClassChangeV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_name(from.name);
  if (from.before) write_terms(*from.before, to.mutable_before());
  if (from.after) write_terms(*from.after, to.mutable_after());
  to.set_reason(from.reason);
  return to;
}

wire::HoldV1 message_of(const Hold& from) {
  auto to = new_message<wire::HoldV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_matter(from.matter);
  to.set_reason(from.reason);
  to.set_uids(bytes_of(from.uids));
  if (from.future) write_filter(*from.future, to.mutable_future());
  if (from.matched_hold) to.set_matched_hold(*from.matched_hold);
  return to;
}

wire::ReleaseV1 message_of(const Release& from) {
  auto to = new_message<wire::ReleaseV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_matter(from.matter);
  to.set_reason(from.reason);
  to.set_whole(from.whole);
  to.set_uids(bytes_of(from.uids));
  return to;
}

wire::ExtensionV1 message_of(const Extension& from) {
  auto to = new_message<wire::ExtensionV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_reason(from.reason);
  if (from.media_until_us) to.set_media_until_us(*from.media_until_us);
  if (from.sip_until_us) to.set_sip_until_us(*from.sip_until_us);
  if (from.cdr_until_us) to.set_cdr_until_us(*from.cdr_until_us);
  return to;
}

wire::ErasureV1 message_of(const Erasure& from) {
  auto to = new_message<wire::ErasureV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_reason(from.reason);
  to.set_parts(from.parts);
  return to;
}

wire::ExpiryV1 message_of(const Expiry& from) {
  auto to = new_message<wire::ExpiryV1>();
  to.set_class_name(from.class_name);
  to.set_parts(from.parts);
  to.set_uids(bytes_of(from.uids));
  to.set_cause(static_cast<std::uint32_t>(from.cause));
  return to;
}

wire::PauseV1 message_of(const Pause& from) {
  auto to = new_message<wire::PauseV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_cause(static_cast<std::uint32_t>(from.cause));
  to.set_from_us(from.from_us);
  if (from.limit_us) to.set_limit_us(*from.limit_us);
  return to;
}

wire::ResumeV1 message_of(const Resume& from) {
  auto to = new_message<wire::ResumeV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_cause(static_cast<std::uint32_t>(from.cause));
  to.set_until_us(from.until_us);
  return to;
}

wire::AnnotationV1 message_of(const Annotation& from) {
  auto to = new_message<wire::AnnotationV1>();
  write_actor(from.actor, to.mutable_actor());
  for (const auto& [key, value] : from.values) {
    wire::AnnotationValueV1* pair = to.add_values();
    pair->set_key(key);
    pair->set_value(value);
  }
  return to;
}

wire::AccessV1 message_of(const Access& from) {
  auto to = new_message<wire::AccessV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_kind(static_cast<std::uint32_t>(from.kind));
  to.set_detail(from.detail);
  return to;
}

wire::ExportV1 message_of(const Export& from) {
  auto to = new_message<wire::ExportV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_format(from.format);
  to.set_output(from.output);
  to.set_files(from.files);
  to.set_manifest(bytes_of(from.manifest));
  to.set_uids(bytes_of(from.uids));
  return to;
}

wire::ConfirmationV1 message_of(const Confirmation& from) {
  auto to = new_message<wire::ConfirmationV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_matter(static_cast<std::uint32_t>(from.matter));
  to.set_detail(from.detail);
  return to;
}

wire::RedactionV1 message_of(const Redaction& from) {
  auto to = new_message<wire::RedactionV1>();
  write_actor(from.actor, to.mutable_actor());
  to.set_reason(from.reason);
  to.set_from_us(from.span.from_us);
  to.set_until_us(from.span.to_us);
  to.set_video_only(from.span.video_only);
  return to;
}

}  // namespace

std::string encode_ledger_content(const LedgerContent& content) {
  return std::visit([](const auto& from) { return message_of(from).SerializeAsString(); }, content);
}

}  // namespace tapdeck
