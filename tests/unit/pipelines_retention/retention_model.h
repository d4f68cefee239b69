// What retention should make of calls, as a plain list in memory: no journal, no store, no disk.
// Threads: one test.  Memory: small.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/result.h"
#include "model/call.h"
#include "model/ledger_content.h"

namespace tapdeck::retention {

constexpr std::array<RecordingParts, 3> kEachPart = {kPartMedia, kPartSip, kPartCdr};

inline std::uint64_t from_environment(const char* name, std::uint64_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().message;
}

struct ModelPart {
  bool there = true;
  std::optional<std::int64_t> until_us{};  // nullopt: for ever
};

struct ModelCall {
  ModelPart& operator[](RecordingParts part) { return parts[index_of(part)]; }

  const ModelPart& operator[](RecordingParts part) const { return parts[index_of(part)]; }

  static std::size_t index_of(RecordingParts part) {
    return part == kPartMedia ? 0 : part == kPartSip ? 1 : 2;
  }

  [[nodiscard]] bool has_record() const { return parts[2].there; }

  [[nodiscard]] bool held() const { return !matters.empty(); }

  // What is due before that time, whether held or not: by time.
  [[nodiscard]] std::map<std::int64_t, RecordingParts> due(std::int64_t before_us) const {
    std::map<std::int64_t, RecordingParts> rows;
    for (const RecordingParts part : kEachPart) {
      const ModelPart& one = (*this)[part];
      if (!ended || !has_record() || !one.there || !one.until_us || *one.until_us >= before_us) {
        continue;
      }
      rows[*one.until_us] = static_cast<RecordingParts>(rows[*one.until_us] | part);
    }
    return rows;
  }

  // The same as a plan has it: a record that is over by itself goes with the last of what it leads
  // to, or not at all.
  [[nodiscard]] std::map<std::int64_t, RecordingParts> planned(std::int64_t before_us) const {
    std::map<std::int64_t, RecordingParts> rows = due(before_us);
    const ModelPart& record = (*this)[kPartCdr];
    const auto row = record.until_us ? rows.find(*record.until_us) : rows.end();
    if (row == rows.end() || (row->second & kPartCdr) == 0) return rows;
    std::int64_t last_us = row->first;
    bool stays = false;
    for (const RecordingParts part : {kPartMedia, kPartSip}) {
      const ModelPart& one = (*this)[part];
      if (!one.there) continue;
      stays = stays || !one.until_us || *one.until_us >= before_us;
      last_us = std::max(last_us, one.until_us.value_or(last_us));
    }
    if (!stays && row->second != kPartCdr) return rows;
    row->second = static_cast<RecordingParts>(row->second & ~kPartCdr);
    if (row->second == 0) rows.erase(row);
    if (!stays) rows[last_us] = static_cast<RecordingParts>(rows[last_us] | kPartCdr);
    return rows;
  }

  void lose(RecordingParts gone, RecordingLifecycle how) {
    if ((gone & kPartMedia) != 0) media = how;
    if ((gone & (kPartSip | kPartCdr)) != 0) note.clear();
    for (const RecordingParts part : {kPartMedia, kPartSip}) {
      if ((gone & (part | kPartCdr)) != 0) (*this)[part].there = false;
    }
  }

  // Everything whose time is over goes; the record last.
  void expire(std::int64_t now_us) {
    if (held()) return;
    RecordingParts gone = 0;
    for (const auto& [time, some] : due(now_us)) gone = static_cast<RecordingParts>(gone | some);
    if (gone == 0) return;
    const auto record_alone = static_cast<RecordingParts>(gone & ~kPartCdr);
    bool outlived = false;
    for (const RecordingParts part : {kPartMedia, kPartSip}) {
      const ModelPart& one = (*this)[part];
      outlived = outlived || (one.there && (gone & part) == 0);
    }
    if (!outlived && (gone & kPartCdr) != 0) {
      lose(gone, RecordingLifecycle::kExpired);
      parts[2].there = false;
      return;
    }
    lose(record_alone, RecordingLifecycle::kExpired);
  }

  // Which of its times an extension changes; nullopt: it is refused.
  [[nodiscard]] std::optional<RecordingParts> extended_by(RecordingParts wanted,
                                                          std::int64_t until_us,
                                                          std::int64_t now_us) const {
    RecordingParts there =
        has_record() ? static_cast<RecordingParts>(wanted & kPartCdr & ~erased) : RecordingParts{0};
    for (const RecordingParts part : {kPartMedia, kPartSip}) {
      const ModelPart& one = (*this)[part];
      const bool over = !held() && one.until_us && *one.until_us < now_us;
      const bool has_it = one.there || (part == kPartSip && !note.empty());
      if ((wanted & part & ~erased) != 0 && has_it && !over && has_record()) {
        there = static_cast<RecordingParts>(there | part);
      }
    }
    if (there == 0) return RecordingParts{0};
    if (!ended || until_us > latest_us) return std::nullopt;
    RecordingParts changed = 0;
    for (const RecordingParts part : kEachPart) {
      const ModelPart& one = (*this)[part];
      if ((there & part) == 0 || !one.until_us || *one.until_us >= until_us) continue;
      changed = static_cast<RecordingParts>(changed | part);
    }
    return changed;
  }

  // Whether it forbids that these parts are erased.
  [[nodiscard]] bool forbids(RecordingParts wanted, std::int64_t now_us, bool doubted) const {
    if (held()) return true;
    if (!locked || !has_record()) return false;
    return std::any_of(kEachPart.begin(), kEachPart.end(), [&](RecordingParts part) {
      const auto& until_us = (*this)[part].until_us;
      return (wanted & part) != 0 && (doubted || !until_us || *until_us > now_us);
    });
  }

  void erase(RecordingParts wanted) {
    erased = static_cast<RecordingParts>(erased | wanted);
    lose(static_cast<RecordingParts>(wanted & ~kPartCdr), RecordingLifecycle::kErased);
    if ((wanted & kPartCdr) != 0) number.clear();
  }

  // What its record says of it.
  [[nodiscard]] RecordingLifecycle lifecycle() const {
    const bool there = media == RecordingLifecycle::kPresent;
    return there && held() ? RecordingLifecycle::kHeld : media;
  }

  std::string number;  // empty: pseudonyms
  std::string note{};
  bool ended = false;
  bool writing = false;  // by this process
  bool locked = false;
  std::int64_t latest_us = 0;
  std::array<ModelPart, 3> parts{};  // media, messages, record
  RecordingParts erased = 0;
  RecordingLifecycle media = RecordingLifecycle::kPresent;
  std::set<std::string> matters{};
};

}  // namespace tapdeck::retention
