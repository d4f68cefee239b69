#include "pipelines/signalling/tcp_connections.h"

#include <algorithm>

#include "base/hash.h"

namespace tapdeck::sip {
namespace {

// Two mirrored directions may come by different ports and queues: what was acknowledged may still
// be on its way to us.
constexpr std::int64_t kMirrorSkewNs = 200'000'000;

}  // namespace

// Joins a stream to its reader and says where what is found came from.
class TcpConnections::Receiver final : public ByteSink, public MessageSink {
 public:
  Receiver(TcpConnections& owner, Connection& connection, std::uint8_t direction)
      : owner_(owner), reader_(connection.directions[direction].reader), around_(connection.last) {
    around_.bytes = nullptr;
    around_.length = 0;
    around_.source = direction == 0 ? connection.key.low : connection.key.high;
    around_.destination = direction == 0 ? connection.key.high : connection.key.low;
    around_.realm = connection.key.realm;
  }

  bool begins_here(ByteView bytes) override {
    if (!StreamReader::begins_here(bytes)) return false;
    owner_.counters_.add(StreamCount::kMidStream);
    return true;
  }

  void on_bytes(ByteView bytes, std::int64_t time_ns) override {
    around_.time_ns = time_ns;
    reader_.take(bytes, *this, owner_.counters_);
  }

  void on_gap() override { reader_.on_gap(owner_.counters_); }

  void on_cut() override { reader_.on_cut(*this, owner_.counters_); }

  void on_end() override { reader_.on_end(owner_.counters_); }

  void on_sip(ByteView message, SignalTransport transport) override {
    around_.transport = transport;
    owner_.sink_.on_sip(message, around_);
  }

  void on_hep(ByteView packet) override { owner_.sink_.on_hep(packet, around_); }

 private:
  TcpConnections& owner_;
  StreamReader& reader_;
  SignalMessage around_;
};

std::size_t TcpConnections::KeyHash::operator()(const Key& key) const {
  const std::uint64_t ports =
      std::uint64_t{key.low.port} << 32U | std::uint64_t{key.high.port} << 16U | key.realm;
  return hash_bytes(key.low.ip.bytes, hash_bytes(key.high.ip.bytes, mix64(seed, ~ports)));
}

TcpConnections::TcpConnections(const TcpLimits& limits,
                               std::uint64_t seed,
                               ConnectionSink& sink,
                               StreamCounters& counters)
    : limits_(limits), sink_(sink), counters_(counters), index_(16, KeyHash{seed}) {}

void TcpConnections::take(const SignalMessage& segment, std::int64_t timer_now_ns) {
  Connection& connection = find_or_add(segment);
  const std::uint8_t direction = segment.source == connection.key.low ? 0 : 1;
  connection.seen_ns = timer_now_ns;
  connection.last = segment;
  connection.last.bytes = nullptr;
  if ((segment.tcp_flags & kTcpRst) != 0) {
    if (!is_credible_reset(connection, segment, direction)) {
      return counters_.add(StreamCount::kResetIgnored);
    }
    counters_.add(StreamCount::kReset);
    for (std::uint8_t i = 0; i < kDirections; ++i) flush(connection, i);
    forget(connection);
    return;
  }
  put(connection, segment, direction, timer_now_ns);
  Direction& to = connection.directions[direction];
  if (to.stream.is_full()) skip_gap(connection, direction);
  watch_gap(connection, direction);
  if ((segment.tcp_flags & kTcpAck) != 0) {
    const auto other = static_cast<std::uint8_t>(1 - direction);
    connection.directions[other].stream.acknowledge(segment.tcp_acknowledgement);
    watch_gap(connection, other);
  }
  connection.over =
      connection.directions[0].stream.is_over() && connection.directions[1].stream.is_over();
  account(connection);
  make_room();
}

TcpConnections::Connection& TcpConnections::find_or_add(const SignalMessage& segment) {
  Key key;
  key.low = std::min(segment.source, segment.destination);
  key.high = std::max(segment.source, segment.destination);
  key.realm = segment.realm;
  const auto found = index_.find(key);
  if (found != index_.end()) {
    Connection& connection = connections_[found->second];
    unlink(connection);
    link_newest(connection);
    return connection;
  }
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(connections_.size()));
    connections_.emplace_back().index = free_.back();
  }
  Connection& connection = connections_[free_.back()];
  free_.pop_back();
  connection.key = key;
  index_.emplace(key, connection.index);
  link_newest(connection);
  return connection;
}

// The ports are used again: nothing of the connection before belongs to this one.
void TcpConnections::begin_anew(Connection& connection,
                                const SignalMessage& segment,
                                std::uint8_t direction) {
  counters_.add(StreamCount::kReused);
  const bool both = (segment.tcp_flags & (kTcpSyn | kTcpAck)) == kTcpSyn;
  for (std::uint8_t i = 0; i < kDirections; ++i) {
    Direction& of = connection.directions[i];
    if (i != direction && !both && !of.stream.has_doubtful_syn()) continue;
    flush(connection, i);
    of.stream.begin_anew();
    of.reader.reset();
  }
}

// Whoever knows the addresses alone can send a RST, which its receiver ignores or asks about (RFC
// 5961 3.2); a true sender then sends the one that is expected.  Where nothing of the direction is
// known it is believed as long as that costs no message.
bool TcpConnections::is_credible_reset(const Connection& connection,
                                       const SignalMessage& segment,
                                       std::uint8_t direction) {
  const TcpStream& stream = connection.directions[direction].stream;
  if (stream.is_synchronised()) return stream.is_next(segment.tcp_sequence);
  const Direction& other = connection.directions[1 - direction];
  return !other.stream.has_gap() && other.reader.is_between_messages();
}

