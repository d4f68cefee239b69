#include <memory>
#include <string>

#include "control/call_json.h"
#include "control/cli/commands.h"
#include "control/remote_store.h"

namespace tapdeck::control {
namespace {

constexpr const char* kPauseFooter =
    "Every open call of its conversation is paused, and so is one that joins it meanwhile, from\n"
    "the same time on. Signalling is kept. A pause ends by itself after calls.pause_limit_s.\n"
    "What was said before it is on disk already; a pause alone is not compliance with PCI DSS.\n"
    "\n"
    "Example:\n"
    "  tapdeck --store /srv/tapdeck pause 01KBR5ZP9M3V7E8QX2T4N6YHWD";

int order_pause(const Context& context, const std::string& text, bool resume, bool as_json) {
  const auto uid = parse_uid(text);
  if (!uid) {
    return report_error(
        make_error(ErrorCode::kInvalidArgument, "\"" + text + "\" is not the uid of a call."));
  }
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  auto service = RemoteStore::connect(settings->store_directory);
  if (!service && service.error().code == ErrorCode::kNotFound) {
    return report_error(make_error(ErrorCode::kNotFound,
                                   "No service runs on the store " + settings->store_directory +
                                       ", so nothing is being recorded."));
  }
  if (!service) return report_error(service.error());
  const auto answer = (*service)->order_pause(*uid, resume);
  if (!answer) return report_error(answer.error());
  if (as_json) {
    write_out(*answer + "\n");
    return kExitDone;
  }
  const Json json = Json::parse(*answer, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return report_error(make_error(ErrorCode::kCorrupt, "The service answered with no object."));
  }
  write_out(std::string(resume ? "resumed " : "paused ") +
            std::to_string(json.value("changed", 0U)) + " of " +
            std::to_string(json.value("legs", 0U)) + " open calls of the conversation\n");
  return kExitDone;
}

void add_command(CLI::App& app, Context& context, bool resume) {
  struct Options {
    std::string uid;
    bool json = false;
  };

  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      resume ? "resume" : "pause",
      resume ? "Goes on with a paused recording." : "Pauses the recording of a running call.");
  if (!resume) command->footer(kPauseFooter);
  command->add_option("UID", options->uid, "The call")->required();
  command->add_flag("--json", options->json, "One JSON object: legs, changed");
  command->callback([options, &context, resume] {
    context.exit_status = order_pause(context, options->uid, resume, options->json);
  });
}

}  // namespace

void add_pause_commands(CLI::App& app, Context& context) {
  add_command(app, context, false);
  add_command(app, context, true);
}

}  // namespace tapdeck::control
