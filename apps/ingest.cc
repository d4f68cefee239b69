#include "apps/ingest.h"

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/failure.h"
#include "apps/ingest_store.h"
#include "apps/ingest_summary.h"
#include "apps/offline_run.h"
#include "apps/options.h"
#include "apps/pipeline.h"
#include "apps/policy_files.h"
#include "base/clock.h"
#include "config/retention_classes.h"
#include "control/progress.h"
#include "control/settings.h"
#include "engine/capture/feeder.h"
#include "engine/capture/merge.h"
#include "engine/eal.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kRingSlots = 1'024;
constexpr std::uint32_t kFeedMbufs = 2'048;  // the feeder's pools, counted in 4 KiB mbufs

void tell(const std::string& sentence) { std::fprintf(stderr, "tapdeck: %s\n", sentence.c_str()); }

struct OpenedFiles {
  std::vector<std::unique_ptr<engine::CaptureReader>> readers;
  std::vector<std::size_t> file_of_reader;
  std::vector<FileOutcome> outcomes;  // of every file, in the order given
};

OpenedFiles open_files(const std::vector<std::string>& paths) {
  OpenedFiles opened;
  for (const std::string& path : paths) {
    FileOutcome outcome;
    outcome.path = path;
    Result<std::unique_ptr<engine::CaptureReader>> reader = engine::CaptureReader::open(path);
    if (reader) {
      opened.file_of_reader.push_back(opened.outcomes.size());
      opened.readers.push_back(std::move(*reader));
    } else {
      outcome.state = FileState::kRefused;
      outcome.problem = reader.error().message;
    }
    opened.outcomes.push_back(std::move(outcome));
  }
  return opened;
}

// Wrong times of a few packets are usual.
constexpr std::uint64_t kLatePacketsMax = 7;

// How each file ended, or what else is wrong with it.
void close_files(const engine::CaptureMerge& merge, OpenedFiles& opened) {
  for (std::size_t i = 0; i < merge.file_count(); ++i) {
    FileOutcome& outcome = opened.outcomes[opened.file_of_reader[i]];
    outcome.packets = merge.packets_of(i);
    const engine::CaptureReader& reader = merge.reader(i);
    if (merge.verdict_of(i) != engine::ReadVerdict::kEnd) {
      outcome.state = FileState::kCut;
      outcome.problem = outcome.path + ": " + std::string(reader.reason()) + " at byte " +
                        std::to_string(reader.position()) + "; taken up to there";
    } else if (reader.unknown_link_packets() > 0) {
      const bool none = reader.unknown_link_packets() == outcome.packets;
      outcome.state = none ? FileState::kRefused : FileState::kCut;
      outcome.problem = outcome.path + ": " + std::to_string(reader.unknown_link_packets()) +
                        " packets have link type " +
                        std::to_string(reader.last_unknown_link_type()) +
                        ", which is not understood";
    } else if (merge.late_packets_of(i) > kLatePacketsMax) {
      outcome.problem = outcome.path + ": " + std::to_string(merge.late_packets_of(i)) +
                        " packets are more than a second before others that precede them: calls "
                        "may be split; put the file in order first (reordercap), or ingest its "
                        "pieces as files of their own";
    }
  }
}

int exit_status(const std::vector<FileOutcome>& outcomes) {
  std::size_t refused = 0;
  std::size_t cut = 0;
  for (const FileOutcome& outcome : outcomes) {
    refused += outcome.state == FileState::kRefused ? 1 : 0;
    cut += outcome.state == FileState::kCut ? 1 : 0;
  }
  if (refused == outcomes.size()) return control::kExitFailed;
  return refused + cut > 0 ? control::kExitSkipped : control::kExitDone;
}

