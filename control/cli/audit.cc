#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "control/cli/selection.h"
#include "control/ledger_json.h"
#include "control/retention_access.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr std::uint32_t kPageRowsMax = 1'000;

constexpr const char* kAuditFooter =
    "Oldest first. What an entry says is gone when its call's key is (`content` is null then);\n"
    "that it happened stays, with the hash of its leaf. With --limit the next number is told on\n"
    "stderr as `next: N`.\n"
    "Types: policy_change, class_change, hold, release, extension, erasure, expiry, pause,\n"
    "resume, annotation, access, export, confirmation, redaction.\n"
    "\n"
    "Examples:\n"
    "  tapdeck audit list --uid 01KASJ4Q3R8ZC5W1T9M2XVB7NE\n"
    "  tapdeck audit list --type erasure --json";

struct AuditOptions {
  std::string uid;
  std::string type;
  std::uint64_t from_sequence = 0;
  std::uint64_t limit = 0;
  bool json = false;
};

// "matter=2026-17, uids=3": the facts of an entry, who did it aside.
std::string facts_of(const Json& content) {
  std::string text;
  for (const auto& item : content.items()) {
    const Json& value = item.value();
    if (value.is_null() || item.key() == "actor") continue;
    const bool is_list_of_calls = item.key() == "uids";
    const std::string shown = is_list_of_calls    ? std::to_string(value.size())
                              : value.is_string() ? value.get<std::string>()
                                                  : json_line(value);
    text += (text.empty() ? "" : ", ") + item.key() + "=" + shown;
  }
  return to_printable(text);
}

std::string who_of(const Json& content) {
  const std::string name = printable(content, "actor.name");
  return name.empty() ? printable(content, "actor.user_id") : name;
}

std::string lines_of(const Json& rows, bool json, std::string_view zone, Table& table) {
  std::string lines;
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : rows) {
    if (json) {
      lines += json_line(row) + "\n";
      continue;
    }
    const Json content = field_of(row, "content");
    cells.push_back({printable(row, "sequence"),
                     local_time(row, "time", zone),
                     printable(row, "type"),
                     printable(row, "uid"),
                     who_of(content),
                     content.is_null() ? "(gone with its key)" : facts_of(content)});
  }
  return json ? lines : table.render(cells);
}

Result<retention::JournalRequest> request_of(const AuditOptions& options) {
  retention::JournalRequest request;
  request.from_sequence = options.from_sequence;
  if (!options.uid.empty()) {
    request.uid = parse_uid(options.uid);
    if (!request.uid) {
      return make_error(ErrorCode::kInvalidArgument,
                        "--uid: '" + options.uid + "' is not a uid (26 letters and digits).");
    }
  }
  if (!options.type.empty()) {
    request.type = parse_ledger_type(options.type);
    if (!request.type) {
      return make_error(ErrorCode::kInvalidArgument,
                        "--type: the journal has no entries of type '" + options.type +
                            "'; `audit list --help` names all.");
    }
  }
  return request;
}

Result<void> print_rows(RetentionAccess& access,
                        retention::JournalRequest request,
                        const AuditOptions& options,
                        std::string_view zone) {
  Table table({{"ENTRY", Align::kRight},
               {"TIME", Align::kLeft},
               {"TYPE", Align::kLeft},
               {"UID", Align::kLeft},
               {"WHO", Align::kLeft},
               {"WHAT", Align::kLeft}});
  for (std::uint64_t left = options.limit;;) {
    request.limit = options.limit == 0
                        ? kPageRowsMax
                        : static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageRowsMax));
    const auto text = access.ask(request);
    if (!text) return Error(text.error());
    const auto answer = parse_answer(*text);
    if (!answer) return Error(answer.error());
    const Json rows = field_of(*answer, "rows");
    const auto next = answer->value("next_sequence", std::uint64_t{0});
    if (!write_out(lines_of(rows, options.json, zone, table))) return {};
    const bool more = answer->value("more", false) && next > request.from_sequence;
    left -= std::min<std::uint64_t>(left, rows.size());
    if (!more) return {};
    request.from_sequence = next;
    if (options.limit != 0 && left == 0) {
      std::fprintf(stderr, "next: %llu\n", static_cast<unsigned long long>(next));
      return {};
    }
  }
}

int list_entries(const Context& context, const AuditOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto request = request_of(options);
  if (!request) return report_error(request.error());
  auto access = open_retention(*settings);
  if (!access) return report_error(access.error());
  const auto printed = print_rows(**access, *request, options, settings->zone);
  return printed ? kExitDone : report_error(printed.error());
}

}  // namespace

void add_audit_command(CLI::App& app, Context& context) {
  CLI::App* audit = app.add_subcommand("audit",
                                       "The journal of the store.\n"
                                       "Who held, erased, annotated, saw and exported what, when.");
  audit->require_subcommand(1);
  add_certificate_commands(*audit, context);
  auto options = std::make_shared<AuditOptions>();
  CLI::App* command = audit->add_subcommand("list", "The entries, oldest first.");
  command->footer(kAuditFooter);
  command->add_option("--uid", options->uid, "About this call only")->type_name("UID");
  command->add_option("--type", options->type, "Of this type only")->type_name("T");
  command->add_option("--from-sequence", options->from_sequence, "From this entry on")
      ->type_name("N");
  command->add_option("--limit", options->limit, "At most this many entries")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("--json", options->json, "One JSON object per entry");
  command->callback([options, &context] { context.exit_status = list_entries(context, *options); });
}

}  // namespace tapdeck::control
