#include "config/yaml_reader.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <unordered_map>
#include <utility>

#include "config/limits.h"
#include "config/suggest.h"

namespace tapdeck::config {

void YamlReader::fail(std::uint32_t line, const std::string& message) {
  if (problems_.size() < kProblemsMax) problems_.push_back({file_, line, message, true});
}

void YamlReader::warn(std::uint32_t line, const std::string& message) {
  if (problems_.size() < kProblemsMax) problems_.push_back({file_, line, message, false});
}

std::vector<ReadEntry> YamlReader::entries_of(const YamlNode& map,
                                              const std::string& path,
                                              std::span<const std::string_view> known,
                                              std::string_view thing) {
  std::vector<ReadEntry> entries = entries_of_any_name(map, path);
  std::erase_if(entries, [&](const ReadEntry& entry) {
    if (std::ranges::find(known, entry.key) != known.end()) return false;
    const std::string_view nearest = nearest_word(entry.key, known);
    fail(entry.line,
         join_path(path, entry.key) + ": unknown " + std::string(thing) +
             (nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?"));
    return true;
  });
  return entries;
}

std::vector<ReadEntry> YamlReader::entries_of_any_name(const YamlNode& map,
                                                       const std::string& path) {
  std::vector<ReadEntry> entries;
  if (map.is_null()) return entries;
  if (!map.is_map()) {
    fail(map, (path.empty() ? "the file" : path) + ": a map of options is wanted");
    return entries;
  }
  std::unordered_map<std::string_view, std::uint32_t> lines;
  for (const YamlEntry& entry : map.entries) {
    if (!entry.key.is_scalar()) {
      fail(entry.key, join_path(path, "?") + ": a key must be a word");
      continue;
    }
    const auto [first, is_new] = lines.try_emplace(entry.key.text, entry.key.line);
    if (is_new) {
      entries.push_back({entry.key.text, entry.key.line, &entry.value});
    } else {
      fail(entry.key,
           join_path(path, entry.key.text) + ": given twice, first in line " +
               std::to_string(first->second));
    }
  }
  return entries;
}

const std::string* YamlReader::text_of(const YamlNode& node,
                                       const std::string& path,
                                       std::string_view wanted) {
  if (node.is_scalar()) return &node.text;
  fail(node, path + (node.is_null() ? ": no value; " : ": ") + std::string(wanted) + " is wanted");
  return nullptr;
}

std::optional<std::size_t> YamlReader::word_of(const YamlNode& node,
                                               const std::string& path,
                                               std::span<const std::string_view> words) {
  const std::string wanted = one_of(words);
  const std::string* text = text_of(node, path, wanted);
  if (text == nullptr) return std::nullopt;
  const auto found = std::ranges::find(words, *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  fail(node, path + ": '" + *text + "'; " + wanted + " is wanted");
  return std::nullopt;
}

std::optional<bool> YamlReader::truth_of(const YamlNode& node, const std::string& path) {
  const std::string* text = text_of(node, path, "true or false");
  if (text == nullptr) return std::nullopt;
  if (*text == "true" || *text == "false") return *text == "true";
  fail(node, path + ": '" + *text + "'; true or false is wanted");
  return std::nullopt;
}

std::optional<std::uint32_t> YamlReader::number_of(const YamlNode& node,
                                                   const std::string& path,
                                                   std::uint32_t min,
                                                   std::uint32_t max) {
  const std::string* text = text_of(node, path, "a number");
  if (text == nullptr) return std::nullopt;
  const std::string bounds = std::to_string(min) + " to " + std::to_string(max);
  const std::optional<std::uint64_t> number = parse_digits(*text);
  if (!number) {
    fail(node, path + ": '" + *text + "' is no number; " + bounds + " is wanted");
    return std::nullopt;
  }
  if (*number < min || *number > max) {
    fail(node, path + ": " + *text + " is out of bounds, " + bounds);
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*number);
}

const std::string* YamlReader::name_of(const YamlNode& node,
                                       const std::string& path,
                                       std::uint32_t bytes_min,
                                       std::uint32_t bytes_max) {
  const std::string* text = text_of(node, path, "a text");
  if (text == nullptr || (text->size() >= bytes_min && text->size() <= bytes_max)) return text;
  fail(node,
       path + ": a text of " + std::to_string(text->size()) + " bytes; it must have " +
           std::to_string(bytes_min) + " to " + std::to_string(bytes_max));
  return nullptr;
}

std::string join_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string one_of(std::span<const std::string_view> words) {
  std::string wanted = "one of";
  for (const std::string_view word : words) wanted += " " + std::string(word);
  return wanted;
}

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

Result<std::string> read_whole_file(const std::string& path,
                                    std::string_view what,
                                    std::uint32_t bytes_max) {
  const std::string cannot = "cannot read " + std::string(what) + " " + path;
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const int saved = errno;
    return make_errno_error(saved == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, cannot, saved);
  }
  std::string text;
  std::string part(std::size_t{64} << 10, '\0');
  while (in && text.size() <= bytes_max) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    text.append(part, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return make_error(ErrorCode::kIo, cannot);
  if (text.size() > bytes_max) {
    return make_error(ErrorCode::kResources,
                      cannot + ": it has more than " + std::to_string(bytes_max) + " bytes");
  }
  return text;
}

std::string beside(const std::string& of, const std::string& path) {
  const std::size_t slash = of.rfind('/');
  if (path.starts_with('/') || slash == std::string::npos) return path;
  return of.substr(0, slash + 1) + path;
}

}  // namespace tapdeck::config
