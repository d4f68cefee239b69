#include <cmath>
#include <cstring>
#include <ledger.pb.h>
#include <limits>
#include <utility>

#include "model/ledger_codec.h"

namespace tapdeck {
namespace {

// What is out of range makes the whole content bad, wherever it was met.
class Reader {
 public:
  template <typename To>
  To narrow(std::uint32_t value) {
    require(value <= std::numeric_limits<To>::max());
    return static_cast<To>(value);
  }

  template <typename Enum>
  Enum enumerator(std::uint32_t value, std::uint32_t last) {
    require(value <= last);
    return static_cast<Enum>(value);
  }

  template <typename Array>
  Array array(const std::string& bytes) {
    Array to{};
    require(bytes.size() == to.size());
    if (good_) std::memcpy(to.data(), bytes.data(), to.size());
    return to;
  }

  std::optional<LedgerDigest> digest(const std::string& bytes) {
    if (bytes.empty()) return std::nullopt;
    return array<LedgerDigest>(bytes);
  }

  std::vector<Uid> uids(const std::string& bytes) {
    constexpr std::size_t kEach = sizeof(Uid::bytes);
    require(bytes.size() % kEach == 0);
    std::vector<Uid> uids(bytes.size() / kEach);
    for (std::size_t i = 0; i < uids.size(); ++i) {
      std::memcpy(uids[i].bytes.data(), bytes.data() + i * kEach, kEach);
    }
    return uids;
  }

  static LedgerActor actor(const wire::LedgerActorV1& from) {
    return {from.user_id(), from.group_id(), from.process_id(), from.name()};
  }

  static RetentionTerms terms(const wire::RetentionTermsV1& from) {
    return {from.media_s(), from.sip_s(), from.cdr_s(), from.locked(), from.max_s(), from.basis()};
  }

  void require(bool condition) { good_ = good_ && condition; }

  [[nodiscard]] bool good() const { return good_; }

