#include "apps/options.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <unistd.h>

#include "apps/random_seed.h"
#include "base/clock.h"
#include "config/devices.h"
#include "config/limits.h"
#include "config/retention_classes.h"
#include "config/validate.h"

namespace tapdeck::apps {
namespace {

constexpr std::uint32_t kOfflineStreams = 32'768;
constexpr std::uint32_t kOfflineChunks = 40'960;
constexpr std::uint32_t kOfflineMessages = 255;
constexpr std::uint32_t kOfflineLargeMessages = 15;
constexpr std::uint32_t kFragmentBlocksPerMib = 512;
constexpr std::uint32_t kClaimsPerCall = 2;  // both ends name an address
constexpr std::uint32_t kRingSlotsMin = 4'096;
constexpr std::int64_t kOfflineFlushNs = 60 * kNsPerSecond;
constexpr std::int64_t kForeverNs = INT64_MAX / 2;  // longer than any time stamps are apart

std::int64_t ms_to_ns(std::uint32_t ms) { return std::int64_t{ms} * kNsPerMs; }

std::int64_t s_to_ns(std::uint32_t s) { return std::int64_t{s} * kNsPerSecond; }

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "tapdeck";
  return name;
}

calls::EventOptions event_options(const config::Events& config) {
  calls::EventOptions options;
  options.kept.fill(config.keep != config::EventChoice::kNone);
  if (config.keep == config::EventChoice::kNoOptions) {
    options.kept[static_cast<std::size_t>(EventMethod::kOptions)] = false;
  }
  options.pending_max = config.pending_max;
  options.registrations_max = config.registrations_max;
  options.retention_us = std::int64_t{config.retention_days} * kUsPerDay;
  return options;
}

calls::CallPlaneOptions call_options(const config::Config& config, std::uint16_t class_index) {
  calls::CallPlaneOptions options;
  options.node = config.general.node.empty() ? host_name() : config.general.node;
  for (const config::Port& port : config.capture.ports) options.port_names.push_back(port.name);
  options.realm_names = config::realm_names(config);
  options.events = event_options(config.events);
  options.numbering = {config.numbers, config.trunks, config.calls.internal_networks};
  options.retention_class = class_index;
  options.class_by_policy = class_index == config::kRetentionDefault;
  options.retention_classes.clear();
  for (const config::RetentionClass& each : config::retention_classes(config)) {
    options.retention_classes.push_back({each.name,
                                         std::int64_t{each.days} * kUsPerDay,
                                         std::int64_t{each.sip_days} * kUsPerDay,
                                         std::int64_t{each.cdr_days} * kUsPerDay,
                                         each.locked,
                                         std::int64_t{each.days_max} * kUsPerDay});
  }
  options.tcp = {.connections_max = config.decode.tcp_connections_max,
                 .bytes_max = std::size_t{config.decode.tcp_memory_mib} << 20,
                 .gap_ns = ms_to_ns(config.decode.tcp_gap_ms),
                 .idle_ns = s_to_ns(config.decode.tcp_idle_s)};
  options.calls_max = config.calls.calls_max;
  options.hold_back_ns = ms_to_ns(config.calls.hold_back_ms);
  options.message_flush_ns = ms_to_ns(config.calls.message_flush_ms);
  options.late_media_ns = ms_to_ns(config.streams.late_media_ms);
  options.media_timeout_ns = s_to_ns(config.calls.media_timeout_s);
  options.setup_timeout_ns = s_to_ns(config.calls.setup_timeout_s);
  options.dialog_idle_ns = s_to_ns(config.calls.dialog_idle_timeout_s);
  options.restart_timeout_ns = s_to_ns(config.calls.restart_timeout_s);
  options.pause_limit_ns = s_to_ns(config.calls.pause_limit_s);
  options.kept_headers = config.calls.kept_headers;
  options.conversation_headers = config.calls.conversation_headers;
  options.conversation_legs_max = config.calls.conversation_legs_max;
  options.conversation_keep_ns = s_to_ns(config.calls.conversation_memory_s);
  return options;
}

engine::DecodeRules decode_rules(const config::Decode& config) {
  static_assert(engine::kTunnelPortsMax >= 3 * config::kTunnelPortCountMax);
  engine::DecodeRules rules{.depth_max = config.depth_max, .tunnels = {}};
  for (const std::uint16_t port : config.vxlan_ports) {
    rules.tunnels.add(port, engine::UdpTunnel::kVxlan);
  }
  for (const std::uint16_t port : config.geneve_ports) {
    rules.tunnels.add(port, engine::UdpTunnel::kGeneve);
  }
  for (const std::uint16_t port : config.gtpu_ports) {
    rules.tunnels.add(port, engine::UdpTunnel::kGtpU);
  }
  return rules;
}

std::shared_ptr<const engine::RealmMap> realm_map(const config::Config& config) {
  static_assert(engine::kVniRangesMax >= config::kVniRangeCountMax);
  const std::vector<std::string> names = config::realm_names(config);
  auto map = std::make_shared<engine::RealmMap>();
  for (const config::Realm& realm : config.realms) {
    const auto number = static_cast<RealmId>(std::ranges::find(names, realm.name) - names.begin());
    for (const config::NumberRange& range : realm.vlans.ranges) {
      map->add_vlans(
          static_cast<std::uint16_t>(range.first), static_cast<std::uint16_t>(range.last), number);
    }
    for (const config::NumberRange& range : realm.vnis.ranges) {
      map->add_vnis(range.first, range.last, number);
    }
  }
  return map;
}

// The configured totals, shared out among the workers.
PipelineOptions shared_options(const config::Config& config,
                               std::uint16_t class_index,
                               std::uint16_t worker_count) {
  const std::uint32_t streams = (config.streams.stream_count_max + worker_count - 1) / worker_count;
  PipelineOptions options;
  options.worker_count = worker_count;
  options.calls = call_options(config, class_index);
  options.rings.chunk_count =
      std::max<std::uint32_t>(config.streams.chunk_count / worker_count, 64);
  // Whatever the writer is late with, there are no more chunks than this.
  options.rings.chunk_slots = std::bit_ceil(options.rings.chunk_count + 1);
  options.rings.small_messages = config.streams.message_buffers_small;
  options.rings.large_messages = config.streams.message_buffers_large;
  options.rings.signal_slots = std::max(
      kRingSlotsMin,
      std::bit_ceil(config.streams.message_buffers_small + config.streams.message_buffers_large));
  // What half of the streams say at once; the others wait for the next round.
  options.rings.report_slots = std::max(kRingSlotsMin, std::bit_ceil(streams) / 2);
  options.worker.streams_max = streams;
  // Every worker knows the addresses of all calls: also of those that a flood of INVITEs makes up.
  // Those with media may have named others before.
  options.worker.claims_max =
      std::max(kClaimsPerCall * config.calls.calls_max,
               config.streams.stream_count_max + config.streams.stream_count_max / 2);
  options.worker.calls_max = config.calls.calls_max;
  options.worker.sip_ports = config.capture.sip_ports;
  options.worker.sip_tls_ports = config.capture.sip_tls_ports;
  options.worker.decode = decode_rules(config.decode);
  options.worker.realms = realm_map(config);
  options.fragments.packets_max = config.decode.fragment_packets_max;
  options.fragments.block_count = config.decode.fragment_memory_mib * kFragmentBlocksPerMib;
  options.fragments.timeout_ns = s_to_ns(config.decode.fragment_timeout_s);
  options.worker.flush_interval_ns = ms_to_ns(config.streams.flush_interval_ms);
  options.worker.report_interval_ns = ms_to_ns(config.streams.report_interval_ms);
  options.worker.quarantine_age_ns = ms_to_ns(config.streams.quarantine_age_ms);
  options.worker.unbound_idle_ns = s_to_ns(config.streams.idle_timeout_s);
  options.worker.quarantine_pct = config.streams.quarantine_percent;
  options.worker.quarantine_per_destination = config.streams.quarantine_chunks_per_destination;
  return options;
}

}  // namespace

