#include "storage/store_rebuild.h"

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "config/retention_classes.h"
#include "control/call_json.h"
#include "control/cli/commands.h"
#include "control/progress.h"
#include "control/retention_access.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr const char* kStoreRebuildFooter =
    "For when `calls/` is lost or damaged. Without --yes it says what it found and does nothing.\n"
    "The old `calls/` is kept under another name. Nobody may use the store meanwhile; if it is\n"
    "cut short, give it again. Nothing expires afterwards until `retention confirm-rebuild`.\n"
    "\n"
    "Examples:\n"
    "  tapdeck --store /srv/store store rebuild\n"
    "  tapdeck --store /srv/store store rebuild --yes";

struct RebuildFlags {
  bool yes = false;
  bool json = false;
};

storage::ClassTimes class_times(const config::Config& config) {
  storage::ClassTimes times;
  for (const config::RetentionClass& from : config::retention_classes(config)) {
    times[from.name] = {from.days * kUsPerDay,
                        from.sip_days * kUsPerDay,
                        from.cdr_days * kUsPerDay,
                        from.locked,
                        from.days_max * kUsPerDay};
  }
  return times;
}

Json json_of(const storage::RebuildFigures& figures, bool done) {
  Json json = {{"done", done},
               {"segments", figures.segments},
               {"segments_unsealed", figures.segments_unsealed},
               {"segments_unreadable", figures.segments_unreadable},
               {"bytes_dropped", figures.bytes_dropped},
               {"recordings", figures.recordings},
               {"recordings_gone", figures.recordings_gone},
               {"extents", figures.extents},
               {"records", figures.records},
               {"records_damaged", figures.records_damaged},
               {"records_made", figures.records_made},
               {"records_expired", figures.expired},
               {"keys_claimed", figures.keys_claimed},
               {"journal_entries", figures.journal_entries},
               {"held", figures.held},
               {"erased", figures.erased},
               {"lengthened", figures.lengthened},
               {"annotated", figures.annotated}};
  json["set_aside"] = figures.set_aside.empty() ? Json(nullptr) : Json(figures.set_aside);
  return json;
}

std::string text_of(const storage::RebuildFigures& figures, bool done) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  std::string text = "Segments: " + number(figures.segments) + " read";
  if (figures.segments_unsealed > 0) {
    text += ", " + number(figures.segments_unsealed) + " of them not sealed";
  }
  if (figures.segments_unreadable > 0) {
    text += "; " + number(figures.segments_unreadable) + " cannot be read and are left alone";
  }
  text += ".\nRecordings: " + number(figures.recordings);
  if (figures.recordings_gone > 0) {
    text += ", " + number(figures.recordings_gone) + " of them erased, expired or made anew";
  }
  text += ".\nCall records: " + number(figures.records) + " found";
  if (figures.records_damaged > 0) text += ", " + number(figures.records_damaged) + " damaged";
  text +=
      "; " + number(figures.records_made) +
      (done ? " made of extents and journal alone" : " to be made of extents and journal alone") +
      " (interrupted, crash: their numbers are not known).\n"
      "Journal: " +
      number(figures.journal_entries) + " entries; held " + number(figures.held) + ", erased " +
      number(figures.erased) + ", lengthened " + number(figures.lengthened) + ", annotated " +
      number(figures.annotated) + ".\n";
  return text;
}

std::string told(const storage::RebuildFigures& figures, const std::string& store, bool done) {
  const std::string aside =
      figures.set_aside.empty() ? std::string() : store + "/" + figures.set_aside;
  if (!done) {
    return text_of(figures, done) + "Nothing was changed. --yes makes the call store anew" +
           (aside.empty() ? "" : " and keeps the old one as " + to_printable(aside)) + ".\n";
  }
  return text_of(figures, done) + "The call store was made anew." +
         (aside.empty() ? "" : " The old one is " + to_printable(aside) + ".") +
         "\nNothing expires until `tapdeck retention confirm-rebuild`.\n";
}

Result<storage::RebuildFigures> rebuild(const Settings& settings, bool yes) {
  storage::RebuildOptions options;
  options.store = store_options(settings, storage::StoreMode::kOpenExisting);
  options.classes = class_times(settings.config);
  std::unique_ptr<Progress> progress;
  options.progress = [&progress](std::uint64_t done, std::uint64_t total) {
    if (progress == nullptr) progress = std::make_unique<Progress>("store rebuild", total);
    progress->update(done);
  };
  auto opened = storage::StoreRebuild::open(std::move(options));
  if (!opened) return Error(std::move(opened.error()));
  return yes ? (*opened)->run(wall_now_ns() / kNsPerUs) : (*opened)->look();
}

// Opened once afterwards, so that what the journal says is erased and lengthened is so before
// anything is given out.
int rebuild_store(const Context& context, const RebuildFlags& flags) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto figures = rebuild(*settings, flags.yes);
  if (!figures) return report_error(figures.error());
  if (flags.yes) {
    const auto access = open_retention(*settings);
    if (!access) return report_error(access.error());
  }
  write_out(flags.json ? json_line(json_of(*figures, flags.yes)) + "\n"
                       : told(*figures, settings->store_directory, flags.yes));
  return kExitDone;
}

}  // namespace

void add_store_rebuild(CLI::App& store, Context& context) {
  auto flags = std::make_shared<RebuildFlags>();
  CLI::App* command = store.add_subcommand("rebuild",
                                           "Make the call store anew, of segments, keys and "
                                           "journal.");
  command->footer(kStoreRebuildFooter);
  command->add_flag("--yes", flags->yes, "Do it");
  command->add_flag("--json", flags->json, "One JSON object");
  command->callback([flags, &context] { context.exit_status = rebuild_store(context, *flags); });
}

}  // namespace tapdeck::control
