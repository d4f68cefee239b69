#include "bench/load/recorder.h"

#include <pthread.h>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "bench/load/cpu_time.h"

namespace tapdeck::load {
namespace {

constexpr std::size_t kBatchChunks = 16;
constexpr std::int64_t kRowsEveryUs = 100'000;

}  // namespace

bool stay_on(unsigned cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  return pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0;
}

Recorder::Recorder(storage::Store& store,
                   engine::WorkerRings& rings,
                   std::vector<Uid> recordings,
                   unsigned cpu)
    : store_(store),
      rings_(rings),
      recordings_(std::move(recordings)),
      cpu_(cpu),
      writer_([this] { write(); }),
      keeper_([this] { keep(); }) {}

void Recorder::stop() {
  stop_.store(true);
  if (writer_.joinable()) writer_.join();
  if (keeper_.joinable()) keeper_.join();
}

void Recorder::settle() {
  flush_.store(true);
  while (flush_.load()) usleep(100);
}

void Recorder::stall(double seconds) {
  stalled_until_ns_.store(monotonic_now_ns() + static_cast<std::int64_t>(seconds * 1e9));
}

void Recorder::write() {
  static_cast<void>(stay_on(cpu_));  // told by who tried it before
  pthread_setname_np(pthread_self(), "record-writer");
  while (!stop_.load(std::memory_order_relaxed)) {
    if (monotonic_now_ns() < stalled_until_ns_.load(std::memory_order_relaxed)) {
      usleep(1'000);
      continue;
    }
    const std::uint32_t moved = store_.writer().step(monotonic_now_ns()) + write_chunks();
    writer_ns_.set(static_cast<std::uint64_t>(thread_cpu_ns()));
    if (moved > 0) continue;
    if (flush_.load(std::memory_order_relaxed) && written_ == batch_.size() &&
        rings_.chunk_count() == 0) {
      if (!store_.writer().flush()) failed_.add();
      flush_.store(false);
    }
    usleep(20);
  }
  for (const Uid& recording : recordings_) store_.writer().end_recording(recording);
  if (!store_.writer().flush()) failed_.add();
}

// Of those that are in the ring now.
std::uint32_t Recorder::write_chunks() {
  if (written_ == batch_.size()) {
    batch_.clear();
    written_ = 0;
    while (batch_.size() < kBatchChunks && rings_.chunk_count() > 0) {
      batch_.push_back(rings_.pop_chunk());
    }
    store_.writer().announce(batch_);
  }
  std::uint32_t moved = 0;
  for (; written_ < batch_.size(); ++written_, ++moved) {
    Chunk* chunk = batch_[written_];
    const storage::AppendVerdict verdict = store_.writer().try_append(*chunk);
    if (verdict == storage::AppendVerdict::kBusy) break;
    (verdict == storage::AppendVerdict::kTaken ? chunks_ : failed_).add();
    rings_.take_home(chunk);
  }
  return moved;
}

void Recorder::keep() {
  static_cast<void>(stay_on(cpu_));  // told by who tried it before
  while (!stop_.load(std::memory_order_relaxed)) {
    if (!store_.put_pending_rows()) failed_.add();
    keeper_ns_.set(static_cast<std::uint64_t>(thread_cpu_ns()));
    usleep(kRowsEveryUs);
  }
}

}  // namespace tapdeck::load