PipelineOptions live_options(const config::Config& config, std::uint16_t class_index) {
  PipelineOptions options =
      shared_options(config, class_index, static_cast<std::uint16_t>(config.capture.workers));
  options.worker.hash_seed = random_seed();
  options.fragments.hash_seed = random_seed();
  // A stalled disk makes chunks be used that never were before: no time then to clear them.
  options.rings.paging = options.worker.paging = engine::Paging::kAtStart;
  return options;
}

PipelineOptions offline_options(const config::Config& config,
                                std::uint16_t class_index,
                                std::uint16_t worker_count) {
  config::Config roomy = config;
  roomy.streams.stream_count_max = std::max(config.streams.stream_count_max, kOfflineStreams);
  roomy.streams.chunk_count = std::max(config.streams.chunk_count, kOfflineChunks);
  PipelineOptions options = shared_options(roomy, class_index, worker_count);
  // A round ends after each message, so that the next finds them all free.
  options.rings.small_messages = kOfflineMessages;
  options.rings.large_messages = kOfflineLargeMessages;
  options.calls.hold_back_ns = 0;
  options.calls.events.retention_us = 0;
  options.calls.port_names = {config::kImportPort};
  // After a power cut a capture is read again: chunks may fill at leisure.
  options.worker.flush_interval_ns = std::max(options.worker.flush_interval_ns, kOfflineFlushNs);
  // Kept to the end, for the list of streams.
  options.worker.unbound_idle_ns = kForeverNs;
  options.worker.bound_idle_ns = kForeverNs;
  return options;
}

