#include "control/retention_codec.h"

#include <type_traits>
#include <utility>

#include "control/protocol.h"
#include "control/wire.h"

namespace tapdeck::control {
namespace {

using namespace retention;

constexpr std::uint8_t kNoSelection = 0;
constexpr std::uint8_t kUids = 1;
constexpr std::uint8_t kQuery = 2;

class Writer {
 public:
  explicit Writer(std::uint8_t kind) { wire_.number(kind); }

  void flag(bool value) { wire_.number(static_cast<std::uint8_t>(value)); }

  void text(std::string_view text) { bounded(text, kLedgerTextBytesMax); }

  void name(std::string_view name) { bounded(name, kLedgerNameBytesMax); }

  void time(std::int64_t time_us) { wire_.number(static_cast<std::uint64_t>(time_us)); }

  void parts(RecordingParts parts) {
    wire_.number(parts);
    require(parts != 0 && parts <= kPartsAll);
  }

  void calls(const Selection& calls) {
    require(calls.query ? calls.uids.empty() : !calls.uids.empty());
    require(calls.uids.size() <= kSelectedUidsMax);
    if (!fits_) return;
    wire_.number(calls.query ? kQuery : kUids);
    if (calls.query) {
      require(calls.query->limit == 0 && calls.query->cursor.empty());
      wire_.text(encode_query(*calls.query));
      return;
    }
    wire_.number(static_cast<std::uint32_t>(calls.uids.size()));
    for (const Uid& uid : calls.uids) wire_.uid(uid);
  }

  void calls(const std::optional<Selection>& selection) {
    if (selection) return calls(*selection);
    wire_.number(kNoSelection);
  }

  void fields(const HoldRequest& request) {
    calls(request.calls);
    flag(request.future);
    name(request.matter);
    text(request.reason);
  }

  void fields(const ReleaseRequest& request) {
    name(request.matter);
    text(request.reason);
    calls(request.calls);
  }

  void fields(const ListHoldsRequest& /*request*/) {}

  void fields(const PlanRequest& request) {
    time(request.at_us);
    calls(request.calls);
    flag(request.early);
  }

  void fields(const ApplyRequest& /*request*/) {}

  void fields(const ConfirmClockRequest& /*request*/) {}

  void fields(const PublicKeyRequest& /*request*/) {}

  void fields(const ConfirmRebuildRequest& /*request*/) {}

  void fields(const BackupRequest& request) { text(request.destination); }

  void fields(const ExtendRequest& request) {
    calls(request.calls);
    time(request.until_us);
    parts(request.parts);
    text(request.reason);
    flag(request.confirmed);
  }

  void fields(const EraseRequest& request) {
    calls(request.calls);
    parts(request.parts);
    text(request.number);
    text(request.number_e164);
    text(request.reason);
    flag(request.confirmed);
  }

  void fields(const ExportRequest& request) {
    require(request.uids.size() <= kSelectedUidsMax);
    if (!fits_) return;
    name(request.format);
    text(request.output);
    wire_.number(request.files);
    wire_.raw(request.manifest.data(), request.manifest.size());
    wire_.number(static_cast<std::uint32_t>(request.uids.size()));
    for (const Uid& uid : request.uids) wire_.uid(uid);
  }

  void fields(const AnnotateRequest& request) {
    require(request.values.size() <= kLedgerValuesMax);
    if (!fits_) return;
    wire_.uid(request.uid);
    wire_.number(static_cast<std::uint32_t>(request.values.size()));
    for (const auto& [key, value] : request.values) {
      name(key);
      text(value);
    }
  }

  void fields(const JournalRequest& request) {
    wire_.number(request.from_sequence);
    flag(request.uid.has_value());
    wire_.uid(request.uid.value_or(Uid{}));
    const auto type = request.type ? static_cast<std::uint16_t>(*request.type) : std::uint16_t{0};
    require(type <= kLedgerTypeMax);
    wire_.number(type);
    wire_.number(request.limit);
  }

  Result<std::string> take() {
    std::string bytes = wire_.take();
    if (fits_ && bytes.size() <= kRequestBytesMax) return bytes;
    return make_error(ErrorCode::kInvalidArgument,
                      "The request is longer than one may be: at most 3000 uids, texts of 4096 "
                      "bytes and names of 256.");
  }

 private:
  void require(bool condition) { fits_ = fits_ && condition; }

  void bounded(std::string_view text, std::size_t most) {
    require(text.size() <= most);
    if (fits_) wire_.text(text);
  }

  WireWriter wire_;
  bool fits_ = true;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : wire_(bytes) {}

  std::uint8_t kind() { return wire_.number<std::uint8_t>(); }

  std::string text() { return bounded(kLedgerTextBytesMax); }

  std::string name() { return bounded(kLedgerNameBytesMax); }

  std::int64_t time() { return static_cast<std::int64_t>(wire_.number<std::uint64_t>()); }

  RecordingParts parts() {
    const auto parts = wire_.number<std::uint8_t>();
    require(parts != 0 && parts <= kPartsAll);
    return parts;
  }

