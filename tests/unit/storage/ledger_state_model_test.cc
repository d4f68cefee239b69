// Thousands of random holds, releases, erasures, expiries, extensions and annotations, through a
// real ledger and a real key store, against a model that keeps a plain list for each of them. The
// state that grows entry by entry and the one that a replay gives must both be the model's.
#include <random>

#include "storage/ledger_state.h"
#include "tests/unit/storage/ledger_fixture.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kCalls = 40;
constexpr std::uint32_t kMatters = 5;

struct ModelHold {
  std::uint64_t sequence = 0;
  std::string matter;
  bool waits = false;
};

struct ModelCall {
  std::vector<std::string> matters;  // may have one twice
  int erased = 0;
  std::int64_t until[3] = {0, 0, 0};
  std::map<std::string, std::string> notes;
  std::optional<std::uint32_t> key;
};

class Model {
 public:
  explicit Model(std::uint32_t seed) : random_(seed) {}

  // Makes up one entry, appends it, and does to the model what it says.
  void step(Ledger& ledger, KeyVault& keys) {
    const std::uint32_t what = pick(20);
    const std::uint64_t sequence = ledger.next_sequence();
    if (what < 5) hold(ledger, sequence);
    if (what >= 5 && what < 7) match(ledger);
    if (what >= 7 && what < 10) release(ledger);
    if (what >= 10 && what < 12) erase(ledger, keys);
    if (what == 12) expire(ledger, keys);
    if (what >= 13 && what < 15) extend(ledger);
    if (what >= 15 && what < 19) annotate(ledger, keys);
    if (what == 19) append(ledger, {}, kNoKey, Access{{}, AccessKind::kSearch, "number"});
  }

  void expect_same(const LedgerState& state) const {
    std::map<std::string, std::size_t> orders;
    for (const ModelHold& each : holds_) ++orders[each.matter];
    ASSERT_EQ(state.matters().size(), orders.size());
    for (const auto& [name, matter] : state.matters()) {
      EXPECT_EQ(matter.orders.size(), orders[name]) << name;
      EXPECT_EQ(matter.held, held_by(name)) << name;
    }
    std::size_t erased = 0;
    for (std::uint32_t i = 0; i < kCalls; ++i) {
      const ModelCall& call = calls_[i];
      const Uid uid = testing::ledger_uid(i);
      const std::set<std::string> matters(call.matters.begin(), call.matters.end());
      EXPECT_EQ(state.matters_of(uid), std::vector<std::string>(matters.begin(), matters.end()));
      EXPECT_EQ(state.is_held(uid), !matters.empty());
      EXPECT_EQ(state.erased_parts(uid), call.erased);
      erased += call.erased != 0 ? 1 : 0;
      const auto times = state.extended().find(uid);
      const ExtendedTimes found = times == state.extended().end() ? ExtendedTimes{} : times->second;
      EXPECT_EQ(found.media_until_us.value_or(0), call.until[0]);
      EXPECT_EQ(found.sip_until_us.value_or(0), call.until[1]);
      EXPECT_EQ(found.cdr_until_us.value_or(0), call.until[2]);
      const auto notes = state.annotations().find(uid);
      EXPECT_EQ(notes != state.annotations().end(), !call.notes.empty());
      if (notes != state.annotations().end()) {
        EXPECT_EQ(notes->second, call.notes);
      }
    }
    EXPECT_EQ(state.erased().size(), erased);
  }

 private:
  std::uint32_t pick(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }

  std::string pick_matter() { return "M" + std::to_string(pick(kMatters)); }

  std::vector<std::uint32_t> pick_calls() {
    std::vector<std::uint32_t> some;
    for (std::uint32_t i = 0; i < kCalls; ++i) {
      if (pick(8) == 0) some.push_back(i);
    }
    if (some.empty()) some.push_back(pick(kCalls));
    return some;
  }

  static std::vector<Uid> uids_of(const std::vector<std::uint32_t>& calls) {
    std::vector<Uid> uids;
    for (const std::uint32_t call : calls) uids.push_back(testing::ledger_uid(call));
    std::sort(uids.begin(), uids.end());
    return uids;
  }

  static void append(Ledger& ledger,
                     const Uid& uid,
                     std::uint32_t key_id,
                     const LedgerContent& content) {
    const LedgerEntry entry{uid, testing::kLedgerTimeUs, key_id, content};
    const auto appended = ledger.append({&entry, 1});
    ASSERT_TRUE(appended) << appended.error().message;
  }

  void hold(Ledger& ledger, std::uint64_t sequence) {
    const auto calls = pick_calls();
    const std::string matter = pick_matter();
    const bool waits = pick(3) == 0;
    Hold hold{{}, matter, "why", uids_of(calls), {}, {}};
    if (waits) hold.future = CallQuery{};
    append(ledger, {}, kNoKey, hold);
    holds_.push_back({sequence, matter, waits});
    for (const std::uint32_t call : calls) calls_[call].matters.push_back(matter);
  }

