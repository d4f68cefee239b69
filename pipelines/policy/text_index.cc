#include "pipelines/policy/text_index.h"

#include "base/assert.h"
#include "base/hash.h"

namespace tapdeck::policy {

std::uint64_t TextIndex::hash(std::string_view text, std::uint8_t kind) const {
  return hash_text(text, seed_ + kind);
}

std::string_view TextIndex::text_of(const Entry& entry) const {
  return std::string_view(texts_).substr(entry.begin, entry.length);
}

bool TextIndex::is(std::uint32_t entry, std::string_view text, std::uint8_t kind) const {
  const Entry& there = entries_[entry];
  return there.kind == kind && text_of(there) == text;
}

void TextIndex::place(std::uint64_t hash, std::uint32_t entry) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].entry != kNone) at = (at + 1) & mask;
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), entry};
}

void TextIndex::grow() {
  constexpr std::size_t kFirstSlots = 16;
  const std::size_t count = slots_.empty() ? kFirstSlots : slots_.size() * 2;
  slots_.assign(count, Slot{});
  for (std::uint32_t i = 0; i < size(); ++i) {
    place(hash(text_of(entries_[i]), entries_[i].kind), i);
  }
}

std::uint32_t TextIndex::add(std::string_view text, std::uint8_t kind) {
  TD_ASSERT(text.size() <= 0xffff);
  const std::uint32_t found = find(text, kind);
  if (found != kNone) return found;
  if ((entries_.size() + 1) * 2 > slots_.size()) grow();
  const std::uint32_t entry = size();
  TD_ASSERT(texts_.size() + text.size() < kNone);
  entries_.push_back(
      {static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint16_t>(text.size()), kind});
  texts_ += text;
  place(hash(text, kind), entry);
  return entry;
}

std::uint32_t TextIndex::find(std::string_view text, std::uint8_t kind) const {
  if (slots_.empty()) return kNone;
  const std::uint64_t wanted = hash(text, kind);
  const auto tag = static_cast<std::uint32_t>(wanted >> 32);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = wanted & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.entry == kNone) return kNone;
    if (slot.tag == tag && is(slot.entry, text, kind)) return slot.entry;
  }
}

}  // namespace tapdeck::policy
