#include "apps/counter_json.h"

#include <string>

namespace tapdeck::apps {

control::Json classes_json(const std::vector<engine::Worker>& workers) {
  control::Json json = control::Json::object();
  for (std::size_t i = 0; i < engine::kPacketClassCount; ++i) {
    std::uint64_t sum = 0;
    for (const engine::Worker& worker : workers) sum += worker.counters().classes[i].value();
    json[std::string(engine::kPacketClassNames[i].name)] = sum;
  }
  return json;
}

control::Json drops_json(const std::vector<engine::Worker>& workers) {
  control::Json json = control::Json::object();
  for (std::size_t i = 0; i < engine::kDropReasonCount; ++i) {
    std::uint64_t sum = 0;
    for (const engine::Worker& worker : workers) sum += worker.counters().drops[i].value();
    json[std::string(engine::kDropReasonNames[i].name)] = sum;
  }
  return json;
}

control::Json fragments_json(const engine::ReassemblyCounters& counters) {
  control::Json json = control::Json::object();
  for (std::size_t i = 0; i < engine::kReassemblyCountCount; ++i) {
    json[std::string(engine::kReassemblyCountNames[i])] = counters.counts[i].value();
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

std::uint64_t sum_of(const std::vector<engine::Worker>& workers,
                     Counter engine::WorkerCounters::*row) {
  std::uint64_t sum = 0;
  for (const engine::Worker& worker : workers) sum += (worker.counters().*row).value();
  return sum;
}

}  // namespace tapdeck::apps
