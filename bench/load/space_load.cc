#include "bench/load/space_load.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include "base/assert.h"
#include "base/clock.h"
#include "base/hash.h"
#include "bench/traffic/frame.h"
#include "bench/traffic/random.h"
#include "bench/traffic/ring_feed.h"
#include "engine/port.h"
#include "engine/rings.h"
#include "engine/worker.h"

namespace tapdeck::load {
namespace {

constexpr std::int64_t kFirstCallNs = 1'700'000'000 * kNsPerSecond;
constexpr std::int64_t kTickNs = 10 * kNsPerMs;
constexpr std::size_t kRtpHeaderBytes = 12;

// What a stream sends: speech and silence take turns, with packets of their own.
struct Kind {
  const char* name;
  std::uint8_t payload_type;
  std::size_t speech_bytes;  // without the RTP header
  std::int64_t speech_ms;
  std::size_t silence_bytes;
  std::int64_t silence_ms;
  double silence;  // share of the time
  std::int64_t seconds;
};

constexpr std::array kKinds = {
    Kind{"g711", 8, 160, 20, 0, 0, 0, 60},
    Kind{"g729", 18, 20, 20, 0, 0, 0, 60},
    Kind{"g711_dtx", 8, 160, 20, 2, 160, 0.6, 60},
    Kind{"g729_dtx", 18, 20, 20, 2, 160, 0.6, 60},
    Kind{"g729_one_silent", 18, 20, 20, 2, 160, -1, 60},
    Kind{"g729_both_silent", 18, 20, 20, 2, 160, 1, 60},
    Kind{"g711_3s", 8, 160, 20, 0, 0, 0, 3},
    Kind{"g729_3s", 18, 20, 20, 0, 0, 0, 3},
};

// What was sent in a call, or what its recording holds.
struct Sum {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;

  void add(ByteView payload) {
    ++packets;
    bytes += payload.size();
    checksum += hash_bytes(payload, 0);
  }

