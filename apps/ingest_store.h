// Where `ingest` records to: a store opened here, or, while another process serves it, that
// process, over its control socket.
//
// Threads: one.  Memory: see storage::Store, control::ImportClient.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "apps/holding_intake.h"
#include "apps/pause_notes.h"
#include "apps/policy_files.h"
#include "base/result.h"
#include "control/import_client.h"
#include "control/settings.h"
#include "pipelines/retention/desk.h"
#include "storage/store.h"

namespace tapdeck::apps {

class IngestStore {
 public:
  // Makes the store when there is none.  kBusy: for five seconds another process owned it without
  // serving it, or served another import.
  static Result<IngestStore> open(const control::Settings& settings,
                                  const std::string& retention_class);

  [[nodiscard]] storage::RecordIntake& intake();

  // Which rules it goes by is in the journal before they are obeyed; in that of a store that is
  // served stand the rules of who serves it.
  Result<void> note_policy(const PolicyFiles& files);

  // Calls that the store has in full are told apart by asking it; those that an earlier ingest left
  // unfinished are recorded again from the start.
  bool is_present(const Uid& uid);

  // How many of the calls that is_present() was asked of are erased, and so stay.
  [[nodiscard]] std::uint64_t erased() const { return erased_; }

  // A pause of a recording, or the end of one: in the journal when finish() is done.
  void note_pause(const PauseTold& told);

  // Ok as long as going on makes sense.
  [[nodiscard]] Result<void> health() const;

  // After all was handed over and flushed: it is durable and in the call log.
  Result<void> finish();

 private:
  IngestStore() = default;

  Result<std::unique_ptr<storage::Store>> reach(const control::Settings& settings,
                                                const std::string& retention_class);
  Result<void> take(std::unique_ptr<storage::Store> store, const control::Settings& settings);

  std::unique_ptr<storage::Store> store_;  // one of the two; with what follows
  std::unique_ptr<retention::RetentionDesk> desk_;
  std::unique_ptr<HoldingIntake> holding_;
  std::unique_ptr<control::ImportClient> client_;
  std::unique_ptr<PauseNotes> pause_notes_;  // with the desk
  std::uint64_t erased_ = 0;
  std::optional<Error> failure_;  // of is_present() and note_pause()
};

}  // namespace tapdeck::apps
