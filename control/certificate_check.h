// Whether a certificate of erasure says what a store signed, and whether the store's journal has
// the entries that it names.
//
// Threads: any; one caller of a RetentionAccess at a time.  Memory: the certificate, and a page of
// the journal.  What is wrong: kCorrupt, with a sentence.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/call_json.h"
#include "control/retention_access.h"
#include "pipelines/retention/certificate.h"

namespace tapdeck::control {

constexpr std::size_t kCertificateBytesMax = 64UL << 20;

struct CertifiedEntry {
  std::string uid;
  std::string leaf_hash;
};

struct CheckedCertificate {
  Json body;                                        // signed
  std::map<std::uint64_t, CertifiedEntry> entries;  // by sequence number
};

// kCorrupt: it is no certificate, signed by another key than `key`, or not as it was signed.
// nullopt: its own key is believed.
Result<CheckedCertificate> check_certificate(std::string_view file,
                                             const std::optional<storage::PublicKey>& key);

// Numbers of entries that the journal does not have, or has otherwise.
Result<std::vector<std::uint64_t>> find_missing(RetentionAccess& access,
                                                const CheckedCertificate& certificate);

}  // namespace tapdeck::control
