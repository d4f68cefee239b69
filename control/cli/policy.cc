#include <algorithm>
#include <string>
#include <vector>

#include "base/clock.h"
#include "control/cli/commands.h"
#include "control/policy_report.h"
#include "pipelines/calls/person_facts.h"
#include "pipelines/numbers/number_plan.h"
#include "pipelines/policy/policy_file.h"

namespace tapdeck::control {
namespace {

constexpr const char* kPolicyFooter =
    "The policies are those of --policies, or of `policy.file` in the configuration; agent, team "
    "and\n"
    "client are those of the numbers in --directory, or `policy.directory_file`, where they are "
    "not\n"
    "given. Numbers are taken as seen on --trunk, or else in numbers.default_region.\n"
    "\n"
    "Examples:\n"
    "  tapdeck policy explain --policies policies.yaml --caller 071155501 --callee +4930123456\n"
    "  tapdeck --config /etc/tapdeck/tapdeck.yaml policy explain --caller 101 --trunk pbx \\\n"
    "      --header 'X-Account: gold' --at 2026-11-28T22:00:00+01:00 --json | jq .rule";

struct Words {
  std::string policies;
  std::string directory;
  std::string caller;
  std::string callee;
  std::string asserted;
  std::string diverted;
  std::string trunk;
  std::string direction;
  std::string agent;
  std::string team;
  std::string client;
  std::vector<std::string> headers;
  std::string at;
  std::string call_id;
  bool json = false;
  bool all = false;
};

// A call made of the words; its texts are views of them and of this.
class AskedCall {
 public:
  AskedCall(const Words& words, const config::Config& config)
      : words_(words), plan_(plan(config)) {}

  // kInvalidArgument says which word is wrong.
  Result<policy::CallFacts> facts(const std::string& zone);

 private:
  [[nodiscard]] numbers::DialPlan plan(const config::Config& config) const {
    numbers::DialPlan made;
    made.region = config.numbers.default_region;
    const auto trunk = std::ranges::find(config.trunks, words_.trunk, &config::Trunk::name);
    if (trunk == config.trunks.end()) return made;
    if (!trunk->region.empty()) made.region = trunk->region;
    made.rules = trunk->rules;
    return made;
  }

  // As that user part of a URI is read where calls are recorded.
  policy::NumberFacts number(std::string_view written, numbers::Number& made) {
    sip::Uri uri;
    uri.user = written;
    const std::string_view number = calls::number_of(uri, scratch_);
    if (numbers::is_dialled(number)) made = numbers::classify(plan_, number);
    return {number, made.e164()};
  }

  Result<void> read_headers();

