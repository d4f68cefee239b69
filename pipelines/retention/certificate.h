// What an erasure hands out: what was erased, when, by whom, why, under which leaves of the
// journal, and what it does not cover.  JSON, without any number or name of a call's parties.
//
// Threads: any; plain values.  Memory: about 200 bytes a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/ledger_content.h"

namespace tapdeck::retention {

struct CertifiedCall {
  Uid uid{};
  RecordingParts parts = 0;
  std::uint64_t sequence = 0;  // of its entry in the journal
  std::string leaf_hash;       // of that, hex
  bool known = true;           // false: no such call was in the log
  std::uint64_t exports = 0;   // that the journal knows
};

struct Certificate {
  std::int64_t time_us = 0;
  LedgerActor actor;
  std::string reason;
  bool one_party = false;  // of each record, not everybody
  std::vector<CertifiedCall> calls{};
  std::optional<std::int64_t> last_backup_us{};
};

std::string to_json(const Certificate& certificate);

// "media", "sip", "cdr", as JSON has them.
std::vector<std::string_view> part_names(RecordingParts parts);

}  // namespace tapdeck::retention
