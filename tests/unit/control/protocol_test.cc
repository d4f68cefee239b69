#include "control/protocol.h"

#include <memory>

#include <gtest/gtest.h>

namespace tapdeck::control {
namespace {

CallQuery full_query() {
  CallQuery query;
  query.number = "49*";
  query.caller = "1";
  query.callee = "2";
  query.number_e164 = "+493*";
  query.caller_e164 = "+491";
  query.callee_e164 = "+492";
  query.from_us = -5;
  query.to_us = 7;
  query.overlap = true;
  query.call_id = "id";
  query.uid = make_uid(1, {1, 2});
  query.conversation_id = "c";
  query.outcome = CallOutcome::kRedirected;
  query.direction = CallDirection::kTransit;
  query.ip = make_ipv4(0xc0000201);
  query.codec = "PCMA";
  query.status_code = 486;
  query.min_duration_ms = 1'000;
  query.max_mos = 3.25;
  query.recording = RecordingState::kNotRecorded;
  query.trunk = "t";
  query.agent = "a";
  query.client = "b";
  query.marketing_channel = "m";
  query.tag = "g";
  query.limit = 9;
  query.cursor = std::string("\0x", 2);
  return query;
}

TEST(Protocol, QueryComesBackAsItWas) {
  const CallQuery query = full_query();
  const auto decoded = decode_query(encode_query(query));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(encode_query(*decoded), encode_query(query));
  EXPECT_EQ(decoded->number_e164, "+493*");
  EXPECT_EQ(decoded->callee_e164, "+492");
  EXPECT_EQ(decoded->from_us, -5);
  EXPECT_EQ(decoded->uid, query.uid);
  EXPECT_EQ(decoded->ip, query.ip);
  EXPECT_EQ(decoded->status_code, 486);
  EXPECT_EQ(decoded->max_mos, 3.25);
  EXPECT_EQ(decoded->cursor, query.cursor);
  const auto empty = decode_query(encode_query({}));
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->from_us || empty->uid || empty->outcome || empty->ip || empty->max_mos);
}

TEST(Protocol, QueryCutAnywhereOrWithMoreBehindItIsRefused) {
  const std::string bytes = encode_query(full_query());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_query(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_query(bytes + "x"));
}

TEST(Protocol, AnEventQueryComesBackAsItWas) {
  EventQuery query;
  query.number = "49*";
  query.number_e164 = "+49*";
  query.ip = make_ipv4(0xc0000201);
  query.method = EventMethod::kPublish;
  query.status_code = 404;
  query.from_us = -5;
  query.to_us = 7;
  query.limit = 9;
  query.cursor = "c";
  const std::string bytes = encode_event_query(query);
  const auto decoded = decode_event_query(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(encode_event_query(*decoded), bytes);
  EXPECT_EQ(decoded->ip, query.ip);
  EXPECT_EQ(decoded->method, query.method);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_event_query(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_event_query(bytes + "x"));
  const auto empty = decode_event_query(encode_event_query({}));
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->ip || empty->method || empty->status_code || empty->from_us);
}

TEST(Protocol, ValuesOutsideAnEnumerationAreRefused) {
  CallQuery query;
  query.outcome = static_cast<CallOutcome>(8);
  EXPECT_FALSE(decode_query(encode_query(query)));
  query = {};
  query.recording = static_cast<RecordingState>(4);
  EXPECT_FALSE(decode_query(encode_query(query)));
  std::string error = encode_error(make_error(ErrorCode::kCancelled, "x"));
  error[0] = 99;
  EXPECT_FALSE(decode_error(error));
}

TEST(Protocol, FrameHeaderBoundsLengthAndType) {
  const std::string header = encode_frame_header(FrameType::kCall, 10);
  ASSERT_EQ(header.size(), kFrameHeaderBytes);
  const auto decoded = decode_frame_header(as_bytes(header), 10);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->type, FrameType::kCall);
  EXPECT_EQ(decoded->payload_bytes, 10U);
  EXPECT_FALSE(decode_frame_header(as_bytes(header), 9));
  EXPECT_FALSE(decode_frame_header(as_bytes(header).first(4), 10));
  EXPECT_FALSE(decode_frame_header(as_bytes(std::string("\0\0\0\0\x41", 5)), 10));  // no type
  EXPECT_FALSE(decode_frame_header(as_bytes(std::string("\1\0\0\0\x20", 5)), 10));  // unknown
  EXPECT_FALSE(decode_frame_header(as_bytes(std::string("\xff\xff\xff\xff\x41", 5)), 10));
}