void TcpConnections::put(Connection& connection,
                         const SignalMessage& segment,
                         std::uint8_t direction,
                         std::int64_t timer_now_ns) {
  Direction& to = connection.directions[direction];
  const TcpSegment piece{.sequence = segment.tcp_sequence,
                         .bytes = segment.view(),
                         .missing_bytes = segment.missing_bytes,
                         .syn = (segment.tcp_flags & kTcpSyn) != 0,
                         .fin = (segment.tcp_flags & kTcpFin) != 0,
                         .time_ns = segment.time_ns,
                         .arrival_ns = timer_now_ns};
  if (segment.missing_bytes > 0) counters_.add(StreamCount::kCutSegment);
  if (to.stream.is_foreign(piece)) begin_anew(connection, segment, direction);
  if (to.stream.is_doubtful(piece)) counters_.add(StreamCount::kSynDoubted);
  Receiver receiver(*this, connection, direction);
  switch (to.stream.put(piece, receiver)) {
    case SegmentVerdict::kInOrder:
    case SegmentVerdict::kEmpty: break;
    case SegmentVerdict::kHeld: counters_.add(StreamCount::kReordered); break;
    case SegmentVerdict::kRepeated: counters_.add(StreamCount::kRetransmitted); break;
    case SegmentVerdict::kUnsynchronised: counters_.add(StreamCount::kUnsynchronised); break;
  }
}

// Each gap by itself: what is behind several of them waits for no longer than behind one.
std::int64_t TcpConnections::gap_deadline_ns(const Direction& of) const {
  const std::optional<std::int64_t> since_ns = of.stream.gap_since_ns();
  if (!since_ns) return kNever;
  const bool is_missed = of.stream.is_gap_acknowledged();
  return *since_ns + (is_missed ? std::min(kMirrorSkewNs, limits_.gap_ns) : limits_.gap_ns);
}

void TcpConnections::watch_gap(Connection& connection, std::uint8_t direction) {
  Direction& of = connection.directions[direction];
  const std::int64_t deadline_ns = gap_deadline_ns(of);
  if (deadline_ns >= of.deadline_ns) return;
  of.deadline_ns = deadline_ns;
  gaps_.push({deadline_ns, connection.index, connection.generation, direction});
}

void TcpConnections::skip_gap(Connection& connection, std::uint8_t direction) {
  Receiver receiver(*this, connection, direction);
  connection.directions[direction].stream.skip_gap(receiver);
}

void TcpConnections::flush(Connection& connection, std::uint8_t direction) {
  while (connection.directions[direction].stream.has_gap()) skip_gap(connection, direction);
}

void TcpConnections::advance(std::int64_t timer_now_ns) {
  while (!gaps_.empty() && gaps_.top().deadline_ns <= timer_now_ns) {
    const GapDeadline due = gaps_.top();
    gaps_.pop();
    Connection& connection = connections_[due.connection];
    if (connection.generation != due.generation) continue;
    Direction& of = connection.directions[due.direction];
    if (due.deadline_ns == of.deadline_ns) of.deadline_ns = kNever;
    while (gap_deadline_ns(of) <= timer_now_ns) skip_gap(connection, due.direction);
    watch_gap(connection, due.direction);
    account(connection);
    make_room();
  }
  while (oldest_ != kNobody && connections_[oldest_].seen_ns + limits_.idle_ns <= timer_now_ns) {
    if (!connections_[oldest_].over) counters_.add(StreamCount::kIdle);
    forget(connections_[oldest_]);
  }
}

void TcpConnections::finish() {
  for (std::uint32_t at = oldest_; at != kNobody; at = connections_[at].next) {
    Connection& connection = connections_[at];
    for (std::uint8_t i = 0; i < kDirections; ++i) flush(connection, i);
    account(connection);
  }
}

void TcpConnections::account(Connection& connection) {
  std::size_t bytes = 0;
  for (const Direction& direction : connection.directions) {
    bytes += direction.stream.held_bytes() + direction.reader.memory();
  }
  held_bytes_ += bytes - connection.counted_bytes;
  connection.counted_bytes = bytes;
}

void TcpConnections::make_room() {
  while (index_.size() > limits_.connections_max || held_bytes_ > limits_.bytes_max) {
    if (!connections_[oldest_].over) counters_.add(StreamCount::kEvicted);
    forget(connections_[oldest_]);
  }
}

void TcpConnections::forget(Connection& connection) {
  unlink(connection);
  index_.erase(connection.key);
  held_bytes_ -= connection.counted_bytes;
  const std::uint32_t index = connection.index;
  const std::uint32_t generation = connection.generation + 1;
  connection = Connection{};
  connection.index = index;
  connection.generation = generation;
  free_.push_back(index);
}

void TcpConnections::unlink(Connection& connection) {
  (connection.previous == kNobody ? oldest_ : connections_[connection.previous].next) =
      connection.next;
  (connection.next == kNobody ? newest_ : connections_[connection.next].previous) =
      connection.previous;
}

void TcpConnections::link_newest(Connection& connection) {
  connection.previous = newest_;
  connection.next = kNobody;
  (newest_ == kNobody ? oldest_ : connections_[newest_].next) = connection.index;
  newest_ = connection.index;
}

}  // namespace tapdeck::sip
