#include "apps/ingest_store.h"

#include <atomic>

#include <gtest/gtest.h>

#include "control/reach_store.h"
#include "control/server.h"
#include "tests/unit/control/fake_store.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::apps {
namespace {

class NoImport final : public control::ImportSink {
 public:
  Result<storage::Presence> presence_of(const Uid&) override { return storage::Presence::kAbsent; }

  Result<void> add_chunk(Chunk&) override { return {}; }

  Result<void> add_messages(const Uid&, std::string) override { return {}; }

  Result<void> add_call(CallRecord) override { return {}; }

  void tick() override {}

  Result<void> add_event(EventRecord /*event*/) override { return {}; }

  Result<void> note_pause(const PauseTold&) override { return {}; }

  Result<void> shred(const Uid&, storage::ShredParts) override { return {}; }

  Result<void> shred_media(const Uid&, const MediaSpan&, CutCause) override { return {}; }

  Result<void> finish() override { return {}; }
};

TEST(IngestStore, WaitsForTheServiceToPutAwayAnImportThatWasKilled) {
  const storage::TemporaryDirectory directory;
  std::atomic<int> asked{0};
  control::ServerCallbacks callbacks;
  const control::testing::FakeContents contents;
  callbacks.open_reader = [&contents](const control::ClientInfo& /*client*/) {
    return std::make_unique<control::testing::FakeStore>(contents);
  };
  callbacks.open_import =
      [&asked](const std::string&) -> Result<std::unique_ptr<control::ImportSink>> {
    if (++asked < 3) return make_error(ErrorCode::kBusy, "Another import is in progress.");
    return std::unique_ptr<control::ImportSink>(new NoImport);
  };
  const auto server =
      control::Server::start({.store_directory = directory.path()}, std::move(callbacks));
  ASSERT_TRUE(server) << server.error().message;
  control::Settings settings;
  settings.store_directory = directory.path();
  auto store = IngestStore::open(settings, "imported");
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(asked.load(), 3);
  EXPECT_TRUE(store->finish());
}

TEST(IngestStore, RulesAreInTheJournalWhenTheyAreOthersThanBefore) {
  const storage::TemporaryDirectory directory;
  control::Settings settings;
  settings.config = config::defaults();
  settings.store_directory = directory.path();
  PolicyFiles files;
  const std::vector<std::uint8_t> firsts = {1, 1, 2};
  for (const std::uint8_t first : firsts) {
    auto store = IngestStore::open(settings, "imported");
    ASSERT_TRUE(store) << store.error().message;
    files.digest.emplace().fill(first);
    files.rules = first;
    ASSERT_TRUE(store->note_policy(files));
    ASSERT_TRUE(store->finish());
  }
  const auto reached = control::reach_store(settings);
  ASSERT_TRUE(reached) << reached.error().message;
  retention::JournalRequest request;
  request.type = LedgerType::kPolicyChange;
  const auto journal = reached->desk->journal(request);
  ASSERT_TRUE(journal);
  ASSERT_EQ(journal->rows.size(), 2U);
  const auto& change = std::get<PolicyChange>(*journal->rows[1].content);
  EXPECT_EQ(change.rules, 2U);
  EXPECT_EQ(change.reason, "ingest");
  EXPECT_EQ(change.before->front(), 1);
}

TEST(IngestStore, PausesAreInTheJournalOfAStoreThatItOpens) {
  const storage::TemporaryDirectory directory;
  control::Settings settings;
  settings.config = config::defaults();
  settings.store_directory = directory.path();
  const Uid uid = make_uid(5, {1});
  {
    auto store = IngestStore::open(settings, "imported");
    ASSERT_TRUE(store) << store.error().message;
    store->note_pause({uid, PauseChange::kPaused, PauseCause::kDtmf, 1'000});
    store->note_pause({uid, PauseChange::kResumed, PauseCause::kDtmf, 2'000});
    ASSERT_TRUE(store->finish());
  }
  const auto reached = control::reach_store(settings);
  ASSERT_TRUE(reached) << reached.error().message;
  retention::JournalRequest request;
  request.uid = uid;
  const auto journal = reached->desk->journal(request);
  ASSERT_TRUE(journal);
  ASSERT_EQ(journal->rows.size(), 2U);
  EXPECT_EQ(std::get<Pause>(*journal->rows[0].content).from_us, 1);
  EXPECT_EQ(std::get<Resume>(*journal->rows[1].content).until_us, 2);
}

}  // namespace
}  // namespace tapdeck::apps
