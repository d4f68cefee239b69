// Keys go when nothing needs them, whatever was cut short: each test ends with the bytes of the key
// in no file of the store.
#include "storage/shredder.h"

#include <cstring>

#include "storage/store.h"
#include "tests/unit/storage/refusing_disk.h"
#include "tests/unit/storage/store_fixture.h"

namespace tapdeck::storage {
namespace {

bool is_anywhere(const std::string& directory, ByteView wanted) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const auto bytes = whole_file(entry.path());
    if (memmem(bytes.data(), bytes.size(), wanted.data(), wanted.size()) != nullptr) return true;
  }
  return false;
}

std::vector<KeySlot> slots_of(const std::string& directory, std::uint8_t number) {
  const auto bytes = whole_file(directory + "/keys/00000000.keys");
  std::vector<KeySlot> slots;
  for (std::uint32_t id = 0; id < 64 && (id + 1) * kKeySlotBytes <= bytes.size(); ++id) {
    const auto slot = decode_key_slot(id, ByteView(bytes).subspan(id * kKeySlotBytes));
    if (!slot || slot->state != KeySlotState::kUsed) continue;
    if (slot->recording == test_uid(number)) slots.push_back(*slot);
  }
  return slots;
}

CallRecord call_of(std::uint8_t number, bool final) {
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

  const TemporaryDirectory directory_;
  const StoreOptions options_ = test_options(directory_.path());
  std::unique_ptr<Store> store_;
};

TEST_F(ShredderTest, AKeyThatOpensNothingIsDestroyedAtOpening) {
  crash_after(options_, [](Store& store) { append(store.writer(), *make_chunk({})); });
  const auto slots = slots_of(directory_.path(), 1);
  ASSERT_EQ(slots.size(), 1U);
  EXPECT_TRUE(is_anywhere(directory_.path(), slots[0].wrapped.bytes)) << "the search finds nothing";
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 1U);
  expect_gone(slots);
  expect_consistent();
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 0U);
}

TEST_F(ShredderTest, KeysOfWhatIsKeptStay) {
  crash_after(options_, [](Store& store) {
    append(store.writer(), *make_chunk({}));
    ASSERT_TRUE(store.writer().flush());
    append(store.writer(), *make_chunk({.recording = 2}));  // in no file yet
  });
  for (int i = 0; i < 2; ++i) {
    open();
    EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 1U);
    EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), i == 0 ? 1U : 0U);
    expect_consistent();
  }
}

// Its ledger entries may be sealed under the key: it stays until the call is discarded.
TEST_F(ShredderTest, KeysOfCallsInTheLogAreClaimed) {
  crash_after(options_, [](Store& store) {
    const CallRecord call = call_of(1, false);
    ASSERT_TRUE(store.put_calls({&call, 1}));
    append(store.writer(), *make_chunk({}));
  });
  const auto slots = slots_of(directory_.path(), 1);
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 0U);
  EXPECT_EQ(slots_of(directory_.path(), 1).size(), 1U);
  open();
  EXPECT_EQ(slots_of(directory_.path(), 1).size(), 1U);
  EXPECT_FALSE(*store_->is_present(test_uid(1)));
  expect_gone(slots);
  expect_consistent();
}

// A recording that is made anew takes with it what the first attempt had in memory only.
TEST_F(ShredderTest, ADiscardedRecordingLeavesNoKey) {
  open();
  {
    auto import = store_->open_import();
    ASSERT_TRUE(import);
    append((*import)->writer(), *make_chunk({}));
    ASSERT_TRUE((*import)->writer().flush());
  }
  const auto slots = slots_of(directory_.path(), 1);
  EXPECT_FALSE(*store_->is_present(test_uid(1)));
  expect_gone(slots);
  expect_consistent();
}

TEST_F(ShredderTest, WithoutItsListTheStoreLooksAtAllKeys) {
  crash_after(options_, [](Store& store) {
    append(store.writer(), *make_chunk({}));
    ASSERT_TRUE(store.writer().flush());
    append(store.writer(), *make_chunk({.recording = 2}));
  });
  const auto slots = slots_of(directory_.path(), 2);
  std::filesystem::remove(directory_.path() + "/keys/unsettled.list");
  open();
  EXPECT_EQ(figure(*store_, "recovery_keys_destroyed"), 1U);
  expect_gone(slots);
  EXPECT_EQ(read_sections(*store_->reader(), test_uid(1))->size(), 1U);
}

}  // namespace
}  // namespace tapdeck::storage