TEST(Protocol, HelloTellsTheVersionAndNothingElsePasses) {
  EXPECT_EQ(decode_hello(encode_hello()), kProtocolVersion);
  EXPECT_EQ(decode_hello(encode_hello() + "later fields"), kProtocolVersion);
  EXPECT_EQ(decode_hello("GET / HTTP/1.1"), std::nullopt);
  EXPECT_EQ(decode_hello(encode_hello().substr(0, 5)), std::nullopt);
  EXPECT_EQ(decode_hello(encode_hello().substr(0, 6)), kProtocolVersion) << "as before version 6";
}

TEST(Protocol, HelloTellsWhatIsReadFor) {
  for (const AccessKind purpose : {AccessKind::kShow, AccessKind::kExport, AccessKind::kListen}) {
    EXPECT_EQ(decode_purpose(encode_hello(purpose)), purpose);
  }
  EXPECT_EQ(decode_purpose(encode_hello(AccessKind::kSearch)), std::nullopt);
  EXPECT_EQ(decode_purpose(encode_hello(AccessKind::kBackup)), std::nullopt);
  EXPECT_EQ(decode_purpose(encode_hello(static_cast<AccessKind>(6))), std::nullopt);
  EXPECT_EQ(decode_purpose(encode_hello().substr(0, 6)), std::nullopt);
}

TEST(Protocol, APauseOfAnImportComesBackAsItWas) {
  const PauseTold told{
      make_uid(1, {1, 2}), PauseChange::kEndedByLimit, PauseCause::kLimit, 1'790'000'000'123};
  const auto back = decode_import_pause(encode_import_pause(told));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->uid, told.uid);
  EXPECT_EQ(back->change, told.change);
  EXPECT_EQ(back->cause, told.cause);
  EXPECT_EQ(back->time_ns, told.time_ns);
  EXPECT_FALSE(decode_import_pause(encode_import_pause(told) + "x"));
  EXPECT_FALSE(decode_import_pause(encode_uid(told.uid)));
  EXPECT_FALSE(decode_import_pause(
      encode_import_pause({told.uid, PauseChange::kPaused, static_cast<PauseCause>(0), 1})));
  EXPECT_FALSE(decode_import_pause(
      encode_import_pause({told.uid, PauseChange::kPaused, static_cast<PauseCause>(6), 1})));
  EXPECT_FALSE(decode_import_pause(
      encode_import_pause({told.uid, static_cast<PauseChange>(3), PauseCause::kDtmf, 1})));
}

TEST(Protocol, AnswersComeBackAsTheyWere) {
  const Uid uid = make_uid(5, {9});
  EXPECT_EQ(decode_uid(encode_uid(uid)), uid);
  EXPECT_FALSE(decode_uid(encode_uid(uid) + "x"));

  const auto error = decode_error(encode_error({ErrorCode::kBusy, "later", 11}));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kBusy);
  EXPECT_EQ(error->message, "later");
  EXPECT_EQ(error->system_errno, 11);

  const storage::StreamDurability stream{
      {make_ipv4(1), 2}, {make_ipv4(3), 4}, 0xdeadbeef, 1'700'000'000'000'000};
  const auto decoded = decode_stream(encode_stream(stream));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->source, stream.source);
  EXPECT_EQ(decoded->destination, stream.destination);
  EXPECT_EQ(decoded->ssrc, stream.ssrc);
  EXPECT_EQ(decoded->durable_until_us, stream.durable_until_us);

  const auto figure = decode_figure(encode_figure("calls", ~std::uint64_t{0}));
  ASSERT_TRUE(figure);
  EXPECT_EQ(*figure, std::pair(std::string("calls"), ~std::uint64_t{0}));

  const auto fault = decode_fault(encode_fault({"here", "torn"}));
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->where, "here");
  EXPECT_EQ(fault->what, "torn");
  EXPECT_FALSE(decode_fault(encode_fault({"here", "torn"}).substr(0, 9)));
}