void print_summary(const control::IngestRequest& request,
                   Pipeline& pipeline,
                   const IngestFacts& facts,
                   const std::vector<StreamReport>& finals) {
  const std::vector<control::Json> rows = stream_rows(pipeline, finals);
  if (request.streams) {
    for (const control::Json& row : rows) std::puts(control::json_line(row).c_str());
  }
  const control::Json summary = summary_json(pipeline, facts, rows.size());
  const std::string text =
      request.json ? control::json_line(summary) + "\n" : summary_text(summary);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

Result<int> record_files(const control::IngestRequest& request,
                         const control::Settings& settings,
                         std::uint16_t class_index,
                         OpenedFiles& opened) {
  const auto queues = static_cast<std::uint16_t>(request.queue_count);
  const std::int64_t started_ns = monotonic_now_ns();
  PipelineOptions options = offline_options(settings.config, class_index, queues);
  Result<IngestStore> store = IngestStore::open(settings, request.retention_class);
  if (!store) return store.error();
  Result<PolicyFiles> policy = load_policy_files(request.global, settings);
  if (!policy) return policy.error();
  TD_TRY(store->note_policy(*policy));
  log_policy(*policy);
  options.calls.policy = std::move(policy->sources);
  options.calls.already_final = [&store](const Uid& uid) { return store->is_present(uid); };

  config::Config portless = settings.config;
  portless.capture.ports.clear();
  Result<engine::Eal> eal = engine::Eal::start(eal_options(portless, options, kFeedMbufs));
  if (!eal) return eal.error();
  std::vector<engine::Port> ports;
  Result<engine::Port> port = engine::Port::make_ring_port(
      {.name = "ingest", .queue_count = queues, .ring_size = kRingSlots, .mbuf_count = 63});
  if (!port) return port.error();
  ports.push_back(std::move(*port));
  Result<std::unique_ptr<Pipeline>> pipeline = Pipeline::create(options, ports, store->intake());
  if (!pipeline) return pipeline.error();

  engine::CaptureMerge merge(std::move(opened.readers));
  Result<std::unique_ptr<engine::Feeder>> feeder =
      engine::Feeder::create(merge,
                             ports.front().rings(),
                             {.sip_ports = options.worker.sip_ports,
                              .sip_tls_ports = options.worker.sip_tls_ports,
                              .decode = options.worker.decode,
                              .realms = options.worker.realms});
  if (!feeder) return feeder.error();
  std::vector<StreamReport> finals;
  (*pipeline)->link().observe_final_reports(
      [&finals](const StreamReport& report) { finals.push_back(report); });

  (*pipeline)->link().observe_pauses([&store](const PauseTold& told) { store->note_pause(told); });

  OfflineRun offline(**pipeline, **feeder);
  control::Progress progress("ingest", merge.bytes_total());
  while (offline.step()) {
    TD_TRY(store->health());
    progress.update(merge.bytes_read());
  }
  progress.finish();
  const Result<void> finished = offline.finish();
  const Result<void> stored = store->finish();

  close_files(merge, opened);
  const double seconds = static_cast<double>(monotonic_now_ns() - started_ns) / 1e9;
  print_summary(
      request,
      **pipeline,
      IngestFacts{.files = opened.outcomes, .seconds = seconds, .erased = store->erased()},
      finals);
  TD_TRY(finished);
  TD_TRY(stored);
  return exit_status(opened.outcomes);
}

}  // namespace

int ingest(const control::IngestRequest& request) {
  Result<control::Settings> settings = control::load_settings(request.global);
  if (!settings) return command_failed(settings.error());
  const std::optional<std::uint16_t> class_index =
      config::find_retention_class(settings->config, request.retention_class);
  if (!class_index) {
    tell("--class: there is no retention class '" + request.retention_class + "'");
    return control::kExitUsage;
  }
  OpenedFiles opened = open_files(request.files);
  int status = exit_status(opened.outcomes);
  if (!opened.readers.empty()) {
    const Result<int> recorded = record_files(request, *settings, *class_index, opened);
    if (!recorded) return command_failed(recorded.error());
    status = *recorded;
  }
  for (const FileOutcome& outcome : opened.outcomes) {
    if (!outcome.problem.empty()) tell(outcome.problem);
  }
  return status;
}

}  // namespace tapdeck::apps
