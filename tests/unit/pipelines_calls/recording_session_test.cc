#include "pipelines/calls/recording_session.h"

#include <string>

#include <gtest/gtest.h>

#include "pipelines/calls/live_call.h"
#include "tests/unit/pipelines_calls/policy_scenario.h"

namespace tapdeck::calls {
namespace {

SessionFacts lines(const std::vector<sip::Direction>& directions) {
  SessionFacts session;
  for (const sip::Direction direction : directions) {
    MediaLine& line = session.lines.emplace_back();
    line.kind = MediaKind::kAudio;
    line.enabled = line.is_rtp = true;
    line.direction = direction;
    session.labels.emplace_back(std::to_string(session.labels.size() + 1));
  }
  return session;
}

MediaRecord row_at(std::int64_t first_us) {
  MediaRecord row;
  row.kind = MediaKind::kAudio;
  row.party = kCallerParty;
  row.first_us = first_us;
  return row;
}

sip::RecordingParticipant person(std::string id, std::string aor, std::vector<std::string> sends) {
  sip::RecordingParticipant person;
  person.id = std::move(id);
  person.aor = std::move(aor);
  person.sends = std::move(sends);
  person.tells_streams = true;
  return person;
}

constexpr auto kSends = sip::Direction::kSendOnly;

class RecordingSessionTest : public ::testing::Test {
 protected:
  RecordingSessionTest() {
    parties_.open({signal_, facts_}, true);
    metadata_.streams = {{"t1", "1"}, {"t2", "2"}};
    metadata_.participants = {person("a", "sip:100@x", {"t1"}), person("b", "sip:200@x", {"t2"})};
  }

  void take(std::int64_t time_ns) {
    signal_.time_ns = time_ns;
    session_.take(metadata_, {signal_, facts_}, parties_);
    session_.weigh(time_ns);
  }

  [[nodiscard]] MediaRecord named(std::uint16_t line, std::int64_t first_us) const {
    MediaRecord row = row_at(first_us);
    session_.name_speaker(line, row);
    return row;
  }

