#include "control/class_journal.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/retention_classes.h"
#include "control/actor.h"
#include "control/wire.h"
#include "model/ledger_codec.h"

namespace tapdeck::control {
namespace {

constexpr std::string_view kClassesValue = "retention/classes";
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr auto kType = static_cast<std::uint16_t>(LedgerType::kClassChange);

using Classes = std::map<std::string, RetentionTerms>;

Classes classes_of(const config::Config& config) {
  Classes classes;
  for (const config::RetentionClass& from : config::retention_classes(config)) {
    classes[from.name] = {from.days * kSecondsPerDay,
                          from.sip_days * kSecondsPerDay,
                          from.cdr_days * kSecondsPerDay,
                          from.locked,
                          from.days_max * kSecondsPerDay,
                          from.basis.substr(0, kLedgerTextBytesMax)};
  }
  return classes;
}

// Each as the journal has it when it is new.
std::string encode(const Classes& classes) {
  WireWriter writer;
  for (const auto& [name, terms] : classes) {
    ClassChange change;
    change.name = name;
    change.after = terms;
    writer.text(encode_ledger_content(std::move(change)));
  }
  return writer.take();
}

// Nothing where it is not understood: then all are new.
Classes decode(std::string_view bytes) {
  Classes classes;
  WireReader reader(bytes);
  while (!reader.complete()) {
    const std::string text = reader.text();
    LedgerContent content;
    if (reader.failed() ||
        decode_ledger_content(kType, Uid{}, text, content) != LedgerVerdict::kGood) {
      return {};
    }
    auto& change = std::get<ClassChange>(content);
    if (change.after) classes[std::move(change.name)] = std::move(*change.after);
  }
  return classes;
}

const RetentionTerms* find(const Classes& classes, const std::string& name) {
  const auto found = classes.find(name);
  return found == classes.end() ? nullptr : &found->second;
}

std::optional<RetentionTerms> copy_of(const RetentionTerms* terms) {
  return terms == nullptr ? std::nullopt : std::optional(*terms);
}

}  // namespace

Result<void> journal_classes(const Settings& settings,
                             const std::string& reason,
                             storage::RetentionStore& store) {
  if (!settings.is_configured) return {};
  const Classes after = classes_of(settings.config);
  const std::string text = encode(after);
  const auto stored = store.get_value(kClassesValue);
  if (!stored) return Error(stored.error());
  if (*stored && **stored == text) return {};
  const Classes before = *stored ? decode(**stored) : Classes{};
  Classes names = before;
  names.insert(after.begin(), after.end());
  std::vector<storage::LedgerEntry> entries;
  const LedgerActor actor = own_actor();
  const std::int64_t now_us = wall_now_ns() / kNsPerUs;
  for (const auto& [name, unused] : names) {
    const RetentionTerms* was = find(before, name);
    const RetentionTerms* is = find(after, name);
    if (was != nullptr && is != nullptr && *was == *is) continue;
    entries.push_back({.time_us = now_us,
                       .content = ClassChange{actor, name, copy_of(was), copy_of(is), reason}});
  }
  if (!entries.empty()) {
    const auto written = store.journal().commit(entries);
    if (!written) return Error(written.error());
  }
  return store.put_value(kClassesValue, text);
}

}  // namespace tapdeck::control
