#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>

#include "control/cli/selection.h"
#include "control/frame_io.h"
#include "control/ledger_json.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr const char* kEraseFooter =
    "Without --yes it says what would go and changes nothing. Nothing goes while anything of it\n"
    "is held or locked (exit status 3). The keys are destroyed in every file of the store before\n"
    "it is acknowledged; backups and files that were exported are not reached, and the\n"
    "certificate says so. With cdr the record stays, without numbers and names, so that reports\n"
    "still add up. What was erased stays erased, also when its capture is ingested again.\n"
    "\n"
    "Examples:\n"
    "  tapdeck erase --number +49891234 --reason 'request of 2 May, GDPR Art. 17'\n"
    "  tapdeck erase --uid 01KASJ4Q3R8ZC5W1T9M2XVB7NE --reason 'GDPR Art. 17' --what all \\\n"
    "      --yes --certificate erased.json";

struct EraseOptions {
  SelectionWords calls;
  std::string reason;
  std::string what = "media,sip";
  std::string party;
  std::string certificate;
  bool yes = false;
  bool json = false;
};

// The file for the certificate, made before anything is erased: what goes is then sure to have one.
class CertificateFile {
 public:
  Result<void> make(const std::string& path) {
    if (path.empty()) return {};
    file_ = Socket(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file_.is_open()) {
      return make_errno_error(
          ErrorCode::kIo, "cannot make the file of the certificate, " + path, errno);
    }
    path_ = path;
    return {};
  }

  Result<void> write(const std::string& text) {
    if (path_.empty()) return {};
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t count = ::write(file_.fd(), text.data() + at, text.size() - at);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return make_errno_error(ErrorCode::kIo, "cannot write " + path_, errno);
      at += static_cast<std::size_t>(count);
    }
    if (::fsync(file_.fd()) == 0) return {};
    return make_errno_error(ErrorCode::kIo, "cannot write " + path_, errno);
  }

  void discard() {
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
  }

 private:
  Socket file_;  // any descriptor
  std::string path_;
};

// With who else is concerned, where that is told.
std::string calls_table(const Json& calls, std::string_view zone) {
  const bool has_parties = std::any_of(calls.begin(), calls.end(), [](const Json& call) {
    return !field_of(call, "parties").empty();
  });
  std::vector<std::vector<std::string>> rows;
  for (const Json& call : calls) {
    rows.push_back({printable(call, "uid"),
                    local_time(call, "start", zone),
                    printable(call, "class"),
                    call.value("locked", false) ? "locked" : "",
                    local_time(call, "expires", zone),
                    printable(call, "legal_holds"),
                    printable(call, "exports"),
                    printable(call, "bytes")});
    if (has_parties) rows.back().push_back(printable(call, "parties"));
  }
  std::vector<TableColumn> columns = {{"UID", Align::kLeft},
                                      {"START", Align::kLeft},
                                      {"CLASS", Align::kLeft},
                                      {"LOCK", Align::kLeft},
                                      {"EXPIRES", Align::kLeft},
                                      {"HELD BY", Align::kLeft},
                                      {"EXPORTS", Align::kRight},
                                      {"BYTES", Align::kRight}};
  if (has_parties) columns.push_back({"PARTIES", Align::kLeft});
  return Table(std::move(columns)).render(rows);
}

std::string answer_text(const Json& answer, RecordingParts parts, std::string_view zone) {
  const bool done = answer.value("done", false);
  std::string text;
  const Json calls = field_of(answer, "calls");
  if (!calls.empty()) text += calls_table(calls, zone);
  const Json in_the_way = field_of(answer, "in_the_way");
  if (!in_the_way.empty()) text += "In the way:\n" + calls_table(in_the_way, zone);
  const std::string joined = printable(answer, "joined.uids");
  if (!joined.empty()) {
    text += "Of the same conversations, and not among them (they stay): " + joined + "\n";
  }
  if (!printable(answer, "unknown.uids").empty()) {
    text += "Not in the log, erased for what may come: " + printable(answer, "unknown.uids") + "\n";
  }
  const std::string backup = local_time(answer, "last_backup", zone);
  text += "Backups are not reached; " +
          (backup.empty() ? "this store knows of none" : "the last one is of " + backup) + ".\n";
  for (const Json& name : field_of(answer, "set_aside")) {
    text += "Not reached: " + name.get<std::string>() +
            " in the store, from before it was rebuilt; remove it.\n";
  }
  text += (done ? "erased " : "would erase ") + parts_to_text(retention::parts_erased(parts)) +
          " of " + counted(answer.value("going", std::uint64_t{0}), "call", "calls") + "\n";
  if (!done) text += "Nothing was changed";
  if (!done) text += in_the_way.empty() ? "; --yes erases them.\n" : ".\n";
  return text;
}