engine::EalOptions eal_options(const config::Config& config,
                               const PipelineOptions& pipeline,
                               std::uint32_t mbuf_count) {
  engine::EalOptions options;
  switch (config.eal.hugepages) {
    case config::AutoYesNo::kAuto: options.hugepages = engine::HugepageUse::kAuto; break;
    case config::AutoYesNo::kYes: options.hugepages = engine::HugepageUse::kYes; break;
    case config::AutoYesNo::kNo: options.hugepages = engine::HugepageUse::kNo; break;
  }
  options.memory_mib = config.eal.memory_mib;
  if (options.memory_mib == 0) {
    options.memory_mib = engine::memory_mib_needed(
        mbuf_count, pipeline.worker_count, pipeline.rings, pipeline.worker);
    options.heap_mib = engine::heap_mib_needed(mbuf_count, pipeline.worker_count, pipeline.rings);
  }
  options.worker_count = pipeline.worker_count;
  options.lcores = config.eal.lcores;
  options.file_prefix = config.eal.file_prefix;
  for (const config::Port& port : config.capture.ports) {
    if (config::device_kind(port.device) == config::DeviceKind::kPci) {
      options.pci.push_back(config::normal_pci_address(port.device));
    }
  }
  return options;
}

engine::PortOptions port_options(const config::Config& config, std::uint16_t index) {
  const config::Port& port = config.capture.ports[index];
  engine::PortOptions options;
  options.name = port.name;
  options.device = config::device_kind(port.device) == config::DeviceKind::kPci
                       ? config::normal_pci_address(port.device)
                       : port.device;
  options.rx_queue_count = static_cast<std::uint16_t>(port.queues);
  options.descriptor_count = static_cast<std::uint16_t>(port.descriptors);
  options.mtu = static_cast<std::uint16_t>(port.mtu);
  options.promiscuous = port.promiscuous;
  options.hardware_timestamps = port.rx_timestamps == config::AutoOff::kAuto;
  options.realm = config::realm_of_port(config, port);
  options.index = index;
  return options;
}

std::uint32_t live_mbuf_count(const config::Config& config) {
  std::uint32_t count = 0;
  for (std::uint16_t i = 0; i < config.capture.ports.size(); ++i) {
    count += port_options(config, i).mbuf_count;
  }
  return count;
}

std::uint32_t live_memory_mib(const config::Config& config) {
  const PipelineOptions options = live_options(config, config::kRetentionDefault);
  return eal_options(config, options, live_mbuf_count(config)).memory_mib;
}

}  // namespace tapdeck::apps
