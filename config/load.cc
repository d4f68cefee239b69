#include "config/load.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <type_traits>

#include <yaml-cpp/yaml.h>

#include "config/suggest.h"
#include "config/visit.h"

namespace tapdeck::config {
namespace {

using Words = std::vector<std::string_view>;

std::uint32_t line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : static_cast<std::uint32_t>(mark.line + 1);
}

template <typename T>
concept Enumeration = std::is_enum_v<T>;

class Loader {
 public:
  explicit Loader(Loaded& out) : out_(out) {}

  void load_document(const YAML::Node& root);

 private:
  struct Entry {
    std::string key;
    YAML::Node value;
  };

  void fail(const YAML::Node& node, const std::string& message) {
    out_.problems.push_back({out_.file, line_of(node.Mark()), message, true});
  }

  std::vector<Entry> entries_of(const YAML::Node& map, const std::string& path, const Words& known);

  template <typename Object>
  void load_object(const YAML::Node& map, const std::string& path, Object& object, Words also);

  template <typename Item>
  void load_list(const YAML::Node& node,
                 const std::string& path,
                 std::size_t count_max,
                 std::vector<Item>& items);

  void load_value(const YAML::Node& node,
                  const std::string& path,
                  const OptionInfo& info,
                  std::uint32_t& value);
  void load_value(const YAML::Node& node,
                  const std::string& path,
                  const OptionInfo& info,
                  std::string& value);
  void load_value(const YAML::Node& node,
                  const std::string& path,
                  const OptionInfo& info,
                  bool& value);
  void load_value(const YAML::Node& node,
                  const std::string& path,
                  const OptionInfo& info,
                  PortList& value);
  void load_value(const YAML::Node& node,
                  const std::string& path,
                  const OptionInfo& info,
                  NameList& value);

  template <AnyRangeList T>
  void load_value(const YAML::Node& node,
                  const std::string& path,
                  const OptionInfo& info,
                  T& value) {
    if (!check_list(node, path, info)) return;
    value.ranges.clear();
    for (const auto& item : node) {
      const std::string text = item.IsScalar() ? item.Scalar() : std::string();
      const std::string wanted = add_range(text, T::kMin, T::kMax, value.ranges);
      if (!wanted.empty()) fail(item, path + ": " + wanted);
    }
  }

  template <Enumeration T>
  void load_value(const YAML::Node& node,
                  const std::string& path,
                  const OptionInfo& info,
                  T& value);

  bool check_list(const YAML::Node& node, const std::string& path, const OptionInfo& info);
  bool check_scalar(const YAML::Node& node, const std::string& path, std::string_view wanted);