  bool operator==(const Sum&) const = default;
};

Endpoint endpoint_of(std::uint32_t stream, bool to) {
  Endpoint endpoint = *parse_endpoint(to == (stream % 2 == 0) ? "10.0.0.2:0" : "10.0.0.1:0");
  endpoint.port = static_cast<std::uint16_t>(10'000 + stream / 2 * 2);
  return endpoint;
}

class Talker {
 public:
  Talker(const Kind& kind, std::uint32_t stream)
      : kind_(kind), stream_(stream), random_(stream + 1), silence_(kind.silence) {
    if (silence_ < 0) silence_ = stream % 2;
    silent_ = silence_ == 1;
  }

  void start(std::int64_t at_ns) {
    next_ns_ = at_ns + static_cast<std::int64_t>(random_.unit() * 20e6);
    turn_ns_ = next_ns_;
  }

  // Sends what is due before `until_ns`.
  void send(std::int64_t until_ns, traffic::RingFeed& feed, Sum& sent) {
    for (; next_ns_ < until_ns; ++number_) {
      take_turns();
      const std::size_t bytes =
          kRtpHeaderBytes + (silent_ ? kind_.silence_bytes : kind_.speech_bytes);
      std::uint8_t* rtp = frame_.data() + traffic::kFrameHeaderBytes;
      rtp[0] = 0x80;
      rtp[1] = silent_ && kind_.payload_type == 8 ? 13 : kind_.payload_type;  // comfort noise
      store_be(rtp + 2, static_cast<std::uint16_t>(number_));
      store_be(rtp + 4, static_cast<std::uint32_t>((next_ns_ - kFirstCallNs) / 125'000));
      store_be(rtp + 8, stream_);
      for (std::size_t at = kRtpHeaderBytes; at < bytes; ++at) {
        rtp[at] = static_cast<std::uint8_t>(random_.next());
      }
      const std::size_t all = traffic::write_headers(
          frame_.data(), endpoint_of(stream_, false), endpoint_of(stream_, true), bytes);
      sent.add({rtp, bytes});
      TD_ASSERT(feed.put({.time_ns = next_ns_, .bytes = {frame_.data(), all}}));
      next_ns_ += (silent_ ? kind_.silence_ms : kind_.speech_ms) * kNsPerMs;
    }
  }

 private:
  void take_turns() {
    if (silence_ == 0 || silence_ == 1 || next_ns_ < turn_ns_) return;
    silent_ = !silent_;
    const double mean_s = 3 * (silent_ ? silence_ : 1 - silence_);
    turn_ns_ = next_ns_ + static_cast<std::int64_t>(random_.exponential(mean_s) * 1e9);
  }

  const Kind& kind_;
  const std::uint32_t stream_;
  traffic::Random random_;
  double silence_;
  bool silent_ = false;
  std::int64_t next_ns_ = 0;
  std::int64_t turn_ns_ = 0;
  std::uint32_t number_ = 0;
  traffic::FrameBuffer frame_{};
};

struct Call {
  Uid recording{};
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  bool begun = false;
  bool ended = false;
  std::array<Talker, 2> talkers;
  Sum sent{};
};

class Rig {
 public:
  Rig(const SpaceOptions& options, const Kind& kind, storage::Store& store)
      : store_(store),
        port_(*engine::Port::make_ring_port(
            {.name = "space", .ring_size = 4'096, .mbuf_count = 4'095})),
        rings_(*engine::WorkerRings::create(
            {.chunk_count = options.calls * 16 + 64, .chunk_slots = 16'384})),
        worker_(*engine::Worker::create(
            {.sources = {engine::make_source(port_, 0)},
             .streams_max = 4'096,
             .claims_max = 4'096,
             .calls_max = options.calls,
             .flush_interval_ns = static_cast<std::int64_t>(options.flush_interval_s * 1e9)},
            rings_)),
        feed_(port_) {
    for (std::uint32_t i = 0; i < options.calls; ++i) {
      std::array<std::uint8_t, 10> bytes{};
      store_le(bytes.data(), i + 1);
      // They begin spread over five seconds, so that their chunks are not of one age.
      const std::int64_t begin_ns =
          kFirstCallNs + std::int64_t{5} * kNsPerSecond * i / options.calls;
      calls_.push_back({.recording = make_uid(kFirstCallNs / kNsPerMs, bytes),
                        .begin_ns = begin_ns,
                        .end_ns = begin_ns + kind.seconds * kNsPerSecond,
                        .talkers = {Talker(kind, 2 * i), Talker(kind, 2 * i + 1)}});
    }
  }

  void run() {
    for (now_ns_ = kFirstCallNs; ended_ < calls_.size(); now_ns_ += kTickNs) {
      for (std::uint32_t i = 0; i < calls_.size(); ++i) {
        Call& call = calls_[i];
        if (call.ended || now_ns_ < call.begin_ns) continue;
        if (!std::exchange(call.begun, true)) begin(i);
        for (Talker& talker : call.talkers) talker.send(now_ns_, feed_, call.sent);
        if (now_ns_ >= call.end_ns) end(i);
      }
      step();
    }
  }

  [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }

 private:
  void begin(std::uint32_t i) {
    for (std::uint32_t stream = 2 * i; stream < 2 * i + 2; ++stream) {
      BindMessage message = message_of(i, BindOperation::kBind);
      message.address = endpoint_of(stream, true);
      TD_ASSERT(rings_.push_bind(message));
    }
    for (Talker& talker : calls_[i].talkers) talker.start(now_ns_);
    step();
  }

  void end(std::uint32_t i) {
    step();
    TD_ASSERT(rings_.push_bind(message_of(i, BindOperation::kRelease)));
    step();
    store_.writer().end_recording(calls_[i].recording);
    calls_[i].ended = true;
    ++ended_;
  }

  [[nodiscard]] BindMessage message_of(std::uint32_t i, BindOperation operation) const {
    BindMessage message;
    message.operation = operation;
    message.kind = MediaKind::kAudio;
    message.call = {i + 1, 1};
    message.recording = calls_[i].recording;
    message.time_ns = now_ns_;
    return message;
  }

  void step() {
    while (worker_.step({now_ns_, now_ns_}) > 0) {
    }
    StreamReport report;
    while (rings_.pop_report(report)) {
    }
    store_.writer().step(now_ns_);
    while (Chunk* chunk = rings_.pop_chunk()) {
      while (store_.writer().try_append(*chunk) == storage::AppendVerdict::kBusy) {
        store_.writer().step(now_ns_);
      }
      rings_.take_home(chunk);
    }
  }

  storage::Store& store_;
  engine::Port port_;
  engine::WorkerRings rings_;
  engine::Worker worker_;
  traffic::RingFeed feed_;
  std::vector<Call> calls_;
  std::size_t ended_ = 0;
  std::int64_t now_ns_ = kFirstCallNs;
};

Result<void> compare(storage::Store& store, const std::vector<Call>& calls, SpaceResult& result) {
  const auto reader = store.reader();
  for (const Call& call : calls) {
    Sum found;
    TD_TRY(reader->read_media(call.recording, [&](const SectionHeader&, ByteView records) {
      ++result.sections;
      for (std::size_t at = 0; at < records.size();) {
        const auto head = load_le<std::uint16_t>(records.data() + at);
        const std::size_t length = head & kRecordLengthMax;
        at += kRecordHeaderBytes;
        if (head >> 14 == 0) found.add(records.subspan(at, length));
        at += length;
      }
      return true;
    }));
    result.wrong = result.wrong || found != call.sent;
    result.packets += call.sent.packets;
    result.payload_bytes += call.sent.bytes;
  }
  return {};
}

std::uint64_t file_bytes(const std::string& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

Result<SpaceResult> record(const SpaceOptions& options, const Kind& kind, const std::string& path) {
  SpaceResult result;
  result.traffic = kind.name;
  storage::StoreOptions store_options = options.store;
  store_options.directory = path;
  {
    auto store = storage::Store::open(store_options);
    if (!store) return Error(std::move(store.error()));
    Rig rig(options, kind, **store);
    rig.run();
    TD_TRY((*store)->writer().flush());
    TD_TRY((*store)->put_pending_rows());
    TD_TRY(compare(**store, rig.calls(), result));
  }
  result.stored_bytes = file_bytes(path + "/segments");
  return result;
}

}  // namespace

Result<std::vector<SpaceResult>> run_space_load(const SpaceOptions& options) {
  std::vector<SpaceResult> results;
  std::string path = options.directory + "/space-load-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return make_errno_error(ErrorCode::kPermission, options.directory + " takes no files", errno);
  }
  Result<void> done;
  for (const Kind& kind : kKinds) {
    auto result = record(options, kind, path + "/" + kind.name);
    if (!result) done = Error(std::move(result.error()));
    if (!done) break;
    results.push_back(std::move(*result));
  }
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  if (!done) return Error(std::move(done.error()));
  return results;
}

}  // namespace tapdeck::load
