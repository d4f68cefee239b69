#include "apps/ingest_store.h"

#include <chrono>
#include <sys/resource.h>
#include <thread>
#include <utility>

#include "base/log.h"

namespace tapdeck::apps {
namespace {

constexpr int kAttempts = 25;
constexpr std::chrono::milliseconds kPause{200};  // in all five seconds for a service to come up
constexpr int kNiceness = 10;                     // beside a live capture

}  // namespace

Result<IngestStore> IngestStore::open(const control::Settings& settings,
                                      const std::string& retention_class) {
  IngestStore opened;
  for (int attempt = 1;; ++attempt) {
    auto client = control::ImportClient::connect(settings.store_directory, retention_class);
    if (client) {
      opened.client_ = std::move(*client);
      if (::setpriority(PRIO_PROCESS, 0, kNiceness) != 0) log_warning("cannot lower the priority");
      return opened;
    }
    if (client.error().code != ErrorCode::kNotFound) return Error(client.error());
    auto store = storage::Store::open(
        control::store_options(settings, storage::StoreMode::kCreateIfMissing));
    if (store) {
      opened.store_ = std::move(*store);
      return opened;
    }
    // Owned, but not served: the owner may be about to serve it, or about to end.
    if (store.error().code != ErrorCode::kBusy || attempt == kAttempts) return Error(store.error());
    std::this_thread::sleep_for(kPause);
  }
}

storage::RecordIntake& IngestStore::intake() {
  if (client_) return *client_;
  return *store_;
}

bool IngestStore::is_present(const Uid& uid) {
  const Result<bool> present = intake().is_present(uid);
  if (!present && !failure_) failure_ = present.error();
  return present && *present;
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
