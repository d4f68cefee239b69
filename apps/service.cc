#include "apps/service.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <pthread.h>
#include <unistd.h>
#include <utility>

#include "apps/import_session.h"
#include "apps/kept_media.h"
#include "apps/media_watch.h"
#include "apps/port_drops.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/limits.h"
#include "control/actor.h"
#include "control/journaled_store.h"
#include "control/obey.h"
#include "control/open_store.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kRestMinUs = 100;  // of the threads beside the workers
constexpr std::uint32_t kRestMaxUs = 2'000;
constexpr std::uint32_t kFinalsPollUs = 200;
constexpr std::int64_t kBeatLimitNs =
    10 * kNsPerSecond;  // a worker that makes no step for this long is dead
constexpr std::int64_t kLinkLookNs = 250 * kNsPerMs;
constexpr std::int64_t kTroubleWindowNs = 60 * kNsPerSecond;
// Counting what was kept of interrupted calls delays the capture: no more than this in all.
constexpr std::int64_t kReloadBudgetNs = 3 * kNsPerSecond;
constexpr std::int64_t kStoredLimitNs = 5 * kNsPerSecond;
constexpr std::int64_t kFinishLimitNs = 15 * kNsPerSecond;

sigset_t service_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

// A thread with nothing to do sleeps, longer each time: polling often is for busy times, in which
// it does not happen.
class Rest {
 public:
  void after(std::uint32_t moved) {
    if (moved != 0) {
      next_us_ = kRestMinUs;
      return;
    }
    ::usleep(next_us_);
    next_us_ = std::min(2 * next_us_, kRestMaxUs);
  }

 private:
  std::uint32_t next_us_ = kRestMinUs;
};

std::vector<engine::Worker*> worker_pointers(Pipeline& pipeline) {
  std::vector<engine::Worker*> pointers;
  for (engine::Worker& worker : pipeline.workers()) pointers.push_back(&worker);
  return pointers;
}

}  // namespace

Service::Service(ServiceOptions options,
                 storage::Store& store,
                 retention::RetentionDesk& desk,
                 Pipeline& pipeline,
                 std::vector<engine::Port>& ports,
                 std::string memory_note)
    : options_(std::move(options)),
      store_(store),
      desk_(desk),
      retention_(desk, options_.disk),
      pause_notes_(desk),
      pipeline_(pipeline),
      ports_(ports),
      memory_note_(std::move(memory_note)),
      workers_(worker_pointers(pipeline), options_.idle_sleep_us),
      port_watch_(ports, [this] { return workers_.pass_a_step(); }),
      last_beats_(pipeline.workers().size(), 0) {
  pipeline_.link().observe_pauses([this](const PauseTold& told) { pause_notes_.add(told); });
}

Service::~Service() { stop(); }

