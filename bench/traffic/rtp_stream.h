// One direction of a call's media: which packets are sent, which of them pass the tap, and when.
// Threads: one owner.  Memory: none beyond itself.  RFC 3550, RFC 3551.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "bench/traffic/options.h"
#include "bench/traffic/random.h"
#include "bench/traffic/truth.h"

namespace tapdeck::traffic {

struct Codec {
  std::string_view name;
  std::uint8_t payload_type;
  std::uint32_t clock_rate_hz;
  std::uint16_t packet_ms;
  std::uint16_t payload_bytes;  // without the RTP header; the most, when it varies
  std::uint16_t silence_bytes;  // of a packet in silence; 0: knows no silence
  std::uint16_t silence_ms;     // between two of those
  bool varies;
};

// A codec as networks mix them.
const Codec& pick_codec(Random& random, const TrafficOptions& options);

// A packet that will pass the tap at `time_ns`.
struct RtpPacket {
  std::int64_t time_ns = 0;
  std::uint32_t truth = 0;   // index of its stream
  std::uint32_t number = 0;  // from 0 within the stream
  std::uint32_t timestamp = 0;
  std::uint16_t sequence = 0;
  std::uint16_t payload_bytes = 0;
  bool marker = false;
  bool duplicate = false;  // a second copy
};

class RtpStream {
 public:
  RtpStream(const Codec& codec, const TrafficOptions& options, std::uint64_t seed);

  // The stream sends in [begin, end); truth names the row of its first SSRC.
  void start(std::int64_t begin_ns, std::int64_t end_ns, std::uint32_t truth);

  [[nodiscard]] const Codec& codec() const { return *codec_; }

  [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }

  [[nodiscard]] std::uint32_t truth() const { return truth_; }

  [[nodiscard]] std::int64_t next_ns() const { return next_ns_; }

  [[nodiscard]] bool over() const { return next_ns_ >= end_ns_; }

  // A new SSRC is due: the caller makes its row and calls this before send().
  [[nodiscard]] bool changes_ssrc() const { return next_ns_ >= change_ns_; }

  void change_ssrc(std::uint32_t truth);

  // Sends the packet that is due at next_ns() and moves on.  Empty: it is lost before the tap.
  // `copy` is when it passes a second time; 0: it does not.
  std::optional<RtpPacket> send(std::int64_t& copy_ns);

 private:
  void begin_run();
  void follow_speech();

  const Codec* codec_;
  const TrafficOptions* options_;
  Random random_;
  std::int64_t next_ns_ = 0;
  std::int64_t end_ns_ = 0;
  std::int64_t change_ns_ = 0;
  std::int64_t arrival_ns_ = 0;  // of the last packet that came in order
  std::int64_t turn_ns_ = 0;     // when speech turns to silence or back
  std::uint32_t truth_ = 0;
  std::uint32_t ssrc_ = 0;
  std::uint32_t number_ = 0;
  std::uint32_t timestamp_ = 0;
  std::uint16_t sequence_ = 0;
  bool dtx_ = false;
  bool silent_ = false;
  bool marker_ = true;
};

// Writes the RTP packet at `into`, which has kPayloadBytesMax bytes; returns its length.  What
// follows the header depends on the SSRC and the number only.
std::size_t write_rtp(const RtpPacket& packet,
                      std::uint8_t payload_type,
                      std::uint32_t ssrc,
                      std::uint8_t* into);

// Takes a packet that passes the tap into its stream's row; `highest` is the row's highest packet
// number so far, which it keeps.
void count_rtp(const RtpPacket& packet,
               ByteView payload,
               StreamTruth& stream,
               std::uint32_t& highest);

}  // namespace tapdeck::traffic
