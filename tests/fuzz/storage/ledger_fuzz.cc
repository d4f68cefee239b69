// Files of the ledger: bytes from anywhere; entries that are whole but say anything, for what reads
// them behind the checksum; and a ledger that the input describes and then damages: byte 0 says how
// many groups it has and whether it was closed, the rest is places and values of bytes.  What is
// opened must be a prefix of what was appended, go on behind it, and open again; a closed one must
// be whole or refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "base/assert.h"
#include "storage/ledger.h"
#include "storage/ledger_state.h"
#include "tests/support/sample_ledger.h"

using namespace tapdeck;
using namespace tapdeck::storage;

namespace {

// One for the whole run, in memory.
class Place {
 public:
  Place() {
    std::string pattern = "/dev/shm/ledger-fuzz-XXXXXX";
    path_ = mkdtemp(pattern.data());
    TD_ASSERT(std::filesystem::create_directory(path_ + "/keys"));
    keys_ = std::move(*KeyVault::open(path_ + "/keys", MasterKey()));
  }

  ~Place() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  [[nodiscard]] Result<std::unique_ptr<Ledger>> open() const {
    return Ledger::open(path_ + "/ledger", {.master = MasterKey(), .keys = keys_.get()});
  }

  [[nodiscard]] KeyVault& keys() const { return *keys_; }

  [[nodiscard]] std::string file() const { return path_ + "/ledger/00000000.ledger"; }

  void put(ByteView bytes, mode_t mode) const {
    std::filesystem::create_directory(path_ + "/ledger");
    std::filesystem::remove(file());
    const Descriptor to(::open(file().c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600));
    TD_ASSERT(write_fully(to.get(), bytes, 0) && fchmod(to.get(), mode) == 0);
  }

  [[nodiscard]] std::vector<std::uint8_t> get() const {
    std::vector<std::uint8_t> bytes(std::filesystem::file_size(file()));
    const Descriptor from(::open(file().c_str(), O_RDONLY));
    TD_ASSERT(read_fully(from.get(), bytes, 0));
    return bytes;
  }

 private:
  std::string path_;
  std::unique_ptr<KeyVault> keys_;
};

Place& place() {
  static Place made;
  return made;
}

LedgerEntry entry_of(std::uint64_t number) {
  static const std::vector<LedgerContent> kContents = testing::sample_contents();
  const LedgerContent* content = &kContents[number % kContents.size()];
  const bool of_call = goes_with_call(type_of(*content));
  if (of_call && type_of(*content) != LedgerType::kAccess) content = &kContents.back();
  return {.uid = testing::sample_subject(*content),
          .time_us = static_cast<std::int64_t>(number),
          .key_id = kNoKey,
          .content = *content};
}

std::uint64_t append_groups(Ledger& ledger, std::uint64_t next, unsigned groups) {
  for (unsigned group = 0; group < groups; ++group) {
    std::vector<LedgerEntry> entries;
    for (unsigned i = 0; i <= group % 4; ++i) entries.push_back(entry_of(next + i));
    TD_ASSERT(ledger.append(entries));
    next += entries.size();
  }
  return next;
}

// Every entry is the one that was appended under its number.
std::uint64_t count_entries(const Ledger& ledger) {
  std::uint64_t count = 0;
  const auto replayed = ledger.replay(0, [&](const LedgerRecord& record) -> Result<bool> {
    const LedgerEntry expected = entry_of(count);
    TD_ASSERT(record.header.sequence == count++ && record.header.time_us == expected.time_us);
    TD_ASSERT(record.state == LedgerContentState::kReadable);
    TD_ASSERT(as_text(record.content) == encode_ledger_content(expected.content));
    return true;
  });
  TD_ASSERT(replayed);
  TD_ASSERT(LedgerState::restore(ledger));
  return count;
}

void damage_a_ledger(const std::uint8_t* data, std::size_t size) {
  const bool closed = (data[0] & 1) != 0;
  std::filesystem::remove(place().file());
  std::uint64_t appended = 0;
  {
    const auto ledger = place().open();
    TD_ASSERT(ledger);
    appended = append_groups(**ledger, 0, data[0] / 2 % 16);
  }
  const std::vector<std::uint8_t> whole = place().get();
  std::vector<std::uint8_t> bytes = whole;
  std::size_t at = 1;
  if (size > 3 && data[1] % 2 == 0) {
    bytes.resize((data[2] | data[3] << 8) % (bytes.size() + 64));
    at = 4;
  }
  for (; at + 2 < size && !bytes.empty(); at += 3) {
    bytes[(data[at] | data[at + 1] << 8) % bytes.size()] = data[at + 2];
  }
  place().put(bytes, closed ? 0400 : 0600);
  {
    auto ledger = place().open();
    if (!ledger) {
      TD_ASSERT(ledger.error().message.find(place().file()) != std::string::npos);
      return;
    }
    const std::uint64_t count = count_entries(**ledger);
    TD_ASSERT(count <= appended && (bytes != whole || count == appended));
    if (closed) TD_ASSERT(std::equal(bytes.begin(), bytes.end(), whole.begin()));
    append_groups(**ledger, count, 1);
  }
  const auto again = place().open();
  TD_ASSERT(again && (*again)->figures().torn_bytes_dropped == 0);
  count_entries(**again);
}

// Entries of any type and content, in any order of sequence and groups, sealed as the ledger does.
void seal_anything(const std::uint8_t* data, std::size_t size, KeyVault& keys) {
  LedgerSealer sealer(MasterKey(), {}, keys);
  sealer.set_file(0);
  const LedgerFileHeaderBytes head = encode_ledger_file_header({});
  std::vector<std::uint8_t> bytes(head.begin(), head.end());
  LedgerEntryHeader header;
  for (std::size_t at = 0; at + 4 <= size;) {
    header.type = data[at];
    header.uid = (data[at + 1] & 1) != 0 ? testing::ledger_uid(data[at + 1]) : Uid{};
    header.sequence += (data[at + 2] & 15) == 15 ? 1 : 0;
    header.group = header.sequence - std::min<std::uint64_t>(header.sequence, data[at + 2] >> 5);
    const std::size_t content = std::min<std::size_t>(data[at + 3], size - at - 4);
    sealer.seal(sealer.file_key(), header, as_text({data + at + 4, content}), bytes);
    at += 4 + content;
    ++header.sequence;
  }
  place().put(bytes, (size & 1) != 0 ? 0400 : 0600);
  const auto ledger = place().open();
  if (!ledger) return;
  std::uint64_t next = 0;
  const auto replayed = (*ledger)->replay(0, [&](const LedgerRecord& record) -> Result<bool> {
    TD_ASSERT(record.header.sequence == next++);
    TD_ASSERT(record.state == LedgerContentState::kReadable);
    return true;
  });
  TD_ASSERT(replayed && next == (*ledger)->next_sequence());
  const auto state = LedgerState::restore(**ledger);
  TD_ASSERT(state ? state->next_sequence() == next
                  : state.error().message.starts_with(place().file()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  place().put({data, size}, (data[0] & 1) != 0 ? 0400 : 0600);
  if (const auto ledger = place().open()) {
    const auto replayed =
        (*ledger)->replay(0, [](const LedgerRecord&) -> Result<bool> { return true; });
    TD_ASSERT(replayed);
    (void)LedgerState::restore(**ledger);
  }
  seal_anything(data, size, place().keys());
  damage_a_ledger(data, size);
  return 0;
}
