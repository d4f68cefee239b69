#include "apps/counter_json.h"

#include <string>

namespace tapdeck::apps {

control::Json classes_json(const std::vector<engine::Worker>& workers) {
  control::Json json = control::Json::object();
  for (std::size_t i = 0; i < engine::kPacketClassNames.size(); ++i) {
    std::uint64_t sum = 0;
    for (const engine::Worker& worker : workers) sum += worker.counters().classes[i].value();
    json[std::string(engine::kPacketClassNames[i].name)] = sum;
  }
  return json;
}

control::Json drops_json(const std::vector<engine::Worker>& workers) {
  control::Json json = control::Json::object();
  for (std::size_t i = 0; i < engine::kDropReasonNames.size(); ++i) {
    std::uint64_t sum = 0;
    for (const engine::Worker& worker : workers) sum += worker.counters().drops[i].value();
    json[std::string(engine::kDropReasonNames[i].name)] = sum;
  }
  return json;
}

control::Json fragments_json(const engine::ReassemblyCounters& counters) {
  control::Json json = control::Json::object();
  for (std::size_t i = 0; i < engine::kReassemblyCountNames.size(); ++i) {
    json[std::string(engine::kReassemblyCountNames[i].name)] = counters[i].value();
  }
  return json;
}

control::Json conversations_json(const calls::ConversationFigures& figures) {
  return {{"known", figures.known},
          {"joined", figures.joined},
          {"merged", figures.merged},
          {"refused", figures.refused},
          {"evicted", figures.evicted}};
}

control::Json counts_json(const std::vector<NamedCount>& counts) {
  control::Json json = control::Json::object();
  for (const auto& [name, count] : counts) json[std::string(name)] = count;
  return json;
}

control::Json events_json(Pipeline& pipeline, const calls::CallPlaneFigures& figures) {
  control::Json json = counts_json(figures.events);
  json["pending"] = figures.events_pending;
  json["registrations"] = figures.registrations;
  json["stored"] = pipeline.figures().events_committed.value();
  json["dropped"] = pipeline.link().events_dropped();
  return json;
}

std::uint64_t sum_of(const std::vector<engine::Worker>& workers,
                     Counter engine::WorkerCounters::*row) {
  std::uint64_t sum = 0;
  for (const engine::Worker& worker : workers) sum += (worker.counters().*row).value();
  return sum;
}

}  // namespace tapdeck::apps
