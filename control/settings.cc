#include "control/settings.h"

#include <utility>

#include "config/load.h"
#include "config/retention_classes.h"

namespace tapdeck::control {

Result<Settings> load_settings(const GlobalOptions& global, config::HostChecks host) {
  Settings settings;
  if (global.config_file.empty()) {
    settings.config = config::defaults();
  } else {
    auto loaded = config::load(global.config_file, host);
    if (!loaded) return Error(loaded.error());
    settings.config = std::move(*loaded);
    settings.is_configured = true;
  }
  const bool overridden = !global.store_directory.empty();
  settings.store_directory = overridden ? global.store_directory : settings.config.general.store;
  settings.zone = settings.config.general.timezone;
  return settings;
}

storage::StoreOptions store_options(const Settings& settings, storage::StoreMode mode) {
  const config::Storage& from = settings.config.storage;
  storage::StoreOptions options;
  options.directory = settings.store_directory;
  options.mode = mode;
  options.master_key_file = from.master_key_file;
  options.segment_bytes = std::uint64_t{from.segment_mib} << 20;
  options.preallocate_bytes = std::uint64_t{from.preallocate_mib} << 20;
  options.staging_bytes = from.staging_kib << 10;
  options.staging_buffers = from.staging_buffers;
  options.open_segments_max = from.open_segments_max;
  options.flush_interval_ms = from.flush_interval_ms;
  options.events_max = settings.config.events.stored_max;
  options.block_cache_bytes = std::uint64_t{from.block_cache_mib} << 20;
  options.retention_classes = config::retention_class_names(settings.config);
  return options;
}

}  // namespace tapdeck::control
