#include "control/retention_codec.h"

#include <gtest/gtest.h>

#include "control/protocol.h"

namespace tapdeck::control {
namespace {

using namespace retention;

Selection some_uids() { return {{make_uid(5, {1}), make_uid(6, {2})}, std::nullopt}; }

Selection some_filters() {
  CallQuery query;
  query.number = "4989*";
  query.from_us = 1'700'000'000'000'000;
  query.recording = RecordingState::kRecorded;
  return {{}, query};
}

// One after the other: a list of all would be a large frame.
using Requests = std::vector<RetentionRequest>;

void add_selecting(Requests& to) {
  to.emplace_back(HoldRequest{some_filters(), true, "2026-17", "counsel"});
  to.emplace_back(HoldRequest{some_uids(), false, "2026-17", "counsel"});
  to.emplace_back(ReleaseRequest{"2026-17", "settled", std::nullopt});
  to.emplace_back(ReleaseRequest{"2026-17", "settled", some_uids()});
}

void add_changing(Requests& to) {
  to.emplace_back(PlanRequest{-5, std::nullopt});
  to.emplace_back(PlanRequest{5, some_filters()});
  to.emplace_back(PlanRequest{0, std::nullopt, true});
  to.emplace_back(ExtendRequest{some_filters(), 9, kPartSip, "contract", true});
  to.emplace_back(EraseRequest{some_uids(), kPartsAll, "49891234", "+49891234", "GDPR", true});
}

Requests samples() {
  Requests all;
  add_selecting(all);
  add_changing(all);
  all.emplace_back(ListHoldsRequest{});
  all.emplace_back(ApplyRequest{});
  all.emplace_back(ConfirmClockRequest{});
  all.emplace_back(AnnotateRequest{make_uid(5, {1}), {{"csat", "4"}, {"tag", ""}}});
  all.emplace_back(JournalRequest{7, make_uid(5, {1}), LedgerType::kErasure, 100});
  all.emplace_back(JournalRequest{});
  all.emplace_back(BackupRequest{"/srv/backup/1"});
  all.emplace_back(PublicKeyRequest{});
  all.emplace_back(ExportRequest{"wav", "/srv/out", 3, {1, 2}, some_uids().uids});
  all.emplace_back(ExportRequest{});
  all.emplace_back(ConfirmRebuildRequest{});
  return all;
}

template <typename Request>
Request round_trip(const Request& request) {
  const auto bytes = encode_retention_request(request);
  EXPECT_TRUE(bytes);
  const auto decoded = decode_retention_request(*bytes);
  EXPECT_TRUE(decoded && std::holds_alternative<Request>(*decoded));
  return std::get<Request>(*decoded);
}

TEST(RetentionCodec, EveryRequestComesBackAsItWas) {
  for (const RetentionRequest& request : samples()) {
    const auto bytes = encode_retention_request(request);
    ASSERT_TRUE(bytes) << request.index();
    const auto decoded = decode_retention_request(*bytes);
    ASSERT_TRUE(decoded) << request.index();
    EXPECT_EQ(decoded->index(), request.index());
    EXPECT_EQ(*encode_retention_request(*decoded), *bytes);
  }
}

TEST(RetentionCodec, FieldsKeepTheirPlace) {
  const auto hold = round_trip(HoldRequest{some_filters(), true, "2026-17", "counsel"});
  EXPECT_EQ(hold.calls.query->number, "4989*");
  EXPECT_EQ(hold.calls.query->recording, RecordingState::kRecorded);
  EXPECT_TRUE(hold.future);
  EXPECT_EQ(hold.matter, "2026-17");
  EXPECT_EQ(hold.reason, "counsel");
  const auto erase =
      round_trip(EraseRequest{some_uids(), kPartCdr, "49891234", "+49891234", "GDPR", true});
  EXPECT_EQ(erase.calls.uids, some_uids().uids);
  EXPECT_EQ(erase.parts, kPartCdr);
  EXPECT_EQ(erase.number, "49891234");
  EXPECT_EQ(erase.number_e164, "+49891234");
  EXPECT_EQ(erase.reason, "GDPR");
  EXPECT_TRUE(erase.confirmed);
}

TEST(RetentionCodec, FieldsOfTheOthersKeepTheirPlace) {
  const auto extend = round_trip(ExtendRequest{some_uids(), -9, kPartSip, "contract", false});
  EXPECT_EQ(extend.until_us, -9);
  EXPECT_FALSE(extend.confirmed);
  const auto annotate = round_trip(AnnotateRequest{make_uid(5, {1}), {{"csat", "4"}}});
  EXPECT_EQ(annotate.uid, make_uid(5, {1}));
  EXPECT_EQ(annotate.values[0].second, "4");
  const auto journal = round_trip(JournalRequest{7, std::nullopt, LedgerType::kExport, 3});
  EXPECT_EQ(journal.from_sequence, 7U);
  EXPECT_EQ(journal.type, LedgerType::kExport);
  EXPECT_FALSE(journal.uid);
}

TEST(RetentionCodec, EveryCutAndEveryTailIsRefused) {
  for (const RetentionRequest& request : samples()) {
    const std::string bytes = *encode_retention_request(request);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_retention_request(bytes.substr(0, size))) << request.index();
    }
    EXPECT_FALSE(decode_retention_request(bytes + '\0')) << request.index();
  }
  EXPECT_FALSE(decode_retention_request(std::string(1, '\0')));
  EXPECT_FALSE(decode_retention_request("\x0b"));
}

