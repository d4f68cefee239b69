// What the tests of destroying share: a store, the slots of a recording in its files, and the
// search for a key's bytes. Threads: one test.  Memory: whole files.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "storage/keys.h"
#include "storage/message_record.h"
#include "storage/store.h"
#include "tests/unit/storage/refusing_disk.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {

inline bool is_anywhere(const std::string& directory, ByteView wanted) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    std::error_code gone;  // RocksDB removes files of its own meanwhile
    if (!entry.is_regular_file(gone)) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const auto size = entry.file_size(gone);
    if (gone) continue;
    std::string bytes(size, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (memmem(bytes.data(), bytes.size(), wanted.data(), wanted.size()) != nullptr) return true;
  }
  return false;
}

inline std::vector<KeySlot> slots_of(const std::string& directory, std::uint8_t number) {
  constexpr std::size_t kSlotsLookedAt = 1'024;  // more than any of these tests uses
  std::vector<std::uint8_t> bytes(kSlotsLookedAt * kKeySlotBytes);
  std::ifstream file(directory + "/keys/00000000.keys", std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));  // none: no key was ever made
  std::vector<KeySlot> slots;
  for (std::uint32_t id = 0; (id + 1) * kKeySlotBytes <= bytes.size(); ++id) {
    const ByteView at = ByteView(bytes).subspan(id * kKeySlotBytes, kKeySlotBytes);
    if (at[0] == 0 && memcmp(at.data(), at.data() + 1, at.size() - 1) == 0) continue;  // never used
    const auto slot = decode_key_slot(id, at);
    if (!slot || slot->state != KeySlotState::kUsed) continue;
    if (slot->recording == test_uid(number)) slots.push_back(*slot);
  }
  return slots;
}

inline CallRecord call_of(std::uint8_t number, bool final) {
  CallRecord call;
  call.uid = test_uid(number);
  call.start_us = kTestStartMs * 1000;
  call.final = final;
  call.version = final ? 2 : 1;
  call.state = final ? CallState::kEnded : CallState::kInProgress;
  return call;
}

class ShredderTest : public ::testing::Test {
 protected:
  void TearDown() override { RefusingDisk::instance().stop(); }

  void open() {
    store_.reset();
    store_ = open_store(options_);
    ASSERT_NE(store_, nullptr);
  }

  void expect_consistent() {
    const auto faults = store_->reader()->check();
    ASSERT_TRUE(faults);
    for (const StoreFault& fault : *faults) ADD_FAILURE() << fault.where << ": " << fault.what;
  }

  void expect_gone(const std::vector<KeySlot>& slots) {
    ASSERT_FALSE(slots.empty());
    for (const KeySlot& slot : slots) {
      EXPECT_FALSE(is_anywhere(directory_.path(), slot.wrapped.bytes));
      EXPECT_FALSE(is_anywhere(directory_.path(), slot.wrapped.tag));
    }
  }

  [[nodiscard]] static std::string messages_text(std::string text) {
    MessageRecord message;
    message.time_us = kTestStartMs * 1000;
    message.bytes = std::move(text);
    std::string records;
    append_message_record(message, records);
    return records;
  }

  std::string read_messages(std::uint8_t number) {
    std::string texts;
    const auto read = store_->reader()->read_messages(test_uid(number), [&](const auto& message) {
      texts += message.bytes;
      return true;
    });
    return read ? texts : read.error().message;
  }

  // Its media is gone, and whoever asks for it is told.
  void expect_told(std::uint8_t number) {
    const auto read = read_sections(*store_->reader(), test_uid(number));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kNotFound);
    EXPECT_NE(read.error().message.find("destroyed on purpose"), std::string::npos)
        << read.error().message;
    EXPECT_TRUE(store_->reader()->durability(test_uid(number))->empty());
  }

  const TemporaryDirectory directory_;
  StoreOptions options_ = test_options(directory_.path());
  std::unique_ptr<Store> store_;
};

}  // namespace tapdeck::storage