  const Words& words_;
  numbers::DialPlan plan_;
  numbers::Number caller_;
  numbers::Number callee_;
  numbers::Number asserted_;
  numbers::Number diverted_;
  std::vector<policy::HeaderFact> headers_;
  calls::Scratch scratch_;
};

Result<void> AskedCall::read_headers() {
  for (const std::string& word : words_.headers) {
    const std::string_view line = word;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return make_error(ErrorCode::kInvalidArgument,
                        "--header: '" + word + "' is no header field; 'Name: value' is wanted.");
    }
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    headers_.push_back({line.substr(0, colon), value});
  }
  return {};
}

Result<policy::CallFacts> AskedCall::facts(const std::string& zone) {
  policy::CallFacts facts;
  facts.caller = number(words_.caller, caller_);
  facts.callee = number(words_.callee, callee_);
  facts.asserted = number(words_.asserted, asserted_);
  facts.diverted = number(words_.diverted, diverted_);
  facts.trunk = words_.trunk;
  facts.agent = words_.agent;
  facts.team = words_.team;
  facts.client = words_.client;
  facts.call_id = words_.call_id;
  facts.time_us = wall_now_ns() / kNsPerUs;
  if (!words_.at.empty()) {
    const auto at = parse_time(words_.at, zone, BareDate::kFirstInstant);
    if (!at) return Error(at.error());
    facts.time_us = *at;
  }
  if (!words_.direction.empty()) {
    const auto direction = parse_direction(words_.direction);
    if (!direction) {
      return make_error(ErrorCode::kInvalidArgument,
                        "--direction: '" + words_.direction +
                            "'; inbound, outbound, internal or transit is wanted.");
    }
    facts.direction = *direction;
  }
  TD_TRY(read_headers());
  facts.headers = headers_;
  return facts;
}

// Whose numbers they are, where the directory says so and the words do not.
void add_owners(const policy::DirectoryLookup& directory, policy::CallFacts& facts) {
  const policy::CallOwners owners =
      directory.find_of_call(facts.caller, facts.callee, facts.direction, facts.time_us);
  if (facts.agent.empty()) facts.agent = owners.agent;
  if (facts.team.empty()) facts.team = owners.team;
  if (facts.client.empty()) facts.client = owners.client;
}

// The word's file, or that of the configuration; empty: neither.
std::string file_of(const Context& context, const std::string& word, const std::string& option) {
  return word.empty() ? policy::policy_path(context.global.config_file, option) : word;
}

int explain(const Context& context, const Words& words) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const config::Policy& named = settings->config.policy;
  const std::string file = file_of(context, words.policies, named.file);
  if (file.empty()) {
    return report_error(
        make_error(ErrorCode::kInvalidArgument,
                   "There are no policies: --policies FILE, or policy.file in the configuration."));
  }
  AskedCall call(words, settings->config);
  auto facts = call.facts(settings->zone);
  if (!facts) return report_error(facts.error());
  std::unique_ptr<const policy::DirectoryLookup> directory;
  const std::string directory_file = file_of(context, words.directory, named.directory_file);
  if (!directory_file.empty()) {
    auto read = policy::load_directory(directory_file, settings->zone);
    if (!read) return report_error(read.error());
    directory = std::move(*read);
    add_owners(*directory, *facts);
  }
  const config::PolicyLoadOptions options = config::policy_load_options(settings->config);
  auto set = policy::load_policy_set(file, options);
  if (!set) return report_error(set.error());
  auto evaluator = policy::Evaluator::create(*set);
  if (!evaluator) return report_error(evaluator.error());
  const PolicyReport report{
      file, *facts, evaluator->explain(*facts), set->get(), options.class_names};
  const RulesShown shown = words.all ? RulesShown::kAll : RulesShown::kToTheDecision;
  write_out(words.json ? json_line(policy_report_to_json(report)) + "\n"
                       : policy_report_to_text(report, settings->zone, shown));
  return kExitDone;
}

void add_words(CLI::App& command, Words& words) {
  const auto option = [&](const char* name, std::string& to, const char* type, const char* help) {
    command.add_option(name, to, help)->type_name(type);
  };
  option("--caller", words.caller, "N", "The caller's number as seen: E.164, national, extension");
  option("--callee", words.callee, "N", "The number dialled");
  option("--asserted", words.asserted, "N", "P-Asserted-Identity");
  option("--diverted", words.diverted, "N", "Who diverted the call");
  option("--trunk", words.trunk, "NAME", "Trunk, by its name in the configuration");
  option("--direction", words.direction, "NAME", "inbound, outbound, internal or transit");
  option("--agent", words.agent, "NAME", "Agent");
  option("--team", words.team, "NAME", "Team");
  option("--client", words.client, "NAME", "Client");
  command.add_option("--header", words.headers, "A header field of the INVITE; may come again")
      ->type_name("'NAME: VALUE'")
      ->allow_extra_args(false);
  option("--at", words.at, "T", "When: RFC 3339, or YYYY-MM-DD in the configured zone; now");
  option("--call-id", words.call_id, "ID", "SIP Call-ID, by which calls are sampled");
  option("--policies", words.policies, "FILE", "Another file than policy.file");
  option("--directory", words.directory, "FILE", "Another file than policy.directory_file");
  command.add_flag("--all", words.all, "Also the rules behind the one that decides");
  command.add_flag("--json", words.json, "One JSON object, with every rule");
}

}  // namespace

void add_policy_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("policy",
                                         "Which calls are recorded, and why.\n"
                                         "Needs no running service and no store.");
  command->require_subcommand(1);
  auto words = std::make_shared<Words>();
  CLI::App* explain_command =
      command->add_subcommand("explain",
                              "Which rule decides about a call.\n"
                              "And for each rule before it the first key that does not fit.");
  explain_command->footer(kPolicyFooter);
  add_words(*explain_command, *words);
  explain_command->callback([words, &context] { context.exit_status = explain(context, *words); });
}

}  // namespace tapdeck::control
