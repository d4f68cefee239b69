#include <algorithm>
#include <limits>

#include "model/ledger_codec.h"

namespace tapdeck {
namespace {

constexpr std::array<std::string_view, 9> kVerdicts = {"good",
                                                       "unknown_type",
                                                       "unknown_encoding",
                                                       "unknown_field",
                                                       "malformed",
                                                       "out_of_range",
                                                       "too_long",
                                                       "unordered",
                                                       "wrong_subject"};

// The first fault that is met is the verdict.
class Check {
 public:
  void require(bool condition, LedgerVerdict otherwise) {
    if (!condition && verdict_ == LedgerVerdict::kGood) verdict_ = otherwise;
  }

  void in_range(bool condition) { require(condition, LedgerVerdict::kOutOfRange); }

  void text(std::string_view text) {
    require(text.size() <= kLedgerTextBytesMax, LedgerVerdict::kTooLong);
  }

  void name(std::string_view name) {
    in_range(!name.empty());
    require(name.size() <= kLedgerNameBytesMax, LedgerVerdict::kTooLong);
  }

  void actor(const LedgerActor& actor) {
    require(actor.name.size() <= kLedgerNameBytesMax, LedgerVerdict::kTooLong);
  }

  void parts(RecordingParts parts) { in_range(parts != 0 && parts <= kPartsAll); }

  void uids(const std::vector<Uid>& uids) {
    require(uids.size() <= kLedgerUidsMax, LedgerVerdict::kTooLong);
    const auto wrong = std::adjacent_find(
        uids.begin(), uids.end(), [](const Uid& left, const Uid& right) { return left >= right; });
    require(wrong == uids.end(), LedgerVerdict::kUnordered);
    in_range(uids.empty() || !uids.front().is_nil());
  }

  void terms(const std::optional<RetentionTerms>& terms) {
    if (!terms) return;
    in_range(std::min({terms->media_s, terms->sip_s, terms->cdr_s, terms->max_s}) >= 0);
    text(terms->basis);
  }

  void filter(const CallQuery& query) {
    for (const std::string* each : {&query.number,
                                    &query.caller,
                                    &query.callee,
                                    &query.number_e164,
                                    &query.caller_e164,
                                    &query.callee_e164,
                                    &query.call_id,
                                    &query.conversation_id,
                                    &query.codec,
                                    &query.trunk,
                                    &query.agent,
                                    &query.client,
                                    &query.marketing_channel,
                                    &query.tag}) {
      text(*each);
    }
    in_range(query.limit == 0 && query.cursor.empty());
    // A number that is none would not be equal to itself when it is read again.
    in_range(!query.max_mos || *query.max_mos == *query.max_mos);
  }

  void of(const PolicyChange& change) {
    actor(change.actor);
    text(change.reason);
  }

  void of(const ClassChange& change) {
    actor(change.actor);
    name(change.name);
    in_range(change.before || change.after);
    terms(change.before);
    terms(change.after);
    text(change.reason);
  }

  void of(const Hold& hold) {
    actor(hold.actor);
    name(hold.matter);
    text(hold.reason);
    uids(hold.uids);
    in_range(!hold.uids.empty() || hold.future);
    in_range(!hold.matched_hold || !hold.future);
    if (hold.future) filter(*hold.future);
  }

  void of(const Release& release) {
    actor(release.actor);
    name(release.matter);
    text(release.reason);
    uids(release.uids);
    in_range(release.whole == release.uids.empty());
  }

  void of(const Extension& extension) {
    actor(extension.actor);
    text(extension.reason);
    in_range(extension.media_until_us || extension.sip_until_us || extension.cdr_until_us);
  }

  void of(const Erasure& erasure) {
    actor(erasure.actor);
    text(erasure.reason);
    parts(erasure.parts);
  }

  void of(const Expiry& expiry) {
    name(expiry.class_name);
    parts(expiry.parts);
    uids(expiry.uids);
    in_range(!expiry.uids.empty() && expiry.cause <= ExpiryCause::kPressure);
  }

  void of(const Pause& pause) {
    actor(pause.actor);
    in_range(pause.cause >= PauseCause::kCommand && pause.cause <= PauseCause::kLimit);
  }

  void of(const Resume& resume) {
    actor(resume.actor);
    in_range(resume.cause >= PauseCause::kCommand && resume.cause <= PauseCause::kLimit);
  }

  void of(const Annotation& annotation) {
    actor(annotation.actor);
    in_range(!annotation.values.empty());
    require(annotation.values.size() <= kLedgerValuesMax, LedgerVerdict::kTooLong);
    for (const auto& [key, value] : annotation.values) {
      name(key);
      text(value);
    }
    const auto wrong = std::adjacent_find(
        annotation.values.begin(),
        annotation.values.end(),
        [](const auto& left, const auto& right) { return left.first >= right.first; });
    require(wrong == annotation.values.end(), LedgerVerdict::kUnordered);
  }

  void of(const Access& access) {
    actor(access.actor);
    in_range(access.kind >= AccessKind::kShow &&
             static_cast<std::uint32_t>(access.kind) <= kAccessKindMax);
    text(access.detail);
  }

  void of(const Export& exported) {
    actor(exported.actor);
    name(exported.format);
    text(exported.output);
    uids(exported.uids);
  }

  void of(const Confirmation& confirmation) {
    actor(confirmation.actor);
    in_range(confirmation.matter >= ConfirmedMatter::kClock &&
             confirmation.matter <= ConfirmedMatter::kRebuild);
    text(confirmation.detail);
  }

  void of(const Redaction& redaction) {
    actor(redaction.actor);
    text(redaction.reason);
    in_range(redaction.span.from_us < redaction.span.to_us);
    in_range(redaction.span.to_us < std::numeric_limits<std::int64_t>::max());
  }

  void subject(LedgerType type, const Uid& subject) {
    const LedgerSubject wanted = ledger_subject(type);
    require(
        wanted == LedgerSubject::kEither || (wanted == LedgerSubject::kCall) == !subject.is_nil(),
        LedgerVerdict::kWrongSubject);
  }

  [[nodiscard]] LedgerVerdict verdict() const { return verdict_; }

 private:
  LedgerVerdict verdict_ = LedgerVerdict::kGood;
};

}  // namespace

std::string_view ledger_verdict_name(LedgerVerdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}

LedgerVerdict check_ledger_content(const LedgerContent& content, const Uid& subject) {
  Check check;
  check.subject(type_of(content), subject);
  std::visit([&check](const auto& of) { check.of(of); }, content);
  return check.verdict();
}

}  // namespace tapdeck
