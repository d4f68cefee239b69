// A YAML document as a plain tree with line numbers.  The only file pair that knows a YAML library;
// aliases are copied, merge keys and tags mean nothing.
// Threads: any, off the hot path.  Memory: the tree, at most kYamlNodesMax nodes.  Deeper than
// kYamlDepthMax, more nodes or no YAML: a mistake with its line, and no tree.  YAML 1.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapdeck::config {

enum class YamlKind : std::uint8_t { kNull, kScalar, kList, kMap };

struct YamlEntry;

struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  std::uint32_t line = 0;       // from 1; of a map's absent value: its key's; 0: an empty document
  std::string text;             // of a scalar, quotes taken off
  std::vector<YamlNode> items;  // of a list
  std::vector<YamlEntry> entries;  // of a map, as written: a key may come twice

  [[nodiscard]] bool is_null() const { return kind == YamlKind::kNull; }

  [[nodiscard]] bool is_scalar() const { return kind == YamlKind::kScalar; }

  [[nodiscard]] bool is_list() const { return kind == YamlKind::kList; }

  [[nodiscard]] bool is_map() const { return kind == YamlKind::kMap; }
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

struct YamlDocument {
  YamlNode root;        // of the only document in the text; null when there is none
  std::string mistake;  // empty: there is none
  std::uint32_t mistake_line = 0;
};

YamlDocument parse_yaml(const std::string& text);

}  // namespace tapdeck::config
