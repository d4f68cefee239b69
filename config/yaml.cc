#include "config/yaml.h"

#include <cstddef>
#include <map>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "config/limits.h"

namespace tapdeck::config {
namespace {

std::uint32_t line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : static_cast<std::uint32_t>(mark.line + 1);
}

std::size_t count_nodes(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) count += count_nodes(item);
  for (const YamlEntry& entry : node.entries) {
    count += count_nodes(entry.key) + count_nodes(entry.value);
  }
  return count;
}

// Puts the tree together from what the parser meets; throws what the parser throws.
class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      throw YAML::ParserException(mark, "there is a second document, of which nothing would count");
    }
  }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, make(YamlKind::kNull, mark));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw YAML::ParserException(mark, "an alias stands inside of what it names");
    }
    take(mark, count_nodes(found->second));
    YamlNode copy = found->second;
    copy.line = line_of(mark);
    add(mark, 0, std::move(copy));
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& /*tag*/,
                YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = make(YamlKind::kScalar, mark);
    node.text = value;
    add(mark, anchor, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& /*tag*/,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, anchor, YamlKind::kList);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& /*tag*/,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, anchor, YamlKind::kMap);
  }

  void OnMapEnd() override { close(); }

  YamlNode take_root() { return std::move(root_); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    YAML::Mark mark;
    YamlNode key;  // of a map's entry whose value is to come
    bool has_key = false;
  };

  void take(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kYamlNodesMax) throw YAML::ParserException(mark, "the file has too many values");
  }

  YamlNode make(YamlKind kind, const YAML::Mark& mark) {
    take(mark, 1);
    YamlNode node;
    node.kind = kind;
    node.line = line_of(mark);
    return node;
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlKind kind) {
    if (open_.size() == kYamlDepthMax) {
      throw YAML::ParserException(mark, "lists and maps inside each other are too many");
    }
    open_.push_back({make(kind, mark), anchor, mark, {}, false});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(done.mark, done.anchor, std::move(done.node));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode node) {
    if (anchor != 0) {
      take(mark, count_nodes(node));
      anchors_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& around = open_.back();
    if (around.node.is_list()) {
      around.node.items.push_back(std::move(node));
    } else if (!around.has_key) {
      around.key = std::move(node);
      around.has_key = true;
    } else {
      // The parser places an absent value where the next thing begins.
      if (node.is_null()) node.line = around.key.line;
      around.node.entries.push_back({std::move(around.key), std::move(node)});
      around.has_key = false;
    }
  }

  YamlNode root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::size_t nodes_ = 0;
  std::size_t documents_ = 0;
};

std::string explain(const std::string& message) {
  const bool may_need_quotes =
      message == "unknown token" || message == "the referenced anchor is not defined";
  return may_need_quotes ? message + " (a text that begins with @, *, & or % needs quotes)"
                         : message;
}

}  // namespace

YamlDocument parse_yaml(const std::string& text) {
  YamlDocument document;
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    TreeBuilder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    document.root = builder.take_root();
  } catch (const YAML::Exception& problem) {
    document.mistake = "no YAML: " + explain(problem.msg);
    document.mistake_line = line_of(problem.mark);
  }
  return document;
}

}  // namespace tapdeck::config
