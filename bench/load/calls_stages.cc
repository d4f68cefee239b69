#include "bench/load/calls_stages.h"

#include <algorithm>
#include <memory>

#include "bench/load/cpu_time.h"
#include "pipelines/calls/message_facts.h"
#include "pipelines/calls/message_log.h"
#include "pipelines/calls/message_queue.h"
#include "pipelines/calls/uid.h"
#include "pipelines/signalling/body.h"
#include "pipelines/signalling/message.h"

namespace tapdeck::load {
namespace {

constexpr int kStageRounds = 9;

// Median time of `function` over all messages, each alone.
template <typename Function>
double cost(const std::vector<SignalMessage>& messages, Function&& function) {
  std::vector<double> rounds;
  for (int round = 0; round < kStageRounds; ++round) {
    const std::int64_t begin_ns = thread_cpu_ns();
    for (const SignalMessage& message : messages) function(message);
    rounds.push_back(static_cast<double>(thread_cpu_ns() - begin_ns));
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[rounds.size() / 2] / static_cast<double>(messages.size());
}

}  // namespace

std::vector<CallsStage> measure_stages(const std::vector<SignalMessage>& messages) {
  if (messages.empty()) return {};
  std::vector<CallsStage> stages;
  volatile std::uint64_t used = 0;  // so that nothing is left out
  constexpr std::int64_t kHoldBackNs = 20'000'000;
  calls::MessageQueue queue(kHoldBackNs);
  stages.push_back({"queue", cost(messages, [&](const SignalMessage& message) {
                      queue.put(message, message.time_ns);
                      while (const auto held = queue.take_due(message.time_ns)) {
                        used = used + held->bytes[0];
                      }
                    })});
  const auto parsed = std::make_unique<sip::Message>();
  stages.push_back({"parse", cost(messages, [&](const SignalMessage& message) {
                      used = used + static_cast<unsigned>(sip::parse(message.view(), *parsed));
                    })});
  const auto sdp = std::make_unique<sip::Sdp>();
  std::vector<std::string_view> sessions;
  for (const SignalMessage& message : messages) {
    sip::parse(message.view(), *parsed);
    const std::string_view text = sip::find_sdp(*parsed).text;
    if (!text.empty()) sessions.push_back(text);
  }
  std::size_t at = 0;
  stages.push_back({"sdp", cost(messages, [&](const SignalMessage&) {
                      if (at++ % messages.size() >= sessions.size()) return;
                      const std::string_view text = sessions[(at - 1) % messages.size()];
                      used = used + static_cast<unsigned>(sip::parse_sdp(text, *sdp));
                    })});
  calls::FactsReader reader;
  const double facts = cost(messages, [&](const SignalMessage& message) {
    used = used + reader.read(message.view()).facts->call_id.size();
  });
  stages.push_back(
      {"facts", std::max(0.0, facts - stages[1].ns_per_message - stages[2].ns_per_message)});
  stages.push_back({"log", cost(messages, [&](const SignalMessage& message) {
                      calls::MessageLog log;
                      log.add(message, false);
                      used = used + log.take().size();
                    })});
  return stages;
}

}  // namespace tapdeck::load