 private:
  bool good_ = true;
};

void read_filter_choices(const wire::CallFilterV1& from, CallQuery& query, Reader& reader) {
  if (from.has_from_us()) query.from_us = from.from_us();
  if (from.has_to_us()) query.to_us = from.to_us();
  if (from.has_uid()) query.uid = Uid{reader.array<decltype(Uid::bytes)>(from.uid())};
  if (from.has_outcome()) {
    query.outcome = reader.enumerator<CallOutcome>(
        from.outcome(), static_cast<std::uint32_t>(CallOutcome::kRedirected));
  }
  if (from.has_direction()) {
    query.direction = reader.enumerator<CallDirection>(
        from.direction(), static_cast<std::uint32_t>(CallDirection::kTransit));
  }
  if (from.has_ip()) query.ip = IpAddress{reader.array<decltype(IpAddress::bytes)>(from.ip())};
  if (from.has_status_code()) query.status_code = reader.narrow<std::uint16_t>(from.status_code());
  if (from.has_min_duration_ms()) query.min_duration_ms = from.min_duration_ms();
  if (from.has_max_mos()) query.max_mos = from.max_mos();
  if (from.has_recording()) {
    query.recording = reader.enumerator<RecordingState>(
        from.recording(), static_cast<std::uint32_t>(RecordingState::kNotRecorded));
  }
}

CallQuery read_filter(const wire::CallFilterV1& from, Reader& reader) {
  CallQuery query;
  query.number = from.number();
  query.caller = from.caller();
  query.callee = from.callee();
  query.number_e164 = from.number_e164();
  query.caller_e164 = from.caller_e164();
  query.callee_e164 = from.callee_e164();
  query.overlap = from.overlap();
  query.call_id = from.call_id();
  query.conversation_id = from.conversation_id();
  query.codec = from.codec();
  query.trunk = from.trunk();
  query.agent = from.agent();
  query.client = from.client();
  query.marketing_channel = from.marketing_channel();
  query.tag = from.tag();
  read_filter_choices(from, query, reader);
  return query;
}

PolicyChange read(const wire::PolicyChangeV1& from, Reader& reader) {
  return {Reader::actor(from.actor()),
          reader.digest(from.before()),
          reader.digest(from.after()),
          from.rules(),
          from.reason()};
}

ClassChange read(const wire::ClassChangeV1& from, Reader&) {
  ClassChange change;
  change.actor = Reader::actor(from.actor());
  change.name = from.name();
  if (from.has_before()) change.before = Reader::terms(from.before());
  if (from.has_after()) change.after = Reader::terms(from.after());
  change.reason = from.reason();
  return change;
}

Hold read(const wire::HoldV1& from, Reader& reader) {
  Hold hold;
  hold.actor = Reader::actor(from.actor());
  hold.matter = from.matter();
  hold.reason = from.reason();
  hold.uids = reader.uids(from.uids());
  if (from.has_future()) hold.future = read_filter(from.future(), reader);
  if (from.has_matched_hold()) hold.matched_hold = from.matched_hold();
  return hold;
}

Release read(const wire::ReleaseV1& from, Reader& reader) {
  return {Reader::actor(from.actor()),
          from.matter(),
          from.reason(),
          from.whole(),
          reader.uids(from.uids())};
}

Extension read(const wire::ExtensionV1& from, Reader&) {
  Extension extension;
  extension.actor = Reader::actor(from.actor());
  extension.reason = from.reason();
  if (from.has_media_until_us()) extension.media_until_us = from.media_until_us();
  if (from.has_sip_until_us()) extension.sip_until_us = from.sip_until_us();
  if (from.has_cdr_until_us()) extension.cdr_until_us = from.cdr_until_us();
  return extension;
}

Erasure read(const wire::ErasureV1& from, Reader& reader) {
  return {Reader::actor(from.actor()), from.reason(), reader.narrow<RecordingParts>(from.parts())};
}

Expiry read(const wire::ExpiryV1& from, Reader& reader) {
  return {from.class_name(),
          reader.narrow<RecordingParts>(from.parts()),
          reader.uids(from.uids()),
          reader.enumerator<ExpiryCause>(from.cause(),
                                         static_cast<std::uint32_t>(ExpiryCause::kPressure))};
}

Pause read(const wire::PauseV1& from, Reader& reader) {
  Pause pause;
  pause.actor = Reader::actor(from.actor());
  pause.cause = reader.enumerator<PauseCause>(from.cause(), kPauseCauseMax);
  pause.from_us = from.from_us();
  if (from.has_limit_us()) pause.limit_us = from.limit_us();
  return pause;
}

Resume read(const wire::ResumeV1& from, Reader& reader) {
  return {Reader::actor(from.actor()),
          reader.enumerator<PauseCause>(from.cause(), kPauseCauseMax),
          from.until_us()};
}

Annotation read(const wire::AnnotationV1& from, Reader&) {
  Annotation annotation;
  annotation.actor = Reader::actor(from.actor());
  for (const wire::AnnotationValueV1& pair : from.values()) {
    annotation.values.emplace_back(pair.key(), pair.value());
  }
  return annotation;
}

Access read(const wire::AccessV1& from, Reader& reader) {
  return {Reader::actor(from.actor()),
          reader.enumerator<AccessKind>(from.kind(), kAccessKindMax),
          from.detail()};
}

Export read(const wire::ExportV1& from, Reader& reader) {
  return {Reader::actor(from.actor()),
          from.format(),
          from.output(),
          from.files(),
          reader.digest(from.manifest()),
          reader.uids(from.uids())};
}

Confirmation read(const wire::ConfirmationV1& from, Reader& reader) {
  return {Reader::actor(from.actor()),
          reader.enumerator<ConfirmedMatter>(from.matter(),
                                             static_cast<std::uint32_t>(ConfirmedMatter::kRebuild)),
          from.detail()};
}

Redaction read(const wire::RedactionV1& from, Reader&) {
  return {Reader::actor(from.actor()),
          from.reason(),
          {from.from_us(), from.until_us(), from.video_only()}};
}

template <typename Message>
LedgerVerdict parse(std::string_view bytes, LedgerContent& content) {
  Message from;
  if (!from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return LedgerVerdict::kMalformed;
  }
  if (from.encoding() != kLedgerEncoding) return LedgerVerdict::kUnknownEncoding;
  Reader reader;
  LedgerContent made = read(from, reader);
  if (!reader.good()) return LedgerVerdict::kOutOfRange;
  // Whatever the message had beside the known fields is missing now.
  if (encode_ledger_content(made) != bytes) return LedgerVerdict::kUnknownField;
  content = std::move(made);
  return LedgerVerdict::kGood;
}

LedgerVerdict parse(LedgerType type, std::string_view bytes, LedgerContent& content) {
  switch (type) {
    case LedgerType::kPolicyChange: return parse<wire::PolicyChangeV1>(bytes, content);
    case LedgerType::kClassChange: return parse<wire::ClassChangeV1>(bytes, content);
    case LedgerType::kHold: return parse<wire::HoldV1>(bytes, content);
    case LedgerType::kRelease: return parse<wire::ReleaseV1>(bytes, content);
    case LedgerType::kExtension: return parse<wire::ExtensionV1>(bytes, content);
    case LedgerType::kErasure: return parse<wire::ErasureV1>(bytes, content);
    case LedgerType::kExpiry: return parse<wire::ExpiryV1>(bytes, content);
    case LedgerType::kPause: return parse<wire::PauseV1>(bytes, content);
    case LedgerType::kResume: return parse<wire::ResumeV1>(bytes, content);
    case LedgerType::kAnnotation: return parse<wire::AnnotationV1>(bytes, content);
    case LedgerType::kAccess: return parse<wire::AccessV1>(bytes, content);
    case LedgerType::kExport: return parse<wire::ExportV1>(bytes, content);
    case LedgerType::kConfirmation: return parse<wire::ConfirmationV1>(bytes, content);
    case LedgerType::kRedaction: return parse<wire::RedactionV1>(bytes, content);
  }
  return LedgerVerdict::kUnknownType;
}

}  // namespace

LedgerVerdict decode_ledger_content(std::uint16_t type,
                                    const Uid& subject,
                                    std::string_view bytes,
                                    LedgerContent& content) {
  if (type == 0 || type > kLedgerTypeMax) return LedgerVerdict::kUnknownType;
  if (bytes.size() > kLedgerContentBytesMax) return LedgerVerdict::kTooLong;
  LedgerContent made;
  const LedgerVerdict parsed = parse(static_cast<LedgerType>(type), bytes, made);
  if (parsed != LedgerVerdict::kGood) return parsed;
  const LedgerVerdict checked = check_ledger_content(made, subject);
  if (checked == LedgerVerdict::kGood) content = std::move(made);
  return checked;
}

}  // namespace tapdeck
