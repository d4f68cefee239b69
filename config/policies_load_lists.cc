#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "config/number_patterns.h"
#include "config/policies_load_parts.h"

namespace tapdeck::config {
namespace {

constexpr std::array<std::string_view, 2> kListKeys{"numbers", "file"};

class ListReader {
 public:
  ListReader(PolicyReading& reading, std::vector<Problem>& problems)
      : reading_(reading), problems_(problems) {}

  void read(const ReadEntry& entry, NumberList& list);

 private:
  void add(YamlReader& reader,
           std::uint32_t line,
           const std::string& path,
           std::string_view text,
           NumberList& list);
  void read_inline(const YamlNode& node, const std::string& path, NumberList& list);
  void read_file(const YamlNode& node, const std::string& path, NumberList& list);

  PolicyReading& reading_;
  std::vector<Problem>& problems_;
  std::size_t count_ = 0;  // of all lists
};

void ListReader::add(YamlReader& reader,
                     std::uint32_t line,
                     const std::string& path,
                     std::string_view text,
                     NumberList& list) {
  if (++count_ == kPolicyNumberCountMax + 1) {
    reader.fail(line,
                path + ": all lists together have more than " +
                    std::to_string(kPolicyNumberCountMax) + " numbers");
  }
  if (count_ > kPolicyNumberCountMax) return;
  ParsedNumber parsed = parse_number_pattern(text, NumberPlace::kNumbers);
  if (!parsed.mistake.empty()) return reader.fail(line, path + ": " + parsed.mistake);
  parsed.pattern.line = line;
  list.numbers.push_back(std::move(parsed.pattern));
}

void ListReader::read_inline(const YamlNode& node, const std::string& path, NumberList& list) {
  if (!node.is_list()) return reading_.reader.fail(node, path + ": a list of numbers is wanted");
  for (const YamlNode& item : node.items) {
    const std::string* text = reading_.reader.text_of(item, path, "a number");
    if (text != nullptr) add(reading_.reader, item.line, path, *text, list);
  }
}

void ListReader::read_file(const YamlNode& node, const std::string& path, NumberList& list) {
  const std::string* name = reading_.reader.name_of(node, path, 1, kPathBytesMax);
  if (name == nullptr || !reading_.options.read_files) return;
  const std::string file = beside(reading_.reader.file(), *name);
  // A pipe would hold up the reload, and those after it, until somebody writes.
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return reading_.reader.fail(node, path + ": the list " + file + " is no regular file");
  }
  auto text = read_whole_file(file, "the list", kPolicyListFileBytesMax);
  if (!text) return reading_.reader.fail(node, path + ": " + text.error().message);
  YamlReader in_file(file, problems_);
  for_each_list_line(*text, [&](std::uint32_t line, std::string_view row) {
    add(in_file, line, path, row, list);
  });
  reading_.texts.push_back(std::move(*text));
}

void ListReader::read(const ReadEntry& entry, NumberList& list) {
  const std::string path = "lists." + entry.key;
  list.name = entry.key;
  if (entry.key.empty() || entry.key.size() > kNameBytesMax) {
    reading_.reader.fail(
        entry.line,
        path + ": a name of 1 to " + std::to_string(kNameBytesMax) + " bytes is wanted");
  }
  if (!entry.value->is_map()) return read_inline(*entry.value, path, list);
  for (const ReadEntry& part : reading_.reader.entries_of(*entry.value, path, kListKeys, "key")) {
    const std::string part_path = join_path(path, part.key);
    if (part.key == "numbers") read_inline(*part.value, part_path, list);
    if (part.key == "file") read_file(*part.value, part_path, list);
  }
}

}  // namespace

void read_lists(PolicyReading& reading,
                const YamlNode& node,
                std::vector<Problem>& problems,
                std::vector<NumberList>& lists) {
  const std::vector<ReadEntry> entries = reading.reader.entries_of_any_name(node, "lists");
  if (entries.size() > kPolicyListCountMax) {
    reading.reader.fail(node,
                        "lists: " + std::to_string(entries.size()) + " are more than " +
                            std::to_string(kPolicyListCountMax));
    return;
  }
  ListReader reader(reading, problems);
  for (const ReadEntry& entry : entries) {
    reading.list_lines.emplace(entry.key, entry.line);
    reader.read(entry, lists.emplace_back());
    if (lists.back().numbers.empty() && reading.options.read_files) {
      reading.reader.warn(entry.line, "lists." + entry.key + ": has no number");
    }
  }
}

}  // namespace tapdeck::config
