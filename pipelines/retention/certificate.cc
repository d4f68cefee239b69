#include "pipelines/retention/certificate.h"

#include <algorithm>
#include <cstdio>

#include "base/clock.h"

namespace tapdeck::retention {
namespace {

constexpr std::string_view kBodyHead = R"({"body":)";
constexpr std::string_view kKeyIdHead = R"(,"key_id":")";
constexpr std::string_view kPublicKeyHead = R"(","public_key":")";
constexpr std::string_view kSignatureHead = R"(","signature":")";
constexpr std::string_view kEnd = R"("})";
constexpr std::size_t kKeyIdBytes = 2 * storage::kHashBytes;
constexpr std::size_t kPublicKeyBytes = 60;  // base64 of kPublicKeyDerBytes
constexpr std::size_t kSignatureTextBytes = 88;
// As the steps of docs/RETENTION.md have it, with the end of the line.
static_assert(kKeyIdHead.size() + kKeyIdBytes + kPublicKeyHead.size() + kPublicKeyBytes +
                  kSignatureHead.size() + kSignatureTextBytes + kEnd.size() + 1 ==
              257);

// Octets that are no UTF-8 are shown as U+FFFD: texts are what somebody typed.
std::size_t utf8_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0x80                   ? 1
                            : lead >= 0xc2 && lead < 0xe0 ? 2
                            : lead >= 0xe0 && lead < 0xf0 ? 3
                            : lead >= 0xf0 && lead < 0xf5 ? 4
                                                          : 0;
  if (bytes == 0 || bytes > text.size()) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return bytes;
}

// As RFC 8785 section 3.2.2.2 has them.
std::string escape_of(char c) {
  constexpr std::string_view kPlain = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  const std::size_t known = kPlain.find(c);
  if (known != std::string_view::npos) return {'\\', kNames[known]};
  char escape[8];
  std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
  return escape;
}

std::string quoted(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t bytes = utf8_bytes(text);
    if (bytes == 0) {
      json += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      json += escape_of(c);
    } else {
      json += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return json + "\"";
}

std::string parts_json(RecordingParts parts) {
  std::string json;
  for (const std::string_view name : part_names(parts)) {
    json += (json.empty() ? "" : ",") + quoted(name);
  }
  return "[" + json + "]";
}

// Members stand in the order of their names, here and below.
std::string call_json(const CertifiedCall& call) {
  return "{\"exports_known\":" + std::to_string(call.exports) +
         ",\"in_log\":" + (call.known ? "true" : "false") +
         ",\"leaf_hash\":" + quoted(call.leaf_hash) + ",\"parts\":" + parts_json(call.parts) +
         ",\"sequence\":" + std::to_string(call.sequence) +
         ",\"uid\":" + quoted(to_string(call.uid)) + "}";
}

std::string not_covered_json(const Certificate& certificate) {
  std::uint64_t exports = 0;
  std::uint64_t exported = 0;
  for (const CertifiedCall& call : certificate.calls) {
    exports += call.exports;
    exported += call.exports > 0 ? 1 : 0;
  }
  std::vector<std::string> limits;
  limits.push_back(
      certificate.last_backup_us
          ? "Copies of the store made before this, the last known at " +
                format_rfc3339_us(*certificate.last_backup_us) +
                ": they have what was erased until they are overwritten. A store that is restored "
                "from one erases again before it serves, if the journal of today is beside it."
          : std::string("Copies of the store made before this: none is known to it."));
  for (const std::string& name : certificate.set_aside) {
    limits.push_back("The call store as it was before it was rebuilt, in " + name +
                     " of the store: it has records of these calls until it is removed.");
  }
  limits.push_back(exported == 0
                       ? std::string("Files exported earlier: the journal knows of none.")
                       : "Files exported earlier: the journal knows of " + std::to_string(exports) +
                             " exports of " + std::to_string(exported) + " of these calls.");
  limits.push_back(
      "File systems that do not overwrite in place (snapshots, copy on write): old blocks with the "
      "key stay until they are used again.");
  limits.push_back(
      "Solid state disks: a controller may keep an old block with the key where no software can "
      "read it; the disk's own encryption or secure erase reaches that.");
  limits.push_back("Swap, hibernation images and core dumps of the host.");
  limits.push_back("Records of the same call in other systems.");
  limits.push_back(
      "SIP transactions that belong to no call, such as registrations of the same people: they are "
      "kept as long as the configuration says (events).");
  limits.push_back(
      "The journal: numbers that somebody searched for and reasons that somebody typed stay in it, "
      "encrypted.");
  if (certificate.one_party) {
    limits.push_back(
        "Who took part on the other side: one party alone was taken out of the records.");
  }
  std::string json;
  for (const std::string& limit : limits) json += (json.empty() ? "" : ",") + quoted(limit);
  return "[" + json + "]";
}

// Whose facts were taken out of records, where any were.
bool takes_people_out(const Certificate& certificate) {
  return std::ranges::any_of(
      certificate.calls, [](const CertifiedCall& call) { return (call.parts & kPartCdr) != 0; });
}

std::string whom(const Certificate& certificate) {
  return certificate.one_party ? "\"one_party\"" : "\"everybody\"";
}

}  // namespace

