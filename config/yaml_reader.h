// What the readers of configuration files share: entries of a map under known keys, texts and
// numbers, each mistake with its line.
// Threads: one.  Memory: the problems, at most kProblemsMax of a file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/problem.h"
#include "config/yaml.h"

namespace tapdeck::config {

// One entry of a map; its value is borrowed from the document.
struct ReadEntry {
  std::string key;
  std::uint32_t line;  // the key's
  const YamlNode* value;
};

class YamlReader {
 public:
  // `problems` outlives the reader.
  YamlReader(std::string file, std::vector<Problem>& problems)
      : file_(std::move(file)), problems_(problems) {}

  [[nodiscard]] const std::string& file() const { return file_; }

  void fail(std::uint32_t line, const std::string& message);

  void fail(const YamlNode& node, const std::string& message) { fail(node.line, message); }

  void warn(std::uint32_t line, const std::string& message);

  // The entries of a map whose keys are known and come once; the others are reported.  A null has
  // none.  `path`: the map's own, empty for the file.  `thing`: what an entry is called.
  std::vector<ReadEntry> entries_of(const YamlNode& map,
                                    const std::string& path,
                                    std::span<const std::string_view> known,
                                    std::string_view thing = "option");

  // The same for a map whose keys are the user's own: texts that come once.
  std::vector<ReadEntry> entries_of_any_name(const YamlNode& map, const std::string& path);

  // The text of a scalar; nullptr, and reported, when it is none.  wanted: "a number".
  const std::string* text_of(const YamlNode& node,
                             const std::string& path,
                             std::string_view wanted);

  // The index of the word; nothing, and reported, when it is none of them.
  std::optional<std::size_t> word_of(const YamlNode& node,
                                     const std::string& path,
                                     std::span<const std::string_view> words);

  std::optional<bool> truth_of(const YamlNode& node, const std::string& path);

  std::optional<std::uint32_t> number_of(const YamlNode& node,
                                         const std::string& path,
                                         std::uint32_t min,
                                         std::uint32_t max);

  // A text of min to max bytes.
  const std::string* name_of(const YamlNode& node,
                             const std::string& path,
                             std::uint32_t bytes_min,
                             std::uint32_t bytes_max);

 private:
  std::string file_;
  std::vector<Problem>& problems_;
};

// "path.key", or "key" where path is empty.
std::string join_path(const std::string& path, std::string_view key);

// "one of a b c".
std::string one_of(std::span<const std::string_view> words);

// Digits only.
std::optional<std::uint64_t> parse_digits(std::string_view text);

// All of a file of at most bytes_max; kNotFound, kIo, or kResources when it is longer.  what: "the
// configuration".
Result<std::string> read_whole_file(const std::string& path,
                                    std::string_view what,
                                    std::uint32_t bytes_max);

// `path`, or the file of that name in the directory of `of` where it is relative.
std::string beside(const std::string& of, const std::string& path);

}  // namespace tapdeck::config
