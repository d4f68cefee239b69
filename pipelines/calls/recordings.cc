#include "pipelines/calls/recordings.h"

#include <algorithm>
#include <utility>

namespace tapdeck::calls {
namespace {

// An answered call without media so long after its admission does not hold room for it any more.
constexpr std::int64_t kPromiseNs = 5'000'000'000;
constexpr std::uint64_t kRestoredShare = 64;  // of those that wait, at once

}  // namespace

void Recordings::update(Call& call, std::int64_t timer_now_ns) {
  const Keeping keeping = call.records() ? call.live().keeping : Keeping::kUndecided;
  if (call.promised &&
      (call.live().streams.size() >= kStreamsPerCall || keeping != Keeping::kKept)) {
    fulfil(call);
  }
  if (keeping == call.listed) return;
  const bool is_new = !call.rank;
  if (is_new) {
    call.rank = RecordingRank{behind_of(call.live().priority), next_order_++, call.live().handle};
  }
  unlist(call);
  // Mostly it is the newest, and so the last.
  if (keeping == Keeping::kKept) call.place = kept_.insert(kept_.end(), *call.rank);
  if (keeping == Keeping::kCut) call.place = cut_.insert(cut_.end(), *call.rank);
  if (keeping == Keeping::kRefused) ++figures_.refused;
  if (keeping == Keeping::kKept && is_new) promise(call, timer_now_ns);
  call.listed = keeping;
}

void Recordings::remove(Call& call) {
  if (call.promised) fulfil(call);
  unlist(call);
  call.listed = Keeping::kUndecided;
}

void Recordings::unlist(Call& call) {
  if (call.listed == Keeping::kKept) kept_.erase(call.place);
  if (call.listed == Keeping::kCut) cut_.erase(call.place);
}

void Recordings::promise(Call& call, std::int64_t timer_now_ns) {
  if (call.live().streams.size() >= kStreamsPerCall) return;
  call.promised = true;
  promised_ += kStreamsPerCall;
  promises_.emplace_back(timer_now_ns + kPromiseNs, call.live().handle);
}

void Recordings::fulfil(Call& call) {
  call.promised = false;
  promised_ -= kStreamsPerCall;
}

void Recordings::observe(const MediaRoom& room, std::int64_t timer_now_ns) {
  while (!promises_.empty() && promises_.front().first <= timer_now_ns) {
    Call* call = find_(promises_.front().second);
    if (call != nullptr && call->promised) fulfil(*call);
    promises_.pop_front();
  }
  admission_.observe(room, kept_.size(), timer_now_ns);
  for (std::uint64_t left = admission_.surplus(kept_.size()); left > 0; --left) cut_last();
  if (cut_.empty() || !admission_.may_restore(promised_)) return;
  const std::uint64_t share = std::max<std::uint64_t>(1, cut_.size() / kRestoredShare);
  for (std::uint64_t left = std::min<std::uint64_t>(share, cut_.size()); left > 0; --left) {
    if (!admission_.has_space_for(priority_of(*cut_.begin()))) return;
    restore_first();
  }
}

void Recordings::cut_last() {
  const auto last = std::prev(kept_.end());
  Call* call = find_(last->call);
  call->place = cut_.insert(*last).first;
  kept_.erase(last);
  ++figures_.cut;
  call->cut();
  call->listed = Keeping::kCut;
  if (call->promised) fulfil(*call);
}

void Recordings::restore_first() {
  const auto first = cut_.begin();
  Call* call = find_(first->call);
  call->place = kept_.insert(*first).first;
  cut_.erase(first);
  ++figures_.restored;
  call->restore();
  call->listed = Keeping::kKept;
}

RecordingFigures Recordings::figures() const {
  RecordingFigures figures = figures_;
  figures.recordings = kept_.size();
  figures.cut_now = cut_.size();
  figures.pressure = admission_.pressure(promised_);
  return figures;
}

void Recordings::fill(CallPlaneFigures& to) const {
  const RecordingFigures now = figures();
  to.recordings = now.recordings;
  to.cut_now = now.cut_now;
  to.calls_refused = now.refused;
  to.calls_cut = now.cut;
  to.calls_restored = now.restored;
  to.pressure = now.pressure;
}

}  // namespace tapdeck::calls
