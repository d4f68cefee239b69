#include "config/load.h"

#include <algorithm>
#include <type_traits>

#include "config/visit.h"
#include "config/yaml.h"
#include "config/yaml_reader.h"

namespace tapdeck::config {
namespace {

using Words = std::vector<std::string_view>;

template <typename T>
concept Enumeration = std::is_enum_v<T>;

class Loader {
 public:
  explicit Loader(Loaded& out) : out_(out), reader_(out.file, out.problems) {}

  void load_document(const YamlNode& root);

 private:
  void fail(const YamlNode& node, const std::string& message) { reader_.fail(node, message); }

  std::vector<ReadEntry> entries_of(const YamlNode& map,
                                    const std::string& path,
                                    const Words& known);

  template <typename Object>
  void load_object(const YamlNode& map, const std::string& path, Object& object, Words also);

  template <typename Item>
  void load_list(const YamlNode& node,
                 const std::string& path,
                 std::size_t count_max,
                 std::vector<Item>& items);

  void load_value(const YamlNode& node,
                  const std::string& path,
                  const OptionInfo& info,
                  std::uint32_t& value);
  void load_value(const YamlNode& node,
                  const std::string& path,
                  const OptionInfo& info,
                  std::string& value);
  void load_value(const YamlNode& node,
                  const std::string& path,
                  const OptionInfo& info,
                  bool& value);
  void load_value(const YamlNode& node,
                  const std::string& path,
                  const OptionInfo& info,
                  PortList& value);
  void load_value(const YamlNode& node,
                  const std::string& path,
                  const OptionInfo& info,
                  NameList& value);

  template <AnyRangeList T>
  void load_value(const YamlNode& node, const std::string& path, const OptionInfo& info, T& value) {
    if (!check_list(node, path, info)) return;
    value.ranges.clear();
    for (const YamlNode& item : node.items) {
      const std::string wanted = add_range(item.text, T::kMin, T::kMax, value.ranges);
      if (!wanted.empty()) fail(item, path + ": " + wanted);
    }
  }

  template <Enumeration T>
  void load_value(const YamlNode& node, const std::string& path, const OptionInfo& info, T& value);

  bool check_list(const YamlNode& node, const std::string& path, const OptionInfo& info);

