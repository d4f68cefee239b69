#include "control/retention_access.h"

#include <utility>

#include "control/actor.h"
#include "control/obey.h"
#include "control/reach_store.h"

namespace tapdeck::control {
namespace {

class RemoteRetention final : public RetentionAccess {
 public:
  explicit RemoteRetention(std::unique_ptr<RemoteStore> store) : store_(std::move(store)) {}

  Result<std::string> ask(const RetentionRequest& request) override {
    return store_->administer(request);
  }

  Result<CallRecord> get_call(const Uid& uid) override { return store_->get_call(uid); }

 private:
  std::unique_ptr<RemoteStore> store_;
};

class LocalRetention final : public RetentionAccess {
 public:
  explicit LocalRetention(ReachedStore reached) : reached_(std::move(reached)) {}

  Result<std::string> ask(const RetentionRequest& request) override {
    return obey(*reached_.desk, request, own_actor());
  }

  Result<CallRecord> get_call(const Uid& uid) override { return reached_.store->get_call(uid); }

 private:
  ReachedStore reached_;
};

}  // namespace

Result<std::unique_ptr<RetentionAccess>> open_retention(const Settings& settings) {
  auto reached = reach_store(settings);
  if (!reached) return Error(reached.error());
  if (reached->remote) {
    return std::unique_ptr<RetentionAccess>(
        std::make_unique<RemoteRetention>(std::move(reached->remote)));
  }
  return std::unique_ptr<RetentionAccess>(std::make_unique<LocalRetention>(std::move(*reached)));
}

}  // namespace tapdeck::control
