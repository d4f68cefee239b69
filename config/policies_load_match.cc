#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "config/number_patterns.h"
#include "config/policies_load_parts.h"
#include "config/suggest.h"
#include "config/texts.h"

namespace tapdeck::config {
namespace {

constexpr std::array<std::string_view, 4> kDirections{"inbound", "outbound", "internal", "transit"};

class MatchReader {
 public:
  MatchReader(PolicyReading& reading, MatchBlock& block) : reading_(reading), block_(block) {}

  void read_numbers(NumberKey key, const YamlNode& node, const std::string& path);
  void read_texts(TextKey key, const YamlNode& node, const std::string& path);
  void read_headers(const YamlNode& node, const std::string& path);

 private:
  void check_text(TextKey key, const YamlNode& node, const std::string& path);

  void fail(const YamlNode& node, const std::string& message) {
    reading_.reader.fail(node, message);
  }

  // Calls take(text, node) for the one scalar or for each of a list.
  template <typename Take>
  void for_each_value(const YamlNode& node,
                      const std::string& path,
                      std::string_view wanted,
                      Take&& take) {
    if (!node.is_list()) {
      const std::string* text = reading_.reader.text_of(node, path, wanted);
      if (text != nullptr) take(*text, node);
      return;
    }
    if (node.items.empty()) return fail(node, path + ": an empty list fits nothing");
    if (node.items.size() > kPolicyValueCountMax) {
      return fail(node,
                  path + ": more than " + std::to_string(kPolicyValueCountMax) +
                      " values; a list may have them (`@name`)");
    }
    for (const YamlNode& item : node.items) {
      const std::string* text = reading_.reader.text_of(item, path, wanted);
      if (text != nullptr) take(*text, item);
    }
  }

  PolicyReading& reading_;
  MatchBlock& block_;
};

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string_view nearest = nearest_word(word, known);
  return nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?";
}

void MatchReader::read_numbers(NumberKey key, const YamlNode& node, const std::string& path) {
  auto& values = block_.numbers[static_cast<std::size_t>(key)];
  for_each_value(node, path, "a number", [&](const std::string& text, const YamlNode& at) {
    ParsedNumber parsed = parse_number_pattern(text, NumberPlace::kRule);
    if (!parsed.mistake.empty()) return fail(at, path + ": " + parsed.mistake);
    parsed.pattern.line = at.line;
    if (parsed.pattern.form == NumberForm::kList &&
        !reading_.list_lines.contains(parsed.pattern.text)) {
      std::vector<std::string_view> known;
      for (const auto& [name, line] : reading_.list_lines) known.push_back(name);
      return fail(at,
                  path + ": there is no list '" + parsed.pattern.text + "'" +
                      did_you_mean(parsed.pattern.text, known));
    }
    values.push_back(std::move(parsed.pattern));
  });
}

void MatchReader::check_text(TextKey key, const YamlNode& node, const std::string& path) {
  const auto& trunks = reading_.options.trunk_names;
  if (key == TextKey::kDirection &&
      std::ranges::find(kDirections, node.text) == kDirections.end()) {
    fail(node, path + ": '" + node.text + "'; " + one_of(kDirections) + " is wanted");
  }
  if (key == TextKey::kTrunk && trunks && std::ranges::find(*trunks, node.text) == trunks->end()) {
    const std::vector<std::string_view> known(trunks->begin(), trunks->end());
    reading_.reader.warn(node.line,
                         path + ": the configuration has no trunk '" + node.text + "'" +
                             did_you_mean(node.text, known));
  }
}

void MatchReader::read_texts(TextKey key, const YamlNode& node, const std::string& path) {
  auto& values = block_.texts[static_cast<std::size_t>(key)];
  for_each_value(node, path, "a text", [&](const std::string& text, const YamlNode& at) {
    if (reading_.reader.name_of(at, path, 1, kNameBytesMax) == nullptr) return;
    check_text(key, at, path);
    values.push_back(text);
  });
}

void MatchReader::read_headers(const YamlNode& node, const std::string& path) {
  const std::vector<ReadEntry> entries = reading_.reader.entries_of_any_name(node, path);
  if (entries.empty() && node.is_map()) return fail(node, path + ": names no header field");
  if (node.is_null()) return fail(node, path + ": a map of header fields is wanted");
  if (entries.size() > kPolicyHeaderCountMax) {
    return fail(node,
                path + ": more than " + std::to_string(kPolicyHeaderCountMax) + " header fields");
  }
  for (const ReadEntry& entry : entries) {
    const std::string mistake = header_name_mistake(entry.key);
    if (!mistake.empty()) reading_.reader.fail(entry.line, path + ": " + mistake);
    HeaderMatch& header = block_.headers.emplace_back();
    header.name = entry.key;
    const std::string value_path = join_path(path, entry.key);
    for_each_value(
        *entry.value, value_path, "a text", [&](const std::string& text, const auto& at) {
          ParsedText parsed = parse_text_pattern(text);
          if (!parsed.mistake.empty()) return fail(at, value_path + ": " + parsed.mistake);
          parsed.pattern.line = at.line;
          header.values.push_back(std::move(parsed.pattern));
        });
  }
}

void read_not(PolicyReading& reading,
              const YamlNode& node,
              const std::string& path,
              std::vector<MatchBlock>& none_of) {
  if (!node.is_list()) return read_match(reading, node, path, none_of.emplace_back(), nullptr);
  if (node.items.empty() || node.items.size() > kPolicyBlockCountMax) {
    return reading.reader.fail(
        node, path + ": 1 to " + std::to_string(kPolicyBlockCountMax) + " match blocks are wanted");
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    read_match(reading, node.items[i], item_path, none_of.emplace_back(), nullptr);
  }
}

std::vector<std::string_view> match_keys(bool with_not) {
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < kNumberKeyCount; ++i) {
    keys.push_back(name_of(static_cast<NumberKey>(i)));
  }
  for (std::size_t i = 0; i < kTextKeyCount; ++i) keys.push_back(name_of(static_cast<TextKey>(i)));
  keys.insert(keys.end(), {"header", "time"});
  if (with_not) keys.emplace_back("not");
  return keys;
}

}  // namespace

void read_match(PolicyReading& reading,
                const YamlNode& node,
                const std::string& path,
                MatchBlock& block,
                std::vector<MatchBlock>* none_of) {
  MatchReader reader(reading, block);
  const auto keys = match_keys(none_of != nullptr);
  if (none_of == nullptr && (node.is_null() || (node.is_map() && node.entries.empty()))) {
    reading.reader.fail(node,
                        path + ": an empty block fits every call, so that the rule fits none");
  }
  for (const ReadEntry& entry : reading.reader.entries_of(node, path, keys, "key")) {
    const std::string key_path = join_path(path, entry.key);
    for (std::size_t i = 0; i < kNumberKeyCount; ++i) {
      const auto key = static_cast<NumberKey>(i);
      if (entry.key == name_of(key)) reader.read_numbers(key, *entry.value, key_path);
    }
    for (std::size_t i = 0; i < kTextKeyCount; ++i) {
      const auto key = static_cast<TextKey>(i);
      if (entry.key == name_of(key)) reader.read_texts(key, *entry.value, key_path);
    }
    if (entry.key == "header") reader.read_headers(*entry.value, key_path);
    if (entry.key == "time") read_times(reading, *entry.value, key_path, block.times);
    if (entry.key == "not") read_not(reading, *entry.value, key_path, *none_of);
  }
}

}  // namespace tapdeck::config
