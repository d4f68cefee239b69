// The capture service: gives each plane its thread, watches over them, answers the control socket,
// and stops everything in order on SIGTERM or SIGINT.
//
//   workers (lcores) ; call plane ; writer ; store ; retention ; control server's own ;
//   main: signals, watchdog
//
// Threads: run() on the main thread until the service has stopped.  Errors: what could not be
// started, as a sentence; a worker that stops moving ends the process (the supervisor restarts it).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apps/pause_notes.h"
#include "apps/pipeline.h"
#include "apps/plane_orders.h"
#include "apps/port_watch.h"
#include "apps/retention_thread.h"
#include "apps/service_status.h"
#include "apps/worker_threads.h"
#include "base/result.h"
#include "control/server.h"
#include "engine/port.h"
#include "storage/store.h"

namespace tapdeck::apps {

struct ServiceOptions {
  std::string store_directory;
  std::uint32_t idle_sleep_us = 0;
  std::vector<std::string> retention_classes{};  // names, by index
  DiskWatchOptions disk{};
};

class Service {
 public:
  // All must outlive the service.
  Service(ServiceOptions options,
          storage::Store& store,
          retention::RetentionDesk& desk,
          Pipeline& pipeline,
          std::vector<engine::Port>& ports,
          std::string memory_note);
  ~Service();

  // Blocks SIGTERM, SIGINT and SIGHUP in this thread and all made after it.  Before any thread.
  static void block_signals();

  // Takes up the calls that a crash or restart interrupted.  Before run().
  Result<void> reload_calls();

  // Rules and directory for what comes from now on.  The main thread.
  Result<void> set_policy(calls::PolicySources sources);

  // Serves until SIGTERM or SIGINT; `on_hangup` is called for each SIGHUP.
  Result<void> run(const std::function<void()>& on_hangup);

 private:
  Result<void> start();
  void stop();
  Result<PauseAnswer> obey_pause(const PauseOrder& order, const LedgerActor& actor);
  Result<void> wait_until_stored(const PauseOrder& order);
  void wait_for_signal(const std::function<void()>& on_hangup);
  void check_beats();
  void plane_loop();
  [[nodiscard]] bool is_refused() const;
  void writer_loop();
  void store_loop();
  void publish_plane_figures();
  void remember_troubles();
  [[nodiscard]] std::string stats_json() const;
  [[nodiscard]] std::string status_json() const;

  ServiceOptions options_;
  storage::Store& store_;
  retention::RetentionDesk& desk_;
  RetentionThread retention_;
  PauseNotes pause_notes_;
  Pipeline& pipeline_;
  std::vector<engine::Port>& ports_;
  std::string memory_note_;
  std::int64_t started_wall_us_ = 0;
  WorkerThreads workers_;
  PortWatch port_watch_;  // main
  PlaneOrders orders_;
  std::vector<std::uint64_t> last_beats_;
  std::int64_t beats_checked_ns_ = 0;
  std::unique_ptr<control::Server> server_;
  std::thread plane_thread_;
  std::thread writer_thread_;
  std::thread store_thread_;
  std::atomic<bool> finishing_{false};    // main: wo, call plane: ro
  std::atomic<bool> plane_done_{false};   // call plane: wo, main: ro
  std::atomic<bool> stop_plane_{false};   // main: wo, call plane: ro
  std::atomic<bool> stop_writer_{false};  // main: wo, writer: ro
  std::atomic<bool> writer_done_{false};  // writer: wo, store thread: ro
  std::size_t writer_left_ = 0;           // call records; writer, then main
  mutable std::mutex figures_mutex_;
  calls::CallPlaneFigures plane_figures_;  // under figures_mutex_
  std::vector<Trouble> troubles_before_;   // under figures_mutex_: one to two minutes ago
  std::vector<Trouble> troubles_last_;     // main: as last counted
  std::int64_t troubles_counted_ns_ = 0;   // main
};

}  // namespace tapdeck::apps
