// What may be asked of the journal alone, and what may be written in it; a part of requests.h.
// Threads: plain values.  Memory: strings and vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/ledger_content.h"

namespace tapdeck::retention {

// Files that were made of recordings, when they are there.
struct ExportRequest {
  std::string format;
  std::string output;  // where to
  std::uint32_t files = 0;
  LedgerDigest manifest{};  // SHA-256 of it
  std::vector<Uid> uids;    // of which there are files
};

struct JournalRequest {
  std::uint64_t from_sequence = 0;
  std::optional<Uid> uid;
  std::optional<LedgerType> type;
  std::uint32_t limit = 1'000;
};

struct JournalRow {
  std::uint64_t sequence = 0;
  std::int64_t time_us = 0;
  std::string type;
  std::optional<Uid> uid;
  std::string leaf_hash;                 // hex
  std::optional<LedgerContent> content;  // nullopt: its key is gone
};

struct JournalAnswer {
  std::vector<JournalRow> rows;
  std::uint64_t next_sequence = 0;  // behind the last row; where to go on
  bool more = false;
};

}  // namespace tapdeck::retention
