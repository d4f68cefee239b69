// What the call plane counts of messages, calls and session descriptions that it did not take, did
// not understand whole, or gave up.
// Threads: one writer, the call-plane thread.  Memory: a few hundred bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "base/counter_table.h"
#include "pipelines/signalling/body.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/sdp.h"
#include "pipelines/signalling/siprec_metadata.h"

namespace tapdeck::calls {

// X(enumerator, name, help).  The first rows are the verdicts of sip::parse(), in their order.
#define TD_REJECT_REASONS(X)                                                                    \
  X(kKeepAlive, keep_alive, "messages: nothing but line ends")                                  \
  X(kNotSip, not_sip, "messages: no SIP in the first line")                                     \
  X(kBadStartLine, bad_start_line, "messages: a first line that cannot be read")                \
  X(kBadVersion, bad_version, "messages: not SIP/2.0")                                          \
  X(kBadStatusCode, bad_status_code, "messages: a status that is no number of three digits")    \
  X(kNoHeaders, no_headers, "messages: nothing behind the first line")                          \
  X(kHeaderTooMany, header_too_many, "messages: more header lines than are read")               \
  X(kMissingCallId, missing_call_id, "messages: no Call-ID")                                    \
  X(kMissingCSeq, missing_cseq, "messages: no CSeq")                                            \
  X(kMissingFrom, missing_from, "messages: no From")                                            \
  X(kMissingTo, missing_to, "messages: no To")                                                  \
  X(kMissingVia, missing_via, "messages: no Via")                                               \
  X(kBadCSeq, bad_cseq, "messages: a CSeq that cannot be, or is another method's")              \
  X(kTooLong, too_long, "messages: longer than a message may be")                               \
  X(kNoCall, no_call, "messages: of no call, and none begins with such")                        \
  X(kLate, late, "messages: of a call that is over")                                            \
  X(kEvictedCall, evicted_call, "calls: unanswered, closed early to make room")                 \
  X(kEvictedAnswered, evicted_answered, "calls: answered, closed early to make room")           \
  X(kMessageNotKept, message_not_kept, "messages: more of one call than are kept at once")      \
  X(kReleaseUnanswered, release_unanswered, "workers: did not answer the end of a call")        \
  X(kReportWithoutRow, report_without_row, "stream reports: more streams than a call has rows") \
  X(kReportWithoutCall, report_without_call, "stream reports: of a call that is over")

TD_COUNTER_TABLE(RejectReason, kRejectReasonNames, TD_REJECT_REASONS)

// Of a verdict that rejects.
constexpr RejectReason reason_of(sip::ParseVerdict verdict) {
  return static_cast<RejectReason>(static_cast<int>(verdict) -
                                   static_cast<int>(sip::ParseVerdict::kKeepAlive));
}

static_assert(reason_of(sip::ParseVerdict::kTooLong) == RejectReason::kTooLong);

// What was mended in a message that was taken; by the bits of sip::Repair.
#define TD_REPAIRS(X)                                                            \
  X(kBareLf, bare_lf, "messages: a line ended in LF alone")                      \
  X(kLeadingSpace, leading_space, "messages: blanks before the first line")      \
  X(kNoBlankLine, no_blank_line, "messages: no blank line behind the headers")   \
  X(kBadHeaderLine, bad_header_line, "messages: a header line was left out")     \
  X(kLengthLong, content_length_long, "messages: Content-Length beyond the end") \
  X(kLengthBad, content_length_bad, "messages: Content-Length is no number")     \
  X(kStartLineSpace, start_line_space, "messages: blanks in the first line")     \
  X(kDuplicateHeader, duplicate_header, "messages: From, To, Call-ID or CSeq twice")

TD_COUNTER_TABLE(RepairCount, kRepairNames, TD_REPAIRS)

static_assert(sip::kRepairDuplicateHeader ==
              1 << static_cast<unsigned>(RepairCount::kDuplicateHeader));

// Session descriptions that were not understood, or not whole, and metadata of recording sessions.
#define TD_SDP_TROUBLES(X)                                                           \
  X(kRepaired, repaired, "descriptions: lines that cannot be read were left out")    \
  X(kNotSdp, not_sdp, "descriptions: do not begin with v=0")                         \
  X(kBadMedia, bad_media, "descriptions: an m-line cannot be read")                  \
  X(kTooLong, too_long, "descriptions: longer than one may be")                      \
  X(kCut, cut, "descriptions: more lines, formats or candidates than are read")      \
  X(kNoAddress, no_address, "descriptions: a host name, or nothing, where media go") \
  X(kEncoded, encoded, "descriptions: with a content encoding, not read")            \
  X(kBroken, broken_multipart, "bodies: multipart without boundary or parts")        \
  X(kMetadataBroken, broken_metadata, "recording metadata: not read")                \
  X(kMetadataCut, cut_metadata, "recording metadata: more of it than is read")

TD_COUNTER_TABLE(SdpTrouble, kSdpTroubleNames, TD_SDP_TROUBLES)

constexpr std::optional<SdpTrouble> trouble_of(sip::SdpPlace place) {
  if (place == sip::SdpPlace::kEncoded) return SdpTrouble::kEncoded;
  if (place == sip::SdpPlace::kBroken) return SdpTrouble::kBroken;
  return std::nullopt;
}

constexpr std::optional<SdpTrouble> trouble_of(sip::SdpVerdict verdict, bool truncated) {
  switch (verdict) {
    case sip::SdpVerdict::kNotSdp: return SdpTrouble::kNotSdp;
    case sip::SdpVerdict::kBadMedia: return SdpTrouble::kBadMedia;
    case sip::SdpVerdict::kTooLong: return SdpTrouble::kTooLong;
    default: break;
  }
  if (truncated) return SdpTrouble::kCut;
  if (verdict == sip::SdpVerdict::kRepaired) return SdpTrouble::kRepaired;
  return std::nullopt;
}

constexpr std::optional<SdpTrouble> trouble_of(sip::MetadataVerdict verdict) {
  if (verdict == sip::MetadataVerdict::kBroken) return SdpTrouble::kMetadataBroken;
  if (verdict == sip::MetadataVerdict::kCut) return SdpTrouble::kMetadataCut;
  return std::nullopt;
}

struct PlaneCounters {
  CounterTable<RejectReason> rejected;
  CounterTable<RepairCount> repairs;
  CounterTable<SdpTrouble> sdp;

  // CallPlaneFigures, whose rows these are.
  template <typename Figures>
  void fill(Figures& to) const {
    to.rejected = named_counts(rejected, kRejectReasonNames);
    to.repaired = named_counts(repairs, kRepairNames);
    to.sdp = named_counts(sdp, kSdpTroubleNames);
  }

  // What a call that goes could not take.
  void count_losses(std::uint64_t messages, std::uint32_t workers, std::uint64_t reports) {
    rejected.add(RejectReason::kMessageNotKept, messages);
    rejected.add(RejectReason::kReleaseUnanswered, workers);
    rejected.add(RejectReason::kReportWithoutRow, reports);
  }

  void count_troubles(std::initializer_list<std::optional<SdpTrouble>> troubles) {
    for (const auto& trouble : troubles) {
      if (trouble) sdp.add(*trouble);
    }
  }

  // `bits` of sip::Repair.
  void count_repairs(unsigned bits) {
    for (unsigned row = 0; bits != 0; ++row, bits >>= 1) {
      if ((bits & 1) != 0) repairs.add(static_cast<RepairCount>(row));
    }
  }
};

}  // namespace tapdeck::calls
