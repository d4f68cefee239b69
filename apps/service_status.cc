#include "apps/service_status.h"

#include <unistd.h>

#include "apps/counter_json.h"
#include "apps/media_watch.h"
#include "base/clock.h"

namespace tapdeck::apps {
namespace {

using control::Json;

Json queues_json(const engine::PortStatistics& figures) {
  Json list = Json::array();
  for (const engine::QueueStatistics& queue : figures.queues) {
    list.push_back({{"packets", queue.packets}, {"missed", queue.missed}});
  }
  return list;
}

Json ports_json(const std::vector<engine::Port>& ports) {
  Json list = Json::array();
  for (const engine::Port& port : ports) {
    const engine::PortStatistics figures = port.statistics();
    list.push_back({{"name", port.options().name},
                    {"device", port.options().device},
                    {"link", engine::link_state_name(figures.link)},
                    {"link_losses", figures.link_losses},
                    {"link_lost_ms", figures.link_lost_ms},
                    {"queues", port.options().rx_queue_count},
                    {"packets", figures.packets},
                    {"bytes", figures.bytes},
                    {"missed", figures.missed},
                    {"errors", figures.errors},
                    {"no_buffer", figures.no_buffer},
                    {"early", figures.early},
                    {"by_queue", queues_json(figures)}});
  }
  return list;
}

Json workers_json(Pipeline& pipeline) {
  Json list = Json::array();
  const std::vector<engine::Worker>& workers = pipeline.workers();
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const engine::WorkerCounters& counters = workers[i].counters();
    list.push_back(
        {{"worker", i},
         {"packets", counters.rx_packets.value()},
         {"bytes", counters.rx_bytes.value()},
         {"steps", counters.steps.value()},
         {"busy_steps", counters.busy_steps.value()},
         {"streams", counters.streams.value()},
         {"streams_bound", counters.streams_bound.value()},
         {"streams_withheld", counters.streams_withheld.value()},
         {"addresses", counters.addresses.value()},
         {"chunks_out", counters.chunks_out.value()},
         {"chunks_free", counters.chunks_free.value() + pipeline.rings()[i]->home_count()},
         {"chunk_ring_fill", pipeline.rings()[i]->chunk_ring_fill()},
         {"messages_out", counters.messages_out.value()},
         {"quarantine_chunks", counters.quarantine_chunks.value()}});
  }
  return list;
}

std::string_view pressure_name(calls::MediaPressure pressure) {
  switch (pressure) {
    case calls::MediaPressure::kNone: return "none";
    case calls::MediaPressure::kStreamsFull: return "streams_full";
    case calls::MediaPressure::kDiskFull: return "disk_full";
    case calls::MediaPressure::kDiskBehind: return "disk_behind";
    case calls::MediaPressure::kCutting: return "cutting";
  }
  return "none";
}

Json plane_json(const calls::CallPlaneFigures& figures) {
  Json flood_source = nullptr;
  if (figures.flood_source) flood_source = to_string(*figures.flood_source);
  return {{"messages", figures.messages},
          {"calls_started", figures.calls_started},
          {"calls_ended", figures.calls_ended},
          {"calls_open", figures.calls_open},
          {"recordings", figures.recordings},
          {"recordings_cut_now", figures.cut_now},
          {"calls_refused", figures.calls_refused},
          {"recordings_cut", figures.calls_cut},
          {"recordings_restored", figures.calls_restored},
          {"pressure", pressure_name(figures.pressure)},
          {"numbers",
           {{"hits", figures.numbers.hits},
            {"misses", figures.numbers.misses},
            {"not_numbers", figures.numbers.not_numbers}}},
          {"conversations", conversations_json(figures.conversations)},
          {"assembly", counts_json(figures.assembly)},
          {"repaired", counts_json(figures.repaired)},
          {"sdp", counts_json(figures.sdp)},
          {"unbound", counts_json(figures.unbound)},
          {"rejected", counts_json(figures.rejected)},
          {"flood_source", flood_source}};
}

Json records_json(const RecordFigures& figures) {
  return {{"chunks_written", figures.chunks_written.value()},
          {"chunks_failed", figures.chunks_failed.value()},
          {"messages_failed", figures.messages_failed.value()},
          {"chunks_abandoned", figures.chunks_abandoned.value()},
          {"messages_abandoned", figures.messages_abandoned.value()},
          {"packets_cut", figures.packets_cut.value()},
          {"recordings_shredded", figures.recordings_shredded.value()},
          {"records_committed", figures.records_committed.value()},
          {"commit_failures", figures.commit_failures.value()}};
}

Json retention_json(const RetentionFigures& figures) {
  return {{"expired", figures.expired.value()},
          {"expired_early", figures.expired_early.value()},
          {"bytes_expired_early", figures.bytes_expired_early.value()},
          {"held", figures.held.value()},
          {"segments_removed", figures.segments_removed.value()},
          {"bytes_removed", figures.bytes_removed.value()},
          {"bytes_punched", figures.bytes_punched.value()},
          {"failures", figures.failures.value()}};
}

std::uint64_t drops_of(const Pipeline& pipeline, engine::DropReason reason) {
  std::uint64_t sum = 0;
  for (const engine::Worker& worker : pipeline.workers()) sum += worker.counters().value(reason);
  return sum;
}

}  // namespace

