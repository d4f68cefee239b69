#include "engine/reassembly/reassembler.h"

#include <algorithm>

#include "base/hash.h"
#include "engine/decode/ip_header.h"

namespace tapdeck::engine {
namespace {

std::uint64_t hash_of(const FragmentKey& key, std::uint64_t seed) {
  return hash_bytes({reinterpret_cast<const std::uint8_t*>(&key), sizeof key}, seed);
}

// What is put together is where and when its first fragment was.
template <typename Slot>
IpPacket packet_of(const Slot& slot, ByteView bytes) {
  return {.bytes = bytes,
          .time_ns = slot.time_ns,
          .order = slot.order,
          .realm = slot.realm,
          .port_index = slot.port_index,
          .vlan = slot.vlan,
          .was_told = slot.is_told};
}

}  // namespace

Reassembler::Reassembler(const ReassemblyOptions& options)
    : options_(options),
      arena_(options.socket),
      slots_(arena_.take<Slot>(std::size_t{options.packets_max} + 1)),
      blocks_(arena_.take<Block>(std::size_t{options.block_count} + 1)),
      output_(arena_.take<std::uint8_t>(kHeaderBytesMax + kFragmentedBytesMax)),
      head_output_(arena_.take<std::uint8_t>(kHeaderBytesMax + kFragmentedBytesMax)),
      table_(arena_, options.packets_max),
      slot_pool_(arena_, options.packets_max),
      block_pool_(arena_, options.block_count) {}

bool Reassembler::add(const IpPacket& packet,
                      std::int64_t timer_now_ns,
                      IpPacket& whole,
                      HeadSink* heads) {
  counters_.add(ReassemblyCount::kFragments);
  Fragment fragment;
  if (!read_fragment(packet, fragment) || fragment.header.size() > kHeaderBytesMax) {
    counters_.add(ReassemblyCount::kMalformed);
    return false;
  }
  std::uint32_t index = find_or_create(fragment, packet, timer_now_ns, heads);
  if (slots_[index].is_whole || (slots_[index].is_told && fragment.offset == 0)) {
    if (is_known_or_ended(index, fragment, packet.time_ns)) return false;
    index = find_or_create(fragment, packet, timer_now_ns, heads);
  }
  Slot& slot = slots_[index];
  if (slot.is_refused) {
    counters_.add(ReassemblyCount::kRefused);
    return false;
  }
  const std::uint32_t before = block_before(slot, fragment.offset);
  const Fit how = fit(slot, before, fragment);
  if (how == Fit::kOverlap || contradicts(slot, fragment)) {
    refuse(slot);
    return false;
  }
  if (how == Fit::kDuplicate) {
    counters_.add(ReassemblyCount::kDuplicates);
    return false;
  }
  const auto pieces =
      static_cast<std::uint32_t>((fragment.payload.size() + kBlockBytes - 1) / kBlockBytes);
  if (slot.block_count + pieces > kBlocksPerPacketMax) {
    refuse(slot);
    return false;
  }
  if (!make_room(index, pieces, heads)) return false;
  insert(slot, before, fragment);
  if (packet.time_ns >= slot.time_ns) {
    slot.time_ns = packet.time_ns;
    slot.order = std::max(slot.order, packet.order);
  }
  if (slot.total == 0 || slot.received < slot.total) return false;
  if (!assemble(slot, whole)) {
    refuse(slot);
    return false;
  }
  counters_.add(ReassemblyCount::kReassembled);
  keep_whole(index, timer_now_ns);
  return true;
}

// Of a packet that was handed out already: true for what is a repetition of it; else its slot is
// free for another packet that has its identification.
bool Reassembler::is_known_or_ended(std::uint32_t index,
                                    const Fragment& fragment,
                                    std::int64_t time_ns) {
  if (is_repeated(slots_[index], fragment, time_ns)) {
    counters_.add(ReassemblyCount::kDuplicates);
    return true;
  }
  if (slots_[index].is_whole) {
    remove(index);
  } else {
    give_up(index, ReassemblyCount::kTimedOut, nullptr);
  }
  return false;
}

void Reassembler::keep_whole(std::uint32_t index, std::int64_t timer_now_ns) {
  Slot& slot = slots_[index];
  list_remove(slots_, &Slot::age, list_of(slot), index);
  slot.is_whole = true;
  slot.since_ns = timer_now_ns;
  list_push_back(slots_, &Slot::age, whole_, index);
  ++whole_count_;
}

bool Reassembler::is_repeated(const Slot& slot,
                              const Fragment& fragment,
                              std::int64_t time_ns) const {
  return time_ns - slot.time_ns < kRepeatNs &&
         fit(slot, block_before(slot, fragment.offset), fragment) == Fit::kDuplicate;
}

// Makes room at the cost of what is kept of a whole packet; false when there is none.
bool Reassembler::drop_whole() {
  if (whole_.empty()) return false;
  remove(whole_.first);
  return true;
}

std::uint32_t Reassembler::find_or_create(const Fragment& fragment,
                                          const IpPacket& packet,
                                          std::int64_t timer_now_ns,
                                          HeadSink* heads) {
  const std::uint64_t hash = hash_of(fragment.key, options_.hash_seed);
  const std::uint32_t found =
      table_.find(hash, [&](std::uint32_t index) { return slots_[index].key == fragment.key; });
  if (found != kNone) return found;
  std::uint32_t index = slot_pool_.take();
  if (index == kNone) {
    if (!drop_whole()) give_up(oldest(), ReassemblyCount::kEvicted, heads);
    index = slot_pool_.take();
  }
  slots_[index] = Slot{.key = fragment.key,
                       .hash = hash,
                       .age = {},
                       .since_ns = timer_now_ns,
                       .time_ns = packet.time_ns,
                       .order = packet.order,
                       .realm = packet.realm,
                       .port_index = packet.port_index,
                       .vlan = packet.vlan,
                       .block_count = 0,
                       .first_block = kNone,
                       .received = 0,
                       .total = 0,
                       .header_bytes = 0,
                       .is_refused = false,
                       .is_whole = false,
                       .is_late = false,
                       .is_told = false,
                       .header = {}};
  table_.insert(hash, index);
  list_push_back(slots_, &Slot::age, fresh_, index);
  return index;
}

// The last block that begins before `offset`; kNone when there is none.
std::uint32_t Reassembler::block_before(const Slot& slot, std::uint32_t offset) const {
  std::uint32_t before = kNone;
  std::uint32_t at = slot.first_block;
  for (; at != kNone && blocks_[at].offset < offset; at = blocks_[at].next) before = at;
  return before;
}

// A duplicate is one whose every block is there already.
Reassembler::Fit Reassembler::fit(const Slot& slot,
                                  std::uint32_t before,
                                  const Fragment& fragment) const {
  if (before != kNone && blocks_[before].end() > fragment.offset) return Fit::kOverlap;
  std::uint32_t at = before == kNone ? slot.first_block : blocks_[before].next;
  if (at == kNone || blocks_[at].offset >= fragment.end()) return Fit::kNew;
  for (std::size_t done = 0; done < fragment.payload.size(); at = blocks_[at].next) {
    if (at == kNone) return Fit::kOverlap;
    const Block& block = blocks_[at];
    const std::size_t length = std::min(fragment.payload.size() - done, kBlockBytes);
    const bool is_equal = block.offset == fragment.offset + done && block.length == length &&
                          std::memcmp(block.bytes, fragment.payload.data() + done, length) == 0;
    if (!is_equal) return Fit::kOverlap;
    done += length;
  }
  return Fit::kDuplicate;
}

// Two ends, or something behind the end.
bool Reassembler::contradicts(const Slot& slot, const Fragment& fragment) {
  if (slot.total == 0) return false;
  return fragment.more ? fragment.end() >= slot.total : fragment.end() != slot.total;
}

// Blocks for a fragment of this slot, from the oldest packets if need be; false when that was the
// slot itself.
bool Reassembler::make_room(std::uint32_t index, std::uint32_t blocks, HeadSink* heads) {
  while (options_.block_count - block_pool_.used() < blocks) {
    if (drop_whole()) continue;
    const std::uint32_t victim = oldest();
    give_up(victim, ReassemblyCount::kEvicted, heads);
    if (victim == index) return false;
  }
  return true;
}

void Reassembler::insert(Slot& slot, std::uint32_t before, const Fragment& fragment) {
  for (std::size_t done = 0; done < fragment.payload.size();) {
    const std::size_t length = std::min(fragment.payload.size() - done, kBlockBytes);
    const std::uint32_t index = block_pool_.take();
    Block& block = blocks_[index];
    block.offset = static_cast<std::uint16_t>(fragment.offset + done);
    block.length = static_cast<std::uint16_t>(length);
    std::memcpy(block.bytes, fragment.payload.data() + done, length);
    std::uint32_t& link = before == kNone ? slot.first_block : blocks_[before].next;
    block.next = link;
    link = index;
    before = index;
    done += length;
    ++slot.block_count;
  }
  slot.received += static_cast<std::uint32_t>(fragment.payload.size());
  if (!fragment.more) slot.total = fragment.end();
  if (fragment.offset == 0) {
    std::memcpy(slot.header, fragment.header.data(), fragment.header.size());
    slot.header_bytes = static_cast<std::uint8_t>(fragment.header.size());
  }
}

// False when bytes lie behind the end, or no packet is so long.
bool Reassembler::assemble(const Slot& slot, IpPacket& whole) {
  if (slot.header_bytes == 0 || slot.received != slot.total) return false;
  std::uint8_t* at = output_.data();
  std::memcpy(at, slot.header, slot.header_bytes);
  if (!make_whole({at, slot.header_bytes}, slot.total)) return false;
  at += slot.header_bytes;
  std::uint32_t expected = 0;
  for (std::uint32_t i = slot.first_block; i != kNone; i = blocks_[i].next) {
    if (blocks_[i].offset != expected || blocks_[i].end() > slot.total) return false;
    std::memcpy(at + expected, blocks_[i].bytes, blocks_[i].length);
    expected = blocks_[i].end();
  }
  whole = packet_of(slot, output_.first(slot.header_bytes + std::size_t{slot.total}));
  return true;
}

// What there is of a datagram from its beginning on, behind a header that tells how long all of it
// is; false when there is nothing to offer.
bool Reassembler::read_head(const Slot& slot, IpPacket& head) {
  if (slot.header_bytes == 0 || slot.is_refused || slot.is_told) return false;
  const std::uint8_t protocol =
      slot.key.version == 4 ? slot.key.protocol : slot.header[slot.header_bytes - kFragmentBytes];
  if (protocol != kProtocolUdp) return false;
  std::uint8_t* at = head_output_.data();
  std::memcpy(at, slot.header, slot.header_bytes);
  std::uint32_t there = 0;
  for (std::uint32_t i = slot.first_block; i != kNone && blocks_[i].offset == there;
       i = blocks_[i].next) {
    std::memcpy(at + slot.header_bytes + there, blocks_[i].bytes, blocks_[i].length);
    there = blocks_[i].end();
  }
  // The fragment was no last one, so it has at least the eight bytes of UDP's header.
  const auto length = load_be<std::uint16_t>(blocks_[slot.first_block].bytes + 4);
  if (length <= there || !make_whole({at, slot.header_bytes}, length)) return false;
  head = packet_of(slot, head_output_.first(slot.header_bytes + std::size_t{there}));
  return true;
}

void Reassembler::offer_head(Slot& slot, HeadSink* heads) {
  IpPacket head;
  if (heads != nullptr && read_head(slot, head)) slot.is_told = heads->on_head(head);
}

// The slot stays, to know what still comes of the packet, until its time is over.
void Reassembler::refuse(Slot& slot) {
  counters_.add(ReassemblyCount::kOverlapping);
  free_blocks(slot);
  slot.is_refused = true;
}

void Reassembler::free_blocks(Slot& slot) {
  for (std::uint32_t at = slot.first_block; at != kNone;) {
    const std::uint32_t next = blocks_[at].next;
    block_pool_.put(at);
    at = next;
  }
  slot.first_block = kNone;
  slot.block_count = 0;
}

void Reassembler::remove(std::uint32_t index) {
  Slot& slot = slots_[index];
  free_blocks(slot);
  table_.erase(slot.hash, index);
  list_remove(slots_, &Slot::age, list_of(slot), index);
  if (slot.is_whole) --whole_count_;
  slot_pool_.put(index);
}

void Reassembler::give_up(std::uint32_t index, ReassemblyCount reason, HeadSink* heads) {
  Slot& slot = slots_[index];
  offer_head(slot, heads);
  if (!slot.is_refused) counters_.add(reason);
  remove(index);
}

void Reassembler::expire(std::int64_t timer_now_ns, HeadSink* heads) {
  const auto has_waited = [&](const ListHead& list, std::int64_t wait_ns) {
    return !list.empty() && timer_now_ns - slots_[list.first].since_ns >= wait_ns;
  };
  while (has_waited(fresh_, kHeadNs)) {
    const std::uint32_t index = fresh_.first;
    list_remove(slots_, &Slot::age, fresh_, index);
    list_push_back(slots_, &Slot::age, late_, index);
    slots_[index].is_late = true;
    offer_head(slots_[index], heads);
  }
  while (has_waited(late_, options_.timeout_ns)) {
    give_up(late_.first, ReassemblyCount::kTimedOut, heads);
  }
  while (has_waited(whole_, kRepeatNs)) drop_whole();
}

void Reassembler::finish(HeadSink* heads) {
  for (std::uint32_t index = oldest(); index != kNone; index = oldest()) {
    give_up(index, ReassemblyCount::kIncomplete, heads);
  }
  while (drop_whole()) {
  }
}

}  // namespace tapdeck::engine
