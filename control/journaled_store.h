// A store that writes down who looks into it before it gives anything out: media and messages (an
// access of the kind that its reader named), calls and events found by a number (kSearch, once for
// all pages).
// Media and messages are written down once for each call in the life of this object.
//
// Threads: one caller at a time.  Memory: a row for each call that was looked at, kNotedMax at
// most; then it forgets and writes again.  When the journal refuses: kAccessRefused with its
// words, and nothing is given out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "model/ledger_content.h"
#include "storage/store_access.h"

namespace tapdeck::control {

constexpr ErrorCode kAccessRefused = ErrorCode::kCancelled;

// Durable when it returns.
using AccessNote = std::function<Result<void>(
    const std::optional<Uid>& uid, AccessKind kind, const std::string& detail)>;

class JournaledStore final : public storage::StoreAccess {
 public:
  static constexpr std::size_t kNotedMax = 65'536;

  // `purpose`: kShow, kExport or kListen.
  JournaledStore(std::unique_ptr<storage::StoreAccess> store, AccessNote note, AccessKind purpose)
      : store_(std::move(store)), note_(std::move(note)), purpose_(purpose) {}

  Result<CallPage> find_calls(const CallQuery& query) override;
  Result<EventPage> find_events(const EventQuery& query) override;
  Result<CallRecord> get_call(const Uid& uid) override;
  Result<std::vector<CallRecord>> get_versions(const Uid& uid) override;
  Result<void> read_media(const Uid& uid, const storage::SectionSink& sink) override;
  Result<void> read_messages(const Uid& uid, const storage::MessageSink& sink) override;
  Result<std::vector<storage::StreamDurability>> durability(const Uid& uid) override;
  Result<storage::StoreStatistics> statistics() override;
  Result<std::vector<storage::StoreFault>> check() override;

 private:
  enum class Part : std::uint8_t { kMedia, kMessages };

  // By a number, as the last entry has it.
  struct Search {
    std::string filters;
    std::optional<std::int64_t> from_us;
  };

  Result<void> note_search(const CallQuery& query);
  Result<void> note_once(const Uid& uid, Part part);
  Result<void> note(const std::optional<Uid>& uid, AccessKind kind, const std::string& detail);

  std::unique_ptr<storage::StoreAccess> store_;
  AccessNote note_;
  AccessKind purpose_;
  std::set<std::pair<Uid, Part>> noted_;
  std::optional<Search> searched_;
  std::string events_of_;  // the number by which events were found last
};

}  // namespace tapdeck::control
