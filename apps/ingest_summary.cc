#include "apps/ingest_summary.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "apps/counter_json.h"
#include "base/clock.h"

namespace tapdeck::apps {
namespace {

using control::Json;

std::string ssrc_text(std::uint32_t ssrc) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", ssrc);
  return text;
}

// Most packets win; events and comfort noise only count where there is nothing else.
std::uint8_t main_payload_type(const StreamStatistics& statistics) {
  std::uint8_t best = 0;
  std::uint64_t best_count = 0;
  for (std::size_t i = 0; i < statistics.payload_type_count; ++i) {
    const PayloadCount& entry = statistics.payload_types[i];
    const std::uint64_t weight = entry.payload_type == 13 ? 0 : entry.packet_count;
    if (i == 0 || weight > best_count) {
      best = entry.payload_type;
      best_count = weight;
    }
  }
  return best;
}

Json payload_json(const StreamStatistics& statistics) {
  Json json = Json::object();
  for (std::size_t i = 0; i < statistics.payload_type_count; ++i) {
    const PayloadCount& entry = statistics.payload_types[i];
    json[std::to_string(entry.payload_type)] = entry.packet_count;
  }
  return json;
}

Json stream_json(const engine::StreamView& view) {
  const StreamReport& report = view.report;
  const StreamStatistics& statistics = report.statistics;
  const std::uint8_t payload_type = main_payload_type(statistics);
  const StaticPayload known = static_payload(payload_type);
  Json jitter = nullptr;
  if (statistics.jitter_ms >= 0) jitter = statistics.jitter_ms;
  return {{"src", to_string(report.source)},
          {"dst", to_string(report.destination)},
          {"ssrc", ssrc_text(report.ssrc)},
          {"bound", view.bound},
          {"codec", known.codec.empty() ? Json(nullptr) : Json(std::string(known.codec))},
          {"payload_type", payload_type},
          {"payload_packets", payload_json(statistics)},
          {"first", format_rfc3339_us(statistics.first_ns / kNsPerUs)},
          {"last", format_rfc3339_us(statistics.last_ns / kNsPerUs)},
          {"packets", statistics.packet_count},
          {"bytes", statistics.payload_bytes},
          {"expected", statistics.expected_count},
          {"lost", statistics.lost_count()},
          {"lost_by_us", statistics.lost_by_us_count},
          {"duplicated", statistics.duplicate_count},
          {"reordered", statistics.reordered_count},
          {"jitter_ms", jitter}};
}

}  // namespace

std::vector<control::Json> stream_rows(Pipeline& pipeline,
                                       const std::vector<StreamReport>& finals) {
  std::vector<engine::StreamView> views;
  views.reserve(finals.size());
  for (const StreamReport& report : finals) {
    if (report.is_fax()) continue;  // no RTP
    views.push_back(engine::StreamView{.report = report, .bound = true, .proven = true});
  }
  for (const engine::Worker& worker : pipeline.workers()) {
    worker.for_each_stream([&views](const engine::StreamView& view) {
      if (view.proven && !view.report.is_fax()) views.push_back(view);
    });
  }
  std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) {
    const auto key = [](const engine::StreamView& view) {
      const StreamReport& report = view.report;
      return std::tuple(report.statistics.first_ns, report.source, report.destination, report.ssrc);
    };
    return key(a) < key(b);
  });
  std::vector<Json> rows;
  for (const engine::StreamView& view : views) {
    Json row = Json::object();
    row["stream"] = stream_json(view);
    rows.push_back(std::move(row));
  }
  return rows;
}

control::Json summary_json(Pipeline& pipeline,
                           const IngestFacts& facts,
                           std::uint64_t stream_count) {
  const calls::CallPlaneFigures figures = pipeline.plane().figures();
  Json files = Json::array();
  for (const FileOutcome& file : facts.files) {
    files.push_back({{"path", file.path},
                     {"packets", file.packets},
                     {"problem", file.problem.empty() ? Json(nullptr) : Json(file.problem)}});
  }
  return {{"packets", sum_of(pipeline.workers(), &engine::WorkerCounters::rx_packets)},
          {"by_class", classes_json(pipeline.workers())},
          {"calls", figures.calls_started},
          {"already_present", figures.already_present},
          {"erased", facts.erased},
          {"streams", stream_count},
          {"conversations", conversations_json(figures.conversations)},
          {"sip_messages", figures.messages},
          {"sip_rejected", counts_json(figures.rejected)},
          {"sip_repaired", counts_json(figures.repaired)},
          {"sdp", counts_json(figures.sdp)},
          {"sip_assembly", counts_json(figures.assembly)},
          {"events", events_json(pipeline, figures)},
          {"unbound", counts_json(figures.unbound)},
          {"drops", drops_json(pipeline.workers())},
          {"fragments", fragments_json(pipeline.fragments().counters())},
          {"files", files},
          {"seconds", facts.seconds}};
}

std::string summary_text(const control::Json& summary) {
  const auto figure = [&summary](const char* name) { return summary[name].get<std::uint64_t>(); };
  const std::uint64_t erased = figure("erased");
  std::string text =
      std::to_string(figure("packets")) + " packets, " + std::to_string(figure("calls")) +
      " calls (" + std::to_string(figure("already_present")) + " already present" +
      (erased == 0 ? "" : ", " + std::to_string(erased) + " of them erased: they stay so") + "), " +
      std::to_string(figure("streams")) + " RTP streams\n";
  for (const char* group : {"by_class",
                            "drops",
                            "fragments",
                            "sip_assembly",
                            "sip_rejected",
                            "sip_repaired",
                            "sdp",
                            "events",
                            "unbound"}) {
    std::string line;
    for (const auto& [name, count] : summary[group].items()) {
      if (count.get<std::uint64_t>() == 0) continue;
      line += (line.empty() ? "" : ", ") + name + " " + std::to_string(count.get<std::uint64_t>());
    }
    if (!line.empty()) text += std::string(group) + ": " + line + "\n";
  }
  return text;
}

}  // namespace tapdeck::apps