  std::optional<Selection> calls() {
    switch (wire_.number<std::uint8_t>()) {
      case kNoSelection: return std::nullopt;
      case kUids: return selected_uids();
      case kQuery: return found_calls();
      default: break;
    }
    good_ = false;
    return std::nullopt;
  }

  Selection calls_asked_for() {
    auto selection = calls();
    require(selection.has_value());
    return std::move(selection).value_or(Selection{});
  }

  void read(HoldRequest& to) {
    to.calls = calls_asked_for();
    to.future = wire_.flag();
    to.matter = name();
    to.reason = text();
  }

  void read(ReleaseRequest& to) {
    to.matter = name();
    to.reason = text();
    to.calls = calls();
  }

  void read(ListHoldsRequest& /*to*/) {}

  void read(PlanRequest& to) {
    to.at_us = time();
    to.calls = calls();
    to.early = wire_.flag();
  }

  void read(ApplyRequest& /*to*/) {}

  void read(ConfirmClockRequest& /*to*/) {}

  void read(PublicKeyRequest& /*to*/) {}

  void read(ConfirmRebuildRequest& /*to*/) {}

  void read(BackupRequest& to) { to.destination = text(); }

  void read(ExtendRequest& to) {
    to.calls = calls_asked_for();
    to.until_us = time();
    to.parts = parts();
    to.reason = text();
    to.confirmed = wire_.flag();
  }

  void read(EraseRequest& to) {
    to.calls = calls_asked_for();
    to.parts = parts();
    to.number = text();
    to.number_e164 = text();
    to.reason = text();
    to.confirmed = wire_.flag();
  }

  void read(ExportRequest& to) {
    to.format = name();
    to.output = text();
    to.files = wire_.number<std::uint32_t>();
    wire_.raw(to.manifest);
    const auto count = wire_.number<std::uint32_t>();
    require(count <= kSelectedUidsMax);
    for (std::uint32_t i = 0; i < count && good(); ++i) to.uids.push_back(wire_.uid());
  }

  void read(AnnotateRequest& to) {
    to.uid = wire_.uid();
    const auto count = wire_.number<std::uint32_t>();
    require(count <= kLedgerValuesMax);
    for (std::uint32_t i = 0; i < count && good(); ++i) {
      std::string key = name();
      to.values.emplace_back(std::move(key), text());
    }
  }

  void read(JournalRequest& to) {
    to.from_sequence = wire_.number<std::uint64_t>();
    const bool has_uid = wire_.flag();
    const Uid uid = wire_.uid();
    require(has_uid || uid.is_nil());
    if (has_uid) to.uid = uid;
    const auto type = wire_.number<std::uint16_t>();
    require(type <= kLedgerTypeMax);
    if (type != 0 && good()) to.type = static_cast<LedgerType>(type);
    to.limit = wire_.number<std::uint32_t>();
  }

  [[nodiscard]] bool good() const { return good_ && !wire_.failed(); }

  [[nodiscard]] bool complete() const { return good_ && wire_.complete(); }

 private:
  void require(bool condition) { good_ = good_ && condition; }

  std::string bounded(std::size_t most) {
    std::string text = wire_.text();
    require(text.size() <= most);
    return text;
  }

  std::optional<Selection> selected_uids() {
    const auto count = wire_.number<std::uint32_t>();
    require(count != 0 && count <= kSelectedUidsMax);
    Selection selection;
    for (std::uint32_t i = 0; i < count && good(); ++i) selection.uids.push_back(wire_.uid());
    return selection;
  }

  std::optional<Selection> found_calls() {
    Selection selection;
    selection.query = decode_query(wire_.text());
    require(selection.query && selection.query->limit == 0 && selection.query->cursor.empty());
    return selection;
  }

  WireReader wire_;
  bool good_ = true;
};

// The alternative of that index, its fields read.
template <std::size_t kIndex = 0>
std::optional<RetentionRequest> read_request(std::size_t index, Reader& reader) {
  if constexpr (kIndex < std::variant_size_v<RetentionRequest>) {
    if (index != kIndex) return read_request<kIndex + 1>(index, reader);
    std::variant_alternative_t<kIndex, RetentionRequest> request;
    reader.read(request);
    return RetentionRequest(std::in_place_index<kIndex>, std::move(request));
  } else {
    return std::nullopt;
  }
}

}  // namespace

Result<std::string> encode_retention_request(const RetentionRequest& request) {
  Writer writer(static_cast<std::uint8_t>(request.index() + 1));
  std::visit([&writer](const auto& of) { writer.fields(of); }, request);
  return writer.take();
}

std::optional<RetentionRequest> decode_retention_request(std::string_view bytes) {
  if (bytes.size() > kRequestBytesMax) return std::nullopt;
  Reader reader(bytes);
  const std::uint8_t kind = reader.kind();
  if (kind == 0) return std::nullopt;
  auto request = read_request(kind - 1U, reader);
  if (!request || !reader.complete()) return std::nullopt;
  return request;
}

}  // namespace tapdeck::control
