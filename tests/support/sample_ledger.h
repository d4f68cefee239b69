// Contents of the journal for tests: one of each type with every field set, and random ones.
// Threads: plain functions.  Memory: values.  Errors: none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "model/ledger_codec.h"

namespace tapdeck::testing {

constexpr std::int64_t kLedgerTimeUs = 1'790'000'000'000'000;

inline Uid ledger_uid(std::uint32_t number) {
  return make_uid(kLedgerTimeUs / 1'000 + number, {static_cast<std::uint8_t>(number), 7});
}

inline LedgerActor sample_actor() { return {1000, 1001, 4242, "clerk"}; }

inline LedgerDigest sample_digest(std::uint8_t first) { return {first, 2, 3}; }

inline CallQuery sample_filter() {
  CallQuery query;
  query.number = "49301234*";
  query.caller_e164 = "+49301234567";
  query.from_us = kLedgerTimeUs;
  query.to_us = kLedgerTimeUs + 1;
  query.overlap = true;
  query.uid = ledger_uid(3);
  query.outcome = CallOutcome::kAnswered;
  query.direction = CallDirection::kInbound;
  query.ip = make_ipv4(0xc0000201U);
  query.status_code = 200;
  query.min_duration_ms = 1'000;
  query.max_mos = 3.5;
  query.recording = RecordingState::kRecorded;
  query.tag = "vip";
  return query;
}

// In the order of LedgerType.
inline std::vector<LedgerContent> sample_contents() {
  const RetentionTerms terms{1, 2, 3, true, 4, "MiFID II Art. 16(7)"};
  const LedgerActor actor = sample_actor();
  return {
      PolicyChange{actor, sample_digest(1), sample_digest(9), 12, "review"},
      ClassChange{actor, "trading", terms, terms, "law"},
      Hold{actor, "M-1", "claim", {ledger_uid(1), ledger_uid(2)}, sample_filter(), {}},
      Release{actor, "M-1", "settled", false, {ledger_uid(1)}},
      Extension{actor, "audit", kLedgerTimeUs, kLedgerTimeUs + 1, kLedgerTimeUs + 2},
      Erasure{actor, "request 17", kPartMedia | kPartSip},
      Expiry{"trading", kPartsAll, {ledger_uid(4), ledger_uid(5)}},
      Pause{actor, PauseCause::kDtmf, kLedgerTimeUs, kLedgerTimeUs + 60},
      Resume{actor, PauseCause::kLimit, kLedgerTimeUs + 60},
      Annotation{actor, {{"agent", "anna"}, {"note", "called back"}}},
      Access{actor, AccessKind::kSearch, "--number +49301234567"},
      Export{actor, "wav", "/srv/out", 2, sample_digest(5), {ledger_uid(1)}},
      Confirmation{actor, ConfirmedMatter::kRebuild, "the clock was an hour ahead"},
      Redaction{actor, "policy", {kLedgerTimeUs, kLedgerTimeUs + 50, true}},
  };
}

// The call that an entry with this content is about in tests; nil where it may have none.
inline Uid sample_subject(const LedgerContent& content) {
  return ledger_subject(type_of(content)) == LedgerSubject::kCall ? ledger_uid(1) : Uid{};
}

}  // namespace tapdeck::testing
