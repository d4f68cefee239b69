#include "config/generate.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "config/retention_classes.h"
#include "config/visit.h"

namespace tapdeck::config {
namespace {

constexpr std::size_t kColumnMax = 98;

// A YAML double-quoted text.
std::string double_quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string value_text(std::uint32_t value) { return std::to_string(value); }

std::string value_text(bool value) { return value ? "true" : "false"; }

std::string value_text(const std::string& value) { return double_quoted(value); }

template <typename T>

requires std::is_enum_v<T> std::string value_text(T value) {
  return std::string(words_of(value)[static_cast<std::size_t>(value)]);
}

template <typename Item>
std::string value_text(const std::vector<Item>& items) {
  std::string out = "[";
  for (const Item& item : items) {
    if (out.size() > 1) out += ", ";
    if constexpr (std::same_as<Item, std::string>) {
      out += double_quoted(item);
    } else {
      out += std::to_string(item);
    }
  }
  return out + "]";
}

template <AnyRangeList T>
std::string value_text(const T& list) {
  std::string out = "[";
  for (const NumberRange& range : list.ranges) {
    out += (out.size() > 1 ? ", " : "") + to_string(range);
  }
  return out + "]";
}

std::string bounds_text(const OptionInfo& info) {
  return std::to_string(info.min) + " to " + std::to_string(info.max);
}

// What may stand there, in words.
template <typename T>
std::string type_text(const T& value, const OptionInfo& info) {
  if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (std::is_enum_v<T>) {
    std::string out;
    for (const std::string_view word : words_of(value)) {
      out += (out.empty() ? "" : ", ") + std::string(word);
    }
    return out;
  } else if constexpr (std::same_as<T, std::string>) {
    return "text, " + bounds_text(info) + " bytes";
  } else if constexpr (std::same_as<T, PortList>) {
    return "list of " + bounds_text(info) + " port numbers";
  } else if constexpr (AnyRangeList<T>) {
    return "list of " + bounds_text(info) + " numbers or ranges, " + std::to_string(T::kMin) +
           " to " + std::to_string(T::kMax);
  } else if constexpr (std::same_as<T, NameList>) {
    return "list of " + bounds_text(info) + " names";
  } else {
    return "number, " + bounds_text(info);
  }
}

// `text` as comment lines behind `indent`.
std::string comment(std::string_view text, std::string_view indent) {
  std::string out;
  std::string line = std::string(indent) + "#";
  while (!text.empty()) {
    const std::size_t length = std::min(text.find(' '), text.size());
    if (line.size() + 1 + length > kColumnMax) {
      out += line + "\n";
      line = std::string(indent) + "#";
    }
    line += " " + std::string(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return out + line + "\n";
}

template <typename Object>
std::string docs_table(const Object& object) {
  std::string out = "| option | value | default | reload | meaning |\n|---|---|---|---|---|\n";
  visit_options(object, [&](const OptionInfo& info, const auto& value) {
    bool required = false;
    if constexpr (requires { value.empty(); }) required = info.min > 0 && value.empty();
    out += "| `" + std::string(info.name) + "` | " + type_text(value, info) + " | " +
           (required ? "required" : "`" + value_text(value) + "`") + " | " +
           (info.reload == Reload::kLive ? "live" : "restart") + " | " + std::string(info.help) +
           " |\n";
  });
  return out + "\n";
}

template <typename Object>
std::string list_items(const std::vector<Object>& objects, const std::string& indent) {
  std::string out;
  for (const Object& object : objects) {
    std::string_view lead = "- ";
    visit_options(object, [&](const OptionInfo& info, const auto& value) {
      out += indent + std::string(lead) + std::string(info.name) + ": " + value_text(value) + "\n";
      lead = "  ";
    });
    if constexpr (std::same_as<Object, Trunk>) {
      out += indent + (object.rules.empty() ? "  rules: []\n" : "  rules:\n");
      out += list_items(object.rules, indent + "    ");
    }
  }
  return out;
}

// One list entry as a comment, ready to be uncommented.
template <typename Object>
std::string example_item(const Object& object, std::string_view indent) {
  std::string out;
  std::string_view lead = "- ";
  visit_options(object, [&](const OptionInfo& info, const auto& value) {
    out += comment(info.help, std::string(indent) + "#   ");
    out += std::string(indent) + "# " + std::string(lead) + std::string(info.name) + ": " +
           value_text(value) + "\n";
    lead = "  ";
  });
  return out;
}

}  // namespace

std::string render_docs() {
  const Config config = defaults();
  std::string out =
      "# Configuration\n\n"
      "Generated from `config/schema.h` by `tapdeck config docs`; edit that table, not this "
      "page.\n\n"
      "The file is YAML: one map per section. Every option has a default, so that an empty file, "
      "or "
      "none, is\na configuration. `tapdeck config check` reports every mistake at once with its "
      "line. "
      "Options marked\n*live* are taken over by a reload (SIGHUP); the others by a restart.\n\n";
  visit_sections(config, [&](const SectionInfo& info, const auto& section) {
    out += "## " + std::string(info.name) + "\n\n" + std::string(info.help) + "\n\n";
    out += docs_table(section);
    if (info.name == "capture") {
      out += "### capture.ports\n\nA list of at most " + std::to_string(kPortCountMax) +
             " ports, each a map:\n\n" + docs_table(Port{});
    }
    if (info.name == "retention_pressure") {
      out += "### retention_pressure.order\n\nA list of at most " +
             std::to_string(kEarlyExpiryCountMax) +
             " entries, each a map. All of the first goes before any of the second; within one, "
             "what\nwould expire soonest goes first. Nothing that is held, locked or was "
             "lengthened goes.\n\n" +
             docs_table(EarlyExpiry{});
    }
  });
  out += "## realms\n\nA list of at most " + std::to_string(kRealmCountMax - 1) +
         " address plans beside `default`, which always exists, each a map:\n\n" +
         docs_table(Realm{});
  out += "## trunks\n\nA list of at most " + std::to_string(kTrunkCountMax) +
         " trunks, each a map. A call that comes from an external trunk to our side is `inbound`, "
         "one\nthat goes from our side to an external trunk `outbound`; between two ends on our "
         "side it is\n`internal`, between two external trunks `transit`. Where a side is not "
         "known, so is the direction.\n\n" +
         docs_table(Trunk{}) +
         "### trunks.rules\n\nHow numbers on the trunk are dialled: at most " +
         std::to_string(kDialRuleCountMax) +
         " rules, each a map. The first one that fits\nchanges the number before it is made "
         "E.164; what is stored as dialled stays as it was seen.\n\n" +
         docs_table(DialRule{});
  out += "## retention_classes\n\nA list of at most " +
         std::to_string(kRetentionClassCountMax - 2) +
         " classes beside those that always are, each a map. A call's class is fixed when\nit is "
         "decided: what is changed here holds for calls that come.\n\n" +
         docs_table(RetentionClass{}) + "Always there:\n\n| class | kept | of |\n|---|---|---|\n";
  for (const RetentionClass& row : retention_classes(config)) {
    out +=
        "| `" + row.name + "` | " +
        (row.days == 0 ? "for ever" : std::to_string(row.days) + " days") + " | " +
        (row.name == "imported" ? "calls of `ingest`" : "calls for which no rule names another") +
        " |\n";
  }
  return out;
}

std::string render_example() {
  const Config config = defaults();
  std::string out =
      "# Tapdeck's configuration with every option at its default.  What you do not change you "
      "may\n"
      "# leave out.  Generated from config/schema.h; docs/config.md has the bounds.\n";
  visit_sections(config, [&](const SectionInfo& info, const auto& section) {
    out += "\n" + comment(info.help, "") + std::string(info.name) + ":\n";
    visit_options(section, [&](const OptionInfo& option, const auto& value) {
      out += comment(option.help, "  ");
      out += "  " + std::string(option.name) + ": " + value_text(value) + "\n";
    });
    if (info.name == "capture") {
      Port port;
      port.name = "tap0";
      port.device = "0000:01:00.0";
      out += "  # The ports to capture from.\n  ports: []\n  # ports:\n" + example_item(port, "  ");
    }
    if (info.name == "retention_pressure") {
      EarlyExpiry early;
      early.retention_class = "default";
      out += "  # What may go early, the first first.\n  order: []\n  # order:\n" +
             example_item(early, "  ");
    }
  });
  Realm realm;
  realm.name = "core";
  realm.ports = {"tap0"};
  realm.vlans.ranges = {{100, 199}};
  out += "\n# Address plans beside `default`.\nrealms: []\n# realms:\n" + example_item(realm, "");
  Trunk trunk;
  trunk.name = "carrier";
  trunk.networks = {"192.0.2.0/24"};
  DialRule rule;
  rule.match = "49";
  rule.digits_min = 10;
  rule.prefix = "+";
  out +=
      "\n# Trunks: whose addresses are whose, and how numbers are dialled there.\ntrunks: []\n# "
      "trunks:\n" +
      example_item(trunk, "") +
      "#   # Rules for numbers; the first that fits changes the number.\n#   rules:\n" +
      example_item(rule, "#   ");
  RetentionClass kept;
  kept.name = "mifid";
  kept.days = 1'826;
  kept.basis = "MiFID II Art. 16(7)";
  kept.locked = true;
  out +=
      "\n# How long which calls are kept, beside `default` and `imported`.\nretention_classes: "
      "[]\n# retention_classes:\n" +
      example_item(kept, "");
  return out;
}

std::string render(const Config& config) {
  std::string out;
  visit_sections(config, [&](const SectionInfo& info, const auto& section) {
    out += std::string(info.name) + ":\n";
    visit_options(section, [&](const OptionInfo& option, const auto& value) {
      out += "  " + std::string(option.name) + ": " + value_text(value) + "\n";
    });
    if (info.name == "capture") {
      out += config.capture.ports.empty() ? "  ports: []\n" : "  ports:\n";
      out += list_items(config.capture.ports, "    ");
    }
    if (info.name == "retention_pressure") {
      const std::vector<EarlyExpiry>& order = config.retention_pressure.order;
      out += order.empty() ? "  order: []\n" : "  order:\n";
      out += list_items(order, "    ");
    }
  });
  out += config.realms.empty() ? "realms: []\n" : "realms:\n";
  out += list_items(config.realms, "  ");
  out += config.trunks.empty() ? "trunks: []\n" : "trunks:\n";
  out += list_items(config.trunks, "  ");
  out += config.retention_classes.empty() ? "retention_classes: []\n" : "retention_classes:\n";
  return out + list_items(config.retention_classes, "  ");
}

}  // namespace tapdeck::config
