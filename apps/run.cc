#include "apps/run.h"

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/failure.h"
#include "apps/holding_intake.h"
#include "apps/options.h"
#include "apps/pipeline.h"
#include "apps/policy_files.h"
#include "apps/service.h"
#include "base/log.h"
#include "config/changes.h"
#include "config/retention_classes.h"
#include "control/class_journal.h"
#include "control/reach_store.h"
#include "control/settings.h"
#include "engine/eal.h"
#include "engine/port.h"
#include "storage/store.h"

namespace tapdeck::apps {
namespace {

LogLevel log_level(config::LogChoice choice) {
  switch (choice) {
    case config::LogChoice::kDebug: return LogLevel::kDebug;
    case config::LogChoice::kInfo: return LogLevel::kInfo;
    case config::LogChoice::kWarning: return LogLevel::kWarning;
    case config::LogChoice::kError: return LogLevel::kError;
  }
  return LogLevel::kInfo;
}

Result<std::vector<engine::Port>> open_ports(const config::Config& config) {
  std::vector<engine::Port> ports;
  for (std::uint16_t i = 0; i < config.capture.ports.size(); ++i) {
    Result<engine::Port> port = engine::Port::open(port_options(config, i));
    if (!port) return port.error();
    log_info("port " + port->options().name + ": " + port->options().device +
             (port->timestamp_offset() >= 0 ? ", hardware timestamps" : ", host timestamps") +
             (port->spreading().empty() ? "" : ", " + port->spreading()));
    ports.push_back(std::move(*port));
  }
  return ports;
}

void refuse_reload(const Error& why) {
  log_error("reload refused, nothing changed: " + why.message);
}

// All of it or nothing.
void reload(const control::GlobalOptions& global,
            config::Config& current,
            storage::Store& store,
            Service& service) {
  Result<control::Settings> loaded = control::load_settings(global);
  if (!loaded) return refuse_reload(loaded.error());
  // Classes change at the next start: rules that name a new one are refused until then.
  control::Settings until_then = *loaded;
  until_then.config.retention_classes = current.retention_classes;
  Result<PolicyFiles> policy = load_policy_files(global, until_then);
  if (!policy) return refuse_reload(policy.error());
  const Result<void> journalled = journal_policy(*policy, "reload", store);
  if (!journalled) return refuse_reload(journalled.error());
  const Result<void> set = service.set_policy(std::move(policy->sources));
  if (!set) return refuse_reload(set.error());
  log_policy(*policy);
  const config::Changes changes = config::take_over(current, loaded->config);
  log_start(log_level(current.general.log_level));
  for (const std::string& name : changes.taken) log_info("reload: " + name + " is taken over");
  for (const std::string& name : changes.need_restart) {
    log_warning("reload: " + name + " changed; it takes effect at the next start");
  }
  log_info("configuration reloaded");
}

Result<void> serve(const control::RunRequest& request, control::Settings& settings) {
  config::Config& config = settings.config;
  PipelineOptions options = live_options(config, config::kRetentionDefault);
  const std::uint32_t mbuf_count = live_mbuf_count(config);
  const storage::StoreOptions store_options =
      control::store_options(settings, storage::StoreMode::kCreateIfMissing);
  Result<std::unique_ptr<storage::Store>> store = storage::Store::open(store_options);
  if (!store) return store.error();
  retention::RetentionDesk desk(**store, control::desk_options(config));
  TD_TRY(desk.resume());
  HoldingIntake intake(**store, desk.future_holds(), (*store)->journal());
  Result<PolicyFiles> policy = load_policy_files(request.global, settings);
  if (!policy) return policy.error();
  TD_TRY(journal_policy(*policy, "start", **store));
  TD_TRY(control::journal_classes(settings, "start", **store));
  log_policy(*policy);
  options.calls.policy = std::move(policy->sources);
  Result<engine::Eal> eal = engine::Eal::start(eal_options(config, options, mbuf_count));
  if (!eal) return eal.error();
  log_info("memory: " + eal->explanation());
  Result<std::vector<engine::Port>> ports = open_ports(config);
  if (!ports) return ports.error();
  Result<std::unique_ptr<Pipeline>> pipeline = Pipeline::create(options, *ports, intake);
  if (!pipeline) return pipeline.error();
  Service service({.store_directory = settings.store_directory,
                   .idle_sleep_us = config.capture.idle_sleep_us,
                   .retention_classes = config::retention_class_names(config),
                   .disk = disk_watch_options(config.retention_pressure, store_options)},
                  **store,
                  desk,
                  **pipeline,
                  *ports,
                  eal->explanation());
  TD_TRY(service.reload_calls());
  return service.run([&] { reload(request.global, config, **store, service); });
}

}  // namespace

int run(const control::RunRequest& request) {
  Service::block_signals();
  Result<control::Settings> settings =
      control::load_settings(request.global, config::HostChecks::kPerform);
  if (!settings) return command_failed(settings.error());
  log_start(log_level(settings->config.general.log_level));
  if (settings->config.capture.ports.empty()) {
    const bool named = !request.global.config_file.empty();
    const int status = command_failed(
        make_error(ErrorCode::kNotFound,
                   std::string(named ? "capture.ports is empty"
                                     : "`run` needs a configuration (--config FILE)") +
                       ": nothing to capture from; see `tapdeck config docs`"));
    return named ? status : control::kExitUsage;
  }
  const Result<void> served = serve(request, *settings);
  return served ? control::kExitDone : command_failed(served.error());
}

}  // namespace tapdeck::apps
