#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "config/yaml_reader.h"
#include "control/certificate_check.h"
#include "control/cli/selection.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr const char* kCertificateFooter =
    "The key is that of --key, else the store's own; without either its own is believed, which\n"
    "proves that nothing was altered, not who signed it. With the store whose key it is, the\n"
    "journal is looked through for its entries. Exit status 1 when anything is not as it says.\n"
    "\n"
    "Examples:\n"
    "  tapdeck audit certificate erased.json\n"
    "  tapdeck audit certificate erased.json --key store.pem";

constexpr const char* kKeyFooter =
    "Keep a copy elsewhere, where whoever runs this host cannot change it: certificates are as\n"
    "good as the way in which this key became known. --json: `key_id`, `public_key`.\n"
    "\n"
    "Example:\n"
    "  tapdeck audit key > store.pem";

constexpr std::uint32_t kPemBytesMax = 64U << 10;

struct CertificateOptions {
  std::string file;
  std::string key_file;
  bool json = false;
};

// Whom a certificate is compared with.
struct Authority {
  std::unique_ptr<RetentionAccess> access;  // nullptr: no store, or another's
  std::string absence;                      // why
  std::optional<storage::PublicKey> key;
};

Result<storage::PublicKey> read_key(const std::string& pem, const std::string& whose) {
  const auto key = storage::public_key_from_pem(pem);
  if (key) return *key;
  return make_error(ErrorCode::kCorrupt,
                    whose + " is no public key of Ed25519 in PEM (`tapdeck audit key`).");
}

Result<Json> ask_for_key(RetentionAccess& access) {
  const auto text = access.ask(PublicKeyRequest{});
  if (!text) return Error(text.error());
  return parse_answer(*text);
}

Result<void> take_store(const Settings& settings, Authority& authority) {
  auto access = open_retention(settings);
  if (!access) {
    const bool is_needed = !authority.key && access.error().code != ErrorCode::kNotFound;
    if (is_needed) return Error(access.error());
    authority.absence = access.error().message;
    return {};
  }
  const auto answer = ask_for_key(**access);
  if (!answer) return Error(answer.error());
  const Json pem = field_of(*answer, "public_key");
  const auto own =
      read_key(pem.is_string() ? pem.get<std::string>() : std::string(), "The store's answer");
  if (!own) return Error(own.error());
  if (authority.key && *authority.key != *own) {
    authority.absence = "The store " + settings.store_directory + " signs with another key.";
    return {};
  }
  authority.key = *own;
  authority.access = std::move(*access);
  return {};
}

Result<Authority> find_authority(const Settings& settings, const CertificateOptions& options) {
  Authority authority;
  if (!options.key_file.empty()) {
    const auto pem = config::read_whole_file(options.key_file, "the key", kPemBytesMax);
    if (!pem) return Error(pem.error());
    const auto key = read_key(*pem, options.key_file);
    if (!key) return Error(key.error());
    authority.key = *key;
  }
  TD_TRY(take_store(settings, authority));
  return authority;
}

std::string verdict_text(const CheckedCertificate& checked,
                         const Authority& authority,
                         const storage::PublicKey& key,
                         std::string_view zone) {
  std::string text = "certificate: erasure of " + counted(checked.entries.size(), "call", "calls") +
                     ", " + local_time(checked.body, "time", zone) + ", by " +
                     printable(checked.body, "by.name") + ": " + printable(checked.body, "reason") +
                     "\n";
  text += "signature: good, key " + storage::to_hex(storage::key_id_of(key)) +
          (authority.key ? "" : " (its own: compare it with `tapdeck audit key`)") + "\n";
  text += authority.access ? "journal: has its entries, with these hashes\n"
                           : "journal: not looked at. " + to_printable(authority.absence) + "\n";
  return text;
}

Result<void> check(const Settings& settings, const CertificateOptions& options) {
  const auto file = config::read_whole_file(options.file, "the certificate", kCertificateBytesMax);
  if (!file) return Error(file.error());
  const auto authority = find_authority(settings, options);
  if (!authority) return Error(authority.error());
  const auto checked = check_certificate(*file, authority->key);
  if (!checked) return Error(checked.error());
  if (authority->access) {
    const auto missing = find_missing(*authority->access, *checked);
    if (!missing) return Error(missing.error());
    if (!missing->empty()) {
      return make_error(ErrorCode::kCorrupt,
                        "The journal does not have " +
                            counted(missing->size(), "entry", "entries") +
                            " of this certificate as it says; the first is " +
                            std::to_string(missing->front()) + ".");
    }
  }
  const storage::PublicKey key = retention::open_certificate(*file)->public_key;
  if (!options.json) {
    write_out(verdict_text(*checked, *authority, key, settings.zone));
    return {};
  }
  write_out(json_line(Json{{"good", true},
                           {"key_id", storage::to_hex(storage::key_id_of(key))},
                           {"key_known", authority->key.has_value()},
                           {"journal_checked", authority->access != nullptr},
                           {"certificate", checked->body}}) +
            "\n");
  return {};
}

int check_file(const Context& context, const CertificateOptions& options) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto checked = check(*settings, options);
  return checked ? kExitDone : report_error(checked.error());
}

int print_key(const Context& context, bool json) {
  const auto settings = load_settings(context.global);
  if (!settings) return report_error(settings.error());
  const auto answer = ask_once(*settings, PublicKeyRequest{});
  if (!answer) return report_error(answer.error());
  if (json) {
    write_out(json_line(*answer) + "\n");
    return kExitDone;
  }
  const Json pem = field_of(*answer, "public_key");
  write_out(pem.is_string() ? pem.get<std::string>() : "");
  std::fprintf(stderr, "key id: %s\n", printable(*answer, "key_id").c_str());
  return kExitDone;
}

}  // namespace

void add_certificate_commands(CLI::App& audit, Context& context) {
  auto options = std::make_shared<CertificateOptions>();
  CLI::App* certificate =
      audit.add_subcommand("certificate", "Check a certificate of `erase`: signature, journal.");
  certificate->footer(kCertificateFooter);
  certificate->add_option("file", options->file, "The certificate")->required()->type_name("FILE");
  certificate->add_option("--key", options->key_file, "The public key that signed it, PEM")
      ->type_name("PUBLIC.pem");
  certificate->add_flag("--json", options->json, "One JSON object, with what is certified");
  certificate->callback(
      [options, &context] { context.exit_status = check_file(context, *options); });
  auto json = std::make_shared<bool>(false);
  CLI::App* key =
      audit.add_subcommand("key", "The public key with which this store signs certificates.");
  key->footer(kKeyFooter);
  key->add_flag("--json", *json, "One JSON object");
  key->callback([json, &context] { context.exit_status = print_key(context, *json); });
}

}  // namespace tapdeck::control
