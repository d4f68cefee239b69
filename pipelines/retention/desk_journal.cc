#include <algorithm>

#include "model/ledger_codec.h"
#include "pipelines/retention/desk.h"
#include "storage/ledger_format.h"

namespace tapdeck::retention {
namespace {

constexpr std::uint32_t kRowsMax = 10'000;

const std::vector<Uid>* uids_of(const LedgerContent& content) {
  if (const auto* hold = std::get_if<Hold>(&content)) return &hold->uids;
  if (const auto* release = std::get_if<Release>(&content)) return &release->uids;
  if (const auto* expiry = std::get_if<Expiry>(&content)) return &expiry->uids;
  if (const auto* exported = std::get_if<Export>(&content)) return &exported->uids;
  return nullptr;
}

bool names(const LedgerContent& content, const Uid& uid) {
  const std::vector<Uid>* uids = uids_of(content);
  return uids != nullptr && std::binary_search(uids->begin(), uids->end(), uid);
}

// Newer writers' contents are shown as what they are: entries that cannot be read.
std::optional<LedgerContent> content_of(const storage::LedgerRecord& record) {
  if (record.state != storage::LedgerContentState::kReadable) return std::nullopt;
  LedgerContent content;
  const LedgerVerdict verdict = decode_ledger_content(
      record.header.type, record.header.uid, as_text(record.content), content);
  return verdict == LedgerVerdict::kGood ? std::optional(std::move(content)) : std::nullopt;
}

bool wanted(const JournalRequest& request,
            const storage::LedgerEntryHeader& header,
            const std::optional<LedgerContent>& content) {
  if (request.type && header.type != static_cast<std::uint16_t>(*request.type)) return false;
  return !request.uid || header.uid == *request.uid || (content && names(*content, *request.uid));
}

}  // namespace

Result<JournalAnswer> RetentionDesk::journal(const JournalRequest& request) {
  const std::uint32_t limit = std::min(request.limit == 0 ? kRowsMax : request.limit, kRowsMax);
  JournalAnswer answer;
  answer.next_sequence = request.from_sequence;
  storage::Hasher hasher;
  TD_TRY(
      log().replay(request.from_sequence, [&](const storage::LedgerRecord& record) -> Result<bool> {
        const storage::LedgerEntryHeader& header = record.header;
        auto content = content_of(record);
        if (wanted(request, header, content)) {
          answer.more = answer.rows.size() >= limit;
          if (answer.more) return false;
          JournalRow& row = answer.rows.emplace_back();
          row.sequence = header.sequence;
          row.time_us = header.time_us;
          row.type = ledger_type_name(header.type);
          if (row.type.empty()) row.type = "type " + std::to_string(header.type);
          if (!header.uid.is_nil()) row.uid = header.uid;
          row.leaf_hash = storage::to_hex(storage::ledger_leaf_hash(hasher, header));
          row.content = std::move(content);
        }
        answer.next_sequence = header.sequence + 1;
        return true;
      }));
  return answer;
}

Result<std::uint64_t> RetentionDesk::note_export(const ExportRequest& request,
                                                 const LedgerActor& actor) {
  Export made{actor, request.format, request.output, request.files, request.manifest, request.uids};
  std::sort(made.uids.begin(), made.uids.end());
  made.uids.erase(std::unique(made.uids.begin(), made.uids.end()), made.uids.end());
  return log().commit({.time_us = now_us(), .content = std::move(made)});
}

Result<storage::PublicKey> RetentionDesk::public_key() {
  const auto key = store_.signing_key();
  if (!key) return Error(key.error());
  return key->public_key;
}

}  // namespace tapdeck::retention
