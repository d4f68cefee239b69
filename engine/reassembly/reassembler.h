// Puts IP fragments together: out of order, twice, over both versions.  Fragments that overlap
// without being equal drop their packet and all that still comes of it (RFC 5722, and for IPv4 the
// same).  What a second mirror repeats of a packet that is whole already makes no second one.
// Of UDP a first fragment that waits in vain is offered as it is: a capture filter by port leaves
// no other ones, as only the first has the ports.
//
// Threads: all methods on the owner's; counters() anywhere.
// Memory: all in create(), bounded by packets and by blocks of 2 KiB; none afterwards.
// Full: what is kept of whole packets goes first, then the oldest packet is given up and counted.
// RFC 791, RFC 815, RFC 8200.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "engine/arena.h"
#include "engine/index_table.h"
#include "engine/reassembly/counters.h"
#include "engine/reassembly/fragment.h"

namespace tapdeck::engine {

struct ReassemblyOptions {
  std::uint32_t packets_max = 4'096;         // put together at once
  std::uint32_t block_count = 8'192;         // of 2 KiB; at least 64
  std::int64_t timeout_ns = 30'000'000'000;  // from the first fragment seen
  std::uint64_t hash_seed = 0;
  int socket = 0;
};

// Takes beginnings of datagrams whose other fragments have not come.
class HeadSink {
 public:
  virtual ~HeadSink() = default;

  // `head` is valid during the call: the IP header says how long the whole datagram is, of which
  // there is less.  True when it was of use: the whole, should it still come, is then `was_told`.
  virtual bool on_head(const IpPacket& head) = 0;
};

class Reassembler {
 public:
  static Result<std::unique_ptr<Reassembler>> create(const ReassemblyOptions& options);

  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;

  // Takes in one fragment.  True when it was the last that was missing: `whole` is then the packet,
  // with the time of its latest fragment, valid until the next call.
  // `heads` is offered the beginning of what is given up for it, here and below.
  bool add(const IpPacket& fragment,
           std::int64_t timer_now_ns,
           IpPacket& whole,
           HeadSink* heads = nullptr);

  // Offers what has waited for longer than fragments are apart, gives up what waited too long.
  void expire(std::int64_t timer_now_ns, HeadSink* heads = nullptr);

  // End of a capture: gives up all that is not whole.
  void finish(HeadSink* heads = nullptr);

  // Packets that wait for fragments, dropped ones included.
  [[nodiscard]] std::uint32_t waiting() const { return slot_pool_.used() - whole_count_; }

  [[nodiscard]] ReassemblyCounters& counters() { return counters_; }

  [[nodiscard]] const ReassemblyCounters& counters() const { return counters_; }

 private:
  static constexpr std::size_t kBlockBytes = 2'040;
  static constexpr std::size_t kHeaderBytesMax = 128;
  static constexpr std::uint16_t kBlocksPerPacketMax = 512;
  // For so long a packet that is whole is known again by the bytes of its fragments.
  static constexpr std::int64_t kRepeatNs = 100'000'000;
  // Fragments of one packet are seldom farther apart; a request should not wait until long after
  // its responses.
  static constexpr std::int64_t kHeadNs = 50'000'000;

  // A run of payload bytes.
  struct Block {
    std::uint32_t next;  // by offset
    std::uint16_t offset;
    std::uint16_t length;
    std::uint8_t bytes[kBlockBytes];

    [[nodiscard]] std::uint32_t end() const { return std::uint32_t{offset} + length; }
  };

  static_assert(sizeof(Block) == 2'048);

  struct Slot {
    FragmentKey key;
    std::uint64_t hash;
    Link age;
    std::int64_t since_ns;  // by timer; of a whole packet since it is whole
    std::int64_t time_ns;   // of the latest fragment
    std::uint64_t order;
    RealmId realm;
    std::uint16_t port_index;
    std::uint16_t vlan;
    std::uint16_t block_count;
    std::uint32_t first_block;
    std::uint32_t received;
    std::uint32_t total;        // 0: the last fragment has not come
    std::uint8_t header_bytes;  // 0: the first fragment has not come
    bool is_refused;
    bool is_whole;  // kept to know repetitions
    bool is_late;   // in late_
    bool is_told;   // its beginning was of use
    std::uint8_t header[kHeaderBytesMax];
  };

  enum class Fit : std::uint8_t { kNew, kDuplicate, kOverlap };

  explicit Reassembler(const ReassemblyOptions& options);

  [[nodiscard]] std::uint32_t find_or_create(const Fragment& fragment,
                                             const IpPacket& packet,
                                             std::int64_t timer_now_ns,
                                             HeadSink* heads);
  bool is_known_or_ended(std::uint32_t index, const Fragment& fragment, std::int64_t time_ns);
  [[nodiscard]] std::uint32_t block_before(const Slot& slot, std::uint32_t offset) const;
  [[nodiscard]] Fit fit(const Slot& slot, std::uint32_t before, const Fragment& fragment) const;
  [[nodiscard]] static bool contradicts(const Slot& slot, const Fragment& fragment);
  bool make_room(std::uint32_t index, std::uint32_t blocks, HeadSink* heads);
  void insert(Slot& slot, std::uint32_t before, const Fragment& fragment);
  bool assemble(const Slot& slot, IpPacket& whole);
  bool read_head(const Slot& slot, IpPacket& head);
  void offer_head(Slot& slot, HeadSink* heads);
  void refuse(Slot& slot);
  void keep_whole(std::uint32_t index, std::int64_t timer_now_ns);
  [[nodiscard]] bool is_repeated(const Slot& slot,
                                 const Fragment& fragment,
                                 std::int64_t time_ns) const;
  bool drop_whole();
  void free_blocks(Slot& slot);
  void remove(std::uint32_t index);
  void give_up(std::uint32_t index, ReassemblyCount reason, HeadSink* heads);

  // The packet that has waited for longest; kNone when there is none.
  [[nodiscard]] std::uint32_t oldest() const { return late_.empty() ? fresh_.first : late_.first; }

  ListHead& list_of(const Slot& slot) {
    return slot.is_whole ? whole_ : slot.is_late ? late_ : fresh_;
  }

  const ReassemblyOptions options_;
  Arena arena_;
  std::span<Slot> slots_;
  std::span<Block> blocks_;
  std::span<std::uint8_t> output_;
  std::span<std::uint8_t> head_output_;  // apart, as what add() is given may lie in output_
  IndexTable table_;
  IndexPool slot_pool_;
  IndexPool block_pool_;
  ListHead fresh_;  // those that wait, up to kHeadNs
  ListHead late_;   // and for longer
  ListHead whole_;
  std::uint32_t whole_count_ = 0;
  ReassemblyCounters counters_;
};

}  // namespace tapdeck::engine
