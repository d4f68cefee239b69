#include "control/open_store.h"

#include <utility>

#include "control/actor.h"
#include "control/journaled_store.h"
#include "control/obey.h"
#include "control/reach_store.h"

namespace tapdeck::control {
namespace {

// A store opened here, with the reader through which it is asked.
class LocalStore final : public storage::StoreAccess {
 public:
  explicit LocalStore(ReachedStore reached)
      : reached_(std::move(reached)), reader_(reached_.store->reader()) {}

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
  ReachedStore reached_;  // outlives its reader
  std::unique_ptr<storage::StoreAccess> reader_;
};

}  // namespace

Result<OpenedStore> open_store_for(const Settings& settings, AccessKind purpose) {
  auto reached = reach_store(settings, purpose);
  if (!reached) return Error(reached.error());
  OpenedStore opened;
  if (reached->remote) {
    opened.reader = std::move(reached->remote);
    // A connection of its own: that of the reader may have been idle for too long.
    opened.ask = [settings](const RetentionRequest& request) -> Result<std::string> {
      auto service = RemoteStore::connect(settings.store_directory);
      if (!service) return Error(service.error());
      return (*service)->administer(request);
    };
    return opened;
  }
  retention::RetentionDesk& desk = *reached->desk;
  auto reader = std::make_unique<LocalStore>(std::move(*reached));
  opened.reader =
      std::make_unique<JournaledStore>(std::move(reader), access_note(desk, own_actor()), purpose);
  opened.ask = [&desk](const RetentionRequest& request) {
    return obey(desk, request, own_actor());
  };
  return opened;
}

Result<std::unique_ptr<storage::StoreAccess>> open_store(const Settings& settings) {
  auto opened = open_store_for(settings, AccessKind::kShow);
  if (!opened) return Error(opened.error());
  return std::move(opened->reader);
}

AccessNote access_note(retention::RetentionDesk& desk, LedgerActor actor) {
  return [&desk, actor = std::move(actor)](
             const std::optional<Uid>& uid, AccessKind kind, const std::string& detail) {
    return desk.note_access(uid, Access{actor, kind, detail});
  };
}

}  // namespace tapdeck::control