TEST(Protocol, SectionMustBeAsLongAsItSays) {
  const std::string records(20, 'r');
  SectionHeader header;
  header.record_bytes = 20;
  header.kind = MediaKind::kVideo;
  const std::string bytes = encode_section(header, as_bytes(records));
  const auto section = decode_section(bytes);
  ASSERT_TRUE(section);
  EXPECT_EQ(section->header.kind, MediaKind::kVideo);
  EXPECT_EQ(as_text(section->records), records);
  EXPECT_FALSE(decode_section(bytes.substr(0, bytes.size() - 1)));
  EXPECT_FALSE(decode_section(bytes.substr(0, 63)));
  std::string wrong_kind = bytes;
  wrong_kind[1] = 9;
  EXPECT_FALSE(decode_section(wrong_kind));
}

TEST(Protocol, AnImportedChunkComesBackAsItWas) {
  const auto made = std::make_unique<Chunk>();
  Chunk& chunk = *made;
  chunk.recording = make_uid(1, {1, 2});
  chunk.sequence = 3;
  chunk.last_us = -4;
  chunk.section.kind = MediaKind::kAudio;
  std::memset(chunk.append(RecordKind::kRtp, 5, 6), 7, 6);
  const std::string bytes = encode_import_chunk(chunk);
  const auto decoded = std::make_unique<Chunk>();
  Chunk& back = *decoded;
  ASSERT_TRUE(decode_import_chunk(bytes, back));
  EXPECT_EQ(encode_import_chunk(back), bytes);
  EXPECT_EQ(back.recording, chunk.recording);
  EXPECT_EQ(back.last_us, -4);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_import_chunk(std::string_view(bytes).substr(0, size), back)) << size;
  }
}

TEST(Protocol, AChunkOfMoreThanAChunkIsRefused) {
  SectionHeader header;
  const std::vector<std::uint8_t> records(kRecordBytesMax + 1);
  header.record_bytes = static_cast<std::uint32_t>(records.size());
  const std::string head(28, '\0');  // uid, sequence, last_us
  const auto chunk = std::make_unique<Chunk>();
  EXPECT_FALSE(decode_import_chunk(head + encode_section(header, records), *chunk));
}

TEST(Protocol, ImportedMessagesComeBack) {
  const std::string bytes = encode_import_messages({make_uid(1, {1, 2}), "records"});
  const auto messages = decode_import_messages(bytes);
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->recording, make_uid(1, {1, 2}));
  EXPECT_EQ(messages->records, "records");
  EXPECT_FALSE(decode_import_messages("too short"));
}

TEST(Protocol, AnOrderToShredNamesPartsThatThereAre) {
  using storage::ShredParts;
  const Uid uid = make_uid(1, {1, 2});
  for (const auto parts : {ShredParts::kMedia, ShredParts::kMessages, ShredParts::kAll}) {
    const auto shred = decode_import_shred(encode_import_shred({uid, parts, {}}));
    ASSERT_TRUE(shred);
    EXPECT_EQ(shred->recording, uid);
    EXPECT_EQ(shred->parts, parts);
  }
  const MediaSpan span{-5, 1'764'000'000'000'000, true};
  const auto part = decode_import_shred(encode_import_shred({uid, ShredParts::kNone, span}));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->parts, ShredParts::kNone);
  EXPECT_EQ(part->span, span);
  EXPECT_EQ(part->cause, CutCause::kPolicy);
  const auto pause = decode_import_shred(
      encode_import_shred({uid, ShredParts::kNone, {.from_us = 5}, CutCause::kPause}));
  ASSERT_TRUE(pause);
  EXPECT_EQ(pause->cause, CutCause::kPause);
  EXPECT_FALSE(pause->span.video_only);
  EXPECT_FALSE(decode_import_shred(encode_import_shred({uid, static_cast<ShredParts>(4), {}})));
  EXPECT_FALSE(decode_import_shred(encode_uid(uid)));
  EXPECT_FALSE(decode_import_shred(encode_import_shred({uid, ShredParts::kAll, {}}) + "x"));
}

}  // namespace
}  // namespace tapdeck::control
