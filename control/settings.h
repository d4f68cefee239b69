// The configuration as commands see it: the file of --config (or the defaults), with the options
// of the command line on top.
// Threads: the main thread.  Memory: the configuration.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "config/validate.h"
#include "control/cli/command_line.h"
#include "storage/store.h"

namespace tapdeck::control {

struct Settings {
  config::Config config;
  std::string store_directory;  // --store, else general.store
  std::string zone;             // IANA name
  bool is_configured = false;   // by a file
};

// kCorrupt holds every mistake of the file, one per line; kNotFound or kIo: no such file.
// `host`: kPerform for who is going to capture.
Result<Settings> load_settings(const GlobalOptions& global,
                               config::HostChecks host = config::HostChecks::kNoDevices);

// How a store is opened under these settings; `mode` says whether it may be made.
storage::StoreOptions store_options(const Settings& settings, storage::StoreMode mode);

}  // namespace tapdeck::control
