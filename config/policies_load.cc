#include "config/policies_load.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "config/policies_load_parts.h"
#include "config/retention_classes.h"
#include "config/yaml.h"
#include "config/yaml_reader.h"

namespace tapdeck::config {
namespace {

constexpr std::array<std::string_view, 4> kFileKeys{"sample_key", "lists", "rules", "default"};
constexpr std::uint32_t kSampleKeyBytesMax = 256;

class PolicyLoader {
 public:
  PolicyLoader(LoadedPolicies& out, const PolicyLoadOptions& options)
      : out_(out), reading_{YamlReader(out.file, out.problems), options, out.texts} {}

  void load(const YamlNode& root);

 private:
  void load_rules(const YamlNode& node);
  void load_rule(const YamlNode& node, const std::string& path, PolicyRule& rule);
  void check_rules();

  LoadedPolicies& out_;
  PolicyReading reading_;
};

void PolicyLoader::load_rule(const YamlNode& node, const std::string& path, PolicyRule& rule) {
  std::vector<std::string_view> keys = action_names();
  keys.insert(keys.begin(), {"name", "match"});
  const auto entries = reading_.reader.entries_of(node, path, keys, "key");
  rule.line = node.line;
  for (const ReadEntry& entry : entries) {
    const std::string key_path = join_path(path, entry.key);
    if (entry.key == "name") {
      const std::string* name = reading_.reader.name_of(*entry.value, key_path, 1, kNameBytesMax);
      if (name != nullptr) rule.name = *name;
    }
    if (entry.key == "match") {
      if (entry.value->is_null()) {
        reading_.reader.fail(entry.line,
                             key_path + ": no value; a rule for every call has no `match`");
      }
      read_match(reading_, *entry.value, key_path, rule.match, &rule.none_of);
    }
  }
  if (node.is_null()) reading_.reader.fail(node, path + ": a map of options is wanted");
  if (node.is_map() && std::ranges::find(entries, "name", &ReadEntry::key) == entries.end()) {
    reading_.reader.fail(node, path + ".name: missing");
  }
  read_actions(reading_, entries, path, rule.actions);
}

void PolicyLoader::load_rules(const YamlNode& node) {
  if (node.is_null()) return;
  if (!node.is_list()) return reading_.reader.fail(node, "rules: a list is wanted");
  if (node.items.size() > kPolicyRuleCountMax) {
    return reading_.reader.fail(node,
                                "rules: " + std::to_string(node.items.size()) + " are more than " +
                                    std::to_string(kPolicyRuleCountMax));
  }
  out_.policies.rules.reserve(node.items.size());
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string path = "rules[" + std::to_string(i) + "]";
    load_rule(node.items[i], path, out_.policies.rules.emplace_back());
  }
  check_rules();
}

void PolicyLoader::check_rules() {
  std::unordered_map<std::string_view, std::uint32_t> lines;
  const PolicyRule* all = nullptr;  // fits every call
  for (const PolicyRule& rule : out_.policies.rules) {
    const std::string what = "rule '" + rule.name + "'";
    if (rule.name == kFallbackName) {
      reading_.reader.fail(rule.line,
                           what +
                               ": what no rule fits is called so; the section `default` says "
                               "what happens then");
    }
    const auto [first, is_new] = lines.try_emplace(rule.name, rule.line);
    if (!is_new && !rule.name.empty()) {
      reading_.reader.fail(
          rule.line,
          what + ": the name is given twice, first in line " + std::to_string(first->second));
    }
    if (all != nullptr) {
      reading_.reader.warn(rule.line,
                           what + ": never decides, because '" + all->name + "' in line " +
                               std::to_string(all->line) + " fits every call");
      return;
    }
    if (rule.match.empty() && rule.none_of.empty()) all = &rule;
  }
}

void PolicyLoader::load(const YamlNode& root) {
  const auto entries = reading_.reader.entries_of(root, "", kFileKeys);
  const auto with = [&](std::string_view key, const auto& take) {
    const auto found = std::ranges::find(entries, key, &ReadEntry::key);
    if (found != entries.end()) take(*found);
  };
  Policies& policies = out_.policies;
  with("sample_key", [&](const ReadEntry& entry) {
    const std::string* key =
        reading_.reader.name_of(*entry.value, "sample_key", 1, kSampleKeyBytesMax);
    if (key != nullptr) policies.sample_key = *key;
  });
  with("lists", [&](const ReadEntry& entry) {  // before the rules that name them
    read_lists(reading_, *entry.value, out_.problems, policies.lists);
  });
  with("rules", [&](const ReadEntry& entry) { load_rules(*entry.value); });
  with("default", [&](const ReadEntry& entry) {
    const std::vector<std::string_view> keys = action_names();
    policies.fallback_line = entry.line;
    read_actions(reading_,
                 reading_.reader.entries_of(*entry.value, "default", keys, "key"),
                 "default",
                 policies.fallback);
  });
}

}  // namespace

PolicyLoadOptions policy_load_options(const Config& config) {
  PolicyLoadOptions options;
  options.zone = config.general.timezone;
  options.class_names = retention_class_names(config);
  options.trunk_names.emplace();
  for (const Trunk& trunk : config.trunks) options.trunk_names->push_back(trunk.name);
  return options;
}

LoadedPolicies load_policies_text(const std::string& text,
                                  const std::string& file_name,
                                  const PolicyLoadOptions& options) {
  LoadedPolicies loaded;
  loaded.file = file_name;
  const YamlDocument document = parse_yaml(text);
  if (document.mistake.empty()) {
    PolicyLoader(loaded, options).load(document.root);
  } else {
    loaded.problems.push_back({file_name, document.mistake_line, document.mistake, true});
  }
  std::ranges::stable_sort(loaded.problems, [](const Problem& a, const Problem& b) {
    return std::tie(a.file, a.line) < std::tie(b.file, b.line);
  });
  return loaded;
}

Result<LoadedPolicies> load_policies_file(const std::string& path,
                                          const PolicyLoadOptions& options) {
  auto text = read_whole_file(path, "the policies", kPolicyFileBytesMax);
  if (!text) return Error(text.error());
  LoadedPolicies loaded = load_policies_text(*text, path, options);
  // As an editor or a full disk leaves it: taken for no rules, it would let everything be recorded.
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    loaded.problems.push_back(
        {path, 1, "the file is empty: write `rules: []` where no rule is wanted", true});
  }
  loaded.texts.insert(loaded.texts.begin(), std::move(*text));
  return loaded;
}

}  // namespace tapdeck::config
