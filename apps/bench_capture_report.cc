#include "apps/bench_capture_report.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "bench/load/stream_source.h"

namespace tapdeck::apps {
namespace {

constexpr double kPacketsOfCall = 100;  // a second, both directions
constexpr double kWireBits = 8.0 * load::StreamSource::kWireBytes;

std::string_view verdict_name(load::TrialVerdict verdict) {
  switch (verdict) {
    case load::TrialVerdict::kPassed: return "passed";
    case load::TrialVerdict::kLost: return "lost";
    case load::TrialVerdict::kSenderShort: return "sender_short";
    case load::TrialVerdict::kBroken: return "broken";
  }
  return "unknown";
}

std::string drops_text(const load::CaptureTrial& trial) {
  std::string text;
  for (const auto& [name, count] : trial.drops) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", name, count);
  }
  return text;
}

report::Plot plot(const char* title, const char* y_label) {
  return {title, "offered load, million packets a second", y_label, {}};
}

std::vector<report::Plot> plots_of(std::vector<load::CaptureTrial> trials) {
  std::sort(trials.begin(), trials.end(), [](const auto& a, const auto& b) {
    return a.sent_pps() < b.sent_pps();
  });
  report::Series loss{"loss", {}};
  report::Series recorded{"recorded", {}};
  report::Series offered{"offered", {}};
  for (const load::CaptureTrial& trial : trials) {
    const double mpps = trial.sent_pps() / 1e6;
    loss.points.emplace_back(mpps, 100 * trial.loss());
    offered.points.emplace_back(mpps, mpps);
    recorded.points.emplace_back(mpps, mpps * (1 - trial.loss()));
  }
  std::vector<report::Plot> out = {plot("Loss versus load", "loss, percent"),
                                   plot("Recorded versus offered", "recorded, million a second")};
  out[0].series = {loss};
  out[1].series = {recorded, offered};
  return out;
}

}  // namespace

load::TrialVerdict verdict_of(const load::CaptureTrial& trial) {
  if (!trial.is_intact()) return load::TrialVerdict::kBroken;
  if (trial.lost() > 0) return load::TrialVerdict::kLost;
  return trial.is_at_pace() ? load::TrialVerdict::kPassed : load::TrialVerdict::kSenderShort;
}

std::string trial_line(const load::CaptureTrial& trial) {
  return fmt::format("{:.3f} Mpps asked, {:.3f} sent, {} of {} lost: {} {}",
                     trial.asked_pps / 1e6,
                     trial.sent_pps() / 1e6,
                     trial.lost(),
                     trial.sent,
                     verdict_name(verdict_of(trial)),
                     drops_text(trial));
}

void add_trials(const std::vector<load::CaptureTrial>& trials, report::Report& out) {
  out.columns = {{"asked_mpps", "asked Mpps", 3},
                 {"sent_mpps", "sent Mpps", 3},
                 {"seconds", "s", 1},
                 {"calls", "calls", 0},
                 {"wire_gbps", "Gb/s", 2},
                 {"sent_packets", "packets"},
                 {"lost_packets", "lost"},
                 {"loss_pct", "loss %", 4},
                 {"late_packets", "late"},
                 {"worker_cycles", "cycles", 0},
                 {"worker_busy_pct", "busy %", 0},
                 {"verdict", "verdict"},
                 {"drops", "drops by stage"}};
  for (const load::CaptureTrial& trial : trials) {
    out.rows.push_back({trial.asked_pps / 1e6,
                        trial.sent_pps() / 1e6,
                        trial.seconds,
                        trial.sent_pps() / kPacketsOfCall,
                        trial.sent_pps() * kWireBits / 1e9,
                        trial.sent,
                        trial.lost(),
                        100 * trial.loss(),
                        trial.late,
                        trial.worker_cycles,
                        100 * trial.worker_busy,
                        std::string(verdict_name(verdict_of(trial))),
                        drops_text(trial)});
    if (trial.is_intact()) continue;
    out.wrong.push_back(fmt::format(
        "At {:.3f} Mpps {} packets were read back damaged, {} are missing without a reason, and "
        "{} streams are not what was sent.",
        trial.asked_pps / 1e6,
        trial.damaged,
        trial.unexplained,
        trial.wrong_streams));
  }
  out.plots = plots_of(trials);
}

void add_best(const load::SearchResult& found,
              const std::vector<load::CaptureTrial>& trials,
              report::Report& out) {
  report::Value mpps;
  report::Value calls;
  report::Value gbps;
  report::Value cycles;
  for (const load::CaptureTrial& trial : trials) {
    if (!found.best_pps || trial.asked_pps != *found.best_pps) continue;
    mpps = trial.sent_pps() / 1e6;
    calls = trial.sent_pps() / kPacketsOfCall;
    gbps = trial.sent_pps() * kWireBits / 1e9;
    cycles = trial.worker_cycles;
  }
  std::string limit = "nothing: it is the most that was asked for";
  if (found.limit == load::TrialVerdict::kLost) limit = "loss";
  if (found.limit == load::TrialVerdict::kSenderShort) limit = "the sender, not the capture";
  if (found.limit == load::TrialVerdict::kBroken) limit = "a broken trial";
  out.results = {{{"lossless_mpps", "highest rate without loss, Mpps", 3}, mpps},
                 {{"lossless_calls", "  calls of G.711", 0}, calls},
                 {{"lossless_wire_gbps", "  Gb/s on a wire", 2}, gbps},
                 {{"worker_cycles", "  cycles a packet (TSC)", 0}, cycles},
                 {{"limited_by", "above it the limit was"}, limit}};
}

void add_overload(const load::OverloadResult& found, report::Report& out) {
  const load::CaptureTrial& overload = found.overload;
  out.results = {{{"capacity_mpps", "what the capture takes, Mpps", 3}, found.capacity_pps / 1e6},
                 {{"overload_factor", "  offered, times that", 2}, found.factor()},
                 {{"overload_seconds", "  for so long, s", 1}, overload.seconds},
                 {{"overload_lost_packets", "  packets lost of it"}, overload.lost()},
                 {{"overload_drops", "  by stage"}, drops_text(overload)},
                 {{"uncounted_packets", "  lost without a counter"}, overload.unexplained},
                 {{"calm_mpps", "before and behind it, Mpps", 3}, found.calm_pps / 1e6},
                 {{"lost_before", "  packets lost before it"}, found.before.lost()},
                 {{"lost_after", "  packets lost behind it"}, found.after.lost()}};
}

}  // namespace tapdeck::apps
