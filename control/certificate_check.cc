#include "control/certificate_check.h"

#include <utility>

namespace tapdeck::control {
namespace {

constexpr std::uint32_t kPageRows = 1'000;
constexpr int kDepthMax = 8;

Error faulty(const std::string& why) { return make_error(ErrorCode::kCorrupt, why); }

Result<std::map<std::uint64_t, CertifiedEntry>> entries_of(const Json& body) {
  const Json calls = field_of(body, "calls");
  std::map<std::uint64_t, CertifiedEntry> entries;
  for (const Json& call : calls) {
    const Json sequence = field_of(call, "sequence");
    const Json uid = field_of(call, "uid");
    const Json leaf = field_of(call, "leaf_hash");
    if (!sequence.is_number_unsigned() || !uid.is_string() || !leaf.is_string()) {
      return faulty("This certificate is signed, but not understood: another version made it.");
    }
    entries[sequence.get<std::uint64_t>()] = {uid.get<std::string>(), leaf.get<std::string>()};
  }
  return entries;
}

}  // namespace

Result<CheckedCertificate> check_certificate(std::string_view file,
                                             const std::optional<storage::PublicKey>& key) {
  const auto sealed = retention::open_certificate(file);
  if (!sealed) {
    return faulty(
        "This is no certificate, or it was altered. Its form is fixed to the last byte: what was "
        "indented has it again after `jq -cS .`.");
  }
  if (key && *key != sealed->public_key) {
    return faulty("It is signed with the key " +
                  storage::to_hex(storage::key_id_of(sealed->public_key)) + ", not with " +
                  storage::to_hex(storage::key_id_of(*key)) + ".");
  }
  if (!storage::is_signed(sealed->public_key, as_bytes(sealed->body), sealed->signature)) {
    return faulty("The signature is not of this certificate: it was altered, or made up.");
  }
  CheckedCertificate checked;
  // Whoever made up a key may have signed anything: what is nested deeper is left out.
  const auto is_shallow = [](int depth, Json::parse_event_t, Json&) { return depth <= kDepthMax; };
  checked.body = Json::parse(sealed->body, is_shallow, /*allow_exceptions=*/false);
  if (field_of(checked.body, "certificate") != Json("erasure")) {
    return faulty("What is signed here is no certificate of erasure.");
  }
  auto entries = entries_of(checked.body);
  if (!entries) return Error(std::move(entries.error()));
  checked.entries = std::move(*entries);
  return checked;
}

Result<std::vector<std::uint64_t>> find_missing(RetentionAccess& access,
                                                const CheckedCertificate& certificate) {
  std::map<std::uint64_t, CertifiedEntry> left = certificate.entries;
  std::vector<std::uint64_t> missing;
  if (left.empty()) return missing;
  const std::uint64_t last = left.rbegin()->first;
  retention::JournalRequest request;
  request.from_sequence = left.begin()->first;
  request.type = LedgerType::kErasure;
  request.limit = kPageRows;
  for (bool more = true; more && request.from_sequence <= last;) {
    const auto text = access.ask(request);
    if (!text) return Error(text.error());
    const Json answer = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    const Json next = field_of(answer, "next_sequence");
    if (!next.is_number_unsigned()) return faulty("The journal's answer cannot be read.");
    for (const Json& row : field_of(answer, "rows")) {
      const Json sequence = field_of(row, "sequence");
      if (!sequence.is_number_unsigned()) continue;
      const auto named = left.find(sequence.get<std::uint64_t>());
      if (named != left.end() && field_of(row, "uid") == Json(named->second.uid) &&
          field_of(row, "leaf_hash") == Json(named->second.leaf_hash)) {
        left.erase(named);
      }
    }
    more =
        field_of(answer, "more") == Json(true) && next.get<std::uint64_t>() > request.from_sequence;
    request.from_sequence = next.get<std::uint64_t>();
  }
  for (const auto& [sequence, entry] : left) missing.push_back(sequence);
  return missing;
}

}  // namespace tapdeck::control
