// What an erasure hands out: what was erased, when, by whom, why, under which leaves of the
// journal, and what it does not cover; signed by the store.  Without any number or name of a call's
// parties.
//
// A file of one line: {"body":{…},"key_id":"…","public_key":"…","signature":"…"}.  The body is
// canonical JSON (RFC 8785); what is behind it has always the same length, so that the signed bytes
// can be cut out without knowing JSON (docs/RETENTION.md).
//
// Threads: any; plain values.  Memory: about 200 bytes a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ledger_content.h"
#include "storage/crypto.h"

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
  std::vector<std::string> set_aside{};  // as EraseAnswer has it
};

// The body.
std::string to_json(const Certificate& certificate);

// The file, without the end of its line.
std::string seal_certificate(const std::string& body, const storage::SigningKey& key);

struct SealedCertificate {
  std::string_view body;  // borrows from the file
  storage::PublicKey public_key{};
  storage::Signature signature{};
};

// nullopt: it does not have the form of one, to the last byte.  Nothing is proven yet.
std::optional<SealedCertificate> open_certificate(std::string_view file);

// "media", "sip", "cdr", as JSON has them.
std::vector<std::string_view> part_names(RecordingParts parts);

}  // namespace tapdeck::retention