std::vector<Trouble> count_troubles(const Pipeline& pipeline,
                                    const std::vector<engine::Port>& ports,
                                    const calls::CallPlaneFigures& plane) {
  using engine::DropReason;
  std::vector<Trouble> troubles;
  for (const engine::Port& port : ports) {
    const engine::PortStatistics figures = port.statistics();
    const std::string& name = port.options().name;
    troubles.push_back({figures.missed, "packets missed by port " + name});
    troubles.push_back({figures.no_buffer, "packets without a buffer on port " + name});
    troubles.push_back({figures.link_losses, "losses of the link of port " + name});
  }
  troubles.push_back({plane.calls_refused, "answered calls not recorded: no room"});
  troubles.push_back({plane.calls_cut, "recordings cut short: no room"});
  const RecordFigures& records = pipeline.figures();
  troubles.push_back({drops_of(pipeline, DropReason::kNoChunk), "RTP packets: no free chunk"});
  troubles.push_back({drops_of(pipeline, DropReason::kWriterFull), "RTP packets: writer behind"});
  troubles.push_back(
      {drops_of(pipeline, DropReason::kStreamTableFull), "RTP packets: stream table full"});
  troubles.push_back(
      {drops_of(pipeline, DropReason::kAddressTableFull), "addresses of calls: table full"});
  troubles.push_back({drops_of(pipeline, DropReason::kSignalRingFull), "SIP messages: ring full"});
  troubles.push_back({drops_of(pipeline, DropReason::kNoMessageBuffer), "SIP messages: no buffer"});
  troubles.push_back({records.chunks_failed.value(), "chunks refused by the disk"});
  troubles.push_back({records.messages_failed.value(), "message batches refused by the disk"});
  troubles.push_back({records.commit_failures.value(), "commits refused by the call store"});
  return troubles;
}

std::string render_stats(Pipeline& pipeline,
                         const std::vector<engine::Port>& ports,
                         const calls::CallPlaneFigures& plane,
                         const RetentionFigures& retention) {
  const Json json = {{"time", format_rfc3339_us(wall_now_ns() / kNsPerUs)},
                     {"ports", ports_json(ports)},
                     {"workers", workers_json(pipeline)},
                     {"by_class", classes_json(pipeline.workers())},
                     {"drops", drops_json(pipeline.workers())},
                     {"fragments", fragments_json(pipeline.fragments().counters())},
                     {"calls", plane_json(plane)},
                     {"events", events_json(pipeline, plane)},
                     {"records", records_json(pipeline.figures())},
                     {"retention", retention_json(retention)}};
  return control::json_line(json);
}

std::string render_status(const StatusFacts& facts,
                          Pipeline& pipeline,
                          const std::vector<engine::Port>& ports,
                          const calls::CallPlaneFigures& plane) {
  const std::vector<Trouble> now = count_troubles(pipeline, ports, plane);
  Json problems = Json::array();
  if (plane.pressure != calls::MediaPressure::kNone) {
    problems.push_back("new calls are not recorded: " + std::string(explain(plane.pressure)));
  }
  if (!facts.retention.empty()) problems.push_back("nothing expires: " + facts.retention);
  if (!facts.disk.empty()) problems.push_back(facts.disk);
  for (const engine::Port& port : ports) {
    const engine::LinkState link = port.statistics().link;
    if (link != engine::LinkState::kUp) {
      problems.push_back("the link of port " + port.options().name + " is " +
                         std::string(engine::link_state_name(link)));
    }
  }
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::uint64_t before = i < facts.before.size() ? facts.before[i].count : 0;
    if (now[i].count <= before) continue;
    problems.push_back(std::to_string(now[i].count - before) + " " + now[i].what);
  }
  const std::int64_t now_us = wall_now_ns() / kNsPerUs;
  const Json json = {{"healthy", problems.empty()},
                     {"problems", problems},
                     {"pid", ::getpid()},
                     {"version", TAPDECK_VERSION},
                     {"started", format_rfc3339_us(facts.started_us)},
                     {"uptime_s", (now_us - facts.started_us) / kUsPerSecond},
                     {"memory", facts.memory},
                     {"ports", ports.size()},
                     {"workers", facts.worker_count},
                     {"calls_open", plane.calls_open},
                     {"recordings", plane.recordings}};
  return control::json_line(json);
}

}  // namespace tapdeck::apps
