#include "apps/ingest_store.h"

#include <chrono>
#include <sys/resource.h>
#include <thread>
#include <utility>

#include "apps/import_session.h"
#include "base/log.h"
#include "control/class_journal.h"
#include "control/reach_store.h"

namespace tapdeck::apps {
namespace {

constexpr int kAttempts = 25;
constexpr std::chrono::milliseconds kPause{200};  // in all five seconds

void lower_priority() {
  if (::setpriority(PRIO_PROCESS, 0, kImportNiceness) == 0) return;
  log_warning("cannot lower the priority");
}

}  // namespace

// Owned, but not served: the owner may be about to serve it, or about to end.  Served, but with an
// import: the service may be about to put away what a killed one left.
Result<IngestStore> IngestStore::open(const control::Settings& settings,
                                      const std::string& retention_class) {
  IngestStore opened;
  for (int attempt = 1;; ++attempt) {
    auto store = opened.reach(settings, retention_class);
    if (store) {
      if (*store) TD_TRY(opened.take(std::move(*store), settings));
      return opened;
    }
    if (store.error().code != ErrorCode::kBusy || attempt == kAttempts) return store.error();
    std::this_thread::sleep_for(kPause);
  }
}

// Nothing: it is served, and client_ is who serves it.
Result<std::unique_ptr<storage::Store>> IngestStore::reach(const control::Settings& settings,
                                                           const std::string& retention_class) {
  auto client = control::ImportClient::connect(settings.store_directory, retention_class);
  if (client) {
    client_ = std::move(*client);
    lower_priority();
    return std::unique_ptr<storage::Store>();
  }
  if (client.error().code != ErrorCode::kNotFound) return client.error();
  return storage::Store::open(
      control::store_options(settings, storage::StoreMode::kCreateIfMissing));
}

Result<void> IngestStore::take(std::unique_ptr<storage::Store> store,
                               const control::Settings& settings) {
  store_ = std::move(store);
  desk_ =
      std::make_unique<retention::RetentionDesk>(*store_, control::desk_options(settings.config));
  TD_TRY(desk_->resume());
  TD_TRY(control::journal_classes(settings, "ingest", *store_));
  holding_ = std::make_unique<HoldingIntake>(*store_, desk_->future_holds(), store_->journal());
  pause_notes_ = std::make_unique<PauseNotes>(*desk_);
  return {};
}

Result<void> IngestStore::note_policy(const PolicyFiles& files) {
  return store_ ? journal_policy(files, "ingest", *store_) : Result<void>();
}

storage::RecordIntake& IngestStore::intake() {
  if (client_) return *client_;
  return *holding_;
}

bool IngestStore::is_present(const Uid& uid) {
  const Result<storage::Presence> presence = intake().presence_of(uid);
  if (!presence && !failure_) failure_ = presence.error();
  if (presence && *presence == storage::Presence::kErased) ++erased_;
  return presence && *presence != storage::Presence::kAbsent;
}

void IngestStore::note_pause(const PauseTold& told) {
  if (client_) return client_->note_pause(told);
  pause_notes_->add(told);
  const Result<void> noted = pause_notes_->flush();
  if (!noted && !failure_) failure_ = noted.error();
}

Result<void> IngestStore::health() const {
  if (failure_) return Error(*failure_);
  if (client_ && client_->failure()) return Error(*client_->failure());
  return {};
}

Result<void> IngestStore::finish() {
  TD_TRY(health());
  return client_ ? client_->finish() : Result<void>();
}

}  // namespace tapdeck::apps
