// Parsing an INVITE with its session description, and blanking what must not be kept of it.
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "pipelines/signalling/body.h"
#include "pipelines/signalling/message.h"
#include "pipelines/signalling/sdp.h"
#include "pipelines/signalling/secrets.h"

namespace tapdeck::sip {
namespace {

const std::string& session() {
  static const std::string text =
      "v=0\r\no=- 20518 0 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
      "m=audio 30000 RTP/SAVP 8 0 9 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
      "a=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
      "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n"
      "a=ptime:20\r\na=sendrecv\r\n";
  return text;
}

const std::string& invite() {
  static const std::string text =
      "INVITE sip:+498912345@192.0.2.20:5060;user=phone SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK74bf9;rport\r\n"
      "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1d32a\r\n"
      "Max-Forwards: 69\r\nRecord-Route: <sip:192.0.2.10;lr>\r\n"
      "From: \"Alice\" <sip:+493055512@example.com>;tag=9fxced76sl\r\n"
      "To: <sip:+498912345@example.com>\r\nCall-ID: 3848276298220188511@example.com\r\n"
      "CSeq: 1 INVITE\r\nContact: <sip:+493055512@192.0.2.10:5060>\r\n"
      "P-Asserted-Identity: <sip:+493055512@example.com>\r\n"
      "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK\r\nSupported: timer, 100rel\r\n"
      "Session-Expires: 1800;refresher=uac\r\nUser-Agent: bench/1\r\n"
      "Content-Type: application/sdp\r\nContent-Length: " +
      std::to_string(session().size()) + "\r\n\r\n" + session();
  return text;
}

// None of these may allocate.
void count_allocations(benchmark::State& state, std::uint64_t before) {
  state.counters["allocations/op"] =
      static_cast<double>(bench::allocations - before) / static_cast<double>(state.iterations());
}

void parse_invite(benchmark::State& state) {
  const ByteView bytes = as_bytes(invite());
  const auto message = std::make_unique<Message>();
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    if (parse(bytes, *message) != ParseVerdict::kOk) return state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(find_sdp(*message).text.size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
  count_allocations(state, before);
  state.SetItemsProcessed(state.iterations());
}

void parse_session(benchmark::State& state) {
  const auto sdp = std::make_unique<Sdp>();
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    if (!is_accepted(parse_sdp(session(), *sdp))) return state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(*sdp);
  }
  count_allocations(state, before);
  state.SetItemsProcessed(state.iterations());
}

void blank(benchmark::State& state) {
  std::string message = invite();
  const MutableByteView bytes(reinterpret_cast<std::uint8_t*>(message.data()), message.size());
  const std::uint64_t before = bench::allocations;
  for (auto _ : state) {
    if (blank_secrets(bytes) == 0) return state.SkipWithError("no key was found");
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
  count_allocations(state, before);
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(parse_invite)->Name("sip/invite");
BENCHMARK(parse_session)->Name("sip/sdp");
BENCHMARK(blank)->Name("sip/blank_secrets");

}  // namespace
}  // namespace tapdeck::sip

BENCHMARK_MAIN();