  Loaded& out_;
};

bool parse_integer(const std::string& text, std::uint64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

std::string between(const OptionInfo& info) {
  return std::to_string(info.min) + " to " + std::to_string(info.max);
}

bool within(const OptionInfo& info, std::uint64_t value) {
  return value >= static_cast<std::uint64_t>(info.min) &&
         value <= static_cast<std::uint64_t>(info.max);
}

std::string join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

// The entries of a map whose keys are known and come once; the others are reported.
std::vector<Loader::Entry> Loader::entries_of(const YAML::Node& map,
                                              const std::string& path,
                                              const Words& known) {
  std::vector<Entry> entries;
  if (map.IsNull()) return entries;
  if (!map.IsMap()) {
    fail(map, (path.empty() ? "the file" : path) + ": a map of options is wanted");
    return entries;
  }
  for (const auto& pair : map) {
    if (!pair.first.IsScalar()) {
      fail(pair.first, join(path, "?") + ": a key must be a word");
      continue;
    }
    const std::string& key = pair.first.Scalar();
    const std::string key_path = join(path, key);
    const auto same = [&](const Entry& entry) { return entry.key == key; };
    if (std::ranges::find(known, key) == known.end()) {
      const std::string_view nearest = nearest_word(key, known);
      fail(pair.first,
           key_path + ": unknown option" +
               (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?"));
    } else if (std::ranges::any_of(entries, same)) {
      fail(pair.first,
           key_path + ": given twice, first in line " + std::to_string(out_.lines[key_path]));
    } else {
      out_.lines[key_path] = line_of(pair.first.Mark());
      entries.push_back({key, pair.second});
    }
  }
  return entries;
}

template <typename Object>
void Loader::load_object(const YAML::Node& map,
                         const std::string& path,
                         Object& object,
                         Words also) {
  Words known = std::move(also);
  visit_options(object, [&](const OptionInfo& info, auto&) { known.push_back(info.name); });
  const std::vector<Entry> entries = entries_of(map, path, known);
  visit_options(object, [&](const OptionInfo& info, auto& value) {
    for (const Entry& entry : entries) {
      if (entry.key == info.name) load_value(entry.value, join(path, info.name), info, value);
    }
  });
  if constexpr (std::same_as<Object, Capture>) {
    for (const Entry& entry : entries) {
      if (entry.key == "ports")
        load_list(entry.value, path + ".ports", kPortCountMax, object.ports);
    }
  }
  if constexpr (std::same_as<Object, Trunk>) {
    for (const Entry& entry : entries) {
      if (entry.key == "rules")
        load_list(entry.value, path + ".rules", kDialRuleCountMax, object.rules);
    }
  }
}

template <typename Item>
void Loader::load_list(const YAML::Node& node,
                       const std::string& path,
                       std::size_t count_max,
                       std::vector<Item>& items) {
  if (node.IsNull()) return;
  if (!node.IsSequence()) return fail(node, path + ": a list is wanted");
  if (node.size() > count_max) {
    return fail(node,
                path + ": " + std::to_string(node.size()) + " entries are more than " +
                    std::to_string(count_max));
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string item_path = path + "[" + std::to_string(i) + "]";
    out_.lines[item_path] = line_of(node[i].Mark());
    Words also;
    if constexpr (std::same_as<Item, Trunk>) also.push_back("rules");
    load_object(node[i], item_path, items.emplace_back(), std::move(also));
    if (!node[i].IsMap()) continue;
    visit_options(items.back(), [&](const OptionInfo& info, const auto& value) {
      if constexpr (requires { value.empty(); }) {
        if (value.empty() && info.min > 0 && !out_.lines.contains(join(item_path, info.name)))
          fail(node[i], join(item_path, info.name) + ": missing");
      }
    });
  }
}

bool Loader::check_scalar(const YAML::Node& node,
                          const std::string& path,
                          std::string_view wanted) {
  if (node.IsScalar()) return true;
  if (!node.IsNull()) {
    fail(node, path + ": " + std::string(wanted) + " is wanted");
    return false;
  }
  // The parser places an absent value where the next thing begins; the key's line is meant.
  const std::string message = path + ": no value; " + std::string(wanted) + " is wanted";
  out_.problems.push_back({out_.file, out_.lines[path], message, true});
  return false;
}

void Loader::load_value(const YAML::Node& node,
                        const std::string& path,
                        const OptionInfo& info,
                        std::uint32_t& value) {
  if (!check_scalar(node, path, "a number")) return;
  std::uint64_t number = 0;
  if (!parse_integer(node.Scalar(), number)) {
    return fail(node,
                path + ": '" + node.Scalar() + "' is no number; " + between(info) + " is wanted");
  }
  if (!within(info, number)) {
    return fail(node, path + ": " + node.Scalar() + " is out of bounds, " + between(info));
  }
  value = static_cast<std::uint32_t>(number);
}

void Loader::load_value(const YAML::Node& node,
                        const std::string& path,
                        const OptionInfo& info,
                        std::string& value) {
  if (!check_scalar(node, path, "a text")) return;
  if (!within(info, node.Scalar().size())) {
    return fail(node,
                path + ": a text of " + std::to_string(node.Scalar().size()) +
                    " bytes; it must have " + between(info));
  }
  value = node.Scalar();
}

void Loader::load_value(const YAML::Node& node,
                        const std::string& path,
                        const OptionInfo&,
                        bool& value) {
  if (!check_scalar(node, path, "true or false")) return;
  if (node.Scalar() != "true" && node.Scalar() != "false") {
    return fail(node, path + ": '" + node.Scalar() + "'; true or false is wanted");
  }
  value = node.Scalar() == "true";
}

template <Enumeration T>
void Loader::load_value(const YAML::Node& node,
                        const std::string& path,
                        const OptionInfo&,
                        T& value) {
  const auto words = words_of(value);
  std::string wanted = "one of";
  for (const std::string_view word : words) wanted += " " + std::string(word);
  if (!check_scalar(node, path, wanted)) return;
  const auto found = std::ranges::find(words, node.Scalar());
  if (found == words.end()) {
    return fail(node, path + ": '" + node.Scalar() + "'; " + wanted + " is wanted");
  }
  value = static_cast<T>(found - words.begin());
}

bool Loader::check_list(const YAML::Node& node, const std::string& path, const OptionInfo& info) {
  if (!node.IsSequence()) {
    fail(node, path + ": a list is wanted");
    return false;
  }
  if (!within(info, node.size())) {
    fail(node,
         path + ": " + std::to_string(node.size()) + " entries; it must have " + between(info));
    return false;
  }
  return true;
}

void Loader::load_value(const YAML::Node& node,
                        const std::string& path,
                        const OptionInfo& info,
                        PortList& value) {
  if (!check_list(node, path, info)) return;
  value.clear();
  for (const auto& item : node) {
    std::uint64_t number = 0;
    if (!item.IsScalar() || !parse_integer(item.Scalar(), number) || number < 1 ||
        number > 0xffff) {
      fail(item, path + ": a port number of 1 to 65535 is wanted");
    } else if (std::ranges::find(value, number) != value.end()) {
      fail(item, path + ": " + item.Scalar() + " is given twice");
    } else {
      value.push_back(static_cast<std::uint16_t>(number));
    }
  }
}

void Loader::load_value(const YAML::Node& node,
                        const std::string& path,
                        const OptionInfo& info,
                        NameList& value) {
  if (!check_list(node, path, info)) return;
  value.clear();
  for (const auto& item : node) {
    if (!item.IsScalar() || item.Scalar().empty() || item.Scalar().size() > kNameBytesMax) {
      fail(item, path + ": a name of 1 to " + std::to_string(kNameBytesMax) + " bytes is wanted");
    } else if (std::ranges::find(value, item.Scalar()) != value.end()) {
      fail(item, path + ": " + item.Scalar() + " is given twice");
    } else {
      value.push_back(item.Scalar());
    }
  }
}

void Loader::load_document(const YAML::Node& root) {
  Words known{"realms", "trunks"};
  visit_sections(out_.config, [&](const SectionInfo& info, auto&) { known.push_back(info.name); });
  for (const Entry& entry : entries_of(root, "", known)) {
    if (entry.key == "realms") {
      load_list(entry.value, entry.key, kRealmCountMax - 1, out_.config.realms);
    }
    if (entry.key == "trunks") {
      load_list(entry.value, entry.key, kTrunkCountMax, out_.config.trunks);
    }
    visit_sections(out_.config, [&](const SectionInfo& info, auto& section) {
      if (entry.key != info.name) return;
      Words also;
      if (info.name == "capture") also.push_back("ports");
      load_object(entry.value, entry.key, section, std::move(also));
    });
  }
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const int saved = errno;
    return make_errno_error(saved == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                            "cannot read the configuration " + path,
                            saved);
  }
  std::string text(kConfigFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return make_error(ErrorCode::kIo, "cannot read the configuration " + path);
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

Loaded load_text(std::string_view text, const std::string& file_name) {
  Loaded loaded;
  loaded.file = file_name;
  if (text.size() > kConfigFileBytesMax) {
    loaded.problems.push_back({file_name, 0, "the file is longer than 1 MiB", true});
    return loaded;
  }
  try {
    const YAML::Node root = YAML::Load(std::string(text));
    Loader(loaded).load_document(root);
  } catch (const YAML::Exception& problem) {
    loaded.problems.push_back({file_name, line_of(problem.mark), "no YAML: " + problem.msg, true});
  }
  std::ranges::stable_sort(loaded.problems, {}, &Problem::line);
  return loaded;
}

Result<Loaded> load_file(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text) return std::move(text.error());
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