int tell(const Json& answer,
         const EraseOptions& options,
         RecordingParts parts,
         std::string_view zone) {
  write_out(options.json ? json_line(answer) + "\n" : answer_text(answer, parts, zone));
  const Json in_the_way = field_of(answer, "in_the_way");
  for (const Json& call : in_the_way) {
    const std::string holds = printable(call, "legal_holds");
    std::fprintf(stderr,
                 "%s: %s\n",
                 printable(call, "uid").c_str(),
                 holds.empty() ? "locked by its class" : ("held by " + holds).c_str());
  }
  return in_the_way.empty() ? kExitDone : kExitSkipped;
}

// Whose facts go out of the records: the party that is named, else the number by which the calls
// are found, else everybody.
Result<retention::EraseRequest> request_of(const EraseOptions& options,
                                           retention::Selection calls,
                                           RecordingParts parts,
                                           const Settings& settings) {
  retention::EraseRequest request;
  request.calls = std::move(calls);
  request.parts = parts;
  request.reason = options.reason;
  request.confirmed = options.yes;
  if ((parts & kPartCdr) == 0) return request;
  FilterWords words;
  words.number = options.party.empty() ? options.calls.filters.number : options.party;
  const auto party = parse_filters(words, settings.zone, settings.config.numbers.default_region);
  if (!party) return Error(party.error());
  request.number = party->number;
  request.number_e164 = party->number_e164;
  return request;
}

int erase(const Context& context, const EraseOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto calls = need_selection(options.calls, *settings, "erase");
  if (!calls) return report_error(calls.error());
  const auto parts = parse_parts(options.what);
  if (!parts) return report_error(parts.error());
  if (!options.party.empty() && (*parts & kPartCdr) == 0) {
    return report_error(make_error(ErrorCode::kInvalidArgument,
                                   "--party says whose facts go out of records: --what cdr."));
  }
  CertificateFile certificate;
  if (options.yes) {
    const auto made = certificate.make(options.certificate);
    if (!made) return report_error(made.error());
  }
  auto request = request_of(options, std::move(*calls), *parts, *settings);
  if (!request) {
    certificate.discard();
    return report_error(request.error());
  }
  const auto answer = ask_once(*settings, *request);
  if (!answer) {
    certificate.discard();
    return report_error(answer.error());
  }
  if (!answer->value("done", false)) {
    certificate.discard();
    return tell(*answer, options, *parts, settings->zone);
  }
  const auto written = certificate.write(json_line(field_of(*answer, "certificate")) + "\n");
  const int status = tell(*answer, options, *parts, settings->zone);
  if (written) return status;
  // It is erased, and its certificate is in the answer.
  if (!options.json) write_out(json_line(field_of(*answer, "certificate")) + "\n");
  return report_error(written.error());
}

}  // namespace

void add_erase_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<EraseOptions>();
  CLI::App* command = app.add_subcommand("erase",
                                         "Destroy recordings for good.\n"
                                         "First the report; --yes does it.");
  command->footer(kEraseFooter);
  command->add_option("--reason", options->reason, "Why; goes into the journal")
      ->required()
      ->type_name("TEXT");
  command->add_option("--what", options->what, "media, sip, cdr (commas between), or all")
      ->type_name("PARTS");
  command
      ->add_option("--party",
                   options->party,
                   "With cdr: whose facts go out of the records (usual: those of --number, else "
                   "everybody's)")
      ->type_name("N");
  command->add_flag("--yes", options->yes, "Do it");
  command->add_option("--certificate", options->certificate, "File to make for the certificate")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "One JSON object, with the certificate");
  add_selection_options(*command, options->calls);
  command->callback([options, &context] { context.exit_status = erase(context, *options); });
}

}  // namespace tapdeck::control
