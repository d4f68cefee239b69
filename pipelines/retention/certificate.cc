#include "pipelines/retention/certificate.h"

#include <algorithm>
#include <cstdio>

#include "base/clock.h"

namespace tapdeck::retention {
namespace {

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

std::string quoted(std::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t bytes = utf8_bytes(text);
    if (bytes == 0) {
      json += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      json += escape;
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

std::string call_json(const CertifiedCall& call) {
  return "{\"uid\":" + quoted(to_string(call.uid)) + ",\"parts\":" + parts_json(call.parts) +
         ",\"in_log\":" + (call.known ? "true" : "false") +
         ",\"sequence\":" + std::to_string(call.sequence) +
         ",\"leaf_hash\":" + quoted(call.leaf_hash) +
         ",\"exports_known\":" + std::to_string(call.exports) + "}";
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
  std::string json =
      "{\"certificate\":\"erasure\",\"version\":1,\"time\":" +
      quoted(format_rfc3339_us(certificate.time_us)) + ",\"by\":{\"name\":" + quoted(actor.name) +
      ",\"user_id\":" + std::to_string(actor.user_id) +
      ",\"group_id\":" + std::to_string(actor.group_id) +
      ",\"process_id\":" + std::to_string(actor.process_id) +
      "},\"reason\":" + quoted(certificate.reason) +
      (takes_people_out(certificate) ? ",\"records\":" + whom(certificate) : "") + ",\"calls\":[";
  bool first = true;
  for (const CertifiedCall& call : certificate.calls) {
    json += (first ? "" : ",") + call_json(call);
    first = false;
  }
  return json + "],\"not_covered\":" + not_covered_json(certificate) + "}";
}

}  // namespace tapdeck::retention
