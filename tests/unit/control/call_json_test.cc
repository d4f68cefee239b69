#include "control/call_json.h"

#include <gtest/gtest.h>

#include "model/annotations.h"
#include "tests/support/sample_call.h"

namespace tapdeck::control {
namespace {

using tapdeck::testing::sample_call;

std::vector<std::string> keys_of(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys;
}

// INTERFACES, section 3, spelled again: scripts rely on every one of these names.
const std::vector<std::string> kCallNames = {"schema",
                                             "uid",
                                             "version",
                                             "final",
                                             "call_id",
                                             "from_tag",
                                             "to_tag",
                                             "realm",
                                             "conversation_id",
                                             "joined_by",
                                             "node",
                                             "port",
                                             "vlan",
                                             "state",
                                             "start",
                                             "progress",
                                             "ringing",
                                             "answered",
                                             "ended",
                                             "first_seen",
                                             "pdd_ms",
                                             "ring_ms",
                                             "setup_ms",
                                             "talk_ms",
                                             "total_ms",
                                             "hold_ms",
                                             "parties",
                                             "caller",
                                             "callee",
                                             "dialled",
                                             "diverted_from",
                                             "asserted",
                                             "dialled_e164",
                                             "diverted_from_e164",
                                             "asserted_e164",
                                             "direction",
                                             "outcome",
                                             "end_reason",
                                             "hangup_by",
                                             "transferred",
                                             "replaces",
                                             "replaced_by",
                                             "edges",
                                             "status_code",
                                             "reason",
                                             "q850_cause",
                                             "sip_methods",
                                             "sip_responses",
                                             "identities",
                                             "attestation",
                                             "passports",
                                             "session_id",
                                             "charging_vector",
                                             "reason_headers",
                                             "headers",
                                             "claims_left_out",
                                             "trunk",
                                             "agent",
                                             "team",
                                             "client",
                                             "marketing_channel",
                                             "campaign",
                                             "tags",
                                             "disposition",
                                             "resolved",
                                             "csat",
                                             "revenue",
                                             "note",
                                             "media",
                                             "recording"};
const std::vector<std::string> kPartyNames = {"id",
                                              "role",
                                              "number",
                                              "e164",
                                              "name",
                                              "uri",
                                              "ip",
                                              "port",
                                              "user_agent",
                                              "device",
                                              "from",
                                              "to",
                                              "sdp"};
const std::vector<std::string> kMediaNames = {"kind",
                                              "party",
                                              "speaker",
                                              "src",
                                              "dst",
                                              "ssrc",
                                              "codec",
                                              "payload_type",
                                              "clock_rate",
                                              "codecs",
                                              "payload_packets",
                                              "first",
                                              "last",
                                              "packets",
                                              "bytes",
                                              "expected",
                                              "lost",
                                              "lost_by_us",
                                              "lost_suspect",
                                              "duplicated",
                                              "reordered",
                                              "jitter_ms",
                                              "jitter_max_ms",
                                              "mos_est",
                                              "mos_model",
                                              "rtcp",
                                              "srtp"};
const std::vector<std::string> kRecordingNames = {"state",
                                                  "reasons",
                                                  "lifecycle",
                                                  "class",
                                                  "policy_rule",
                                                  "expires",
                                                  "sip_expires",
                                                  "cdr_expires",
                                                  "locked",
                                                  "legal_holds",
                                                  "encrypted",
                                                  "sha256",
                                                  "duration_ms",
                                                  "gaps",
                                                  "gaps_left_out",
                                                  "paused_since"};

TEST(CallJson, HasEveryNameWhetherFactsAreThereOrNot) {
  for (const CallRecord& call : {sample_call(), CallRecord{}}) {
    const Json json = call_to_json(call);
    EXPECT_EQ(keys_of(json), kCallNames);
    EXPECT_EQ(keys_of(json["recording"]), kRecordingNames);
  }
  const Json json = call_to_json(sample_call());
  EXPECT_EQ(keys_of(json["parties"][1]), kPartyNames);
  EXPECT_EQ(keys_of(json["caller"]), kPartyNames);
  EXPECT_EQ(keys_of(json["media"][0]), kMediaNames);
  EXPECT_EQ(keys_of(json["media"][0]["rtcp"]),
            (std::vector<std::string>{"loss_pct", "jitter_ms", "rtt_ms"}));
  EXPECT_EQ(keys_of(json["joined_by"]), (std::vector<std::string>{"method", "score"}));
  EXPECT_EQ(keys_of(json["transferred"]),
            (std::vector<std::string>{
                "to", "by", "kind", "to_e164", "outcome", "status_code", "call", "call_id"}));
  EXPECT_EQ(call_field_names(), kCallNames);
}

TEST(CallJson, WritesTimesAddressesAndSsrcInTheirForms) {
  const Json json = call_to_json(sample_call());
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["start"], "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(json["media"][0]["src"], "192.0.2.1:4000");
  EXPECT_EQ(json["media"][0]["ssrc"], "0x01020304");
  EXPECT_EQ(json["media"][0]["lost"], -2);
  EXPECT_EQ(json["media"][0]["codecs"]["101"], "telephone-event");
  EXPECT_EQ(json["media"][0]["payload_packets"]["8"], 900);
  EXPECT_EQ(json["callee"]["ip"], "2001:db8::2");
  EXPECT_EQ(json["outcome"], "answered");
  EXPECT_EQ(json["recording"]["reasons"], (Json{"loss", "loss_by_us"}));
  EXPECT_EQ(json["sip_methods"]["INVITE"], 2);
}

TEST(CallJson, ShowsAbsentFactsAsNull) {
  const Json json = call_to_json(CallRecord{});
  for (const char* name : {"call_id",   "to_tag",     "joined_by", "vlan",        "start",
                           "answered",  "pdd_ms",     "caller",    "callee",      "dialled",
                           "direction", "end_reason", "hangup_by", "transferred", "status_code",
                           "reason",    "q850_cause", "trunk",     "agent",       "revenue"}) {
    EXPECT_TRUE(json[name].is_null()) << name;
  }
  EXPECT_EQ(json["outcome"], "unknown");
  EXPECT_EQ(json["tags"], Json::array());
  EXPECT_EQ(json["media"], Json::array());
  CallRecord erased;
  erased.media.emplace_back();
  EXPECT_TRUE(call_to_json(erased)["media"][0]["src"].is_null()) << "its people were taken out";
  EXPECT_TRUE(call_to_json(erased)["media"][0]["dst"].is_null());
  EXPECT_TRUE(json["recording"]["expires"].is_null());
}

TEST(CallJson, RepairsTextFromTheWire) {
  const std::string line = json_line(call_to_json(sample_call()));  // its name is Latin-1
  EXPECT_NE(line.find("J\xef\xbf\xbdrgen"), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto message =
      message_to_json({.time_us = 0, .bytes = std::string("INVITE \xff\0x\r\n", 12)});
  EXPECT_EQ(message["length"], 12);
  EXPECT_EQ(Json::parse(json_line(message))["text"], std::string("INVITE \xef\xbf\xbd\0x\r\n", 14));
}

TEST(CallJson, IgnoresPartiesThatAreNotThere) {
  CallRecord call = sample_call();
  call.caller = 7;
  EXPECT_TRUE(call_to_json(call)["caller"].is_null());
}

TEST(CallJson, FindsFieldsByDottedNames) {
  const Json json = call_to_json(sample_call());
  EXPECT_EQ(field_of(json, "caller.number"), "0891234");
  EXPECT_EQ(field_of(json, "media.codec"), Json::array({"PCMA"}));
  EXPECT_EQ(field_of(json, "media.rtcp.rtt_ms"), Json::array({30.0}));
  EXPECT_TRUE(field_of(call_to_json(CallRecord{}), "caller.number").is_null());
  EXPECT_TRUE(is_field_name("transferred.kind"));
  EXPECT_TRUE(is_field_name("parties.user_agent"));
  EXPECT_TRUE(is_field_name("caller.device.address"));
  for (const char* wrong : {"", "callr", "caller.", "caller.x", "uid.x", ".uid"}) {
    EXPECT_FALSE(is_field_name(wrong)) << wrong;
  }
}

TEST(CallJson, AnnotationsAreFactsOfTheCall) {
  CallRecord call = tapdeck::testing::sample_call();
  call.business = nullptr;
  Json json = call_to_json(call);
  EXPECT_EQ(json_line(json["tags"]), "[]");
  for (const char* name : {"disposition", "resolved", "csat", "revenue", "note"}) {
    EXPECT_TRUE(json[name].is_null()) << name;
    EXPECT_TRUE(is_field_name(name));
  }
  apply_annotations({{"tag", "vip,late"}, {"resolved", "false"}, {"csat", "4.5"}}, call);
  json = call_to_json(call);
  EXPECT_EQ(json_line(json["tags"]), R"(["late","vip"])");
  EXPECT_EQ(json["resolved"], Json(false)) << "known, not absent";
  EXPECT_EQ(json["csat"], Json(4.5));
  EXPECT_TRUE(json["revenue"].is_null());
}

}  // namespace
}  // namespace tapdeck::control
