#include "config/directory_load.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "base/clock.h"
#include "config/number_patterns.h"
#include "config/suggest.h"
#include "config/yaml.h"
#include "config/yaml_reader.h"
#include "config/zone_table.h"

namespace tapdeck::config {
namespace {

constexpr const char* kWantedTime =
    "a date (2026-01-31) or a time (2026-01-31T08:00:00Z) is wanted";

// "1200" or "1200.50" in ten-thousandths.
std::optional<std::int64_t> parse_cost(std::string_view text) {
  constexpr std::uint64_t kWholeMax = 1'000'000'000'000;
  const std::size_t point = text.find('.');
  const auto whole = parse_digits(text.substr(0, point));
  std::string places(point == std::string_view::npos ? "0" : text.substr(point + 1));
  if (!whole || *whole > kWholeMax || places.empty() || places.size() > 4) return std::nullopt;
  places.resize(4, '0');
  const auto part = parse_digits(places);
  if (!part) return std::nullopt;
  return static_cast<std::int64_t>(*whole * 10'000 + *part);
}

class DirectoryLoader {
 public:
  DirectoryLoader(LoadedDirectory& out, const ZoneTable& zone)
      : out_(out), reader_(out.file, out.problems), zone_(zone) {}

  void load(const YamlNode& root);

 private:
  void load_section(DirectoryKind kind, const YamlNode& node);
  void load_entry(DirectoryKind kind,
                  const YamlNode& node,
                  const std::string& path,
                  DirectoryEntry& entry);
  void load_value(const ReadEntry& value, const std::string& path, DirectoryEntry& entry);
  void load_numbers(const YamlNode& node, const std::string& path, DirectoryEntry& entry);
  void load_number(const YamlNode& node, const std::string& path, DirectoryEntry& entry);
  void load_name(const YamlNode& node, const std::string& path, std::string& name);
  std::optional<std::int64_t> read_time(const YamlNode& node,
                                        const std::string& path,
                                        std::int64_t days_later);
  void load_cost(const YamlNode& node, const std::string& path, DirectoryEntry& entry);
  void load_currency(const YamlNode& node, const std::string& path, DirectoryEntry& entry);
  void check_names(DirectoryKind of,
                   std::string DirectoryEntry::*name,
                   const char* option,
                   DirectoryKind in);

  LoadedDirectory& out_;
  YamlReader reader_;
  const ZoneTable& zone_;
  std::size_t number_count_ = 0;
};

std::vector<std::string_view> keys_of(DirectoryKind kind) {
  std::vector<std::string_view> keys{"name", "numbers", "extensions", "from", "to"};
  if (kind == DirectoryKind::kAgent) keys.emplace_back("team");
  if (kind == DirectoryKind::kCampaign) {
    keys.insert(keys.end(), {"marketing_channel", "cost", "currency"});
  }
  return keys;
}

void DirectoryLoader::load_number(const YamlNode& node,
                                  const std::string& path,
                                  DirectoryEntry& entry) {
  const std::string* text = reader_.text_of(node, path, "a number");
  if (text == nullptr) return;
  ParsedNumber parsed = parse_number_pattern(*text, NumberPlace::kNumbers);
  if (!parsed.mistake.empty()) return reader_.fail(node, path + ": " + parsed.mistake);
  if (++number_count_ == kDirectoryNumberCountMax + 1) {
    reader_.fail(
        node,
        path + ": the file has more than " + std::to_string(kDirectoryNumberCountMax) + " numbers");
  }
  if (number_count_ > kDirectoryNumberCountMax) return;
  parsed.pattern.line = node.line;
  entry.numbers.push_back(std::move(parsed.pattern));
}

void DirectoryLoader::load_numbers(const YamlNode& node,
                                   const std::string& path,
                                   DirectoryEntry& entry) {
  if (!node.is_list()) return load_number(node, path, entry);
  for (const YamlNode& item : node.items) load_number(item, path, entry);
}

void DirectoryLoader::load_name(const YamlNode& node, const std::string& path, std::string& name) {
  const std::string* text = reader_.name_of(node, path, 1, kNameBytesMax);
  if (text != nullptr) name = *text;
}

std::optional<std::int64_t> DirectoryLoader::read_time(const YamlNode& node,
                                                       const std::string& path,
                                                       std::int64_t days_later) {
  const std::string* text = reader_.text_of(node, path, "a date");
  if (text == nullptr) return std::nullopt;
  if (const auto exact = parse_rfc3339_us(*text)) return exact;
  const auto midnight = parse_rfc3339_us(*text + "T00:00:00Z");
  if (text->size() == 10 && midnight) {
    return zone_.to_utc_s((*midnight + days_later * kUsPerDay) / kUsPerSecond) * kUsPerSecond;
  }
  reader_.fail(node, path + ": '" + *text + "'; " + kWantedTime);
  return std::nullopt;
}

void DirectoryLoader::load_cost(const YamlNode& node,
                                const std::string& path,
                                DirectoryEntry& entry) {
  const std::string* text = reader_.text_of(node, path, "an amount");
  if (text == nullptr) return;
  const auto cost = parse_cost(*text);
  if (cost) {
    entry.cost_e4 = *cost;
  } else {
    reader_.fail(node, path + ": '" + *text + "'; an amount like 1200.50 is wanted");
  }
}

void DirectoryLoader::load_currency(const YamlNode& node,
                                    const std::string& path,
                                    DirectoryEntry& entry) {
  const std::string* text = reader_.text_of(node, path, "a currency");
  if (text == nullptr) return;
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (text->size() == 3 && std::ranges::all_of(*text, is_letter)) {
    entry.currency = *text;
  } else {
    reader_.fail(node, path + ": '" + *text + "'; a currency like EUR is wanted");
  }
}

void DirectoryLoader::load_value(const ReadEntry& value,
                                 const std::string& path,
                                 DirectoryEntry& entry) {
  const YamlNode& node = *value.value;
  if (value.key == "name") load_name(node, path, entry.name);
  if (value.key == "numbers" || value.key == "extensions") load_numbers(node, path, entry);
  if (value.key == "team") load_name(node, path, entry.team);
  if (value.key == "marketing_channel") load_name(node, path, entry.marketing_channel);
  if (value.key == "cost") load_cost(node, path, entry);
  if (value.key == "currency") load_currency(node, path, entry);
  if (value.key == "from") {
    if (const auto time_us = read_time(node, path, 0)) entry.from_us = *time_us;
  }
  if (value.key == "to") {
    if (const auto time_us = read_time(node, path, 1)) entry.to_us = *time_us;
  }
}

void DirectoryLoader::load_entry(DirectoryKind kind,
                                 const YamlNode& node,
                                 const std::string& path,
                                 DirectoryEntry& entry) {
  const auto keys = keys_of(kind);
  entry.line = node.line;
  if (node.is_null()) return reader_.fail(node, path + ": a map of options is wanted");
  bool has_name = false;
  bool has_cost = false;
  for (const ReadEntry& value : reader_.entries_of(node, path, keys, "key")) {
    has_name = has_name || value.key == "name";
    has_cost = has_cost || value.key == "cost";
    load_value(value, join_path(path, value.key), entry);
  }
  if (node.is_map() && !has_name) reader_.fail(node, path + ".name: missing");
  if (has_cost && entry.currency.empty()) reader_.fail(node, path + ".currency: missing");
  if (entry.from_us >= entry.to_us) reader_.fail(node, path + ": ends before it begins");
}

void DirectoryLoader::load_section(DirectoryKind kind, const YamlNode& node) {
  const std::string section(section_of(kind));
  if (node.is_null()) return;
  if (!node.is_list()) return reader_.fail(node, section + ": a list is wanted");
  if (node.items.size() > kDirectoryEntryCountMax) {
    return reader_.fail(node,
                        section + ": " + std::to_string(node.items.size()) +
                            " entries are more than " + std::to_string(kDirectoryEntryCountMax));
  }
  auto& entries = out_.directory.entries[static_cast<std::size_t>(kind)];
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string path = section + "[" + std::to_string(i) + "]";
    load_entry(kind, node.items[i], path, entries.emplace_back());
  }
}

// A name that one entry gives must be one of another kind, where any of that kind is listed.
void DirectoryLoader::check_names(DirectoryKind of,
                                  std::string DirectoryEntry::*name,
                                  const char* option,
                                  DirectoryKind in) {
  std::unordered_set<std::string_view> known;
  for (const DirectoryEntry& entry : out_.directory.of(in)) known.insert(entry.name);
  if (known.empty()) return;
  for (const DirectoryEntry& entry : out_.directory.of(of)) {
    const std::string& wanted = entry.*name;
    if (wanted.empty() || known.contains(wanted)) continue;
    const std::vector<std::string_view> words(known.begin(), known.end());
    const std::string_view nearest = nearest_word(wanted, words);
    reader_.fail(entry.line,
                 std::string(section_of(of)) + ": '" + entry.name + "' has " + option + " '" +
                     wanted + "', which " + std::string(section_of(in)) + " does not list" +
                     (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?"));
  }
}

void DirectoryLoader::load(const YamlNode& root) {
  std::vector<std::string_view> sections;
  for (std::size_t i = 0; i < kDirectoryKindCount; ++i) {
    sections.push_back(section_of(static_cast<DirectoryKind>(i)));
  }
  for (const ReadEntry& entry : reader_.entries_of(root, "", sections, "section")) {
    const auto found = std::ranges::find(sections, entry.key);
    load_section(static_cast<DirectoryKind>(found - sections.begin()), *entry.value);
  }
  check_names(DirectoryKind::kAgent, &DirectoryEntry::team, "team", DirectoryKind::kTeam);
  check_names(DirectoryKind::kCampaign,
              &DirectoryEntry::marketing_channel,
              "marketing_channel",
              DirectoryKind::kMarketingChannel);
  check_directory_overlaps(out_.directory, out_.file, out_.problems);
}

}  // namespace

LoadedDirectory load_directory_text(const std::string& text,
                                    const std::string& file_name,
                                    const std::string& zone) {
  LoadedDirectory loaded;
  loaded.file = file_name;
  const YamlDocument document = parse_yaml(text);
  const auto table = ZoneTable::create(zone);
  if (!table) {
    loaded.problems.push_back({file_name, 0, table.error().message, true});
  } else if (document.mistake.empty()) {
    DirectoryLoader(loaded, *table).load(document.root);
  } else {
    loaded.problems.push_back({file_name, document.mistake_line, document.mistake, true});
  }
  std::ranges::stable_sort(loaded.problems, {}, &Problem::line);
  return loaded;
}

Result<LoadedDirectory> load_directory_file(const std::string& path, const std::string& zone) {
  auto text = read_whole_file(path, "the directory", kDirectoryFileBytesMax);
  if (!text) return Error(text.error());
  LoadedDirectory loaded = load_directory_text(*text, path, zone);
  loaded.text = std::move(*text);
  return loaded;
}

}  // namespace tapdeck::config