  Loaded& out_;
  YamlReader reader_;
};

std::string between(const OptionInfo& info) {
  return std::to_string(info.min) + " to " + std::to_string(info.max);
}

bool within(const OptionInfo& info, std::uint64_t value) {
  return value >= static_cast<std::uint64_t>(info.min) &&
         value <= static_cast<std::uint64_t>(info.max);
}

// The entries under known keys, whose lines are noted.
std::vector<ReadEntry> Loader::entries_of(const YamlNode& map,
                                          const std::string& path,
                                          const Words& known) {
  std::vector<ReadEntry> entries = reader_.entries_of(map, path, known);
  for (const ReadEntry& entry : entries) out_.lines[join_path(path, entry.key)] = entry.line;
  return entries;
}

template <typename Object>
void Loader::load_object(const YamlNode& map, const std::string& path, Object& object, Words also) {
  Words known = std::move(also);
  visit_options(object, [&](const OptionInfo& info, auto&) { known.push_back(info.name); });
  const std::vector<ReadEntry> entries = entries_of(map, path, known);
  visit_options(object, [&](const OptionInfo& info, auto& value) {
    for (const ReadEntry& entry : entries) {
      if (entry.key == info.name) load_value(*entry.value, join_path(path, info.name), info, value);
    }
  });
  if constexpr (std::same_as<Object, Capture>) {
    for (const ReadEntry& entry : entries) {
      if (entry.key == "ports")
        load_list(*entry.value, path + ".ports", kPortCountMax, object.ports);
    }
  }
  if constexpr (std::same_as<Object, RetentionPressure>) {
    for (const ReadEntry& entry : entries) {
      if (entry.key == "order")
        load_list(*entry.value, path + ".order", kEarlyExpiryCountMax, object.order);
    }
  }
  if constexpr (std::same_as<Object, Trunk>) {
    for (const ReadEntry& entry : entries) {
      if (entry.key == "rules")
        load_list(*entry.value, path + ".rules", kDialRuleCountMax, object.rules);
    }
  }
}

template <typename Item>
void Loader::load_list(const YamlNode& node,
                       const std::string& path,
                       std::size_t count_max,
                       std::vector<Item>& items) {
  if (node.is_null()) return;
  if (!node.is_list()) return fail(node, path + ": a list is wanted");
  if (node.items.size() > count_max) {
    return fail(node,
                path + ": " + std::to_string(node.items.size()) + " entries are more than " +
                    std::to_string(count_max));
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    const YamlNode& item = node.items[i];
    out_.lines[item_path] = item.line;
    Words also;
    if constexpr (std::same_as<Item, Trunk>) also.push_back("rules");
    load_object(item, item_path, items.emplace_back(), std::move(also));
    if (!item.is_map()) continue;
    visit_options(items.back(), [&](const OptionInfo& info, const auto& value) {
      if constexpr (requires { value.empty(); }) {
        if (value.empty() && info.min > 0 && !out_.lines.contains(join_path(item_path, info.name)))
          fail(item, join_path(item_path, info.name) + ": missing");
      }
    });
  }
}

void Loader::load_value(const YamlNode& node,
                        const std::string& path,
                        const OptionInfo& info,
                        std::uint32_t& value) {
  const auto number = reader_.number_of(
      node, path, static_cast<std::uint32_t>(info.min), static_cast<std::uint32_t>(info.max));
  if (number) value = *number;
}

void Loader::load_value(const YamlNode& node,
                        const std::string& path,
                        const OptionInfo& info,
                        std::string& value) {
  const std::string* text = reader_.name_of(
      node, path, static_cast<std::uint32_t>(info.min), static_cast<std::uint32_t>(info.max));
  if (text != nullptr) value = *text;
}

void Loader::load_value(const YamlNode& node,
                        const std::string& path,
                        const OptionInfo&,
                        bool& value) {
  if (const auto truth = reader_.truth_of(node, path)) value = *truth;
}

template <Enumeration T>
void Loader::load_value(const YamlNode& node,
                        const std::string& path,
                        const OptionInfo&,
                        T& value) {
  if (const auto word = reader_.word_of(node, path, words_of(value))) value = static_cast<T>(*word);
}

bool Loader::check_list(const YamlNode& node, const std::string& path, const OptionInfo& info) {
  if (!node.is_list()) {
    fail(node, path + ": a list is wanted");
    return false;
  }
  if (!within(info, node.items.size())) {
    fail(node,
         path + ": " + std::to_string(node.items.size()) + " entries; it must have " +
             between(info));
    return false;
  }
  return true;
}

void Loader::load_value(const YamlNode& node,
                        const std::string& path,
                        const OptionInfo& info,
                        PortList& value) {
  if (!check_list(node, path, info)) return;
  value.clear();
  for (const YamlNode& item : node.items) {
    const auto number = parse_digits(item.text);
    if (!number || *number < 1 || *number > 0xffff) {
      fail(item, path + ": a port number of 1 to 65535 is wanted");
    } else if (std::ranges::find(value, *number) != value.end()) {
      fail(item, path + ": " + item.text + " is given twice");
    } else {
      value.push_back(static_cast<std::uint16_t>(*number));
    }
  }
}

void Loader::load_value(const YamlNode& node,
                        const std::string& path,
                        const OptionInfo& info,
                        NameList& value) {
  if (!check_list(node, path, info)) return;
  value.clear();
  for (const YamlNode& item : node.items) {
    if (!item.is_scalar() || item.text.empty() || item.text.size() > kNameBytesMax) {
      fail(item, path + ": a name of 1 to " + std::to_string(kNameBytesMax) + " bytes is wanted");
    } else if (std::ranges::find(value, item.text) != value.end()) {
      fail(item, path + ": " + item.text + " is given twice");
    } else {
      value.push_back(item.text);
    }
  }
}

void Loader::load_document(const YamlNode& root) {
  Words known{"realms", "trunks", "retention_classes"};
  visit_sections(out_.config, [&](const SectionInfo& info, auto&) { known.push_back(info.name); });
  for (const ReadEntry& entry : entries_of(root, "", known)) {
    if (entry.key == "realms") {
      load_list(*entry.value, entry.key, kRealmCountMax - 1, out_.config.realms);
    }
    if (entry.key == "trunks") {
      load_list(*entry.value, entry.key, kTrunkCountMax, out_.config.trunks);
    }
    if (entry.key == "retention_classes") {
      load_list(
          *entry.value, entry.key, kRetentionClassCountMax - 2, out_.config.retention_classes);
    }
    visit_sections(out_.config, [&](const SectionInfo& info, auto& section) {
      if (entry.key != info.name) return;
      Words also;
      if (info.name == "capture") also.push_back("ports");
      if (info.name == "retention_pressure") also.push_back("order");
      load_object(*entry.value, entry.key, section, std::move(also));
    });
  }
}

}  // namespace

Loaded load_text(std::string_view text, const std::string& file_name) {
  Loaded loaded;
  loaded.file = file_name;
  if (text.size() > kConfigFileBytesMax) {
    loaded.problems.push_back({file_name, 0, "the file is longer than 1 MiB", true});
    return loaded;
  }
  const YamlDocument document = parse_yaml(std::string(text));
  if (document.mistake.empty()) {
    Loader(loaded).load_document(document.root);
  } else {
    loaded.problems.push_back({file_name, document.mistake_line, document.mistake, true});
  }
  std::ranges::stable_sort(loaded.problems, {}, &Problem::line);
  return loaded;
}

Result<Loaded> load_file(const std::string& path) {
  const Result<std::string> text = read_whole_file(path, "the configuration", kConfigFileBytesMax);
  if (!text) return Error(text.error());
  return load_text(*text, path);
}

Result<Config> load(const std::string& path, HostChecks host) {
  Result<Loaded> loaded = load_file(path);
  if (!loaded) return std::move(loaded.error());
  std::vector<Problem> problems = std::move(loaded->problems);
  for (Problem& problem : validate(loaded->config, path, loaded->lines, {.host = host})) {
    problems.push_back(std::move(problem));
  }
  std::erase_if(problems, [](const Problem& problem) { return !problem.is_error; });
  if (!problems.empty()) return make_error(ErrorCode::kCorrupt, to_string(problems));
  return std::move(loaded->config);
}

}  // namespace tapdeck::config
