#include "control/open_store.h"

#include <chrono>
#include <sys/stat.h>
#include <thread>
#include <utility>

#include "control/remote_store.h"
#include "storage/store.h"

namespace tapdeck::control {
namespace {

constexpr int kAttempts = 25;
constexpr std::chrono::milliseconds kPause{200};  // in all five seconds for a service to come up

// A store opened here, with the reader through which it is asked.
class OpenedStore final : public storage::StoreAccess {
 public:
  explicit OpenedStore(std::unique_ptr<storage::Store> store)
      : store_(std::move(store)), reader_(store_->reader()) {}

  Result<CallPage> find_calls(const CallQuery& query) override {
    return reader_->find_calls(query);
  }

  Result<EventPage> find_events(const EventQuery& query) override {
    return reader_->find_events(query);
  }

  Result<CallRecord> get_call(const Uid& uid) override { return reader_->get_call(uid); }

  Result<std::vector<CallRecord>> get_versions(const Uid& uid) override {
    return reader_->get_versions(uid);
  }

  Result<void> read_media(const Uid& uid, const storage::SectionSink& sink) override {
    return reader_->read_media(uid, sink);
  }

  Result<void> read_messages(const Uid& uid, const storage::MessageSink& sink) override {
    return reader_->read_messages(uid, sink);
  }

  Result<std::vector<storage::StreamDurability>> durability(const Uid& uid) override {
    return reader_->durability(uid);
  }

  Result<storage::StoreStatistics> statistics() override { return reader_->statistics(); }

  Result<std::vector<storage::StoreFault>> check() override { return reader_->check(); }

 private:
  std::unique_ptr<storage::Store> store_;  // outlives its reader
  std::unique_ptr<storage::StoreAccess> reader_;
};

Result<void> check_directory(const std::string& directory) {
  struct stat status {};

  if (::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
  return make_error(ErrorCode::kNotFound,
                    "There is no store at " + directory +
                        "; name another with --store, or make one with `tapdeck --store " +
                        directory + " ingest FILE`.");
}

}  // namespace

Result<std::unique_ptr<storage::StoreAccess>> open_store(const Settings& settings) {
  const std::string& store_directory = settings.store_directory;
  TD_TRY(check_directory(store_directory));
  for (int attempt = 0;; ++attempt) {
    auto remote = RemoteStore::connect(store_directory);
    if (remote) return std::unique_ptr<storage::StoreAccess>(std::move(*remote));
    if (remote.error().code != ErrorCode::kNotFound) return Error(remote.error());
    auto store = storage::Store::open(store_options(settings, storage::StoreMode::kOpenExisting));
    if (store) {
      return std::unique_ptr<storage::StoreAccess>(
          std::make_unique<OpenedStore>(std::move(*store)));
    }
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

}  // namespace tapdeck::control
