#include "control/journaled_store.h"

#include "control/query_json.h"

namespace tapdeck::control {

Result<void> JournaledStore::note(const std::optional<Uid>& uid,
                                  AccessKind kind,
                                  const std::string& detail) {
  const auto noted = note_(uid, kind, detail);
  if (noted) return {};
  return make_error(
      kAccessRefused,
      "The journal does not take this access, so nothing is given out: " + noted.error().message);
}

Result<void> JournaledStore::note_once(const Uid& uid, Part part) {
  if (noted_.contains({uid, part})) return {};
  // Of a call that is not there nothing is given out, and a key for it is not made.
  const auto call = store_->get_call(uid);
  if (!call) return Error(call.error());
  TD_TRY(note(uid, purpose_, part == Part::kMedia ? "media" : "messages"));
  if (noted_.size() >= kNotedMax) noted_.clear();
  noted_.emplace(uid, part);
  return {};
}

// What the last entry covers needs no other: further pages of it, and what comes later, for who
// follows calls. A cursor proves nothing: it may be one of another search.
Result<void> JournaledStore::note_search(const CallQuery& query) {
  if (query.number.empty() && query.caller.empty() && query.callee.empty()) return {};
  CallQuery always = query;
  always.from_us.reset();
  Search search{json_line(query_to_json(always)), query.from_us};
  const bool covered =
      searched_ && searched_->filters == search.filters &&
      (!searched_->from_us || (search.from_us && *search.from_us >= *searched_->from_us));
  if (covered) return {};
  TD_TRY(note(std::nullopt, AccessKind::kSearch, query_to_text(query)));
  searched_ = std::move(search);
  return {};
}

Result<CallPage> JournaledStore::find_calls(const CallQuery& query) {
  TD_TRY(note_search(query));
  return store_->find_calls(query);
}

Result<EventPage> JournaledStore::find_events(const EventQuery& query) {
  if (!query.number.empty() && query.number != events_of_) {
    TD_TRY(note(std::nullopt, AccessKind::kSearch, "events, number=" + query.number));
    events_of_ = query.number;
  }
  return store_->find_events(query);
}

Result<CallRecord> JournaledStore::get_call(const Uid& uid) { return store_->get_call(uid); }

Result<std::vector<CallRecord>> JournaledStore::get_versions(const Uid& uid) {
  return store_->get_versions(uid);
}

Result<void> JournaledStore::read_media(const Uid& uid, const storage::SectionSink& sink) {
  TD_TRY(note_once(uid, Part::kMedia));
  return store_->read_media(uid, sink);
}

Result<void> JournaledStore::read_messages(const Uid& uid, const storage::MessageSink& sink) {
  TD_TRY(note_once(uid, Part::kMessages));
  return store_->read_messages(uid, sink);
}

Result<std::vector<storage::StreamDurability>> JournaledStore::durability(const Uid& uid) {
  return store_->durability(uid);
}

Result<storage::StoreStatistics> JournaledStore::statistics() { return store_->statistics(); }

Result<std::vector<storage::StoreFault>> JournaledStore::check() { return store_->check(); }

}  // namespace tapdeck::control
