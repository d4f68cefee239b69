#include "control/ledger_json.h"

#include <array>
#include <variant>

#include "control/json_values.h"
#include "control/query_json.h"
#include "storage/crypto.h"

namespace tapdeck::control {
namespace {

constexpr std::pair<RecordingParts, const char*> kParts[] = {
    {kPartMedia, "media"}, {kPartSip, "sip"}, {kPartCdr, "cdr"}};
constexpr std::array<const char*, 6> kPauseCauses = {
    "", "command", "header", "dtmf", "policy", "limit"};
constexpr std::array<const char*, 3> kConfirmedMatters = {"", "clock", "rebuild"};
constexpr std::array<const char*, 2> kExpiryCauses = {"time", "pressure"};
constexpr std::array<const char*, kAccessKindMax + 1> kAccessKinds = {
    "", "show", "export", "search", "listen", "backup"};

template <std::size_t kCount, typename Enum>
Json enum_name(const std::array<const char*, kCount>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kCount ? text_or_null(names[index]) : Json(nullptr);
}

Json actor_to_json(const LedgerActor& actor) {
  return Json{{"user_id", actor.user_id},
              {"group_id", actor.group_id},
              {"process_id", actor.process_id},
              {"name", text_or_null(actor.name)}};
}

Json digest_or_null(const std::optional<LedgerDigest>& digest) {
  return digest ? Json(storage::to_hex(*digest)) : Json(nullptr);
}

Json terms_or_null(const std::optional<RetentionTerms>& terms) {
  if (!terms) return nullptr;
  return Json{{"media_s", terms->media_s},
              {"sip_s", terms->sip_s},
              {"cdr_s", terms->cdr_s},
              {"locked", terms->locked},
              {"max_s", terms->max_s},
              {"basis", text_or_null(terms->basis)}};
}

Json to_json(const PolicyChange& change) {
  return Json{{"actor", actor_to_json(change.actor)},
              {"before", digest_or_null(change.before)},
              {"after", digest_or_null(change.after)},
              {"rules", change.rules},
              {"reason", text_or_null(change.reason)}};
}

Json to_json(const ClassChange& change) {
  return Json{{"actor", actor_to_json(change.actor)},
              {"class", text_or_null(change.name)},
              {"before", terms_or_null(change.before)},
              {"after", terms_or_null(change.after)},
              {"reason", text_or_null(change.reason)}};
}

Json to_json(const Hold& hold) {
  return Json{{"actor", actor_to_json(hold.actor)},
              {"matter", text_or_null(hold.matter)},
              {"reason", text_or_null(hold.reason)},
              {"uids", uids_to_json(hold.uids)},
              {"future", hold.future ? query_to_json(*hold.future) : Json(nullptr)},
              {"matched_hold", value_or_null(hold.matched_hold)}};
}

Json to_json(const Release& release) {
  return Json{{"actor", actor_to_json(release.actor)},
              {"matter", text_or_null(release.matter)},
              {"reason", text_or_null(release.reason)},
              {"whole", release.whole},
              {"uids", uids_to_json(release.uids)}};
}

Json to_json(const Extension& extension) {
  return Json{{"actor", actor_to_json(extension.actor)},
              {"reason", text_or_null(extension.reason)},
              {"media_until", time_or_null(extension.media_until_us)},
              {"sip_until", time_or_null(extension.sip_until_us)},
              {"cdr_until", time_or_null(extension.cdr_until_us)}};
}

Json to_json(const Erasure& erasure) {
  return Json{{"actor", actor_to_json(erasure.actor)},
              {"reason", text_or_null(erasure.reason)},
              {"parts", parts_to_json(erasure.parts)}};
}

Json to_json(const Expiry& expiry) {
  return Json{{"class", text_or_null(expiry.class_name)},
              {"cause", enum_name(kExpiryCauses, expiry.cause)},
              {"parts", parts_to_json(expiry.parts)},
              {"uids", uids_to_json(expiry.uids)}};
}

Json to_json(const Pause& pause) {
  return Json{{"actor", actor_to_json(pause.actor)},
              {"cause", enum_name(kPauseCauses, pause.cause)},
              {"from", format_rfc3339_us(pause.from_us)},
              {"limit", time_or_null(pause.limit_us)}};
}

Json to_json(const Resume& resume) {
  return Json{{"actor", actor_to_json(resume.actor)},
              {"cause", enum_name(kPauseCauses, resume.cause)},
              {"until", format_rfc3339_us(resume.until_us)}};
}

Json to_json(const Annotation& annotation) {
  Json values = Json::object();
  for (const auto& [key, value] : annotation.values) {
    values[to_valid_utf8(key)] = text_or_null(value);
  }
  return Json{{"actor", actor_to_json(annotation.actor)}, {"values", std::move(values)}};
}

Json to_json(const Access& access) {
  return Json{{"actor", actor_to_json(access.actor)},
              {"kind", enum_name(kAccessKinds, access.kind)},
              {"detail", text_or_null(access.detail)}};
}

Json to_json(const Export& exported) {
  return Json{{"actor", actor_to_json(exported.actor)},
              {"format", text_or_null(exported.format)},
              {"output", text_or_null(exported.output)},
              {"files", exported.files},
              {"manifest", digest_or_null(exported.manifest)},
              {"uids", uids_to_json(exported.uids)}};
}

Json to_json(const Confirmation& confirmation) {
  return Json{{"actor", actor_to_json(confirmation.actor)},
              {"confirmed", enum_name(kConfirmedMatters, confirmation.matter)},
              {"detail", text_or_null(confirmation.detail)}};
}

Json to_json(const Redaction& redaction) {
  const MediaSpan& span = redaction.span;
  const bool from_begin = span.from_us == MediaSpan().from_us;
  return Json{{"actor", actor_to_json(redaction.actor)},
              {"reason", text_or_null(redaction.reason)},
              {"from", from_begin ? Json(nullptr) : Json(format_rfc3339_us(span.from_us))},
              {"until", format_rfc3339_us(span.to_us)},
              {"what", span.video_only ? "video" : "media"}};
}

}  // namespace

Json parts_to_json(RecordingParts parts) {
  Json names = Json::array();
  for (const auto& [part, name] : kParts) {
    if ((parts & part) != 0) names.push_back(name);
  }
  return names;
}

std::string parts_to_text(RecordingParts parts) {
  std::string text;
  for (const auto& [part, name] : kParts) {
    if ((parts & part) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

Json uids_to_json(const std::vector<Uid>& uids) {
  Json json = Json::array();
  for (const Uid& uid : uids) json.push_back(to_string(uid));
  return json;
}

Json ledger_content_to_json(const LedgerContent& content) {
  return std::visit([](const auto& of) { return to_json(of); }, content);
}

std::optional<LedgerType> parse_ledger_type(std::string_view name) {
  for (std::uint16_t type = 1; type <= kLedgerTypeMax; ++type) {
    if (ledger_type_name(type) == name) return static_cast<LedgerType>(type);
  }
  return std::nullopt;
}

}  // namespace tapdeck::control