  SignalMessage signal_;
  MessageFacts facts_;
  PartyList parties_;
  sip::RecordingMetadata metadata_;
  RecordingSession session_{kCallerParty};
};

TEST_F(RecordingSessionTest, LinesThatGoOneWayAreSpeakersWithoutNames) {
  EXPECT_TRUE(RecordingSession::goes_one_way(lines({kSends, sip::Direction::kInactive})));
  EXPECT_FALSE(RecordingSession::goes_one_way(lines({kSends, sip::Direction::kSendRecv})));
  EXPECT_FALSE(RecordingSession::goes_one_way(SessionFacts{}));
  session_.note_lines(lines({kSends, kSends}));
  EXPECT_EQ(named(0, 1).speaker, 1);
  EXPECT_EQ(named(1, 1).speaker, 2);
  EXPECT_EQ(named(1, 1).party, kCallerParty);
  EXPECT_FALSE(named(2, 1).speaker) << "no such line";
  EXPECT_FALSE(named(200, 1).speaker);
  session_.note_lines(lines({kSends, sip::Direction::kSendRecv}));
  EXPECT_FALSE(named(0, 1).speaker) << "it was a hold";
}

TEST_F(RecordingSessionTest, OneLineIsNoSpeakerAlone) {
  session_.note_lines(lines({kSends}));
  EXPECT_FALSE(named(0, 1).speaker);
}

TEST_F(RecordingSessionTest, WhoSendsTheLabelledStreamIsHeard) {
  session_.note_lines(lines({kSends, kSends}));
  take(1'000'000'000);
  ASSERT_EQ(parties_.all().size(), 4U);
  EXPECT_EQ(parties_.all()[2].number, "100");
  EXPECT_EQ(parties_.all()[2].role, PartyRole::kUnknown);
  EXPECT_EQ(named(0, 0).party, 2) << "also where the metadata comes after the media";
  EXPECT_EQ(named(1, 0).party, 3);
  MediaRecord answer = row_at(1);
  answer.party = kFirstCalleeParty;
  session_.name_speaker(0, answer);
  EXPECT_EQ(answer.party, kFirstCalleeParty);
  EXPECT_FALSE(answer.speaker);
  parties_.answer(kFirstCalleeParty, 2);
  EXPECT_EQ(parties_.all()[2].role, PartyRole::kUnknown) << "an answer makes no fork of it";
}

TEST_F(RecordingSessionTest, AMixIsNobodysAlone) {
  metadata_.participants[1].sends = {"t1"};
  session_.note_lines(lines({kSends}));
  take(1'000'000'000);
  EXPECT_EQ(named(0, 0).party, kCallerParty);
  EXPECT_EQ(named(0, 0).speaker, 1);
}

TEST_F(RecordingSessionTest, WhoIsNotNamedAnyMoreHasLeft) {
  session_.note_lines(lines({kSends, kSends}));
  take(1'000'000'000);
  metadata_.participants = {person("a", "sip:100@x", {"t1"}), person("c", "sip:300@x", {"t2"})};
  take(20'000'000'000);
  ASSERT_EQ(parties_.all().size(), 5U);
  EXPECT_EQ(parties_.all()[3].to_us, 20'000'000);
  EXPECT_FALSE(parties_.all()[2].to_us);
  EXPECT_EQ(named(1, 5'000'000).party, 3);
  EXPECT_EQ(named(1, 19'500'000).party, 4) << "the new stream may be seen a little before";
  EXPECT_EQ(named(1, 30'000'000).party, 4);
  EXPECT_EQ(named(1, 30'000'000).speaker, 2);
}

TEST_F(RecordingSessionTest, WhoComesAgainWithAnotherIdIsTheSame) {
  session_.note_lines(lines({kSends, kSends}));
  take(1'000'000'000);
  metadata_.participants = {person("x", "sip:200@x", {"t2"}), person("y", "sip:100@x", {"t1"})};
  take(2'000'000'000);
  EXPECT_EQ(parties_.all().size(), 4U);
  EXPECT_FALSE(parties_.all()[3].to_us);
}

TEST_F(RecordingSessionTest, TwoOfOneNameAreTwo) {
  for (auto& each : metadata_.participants) each.aor = "sip:anonymous@anonymous.invalid";
  session_.note_lines(lines({kSends, kSends}));
  take(1'000'000'000);
  ASSERT_EQ(parties_.all().size(), 4U);
  EXPECT_EQ(named(1, 0).party, 3);
  EXPECT_EQ(named(1, 0).speaker, 2);
}

TEST_F(RecordingSessionTest, AnUpdateSaysOnlyWhatHasChanged) {
  session_.note_lines(lines({kSends, kSends}));
  take(1'000'000'000);
  metadata_ = {};
  metadata_.is_partial = true;
  metadata_.participants = {person("b", "", {})};
  metadata_.participants[0].has_left = true;
  take(20'000'000'000);
  EXPECT_EQ(parties_.all().size(), 4U);
  EXPECT_EQ(parties_.all()[3].to_us, 20'000'000);
  EXPECT_EQ(named(0, 30'000'000).party, 2);
  EXPECT_EQ(named(1, 30'000'000).party, kCallerParty) << "of nobody who is named";
  EXPECT_EQ(named(1, 5'000'000).party, 3);
}

TEST_F(RecordingSessionTest, ASpeakerWithSeveralLinesStaysOnOneSide) {
  metadata_.streams.push_back({"t3", "3"});
  metadata_.participants[0].sends = {"t1", "t3"};
  session_.note_lines(lines({kSends, kSends, kSends}));
  take(1'000'000'000);
  EXPECT_EQ(named(2, 0).party, 2);
  EXPECT_EQ(named(2, 0).speaker, 1);
}

TEST_F(RecordingSessionTest, NumbersAreReadFromWhateverFormTheyHave) {
  metadata_.participants = {person("a", "7602922410", {}),
                            person("b", "2249888500@172.16.198.55", {}),
                            person("c", "tel:+49-30-111", {}),
                            person("d", "sip:%2B4930222@x;user=phone", {}),
                            person("e", "", {})};
  take(1'000'000'000);
  ASSERT_EQ(parties_.all().size(), 6U) << "nothing is known of the last one";
  EXPECT_EQ(parties_.all()[2].number, "7602922410");
  EXPECT_EQ(parties_.all()[2].uri, "7602922410");
  EXPECT_EQ(parties_.all()[3].number, "2249888500");
  EXPECT_EQ(parties_.all()[4].number, "+4930111");
  EXPECT_EQ(parties_.all()[5].number, "+4930222");
}

TEST_F(RecordingSessionTest, IsBounded) {
  session_.note_lines(lines({kSends}));
  for (int i = 0; i < 1'000; ++i) {
    metadata_.participants = {person("a", "sip:" + std::to_string(i) + "@x", {"t1"})};
    take(i * 2'000'000'000LL);
  }
  EXPECT_EQ(parties_.all().size(), kPartiesMax);
}

TEST(RecordingSession, TheRecorderIsAskedForParticipantsByPolicy) {
  const std::string body =
      "--b\r\nContent-Type: application/sdp\r\n\r\n" +
      sdp({{.attributes = "a=sendonly\r\na=label:1\r\n"},
           {.port = 4002, .attributes = "a=sendonly\r\na=label:2\r\n"}}) +
      "\r\n--b\r\nContent-Type: application/rs-metadata+xml\r\n\r\n<recording>"
      "<participant participant_id=\"p\"><nameID aor=\"sip:+4989333@x\"/></participant>"
      "</recording>\r\n--b--\r\n";
  for (const std::string key : {"number", "caller", "callee"}) {
    Scenario scenario(
        with("rules:\n - name: quiet\n   match: {" + key + ": \"+4989333\"}\n   record: none\n"));
    scenario.from_caller(0, {.sdp = body, .type = "multipart/mixed;boundary=b"});
    scenario.from_callee(1, {.status = 200, .to_tag = "bob", .sdp = sdp({callee_line()})});
    scenario.finish(3);
    const CallRecord call = scenario.final_record();
    EXPECT_EQ(call.recording.reasons, std::vector{RecordingReason::kPolicy}) << key;
    EXPECT_EQ(call.recording.policy_rule, "quiet") << key;
    EXPECT_EQ(call.parties.size(), 3U);
  }
}

}  // namespace
}  // namespace tapdeck::calls
