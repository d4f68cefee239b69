// Erasure by the desk: desk_erase.cc and desk_erase_report.cc.
#include "pipelines/retention/certificate.h"
#include "pipelines/retention/desk.h"
#include "pipelines/retention/desk_values.h"
#include "tests/unit/pipelines_retention/retention_fixture.h"

namespace tapdeck::retention {
namespace {

class RetentionEraseTest : public RetentionTest {};

TEST_F(RetentionEraseTest, an_erasure_is_reported_first_with_what_is_in_the_way) {
  const Uid free = add(1);
  const Uid held = add(2);
  const Uid locked = add(3, "100", "locked");
  const Uid unknown_class = add(4, "100", "of another configuration");
  ASSERT_TRUE(desk->hold(hold_of(only({held})), clerk));
  const auto answer = desk->erase(erasure({free, held, locked, unknown_class}), clerk);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->done);
  EXPECT_EQ(answer->going, 1U);
  ASSERT_EQ(answer->in_the_way.size(), 3U);
  EXPECT_EQ(answer->in_the_way[0].matters, std::vector<std::string>{"M1"});
  EXPECT_TRUE(answer->in_the_way[1].locked);
  EXPECT_TRUE(answer->in_the_way[2].locked);
  EXPECT_TRUE(has_media(free));
  EXPECT_TRUE(rows(LedgerType::kErasure).empty());
}

TEST_F(RetentionEraseTest,
       an_erasure_of_nothing_or_of_a_record_in_progress_is_refused_with_its_name) {
  for (const bool confirmed : {false, true}) {
    EraseRequest nothing = erasure({});
    nothing.calls = by_number("4930000");
    nothing.confirmed = confirmed;
    EXPECT_EQ(desk->erase(nothing, clerk).error().code, ErrorCode::kNotFound);
  }
  const Uid uid = add(1);
  store.calls[uid].state = CallState::kInProgress;
  for (const bool confirmed : {false, true}) {
    EraseRequest running = erasure({uid});
    running.parts = kPartCdr;
    running.confirmed = confirmed;
    const auto answer = desk->erase(running, clerk);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kBusy);
    EXPECT_NE(answer.error().message.find(to_string(uid)), std::string::npos);
  }
}

TEST_F(RetentionEraseTest, an_erasure_tells_of_joined_calls_and_exports_and_is_certified) {
  const Uid uid = add(1);
  const Uid leg = add(2);
  store.calls[uid].conversation_id = store.calls[leg].conversation_id = "c1";
  ASSERT_TRUE(desk->note_access(uid, {clerk, AccessKind::kExport, "wav"}));
  EXPECT_EQ(desk->backup({"/there"}, clerk).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(rows(LedgerType::kAccess).size(), 1U) << "there is none";
  EXPECT_EQ(desk->backup({"/backup//"}, clerk)->destination, "/backup");
  ASSERT_TRUE(desk->annotate({uid, {{"note", "ill"}}}, clerk));
  const Uid unknown = testing::ledger_uid(77);
  const auto answer = desk->erase(erasure({uid, unknown}), clerk);
  ASSERT_TRUE(answer) << error_of(answer);
  EXPECT_TRUE(answer->done);
  EXPECT_EQ(answer->joined.named, std::vector<Uid>{leg});
  EXPECT_EQ(answer->unknown.named, std::vector<Uid>{unknown});
  ASSERT_EQ(answer->calls.size(), 1U);
  EXPECT_EQ(answer->calls[0].exports, 1U);
  EXPECT_EQ(answer->last_backup_us, rows(LedgerType::kAccess).back().time_us);
  EXPECT_EQ(store.parts[uid], 0);
  EXPECT_EQ(store.calls[uid].recording.lifecycle, RecordingLifecycle::kErased);
  const auto erasures = rows(LedgerType::kErasure);
  ASSERT_EQ(erasures.size(), 2U);
  for (const JournalRow& row : erasures) {
    EXPECT_NE(answer->certificate.find(row.leaf_hash), std::string::npos);
    EXPECT_NE(answer->certificate.find(to_string(*row.uid)), std::string::npos);
  }
  const auto sealed = open_certificate(answer->certificate);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->public_key, *desk->public_key());
  EXPECT_TRUE(storage::is_signed(sealed->public_key, as_bytes(sealed->body), sealed->signature));
  // What was under its key is unreadable; that it was is not.
  const auto notes = rows(LedgerType::kAnnotation);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_FALSE(notes[0].content);
}

TEST_F(RetentionEraseTest, nothing_is_erased_that_cannot_be_certified) {
  const Uid uid = add(1);
  store.has_no_signing_key = true;
  EXPECT_EQ(desk->erase(erasure({uid}), clerk).error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(has_media(uid));
  EXPECT_TRUE(rows(LedgerType::kErasure).empty());
}

TEST_F(RetentionEraseTest, records_keep_what_happened_without_whom) {
  const Uid uid = add(1);
  EraseRequest request = erasure({uid}, kPartCdr);
  request.number = "777";
  EXPECT_EQ(desk->erase(request, clerk).error().code, ErrorCode::kInvalidArgument);
  request.number = "100";
  ASSERT_TRUE(desk->erase(request, clerk));
  const CallRecord& call = store.calls[uid];
  EXPECT_TRUE(call.parties[0].number.starts_with("erased-"));
  EXPECT_EQ(call.parties[1].name, "Bob");
  EXPECT_EQ(store.parts[uid], kPartMedia);  // messages name parties, and went
  EXPECT_FALSE(desk->annotate({uid, {{"note", "x"}}}, clerk));
}

// Cut off at each of its writes, an erasure is finished by whoever opens the store next.
TEST_F(RetentionEraseTest, an_erasure_that_was_begun_is_ended_wherever_it_was_cut_off) {
  bool whole = false;
  for (int cut = 0; !whole; ++cut) {
    ASSERT_LT(cut, 20);
    ASSERT_TRUE(desk->resume());
    const Uid uid = add(static_cast<std::uint32_t>(100 + cut));
    EraseRequest request = erasure({uid}, kPartsAll);
    request.number = "100";
    const auto before = rows(LedgerType::kErasure).size();
    store.fail_in = cut;
    whole = desk->erase(request, clerk).has_value() && store.fail_in >= 0;
    store.fail_in = -1;
    store.open_journal();
    open_desk();
    ASSERT_TRUE(desk->resume());
    if (rows(LedgerType::kErasure).size() == before) continue;  // it was never asked for
    EXPECT_EQ(store.parts[uid], 0) << cut;
    EXPECT_TRUE(store.calls[uid].parties[0].number.starts_with("erased-")) << cut;
    EXPECT_EQ(store.calls[uid].parties[1].name, "Bob") << cut;  // as it was asked for
  }
}

}  // namespace
}  // namespace tapdeck::retention
