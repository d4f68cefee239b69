#include "pipelines/export/export.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sys/stat.h>
#include <utility>

#include "control/cli/commands.h"
#include "control/manifest_json.h"
#include "control/open_store.h"
#include "control/progress.h"
#include "pipelines/export/manifest.h"

namespace tapdeck::control {
namespace {

constexpr const char* kExportFooter =
    "Writes DIR/UID.wav or DIR/UID.pcap for each call, and DIR/manifest.json, which lists every\n"
    "matching call: its files with SHA-256, duration and gaps, or the reason why it has none "
    "(then\n"
    "the exit status is 3). wav: stereo, the caller left, everyone the caller hears right. pcap:\n"
    "SIP and RTP as received, for Wireshark.\n"
    "\n"
    "Examples:\n"
    "  tapdeck export --from 2026-11-23 --caller '+4989*' --format wav --output /tmp/audio\n"
    "  tapdeck export --uid 01KASJ4Q3R8ZC5W1T9M2XVB7NE --format pcap --output .";

struct ExportOptions {
  FilterWords filters;
  std::string format;
  std::string output;
};

using ExportFunction = Result<exports::ExportOutcome> (*)(storage::StoreAccess&,
                                                          const CallRecord&,
                                                          const std::string&);

Result<ExportFunction> function_for(const std::string& format) {
  if (format == "wav") return &exports::export_wav;
  if (format == "pcap") return &exports::export_pcap;
  if (format == "opus" || format == "mkv" || format == "evidence") {
    return make_error(ErrorCode::kInvalidArgument,
                      "--format " + format + " comes later; there are wav and pcap so far.");
  }
  return make_error(ErrorCode::kInvalidArgument,
                    "--format: '" + format + "' is neither wav nor pcap.");
}

Result<void> make_directory(const std::string& directory) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(directory, error);
  if (error) {
    return make_errno_error(
        ErrorCode::kIo, "cannot make the directory " + directory, error.value());
  }
  // Recordings are nobody else's business; a directory that was there keeps its mode.
  if (made && ::chmod(directory.c_str(), S_IRWXU) != 0) {
    return make_errno_error(ErrorCode::kPermission, directory, errno);
  }
  return {};
}

void tell_counts(const exports::Manifest& manifest, const std::string& directory) {
  for (const exports::ManifestEntry& entry : manifest.entries) {
    if (entry.files.empty()) {
      std::fprintf(stderr, "skipped %s: %s\n", to_string(entry.uid).c_str(), entry.reason.c_str());
    }
  }
  std::fprintf(stderr,
               "matched %llu = exported %llu + explained %llu; see %s/manifest.json\n",
               static_cast<unsigned long long>(manifest.matched),
               static_cast<unsigned long long>(manifest.exported),
               static_cast<unsigned long long>(manifest.explained),
               directory.c_str());
}

Result<exports::Manifest> export_all(storage::StoreAccess& store,
                                     const CallQuery& query,
                                     const ExportOptions& options,
                                     ExportFunction export_one) {
  exports::Manifest manifest;
  manifest.format = options.format;
  Progress progress("exporting", 0);
  const auto next = for_each_page(store, query, [&](const CallPage& page) {
    for (const CallRecord& call : page.calls) {
      const std::string path = options.output + "/" + to_string(call.uid) + "." + options.format;
      exports::add_outcome(manifest, call.uid, export_one(store, call, path));
      progress.update(manifest.matched);
    }
    return true;
  });
  if (!next) return Error(next.error());
  return manifest;
}

// In the journal, as many entries as it takes.
Result<void> note_export(const OpenedStore& store,
                         const exports::Manifest& manifest,
                         const storage::Hash& digest,
                         const ExportOptions& options) {
  retention::ExportRequest request;
  request.format = options.format;
  std::error_code ignored;
  request.output = std::filesystem::absolute(options.output, ignored).string();
  request.manifest = digest;
  const auto flush = [&]() -> Result<void> {
    const auto noted = store.ask(request);
    request.files = 0;
    request.uids.clear();
    return noted ? Result<void>() : Result<void>(Error(noted.error()));
  };
  bool any = false;
  for (const exports::ManifestEntry& entry : manifest.entries) {
    if (entry.files.empty()) continue;
    any = true;
    request.uids.push_back(entry.uid);
    request.files += static_cast<std::uint32_t>(entry.files.size());
    if (request.uids.size() >= kSelectedUidsMax) TD_TRY(flush());
  }
  return any && request.uids.empty() ? Result<void>() : flush();
}

int export_calls(const Context& context, const ExportOptions& options) {
  const auto export_one = function_for(options.format);
  if (!export_one) return report_error(export_one.error());
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto query =
      parse_filters(options.filters, settings->zone, settings->config.numbers.default_region);
  if (!query) return report_error(query.error());
  auto store = open_store_for(*settings, AccessKind::kExport);
  if (!store) return report_error(store.error());
  const auto made = make_directory(options.output);
  if (!made) return report_error(made.error());
  const auto manifest = export_all(*store->reader, *query, options, *export_one);
  if (!manifest) return report_error(manifest.error());
  const auto written = write_manifest(*manifest, options.output);
  if (!written) return report_error(written.error());
  const auto noted = note_export(*store, *manifest, *written, options);
  if (!noted) {
    return report_error(
        make_error(noted.error().code,
                   "The files are in " + options.output +
                       ", but the journal did not take the export: " + noted.error().message));
  }
  tell_counts(*manifest, options.output);
  return manifest->explained == 0 ? kExitDone : kExitSkipped;
}

}  // namespace

void add_export_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export",
                                         "Recordings of the calls found, as files.\n"
                                         "Every matching call is exported or explained.");
  command->footer(kExportFooter);
  command->add_option("--format", options->format, "wav or pcap")->required()->type_name("FORMAT");
  command->add_option("--output", options->output, "Directory for the files; made when missing")
      ->required()
      ->type_name("DIR");
  add_filter_options(*command, options->filters);
  command->callback([options, &context] { context.exit_status = export_calls(context, *options); });
}

}  // namespace tapdeck::control
