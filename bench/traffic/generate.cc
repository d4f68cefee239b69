// Makes telephone traffic: into a capture file or onto an interface, with the truth about it as
// JSON.  The same options give the same bytes.
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bench/traffic/capture_file.h"
#include "bench/traffic/interface_feed.h"
#include "bench/traffic/traffic.h"

namespace tapdeck::traffic {
namespace {

struct Settings {
  TrafficOptions traffic;
  std::string capture;
  std::string interface;
  std::string truth;
  double speed = 1;
};

// CLI::Range takes a NaN for a number within.
CLI::Validator within(double least, double most) {
  return {[least, most](const std::string& text) {
            double value = 0;
            const bool is_number = CLI::detail::lexical_cast(text, value);
            if (is_number && value >= least && value <= most) return std::string();
            return text + " is not from " + CLI::detail::to_string(least) + " to " +
                   CLI::detail::to_string(most);
          },
          "in [" + CLI::detail::to_string(least) + " - " + CLI::detail::to_string(most) + "]"};
}

void add_options(CLI::App& app, Settings& settings) {
  TrafficOptions& traffic = settings.traffic;
  app.option_defaults()->always_capture_default();
  const auto number =
      [&app](const char* name, double& to, const char* help, double least, double most) {
        app.add_option(name, to, help)->check(within(least, most));
      };
  const auto share = [&](const char* name, double& to, const char* of) {
    number(name, to, ("Per cent of the " + std::string(of)).c_str(), 0, 100);
  };
  app.add_option("--seed", traffic.seed, "The same seed and options give the same bytes");
  app.add_option("--calls", traffic.call_count, "Calls in all");
  number("--rate", traffic.calls_per_second, "New calls per second", 0.001, 1e6);
  number("--talk", traffic.talk_mean_s, "Mean talk time in seconds", 0, 1e6);
  share("--failed", traffic.failed_pct, "calls: nobody answers them");
  share("--early-media", traffic.early_media_pct, "answered calls");
  share("--challenge", traffic.challenge_pct, "INVITEs");
  share("--retransmit", traffic.retransmit_pct, "requests");
  number("--registrations", traffic.registrations_per_call, "For each call", 0, 1'000);
  share("--loss", traffic.loss_pct, "RTP packets");
  share("--duplicate", traffic.duplicate_pct, "RTP packets");
  share("--reorder", traffic.reorder_pct, "RTP packets");
  number("--jitter", traffic.jitter_us, "Mean delay in microseconds", 0, 1e7);
  share("--ssrc-change", traffic.ssrc_change_pct, "streams");
  share("--dtx", traffic.dtx_pct, "G.729 and Opus streams");
  app.add_flag("--one-codec", traffic.one_codec, "PCMA in packets of 20 ms only");
  auto* capture = app.add_option("--pcap", settings.capture, "Write this file");
  auto* interface = app.add_option("--interface", settings.interface, "Send here");
  capture->excludes(interface);
  number(
      "--speed", settings.speed, "On an interface: 1 is real time, 0 as fast as it goes", 0, 1e6);
  app.add_option("--truth", settings.truth, "Write what a recorder must find, as JSON");
}

nlohmann::json to_json(const Truth& truth) {
  nlohmann::json out = {{"packets", truth.packets},
                        {"rtp_packets", truth.rtp_packets},
                        {"sip_messages", truth.sip_messages},
                        {"calls", nlohmann::json::array()},
                        {"streams", nlohmann::json::array()}};
  for (const CallTruth& call : truth.calls) {
    out["calls"].push_back({{"call_id", call.call_id},
                            {"caller", call.caller},
                            {"callee", call.callee},
                            {"outcome", outcome_name(call.outcome)},
                            {"sip_messages", call.sip_messages}});
  }
  for (const StreamTruth& stream : truth.streams) {
    if (stream.packets == 0) continue;
    out["streams"].push_back({{"call_id", truth.calls[stream.call].call_id},
                              {"src", to_string(stream.source)},
                              {"dst", to_string(stream.destination)},
                              {"ssrc", stream.ssrc},
                              {"codec", stream.codec},
                              {"packets", stream.packets},
                              {"bytes", stream.bytes},
                              {"lost", stream.lost()},
                              {"duplicated", stream.duplicated},
                              {"reordered", stream.reordered},
                              {"checksum", stream.checksum}});
  }
  return out;
}

int complain(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

int generate(const Settings& settings) {
  Traffic traffic(settings.traffic);
  Frame frame;
  if (!settings.capture.empty()) {
    Result<CaptureFile> file = CaptureFile::create(settings.capture);
    if (!file) return complain(file.error());
    while (traffic.next(frame)) file->put(frame);
    const Result<bool> closed = file->close();
    if (!closed) return complain(closed.error());
  } else {
    Result<InterfaceFeed> feed = InterfaceFeed::open(settings.interface, settings.speed);
    if (!feed) return complain(feed.error());
    while (traffic.next(frame)) {
      const Result<bool> sent = feed->put(frame);
      if (!sent) return complain(sent.error());
    }
    const Result<bool> sent = feed->flush();
    if (!sent) return complain(sent.error());
    std::printf("at most %.1f ms behind\n", static_cast<double>(feed->behind_ns()) / 1e6);
  }
  const Truth& truth = traffic.truth();
  if (!settings.truth.empty()) {
    std::ofstream out(settings.truth);
    out << to_json(truth).dump() << '\n';
    if (!out.flush()) {
      std::fprintf(stderr, "Cannot write %s.\n", settings.truth.c_str());
      return 1;
    }
  }
  std::printf("%zu calls, %llu packets, %llu of them RTP\n",
              truth.calls.size(),
              static_cast<unsigned long long>(truth.packets),
              static_cast<unsigned long long>(truth.rtp_packets));
  return 0;
}

}  // namespace
}  // namespace tapdeck::traffic

int main(int argc, char** argv) {
  CLI::App app("Makes telephone traffic, seeded and repeatable.");
  tapdeck::traffic::Settings settings;
  tapdeck::traffic::add_options(app, settings);
  CLI11_PARSE(app, argc, argv);
  if (settings.capture.empty() && settings.interface.empty()) {
    std::fprintf(stderr, "One of --pcap and --interface is needed.\n");
    return 2;
  }
  return tapdeck::traffic::generate(settings);
}
