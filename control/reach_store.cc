#include "control/reach_store.h"

#include <chrono>
#include <sys/stat.h>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "config/retention_classes.h"
#include "control/class_journal.h"

namespace tapdeck::control {
namespace {

constexpr int kAttempts = 25;
constexpr std::chrono::milliseconds kPause{200};  // in all five seconds for a service to come up

Result<void> check_directory(const std::string& directory) {
  struct stat status {};

  if (::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return make_error(ErrorCode::kNotFound,
                    "There is no store at " + directory +
                        "; name another with --store, or make one with `tapdeck --store " +
                        directory + " ingest FILE`.");
}

Result<ReachedStore> with_desk(std::unique_ptr<storage::Store> store, const Settings& settings) {
  ReachedStore reached;
  reached.store = std::move(store);
  reached.desk =
      std::make_unique<retention::RetentionDesk>(*reached.store, desk_options(settings.config));
  TD_TRY(reached.desk->resume());
  TD_TRY(journal_classes(settings, "command", *reached.store));
  return reached;
}

}  // namespace

Result<ReachedStore> reach_store(const Settings& settings, AccessKind purpose) {
  const std::string& store_directory = settings.store_directory;
  TD_TRY(check_directory(store_directory));
  for (int attempt = 0;; ++attempt) {
    auto remote = RemoteStore::connect(store_directory, purpose);
    if (remote) {
      ReachedStore reached;
      reached.remote = std::move(*remote);
      return reached;
    }
    if (remote.error().code != ErrorCode::kNotFound) return Error(remote.error());
    auto store = storage::Store::open(store_options(settings, storage::StoreMode::kOpenExisting));
    if (store) return with_desk(std::move(*store), settings);
    // Owned, but not served: the owner may be about to serve it, or about to end.
    if (store.error().code != ErrorCode::kBusy) return Error(store.error());
    if (attempt + 1 == kAttempts) {
      return make_error(
          ErrorCode::kBusy,
          "Another process owns the store " + store_directory +
              " and does not serve it (an `ingest` without a service?); try again when it "
              "has ended. " +
              store.error().message);
    }
    std::this_thread::sleep_for(kPause);
  }
}

retention::DeskOptions desk_options(const config::Config& config) {
  retention::DeskOptions options;
  for (const config::RetentionClass& from : config::retention_classes(config)) {
    options.classes[from.name] = {from.basis, from.locked, from.days_max * kUsPerDay};
  }
  for (const config::EarlyExpiry& from : config.retention_pressure.order) {
    const bool media = from.part == config::PartChoice::kMedia;
    options.early.push_back({from.retention_class, media ? kPartMedia : kPartSip});
  }
  return options;
}

}  // namespace tapdeck::control
