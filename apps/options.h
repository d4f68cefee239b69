// From the configuration to the options of each plane: the one place that knows both.
// Threads: any.  Memory: strings.
#pragma once

#include <cstdint>

#include "apps/pipeline.h"
#include "config/config.h"
#include "engine/eal.h"
#include "engine/port.h"

namespace tapdeck::apps {

// `class_index` into config::retention_classes().
PipelineOptions live_options(const config::Config& config, std::uint16_t class_index);

// Like live_options, but timers follow packet time, nothing waits for other workers, tables seed
// alike in every run, and pools are as large as files of many calls need.
PipelineOptions offline_options(const config::Config& config,
                                std::uint16_t class_index,
                                std::uint16_t worker_count);

engine::EalOptions eal_options(const config::Config& config,
                               const PipelineOptions& pipeline,
                               std::uint32_t mbuf_count);

// What `run` wants of hugepages.
std::uint32_t live_memory_mib(const config::Config& config);

std::uint32_t live_mbuf_count(const config::Config& config);  // of all ports

engine::PortOptions port_options(const config::Config& config, std::uint16_t index);

}  // namespace tapdeck::apps