bool is_refused(const RetentionRequest& request) {
  const auto bytes = encode_retention_request(request);
  return !bytes && bytes.error().code == ErrorCode::kInvalidArgument;
}

TEST(RetentionCodec, WhatIsTooLongIsRefusedBeforeItIsSent) {
  Selection many;
  many.uids.resize(kSelectedUidsMax);
  const HoldRequest fits{many, false, std::string(256, 'm'), std::string(4'096, 'r')};
  ASSERT_TRUE(encode_retention_request(fits));
  EXPECT_LE(encode_retention_request(fits)->size(), kRequestBytesMax);
  many.uids.emplace_back();
  EXPECT_TRUE(is_refused(HoldRequest{many, false, "m", "r"}));
  EXPECT_TRUE(is_refused(HoldRequest{{}, false, "m", "r"}));
  EXPECT_TRUE(is_refused(HoldRequest{{some_uids().uids, CallQuery{}}, false, "m", "r"}));
  EXPECT_TRUE(is_refused(HoldRequest{some_uids(), false, std::string(257, 'm'), "r"}));
}

TEST(RetentionCodec, ARequestThatMakesNoSenseIsNotSent) {
  EXPECT_TRUE(
      is_refused(EraseRequest{some_uids(), kPartSip, "", "", std::string(4'097, 'r'), true}));
  EXPECT_TRUE(is_refused(EraseRequest{some_uids(), 0, "", "", "r", true}));
  EXPECT_TRUE(is_refused(AnnotateRequest{make_uid(5, {1}), {65, {"key", "value"}}}));
}

TEST(RetentionCodec, ValuesOutsideTheirBoundsAreRefused) {
  std::string extend = *encode_retention_request(ExtendRequest{some_uids(), 9, 7, "r", true});
  const std::size_t parts_at = 1 + 1 + 4 + 32 + 8;
  ASSERT_EQ(extend[parts_at], 7);
  for (const char parts : {'\0', '\x08'}) {
    extend[parts_at] = parts;
    EXPECT_FALSE(decode_retention_request(extend));
  }
  std::string journal = *encode_retention_request(JournalRequest{});
  journal[9] = 2;  // whether there is a uid
  EXPECT_FALSE(decode_retention_request(journal));
  journal[9] = 0;
  journal[26] = kLedgerTypeMax + 1;  // a type that the journal does not have
  EXPECT_FALSE(decode_retention_request(journal));
  std::string hold = *encode_retention_request(HoldRequest{some_uids(), false, "m", "r"});
  hold[1] = 3;  // how the calls are selected
  EXPECT_FALSE(decode_retention_request(hold));
  hold[1] = 0;  // not at all
  EXPECT_FALSE(decode_retention_request(hold));
}

TEST(RetentionCodec, AQueryComesWithoutLimitAndCursor) {
  Selection selection = some_filters();
  selection.query->limit = 5;
  EXPECT_FALSE(encode_retention_request(PlanRequest{5, selection}));
  selection.query->limit = 0;
  selection.query->cursor = "x";
  EXPECT_FALSE(encode_retention_request(PlanRequest{5, selection}));
}

}  // namespace
}  // namespace tapdeck::control
