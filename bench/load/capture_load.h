// A capture under an open load: a sender at a set pace on one core, real workers on others, and
// chunks that a null writer reads back and gives home.  Whatever is lost must stand in a counter,
// and all else must be what was sent.
//
// Threads: run() sends, reads back and waits on the caller's, which must be the main lcore; workers
// run on the other lcores while the object lives.  Memory: a chunk per stream and more, and 32 768
// packets.  Needs a started EAL with an lcore for each worker.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tapdeck::load {

struct CaptureLoadOptions {
  // Where packets leave and where they are captured.  Both empty: a ring in this process.  Else
  // names of interfaces, or, with `dpdk`, of DPDK devices.
  std::string sender{};
  std::string receiver{};
  bool dpdk = false;
  std::uint32_t streams = 100'000;    // at once, all of them in each trial
  std::uint16_t workers = 1;          // one receive queue each
  std::uint32_t descriptors = 4'096;  // of each queue: packets that may wait; a power of two
  std::uint32_t rules = 0;  // so many decided what workers are told of each call (bench_policy.h)
};

struct CaptureTrial {
  double asked_pps = 0;
  double seconds = 0;          // in which packets were sent
  std::uint64_t sent = 0;      // those included that no descriptor was free for
  std::uint64_t recorded = 0;  // read back from chunks
  std::uint64_t late = 0;      // packets that were due and never sent: the sender was held up
  // By stage: all of what is missing between sent and recorded, those > 0.
  std::vector<std::pair<std::string, std::uint64_t>> drops{};
  double worker_cycles = 0;  // of the TSC per packet, of steps that found packets
  double worker_busy = 0;    // share of the time in such steps; the mean of the workers
  // What must be 0, or the trial is worth nothing.
  std::uint64_t damaged = 0;        // packets read back that were never sent so
  std::uint64_t unexplained = 0;    // missing, and no counter says where
  std::uint32_t wrong_streams = 0;  // nothing is missing of them, but they are not what was sent

  [[nodiscard]] std::uint64_t lost() const { return sent - recorded; }

  [[nodiscard]] double sent_pps() const { return static_cast<double>(sent) / seconds; }

  [[nodiscard]] double loss() const {  // share of what was sent
    return sent == 0 ? 0 : static_cast<double>(lost()) / static_cast<double>(sent);
  }

  [[nodiscard]] bool is_intact() const {
    return damaged == 0 && unexplained == 0 && wrong_streams == 0 && recorded <= sent;
  }

  // Nearly: a sender that was held up by its host now and then tells what it did send.
  [[nodiscard]] bool is_at_pace() const { return sent_pps() > 0.95 * asked_pps; }
};

// What a sender does about packets that it owes because its host held it up.
enum class Arrears : std::uint8_t {
  kLeftOut,  // but for the last few: a network would not make up for them either
  kMadeUp,   // as fast as it can: what counts is how many there are in all
};

struct CapturePace {
  double pps = 0;
  double seconds = 0;
  Arrears arrears = Arrears::kLeftOut;
};

// Called now and then while a trial runs.
using CaptureProgress = std::function<void(double seconds, std::uint64_t sent)>;

class CaptureLoad {
 public:
  static Result<std::unique_ptr<CaptureLoad>> open(const CaptureLoadOptions& options);
  virtual ~CaptureLoad() = default;

  // As many queues as the receiving port may have.
  static std::uint16_t workers_max(const CaptureLoadOptions& options);

  // Brings the chunks to different degrees of fullness, sends at this pace, and waits until all
  // that arrived has been read back.  When is_interrupted() it sends no longer, and tells of what
  // it has sent; before that, kCancelled.
  virtual Result<CaptureTrial> run(const CapturePace& pace) = 0;

  // From now on: every `seconds` of a trial.
  virtual void observe(double seconds, CaptureProgress progress) = 0;
};

}  // namespace tapdeck::load