std::vector<std::string_view> part_names(RecordingParts parts) {
  std::vector<std::string_view> names;
  if ((parts & kPartMedia) != 0) names.emplace_back("media");
  if ((parts & kPartSip) != 0) names.emplace_back("sip");
  if ((parts & kPartCdr) != 0) names.emplace_back("cdr");
  return names;
}

std::string to_json(const Certificate& certificate) {
  const LedgerActor& actor = certificate.actor;
  std::string json = "{\"by\":{\"group_id\":" + std::to_string(actor.group_id) +
                     ",\"name\":" + quoted(actor.name) +
                     ",\"process_id\":" + std::to_string(actor.process_id) +
                     ",\"user_id\":" + std::to_string(actor.user_id) + "},\"calls\":[";
  bool first = true;
  for (const CertifiedCall& call : certificate.calls) {
    json += (first ? "" : ",") + call_json(call);
    first = false;
  }
  return json + "],\"certificate\":\"erasure\",\"not_covered\":" + not_covered_json(certificate) +
         ",\"reason\":" + quoted(certificate.reason) +
         (takes_people_out(certificate) ? ",\"records\":" + whom(certificate) : "") +
         ",\"time\":" + quoted(format_rfc3339_us(certificate.time_us)) + ",\"version\":1}";
}

std::string seal_certificate(const std::string& body, const storage::SigningKey& key) {
  std::string file(kBodyHead);
  file += body;
  file += kKeyIdHead;
  file += storage::to_hex(storage::key_id_of(key.public_key));
  file += kPublicKeyHead;
  file += storage::to_base64(storage::to_der(key.public_key));
  file += kSignatureHead;
  file += storage::to_base64(storage::sign(key, as_bytes(body)));
  file += kEnd;
  return file;
}

namespace {

// From the front of a file that is taken apart; each step says whether it was there.
class Peeler {
 public:
  explicit Peeler(std::string_view left) : left_(left) {}

  bool skip(std::string_view known) {
    if (!left_.starts_with(known)) return false;
    left_.remove_prefix(known.size());
    return true;
  }

  std::string_view take(std::size_t bytes) {
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(taken.size());
    return taken;
  }

  [[nodiscard]] std::size_t left() const { return left_.size(); }

 private:
  std::string_view left_;
};

}  // namespace

std::optional<SealedCertificate> open_certificate(std::string_view file) {
  if (file.ends_with('\n')) file.remove_suffix(1);
  constexpr std::size_t kSealBytes = 256;
  SealedCertificate sealed;
  Peeler peeler(file);
  if (!peeler.skip(kBodyHead) || peeler.left() <= kSealBytes) return std::nullopt;
  sealed.body = peeler.take(peeler.left() - kSealBytes);
  if (!peeler.skip(kKeyIdHead)) return std::nullopt;
  const std::string_view key_id = peeler.take(kKeyIdBytes);
  if (!peeler.skip(kPublicKeyHead)) return std::nullopt;
  const auto der = storage::from_base64(peeler.take(kPublicKeyBytes));
  if (!der || !peeler.skip(kSignatureHead)) return std::nullopt;
  const auto signature = storage::from_base64(peeler.take(kSignatureTextBytes));
  const auto key = storage::public_key_from_der(*der);
  if (!signature || signature->size() != sealed.signature.size() || !key || !peeler.skip(kEnd) ||
      key_id != storage::to_hex(storage::key_id_of(*key))) {
    return std::nullopt;
  }
  sealed.public_key = *key;
  std::ranges::copy(*signature, sealed.signature.begin());
  return sealed;
}

}  // namespace tapdeck::retention