  // Of an active hold, or of one that never was.
  void match(Ledger& ledger) {
    const auto calls = pick_calls();
    const bool active = !holds_.empty() && pick(4) != 0;
    const ModelHold of = active ? holds_[pick(static_cast<std::uint32_t>(holds_.size()))]
                                : ModelHold{999'999'999, pick_matter(), false};
    append(ledger, {}, kNoKey, Hold{{}, of.matter, "", uids_of(calls), {}, of.sequence});
    if (!active) return;
    for (const std::uint32_t call : calls) calls_[call].matters.push_back(of.matter);
  }

  void release(Ledger& ledger) {
    const std::string matter = pick_matter();
    const bool whole = pick(2) == 0;
    const auto calls = pick_calls();
    append(ledger,
           {},
           kNoKey,
           Release{{}, matter, "", whole, whole ? std::vector<Uid>() : uids_of(calls)});
    for (std::uint32_t i = 0; i < kCalls; ++i) {
      if (whole || std::count(calls.begin(), calls.end(), i) > 0) {
        std::erase(calls_[i].matters, matter);
      }
    }
    const bool waits = std::any_of(holds_.begin(), holds_.end(), [&](const ModelHold& each) {
      return each.matter == matter && each.waits;
    });
    if (whole || (held_by(matter) == 0 && !waits)) {
      std::erase_if(holds_, [&](const ModelHold& each) { return each.matter == matter; });
    }
  }

  [[nodiscard]] std::size_t held_by(const std::string& matter) const {
    return static_cast<std::size_t>(
        std::count_if(calls_.begin(), calls_.end(), [&](const ModelCall& call) {
          return std::count(call.matters.begin(), call.matters.end(), matter) > 0;
        }));
  }

  // What going of parts does to one call; its key goes as the erase path lets it go.
  void drop(std::uint32_t number, int parts, KeyVault& keys) {
    ModelCall& call = calls_[number];
    for (int i = 0; i < 3; ++i) {
      if ((parts >> i & 1) != 0) call.until[i] = 0;
    }
    if ((parts & (kPartSip | kPartCdr)) == 0) return;
    call.notes.clear();
    if (call.key) {
      ASSERT_TRUE(keys.destroy(*call.key, testing::ledger_uid(number)));
    }
    call.key.reset();
  }

  void erase(Ledger& ledger, KeyVault& keys) {
    const std::uint32_t call = pick(kCalls);
    const int parts = static_cast<int>(1 + pick(7));
    append(ledger,
           testing::ledger_uid(call),
           kNoKey,
           Erasure{{}, "request", static_cast<RecordingParts>(parts)});
    calls_[call].erased |= parts;
    drop(call, parts, keys);
  }

  void expire(Ledger& ledger, KeyVault& keys) {
    const auto calls = pick_calls();
    const int parts = static_cast<int>(1 + pick(7));
    append(ledger, {}, kNoKey, Expiry{"class", static_cast<RecordingParts>(parts), uids_of(calls)});
    for (const std::uint32_t call : calls) drop(call, parts, keys);
  }

  void extend(Ledger& ledger) {
    const std::uint32_t number = pick(kCalls);
    const std::int64_t until = 1 + pick(1'000);
    const std::uint32_t part = pick(3);
    Extension extension;
    (part == 0   ? extension.media_until_us
     : part == 1 ? extension.sip_until_us
                 : extension.cdr_until_us) = until;
    append(ledger, testing::ledger_uid(number), kNoKey, extension);
    calls_[number].until[part] = std::max(calls_[number].until[part], until);
  }

  void annotate(Ledger& ledger, KeyVault& keys) {
    const std::uint32_t number = pick(kCalls);
    const Uid uid = testing::ledger_uid(number);
    ModelCall& call = calls_[number];
    if (!call.key) call.key = keys.allocate(uid, SegmentKind::kSip)->id;
    const std::string key = "k" + std::to_string(pick(3));
    const std::string value = pick(4) == 0 ? "" : "v" + std::to_string(pick(100));
    append(ledger, uid, *call.key, Annotation{{}, {{key, value}}});
    call.notes.erase(key);
    if (!value.empty()) call.notes[key] = value;
  }

  std::mt19937 random_;
  std::vector<ModelHold> holds_;
  std::array<ModelCall, kCalls> calls_;
};

void apply_new(LedgerState& state, const Ledger& ledger) {
  const auto replayed =
      ledger.replay(state.next_sequence(), [&](const LedgerRecord& record) -> Result<bool> {
        TD_TRY(state.apply(record));
        return true;
      });
  ASSERT_TRUE(replayed) << replayed.error().message;
}

TEST(LedgerStateModel, RandomLivesGiveTheModelsState) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    const LedgerDirectory directory;
    Model model(seed);
    LedgerState live;
    auto ledger = directory.open(20'000);
    ASSERT_NE(ledger, nullptr);
    for (int step = 1; step <= 2'000; ++step) {
      model.step(*ledger, directory.keys());
      apply_new(live, *ledger);
      if (step % 50 != 0) continue;
      model.expect_same(live);
      if (step % 200 == 0) {
        ledger.reset();
        ledger = directory.open(20'000);
        ASSERT_NE(ledger, nullptr);
      }
      const auto restored = LedgerState::restore(*ledger);
      ASSERT_TRUE(restored) << restored.error().message;
      model.expect_same(*restored);
      ASSERT_FALSE(::testing::Test::HasFailure()) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace tapdeck::storage