void Service::block_signals() {
  const sigset_t set = service_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Result<void> Service::reload_calls() {
  Result<std::vector<CallRecord>> open = store_.open_calls();
  if (!open) return open.error();
  const std::unique_ptr<storage::StoreAccess> reader = store_.reader();
  const std::int64_t now_ns = monotonic_now_ns();
  // What an interrupted ingest left, and could not be finished when the store was opened.
  std::erase_if(*open, [](const CallRecord& record) { return record.port == config::kImportPort; });
  for (const CallRecord& record : *open) {
    std::vector<storage::MessageRecord> kept;
    const Result<void> read =
        reader->read_messages(record.uid, [&kept](const storage::MessageRecord& message) {
          kept.push_back(message);
          return true;
        });
    if (!read) {
      log_warning("call " + to_string(record.uid) +
                  " goes on without its earlier messages: " + read.error().message);
    }
    std::vector<SignalMessage> messages;
    messages.reserve(kept.size());
    for (const storage::MessageRecord& message : kept) {
      messages.push_back(SignalMessage{.time_ns = message.time_us * kNsPerUs,
                                       .order = messages.size(),
                                       .source = message.source,
                                       .destination = message.destination,
                                       .realm = message.realm,
                                       .port_index = message.port_index,
                                       .vlan = message.vlan,
                                       .transport = message.transport,
                                       .length = static_cast<std::uint32_t>(message.bytes.size()),
                                       .bytes = as_bytes(message.bytes).data()});
    }
    const bool hurry = monotonic_now_ns() - now_ns > kReloadBudgetNs;
    const std::vector<StreamReport> kept_media =
        hurry ? std::vector<StreamReport>{} : count_kept_media(*reader, record.uid);
    pipeline_.plane().reload(record, {messages, kept_media}, now_ns);
  }
  if (!open->empty()) {
    log_info("took up " + std::to_string(open->size()) + " calls that were open before");
  }
  return {};
}

Result<void> Service::set_policy(calls::PolicySources sources) {
  return orders_.give(
      [&](calls::CallPlane& plane, std::int64_t /*now*/) { plane.swap_policy(sources); });
}

Result<void> Service::run(const std::function<void()>& on_hangup) {
  Result<void> started = start();
  if (started) {
    log_info("capturing; store " + options_.store_directory);
    wait_for_signal(on_hangup);
    log_info("stopping");
  }
  stop();
  TD_TRY(started);
  const std::size_t left = writer_left_ + pipeline_.link().count_records_left();
  if (left + pipeline_.keeper().count_left() > 0) return pipeline_.keeper().refusal(left);
  return {};
}

Result<void> Service::start() {
  started_wall_us_ = wall_now_ns() / kNsPerUs;
  control::ServerCallbacks callbacks{
      .open_reader =
          [this](const control::ClientInfo& client) -> std::unique_ptr<storage::StoreAccess> {
        const LedgerActor actor = control::actor_of(client.pid, client.uid, client.gid);
        return std::make_unique<control::JournaledStore>(
            store_.reader(), control::access_note(desk_, actor), client.purpose);
      },
      .stats_json = [this] { return stats_json(); },
      .status_json = [this] { return status_json(); },
      .open_import =
          [this](const std::string& name) {
            return ImportSession::open(store_, desk_, options_.retention_classes, name);
          },
      .order_pause = [this](const PauseOrder& order,
                            const LedgerActor& actor) { return obey_pause(order, actor); },
      .administer = [this](
                        const control::RetentionRequest& request,
                        const LedgerActor& actor) { return control::obey(desk_, request, actor); },
  };
  Result<std::unique_ptr<control::Server>> server = control::Server::start(
      control::ServerOptions{.store_directory = options_.store_directory}, std::move(callbacks));
  if (!server) return server.error();
  server_ = std::move(*server);
  store_thread_ = std::thread([this] { store_loop(); });
  writer_thread_ = std::thread([this] { writer_loop(); });
  plane_thread_ = std::thread([this] { plane_loop(); });
  retention_.before_each([this] { return pause_notes_.flush(); });
  retention_.start();
  beats_checked_ns_ = monotonic_now_ns();
  return workers_.start();
}

// Acknowledged when it holds, stands in the journal, and after a crash would be found in the call's
// record.
Result<PauseAnswer> Service::obey_pause(const PauseOrder& order, const LedgerActor& actor) {
  pause_notes_.expect(order, actor);
  auto answer = orders_.ask(order);
  if (!answer || answer->changed == 0) return answer;
  TD_TRY(pause_notes_.flush());
  TD_TRY(wait_until_stored(order));
  return answer;
}

// A call that is not in the store yet is not found after a crash either.
Result<void> Service::wait_until_stored(const PauseOrder& order) {
  const std::int64_t deadline_ns = monotonic_now_ns() + kStoredLimitNs;
  const auto reader = store_.reader();
  while (monotonic_now_ns() < deadline_ns) {
    const auto call = reader->get_call(order.uid);
    if (!call && call.error().code != ErrorCode::kNotFound) return Error(call.error());
    if (!call || call->final) return {};
    if (call->recording.paused_since_us.has_value() != order.resume) return {};
    ::usleep(2'000);
  }
  return make_error(ErrorCode::kBusy,
                    "It is done and in the journal, but the call store is behind: until it has "
                    "caught up, a crash would undo it.");
}

void Service::stop() {
  if (plane_thread_.joinable()) {
    // Workers still run: they answer the release of every call.
    finishing_.store(true);
    const std::int64_t deadline_ns = monotonic_now_ns() + kFinishLimitNs;
    while (!plane_done_.load() && monotonic_now_ns() < deadline_ns) ::usleep(1'000);
    if (!plane_done_.load()) log_error("some calls could not be closed in time; they stay open");
    stop_plane_.store(true);
    plane_thread_.join();
  }
  workers_.stop();
  stop_writer_.store(true);
  if (writer_thread_.joinable()) writer_thread_.join();
  if (store_thread_.joinable()) store_thread_.join();
  server_.reset();
  retention_.stop();
  pipeline_.link().observe_pauses({});
  const Result<void> noted = pause_notes_.flush();
  if (!noted) log_error("pauses are not in the journal: " + noted.error().message);
}

void Service::wait_for_signal(const std::function<void()>& on_hangup) {
  const sigset_t set = service_signals();
  const timespec look{.tv_sec = 0, .tv_nsec = kLinkLookNs};
  while (true) {
    const int signal = ::sigtimedwait(&set, nullptr, &look);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) on_hangup();
    check_beats();
    port_watch_.look(monotonic_now_ns());
    remember_troubles();
  }
}

void Service::check_beats() {
  const std::int64_t now_ns = monotonic_now_ns();
  if (now_ns - beats_checked_ns_ < kBeatLimitNs) return;
  beats_checked_ns_ = now_ns;
  for (std::size_t i = 0; i < last_beats_.size(); ++i) {
    const std::uint64_t beats = workers_.beats(i);
    if (beats == last_beats_[i]) {
      log_error("worker " + std::to_string(i) + " has made no step for 10 s; ending the process");
      std::abort();
    }
    last_beats_[i] = beats;
  }
}

void Service::remember_troubles() {
  const std::int64_t now_ns = monotonic_now_ns();
  if (now_ns - troubles_counted_ns_ < kTroubleWindowNs) return;
  troubles_counted_ns_ = now_ns;
  const std::lock_guard<std::mutex> lock(figures_mutex_);
  troubles_before_ =
      std::exchange(troubles_last_, count_troubles(pipeline_, ports_, plane_figures_));
}

void Service::plane_loop() {
  bool told_finish = false;
  std::int64_t published_ns = 0;
  PortDrops drops;
  MediaWatch watch(pipeline_, retention_.disk());
  Rest rest;
  while (!stop_plane_.load(std::memory_order_relaxed)) {
    const std::int64_t now_ns = monotonic_now_ns();
    watch.step(now_ns);
    orders_.serve(pipeline_.plane(), now_ns);
    const std::uint32_t moved = pipeline_.link().step(pipeline_.plane(), now_ns);
    if (finishing_.load(std::memory_order_relaxed) && !told_finish) {
      told_finish = true;
      pipeline_.link().stop_intake();
      pipeline_.plane().finish(now_ns);
    }
    if (told_finish && pipeline_.plane().open_call_count() == 0 &&
        !pipeline_.link().has_backlog()) {
      plane_done_.store(true);
    }
    if (now_ns - published_ns >= kNsPerSecond) {
      published_ns = now_ns;
      drops.observe_all(ports_, wall_now_ns(), pipeline_.plane());
      publish_plane_figures();
      watch.tell(plane_figures_, now_ns);  // written by this thread alone
    }
    rest.after(moved);
  }
}

bool Service::is_refused() const { return pipeline_.keeper().has_given_up(monotonic_now_ns()); }

void Service::writer_loop() {
  RecordWriter& writer = pipeline_.writer();
  Rest rest;
  while (true) {
    const std::uint32_t moved = writer.step(monotonic_now_ns());
    if (stop_writer_.load(std::memory_order_acquire) && (writer.is_idle() || is_refused())) break;
    rest.after(moved);
  }
  if (Result<void> flushed = writer.flush(); !flushed) {
    log_error("the last media could not be written: " + flushed.error().message);
  }
  while (writer.has_finals() && !is_refused()) {
    if (writer.step(monotonic_now_ns()) == 0) ::usleep(kFinalsPollUs);
  }
  writer_left_ = writer.count_left();
  writer_done_.store(true, std::memory_order_release);
}

void Service::store_loop() {
  RecordKeeper& keeper = pipeline_.keeper();
  Rest rest;
  std::int64_t retry_ns = 0;
  while (!writer_done_.load(std::memory_order_acquire)) {
    const std::int64_t now_ns = monotonic_now_ns();
    rest.after(keeper.step(now_ns));
    // What the disk refuses, the retention thread tells of.
    if (now_ns >= retry_ns && !pause_notes_.flush()) retry_ns = now_ns + kNsPerSecond;
  }
  if (Result<void> flushed = keeper.flush_patiently(); !flushed) {
    log_error("the last call records could not be committed: " + flushed.error().message);
  }
}

void Service::publish_plane_figures() {
  const std::lock_guard<std::mutex> lock(figures_mutex_);
  plane_figures_ = pipeline_.plane().figures();
}

std::string Service::stats_json() const {
  calls::CallPlaneFigures figures;
  {
    const std::lock_guard<std::mutex> lock(figures_mutex_);
    figures = plane_figures_;
  }
  return render_stats(pipeline_, ports_, figures, retention_.figures());
}

std::string Service::status_json() const {
  calls::CallPlaneFigures figures;
  StatusFacts facts{.memory = memory_note_,
                    .started_us = started_wall_us_,
                    .worker_count = workers_.count(),
                    .retention = retention_.trouble(),
                    .disk = retention_.disk().trouble(),
                    .before = {}};
  {
    const std::lock_guard<std::mutex> lock(figures_mutex_);
    figures = plane_figures_;
    facts.before = troubles_before_;
  }
  return render_status(facts, pipeline_, ports_, figures);
}

}  // namespace tapdeck::apps
