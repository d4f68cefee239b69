#include "pipelines/calls/log_detail.h"

#include <gtest/gtest.h>

namespace tapdeck::calls {
namespace {

CallRecord some_call() {
  CallRecord call;
  call.uid = make_uid(1'700'000'123'456, {1, 2, 3});
  call.final = true;
  call.version = 4;
  call.call_id = "abc@host";
  call.from_tag = "tag";
  call.start_us = 1'700'000'123'456'000;
  call.first_seen_us = *call.start_us;
  call.parties.resize(2);
  call.parties[0].number = call.parties[0].e164 = "+49711155501";
  call.parties[0].name = "Anna";
  call.parties[0].uri = "sip:+49711155501@192.0.2.4;user=phone";
  call.parties[1].number = "101";
  call.parties[1].uri = "tel:101;phone-context=x";
  call.dialled = "071155502";
  call.dialled_e164 = "+4971155502";
  call.asserted_e164 = "+4971155503";
  call.diverted_from = "7";
  call.transferred = CallTransfer{"sip:+4971155504@a", "+4971155505", "blind", "+4971155504"};
  call.claims = std::make_shared<const CallClaims>();
  call.reason = "Anna is busy";
  call.status_code = 486;
  call.edges.emplace_back();
  call.edges[0].number = "+4971155506";
  call.edges[0].e164 = "+4971155506";
  call.edges[0].uri = "sips:+4971155506@b";
  call.trunk = "carrier";
  call.direction = CallDirection::kInbound;
  call.outcome = CallOutcome::kAnswered;
  call.state = CallState::kEnded;
  call.recording.state = RecordingState::kNotRecorded;
  call.recording.reasons = {RecordingReason::kPolicy};
  call.recording.policy_rule = "works council";
  call.recording.cdr_expires_us = *call.start_us + 1'000'000;
  return call;
}

TEST(LogDetail, ANumberLosesItsLastFourDigits) {
  EXPECT_EQ(mask_number("+49711155501"), "+4971115xxxx");
  EXPECT_EQ(mask_number("101"), "xxx");
  EXPECT_EQ(mask_number("alice"), "axxxx");
  EXPECT_EQ(mask_number(""), "");
}

TEST(LogDetail, AMaskedRecordHasNoWholeNumberAndNoName) {
  CallRecord call = some_call();
  mask_record(call);
  EXPECT_EQ(call.parties[0].number, "+4971115xxxx");
  EXPECT_EQ(call.parties[0].e164, "");
  EXPECT_EQ(call.parties[0].name, "");
  EXPECT_EQ(call.parties[0].uri, "sip:+4971115xxxx@192.0.2.4");
  EXPECT_EQ(call.parties[1].uri, "tel:xxx");
  EXPECT_EQ(call.dialled, "07115xxxx");
  EXPECT_EQ(call.dialled_e164 + call.asserted_e164 + call.diverted_from_e164, "");
  EXPECT_EQ(call.diverted_from, "x");
  EXPECT_EQ(call.transferred->to, "sip:+497115xxxx@a");
  EXPECT_EQ(call.transferred->by, "+497115xxxx");
  EXPECT_EQ(call.transferred->to_e164, "");
  EXPECT_EQ(call.claims, nullptr);
  EXPECT_EQ(call.reason, "");
  EXPECT_EQ(call.status_code, 486);
  EXPECT_EQ(call.edges[0].number, "+497115xxxx");
  EXPECT_EQ(call.edges[0].e164, "");
  EXPECT_EQ(call.edges[0].uri, "sips:+497115xxxx@b");
  EXPECT_EQ(call.call_id, "abc@host") << "what is no number stays";
}

TEST(LogDetail, NeitherUrisNorSdpNorTheDirectoryTellANumberOrAName) {
  CallRecord call = some_call();
  call.parties[0].uri = "sip:+49711155501:155501@192.0.2.4:5070;rn=+49711155501?X=155501";
  call.parties[0].sdp_origin = "+49711155501 1 1 192.0.2.4";
  call.parties[1].uri = "sip:192.0.2.4:5080;lr";
  call.transferred->by = "caller";
  call.business =
      std::make_shared<const CallBusiness>(CallBusiness{"Ann", "sales", "Bob", "web", ""});
  mask_record(call);
  EXPECT_TRUE(call.masked);
  EXPECT_EQ(call.parties[0].uri, "sip:+4971115xxxx@192.0.2.4:5070");
  EXPECT_EQ(call.parties[0].sdp_origin, "");
  EXPECT_EQ(call.parties[1].uri, "sip:192.0.2.4:5080") << "it names nobody";
  EXPECT_EQ(call.transferred->by, "caller");
  EXPECT_EQ(call.business->agent + call.business->client, "");
  EXPECT_EQ(call.business->team + call.business->marketing_channel, "salesweb");
}

TEST(LogDetail, AProductStaysWithoutWhatItsUserWroteBeside) {
  for (const auto& [told, kept] : {
           std::pair{"Linphone/5.2 (Anna's (own) phone)", "Linphone/5.2"},
           std::pair{"PBX 13.1.4 49711155501", "PBX 13.1.4 4971115xxxx"},
           std::pair{"(Anna", ""},
           std::pair{"a) b", "a) b"},
           std::pair{"", ""},
       }) {
    CallRecord call = some_call();
    call.parties[1].user_agent = told;
    mask_record(call);
    EXPECT_EQ(call.parties[1].user_agent, kept) << told;
  }
}

TEST(LogDetail, ATallyNamesNobody) {
  CallRecord call = some_call();
  const Uid uid = call.uid;
  reduce_to_tally(call);
  EXPECT_NE(call.uid, uid);
  EXPECT_EQ(call.uid.start_ms(), 1'700'000'100'000);  // the quarter of an hour
  EXPECT_EQ(call.key_time_us(), 1'700'000'100'000'000);
  EXPECT_EQ(call.recording.cdr_expires_us, 1'700'000'101'000'000);
  EXPECT_TRUE(call.parties.empty());
  EXPECT_EQ(call.call_id + call.from_tag + call.dialled + call.dialled_e164, "");
  EXPECT_TRUE(call.edges.empty());
  EXPECT_FALSE(call.transferred);
  EXPECT_EQ(call.outcome, CallOutcome::kAnswered);
  EXPECT_EQ(call.trunk, "carrier");
  EXPECT_EQ(call.recording.state, RecordingState::kNotRecorded);
  EXPECT_TRUE(call.final);
  CallRecord again = some_call();
  reduce_to_tally(again);
  EXPECT_EQ(again.uid, call.uid) << "the same call is counted once";
}

}  // namespace
}  // namespace tapdeck::calls
