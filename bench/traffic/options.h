// What traffic is to look like.  The defaults are a busy, healthy network: nothing is lost.
// Threads: plain value.  Memory: none.
#pragma once

#include <cstdint>

namespace tapdeck::traffic {

struct TrafficOptions {
  std::uint64_t seed = 1;  // the same options give the same bytes
  std::uint32_t call_count = 100;
  double calls_per_second = 10;
  double talk_mean_s = 30;                        // exponential, two seconds at least
  std::int64_t start_us = 1'700'000'000'000'000;  // UTC of the first call

  // Signalling.
  double failed_pct = 20;       // calls that nobody answers: busy, cancelled, not found ...
  double early_media_pct = 10;  // of the answered calls
  double challenge_pct = 20;    // INVITEs that are asked for credentials first
  double retransmit_pct = 2;    // of the requests, half a second later
  double registrations_per_call = 0.5;

  // Media, per cent of packets unless said otherwise.
  double loss_pct = 0;
  double duplicate_pct = 0;
  double reorder_pct = 0;      // arrive after their successor
  double jitter_us = 0;        // mean of the delay
  double ssrc_change_pct = 0;  // of the streams, once, in their middle
  double dtx_pct = 30;         // of the streams with a codec that knows silence
  bool one_codec = false;      // PCMA of 20 ms only, without silence
};

}  // namespace tapdeck::traffic
