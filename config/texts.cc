#include "config/texts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>
#include <utility>

#include "config/retention_classes.h"

namespace tapdeck::config {
namespace {

// Whoever has these can call in somebody's name.
constexpr std::array<std::string_view, 2> kSecret = {"authorization", "proxy-authorization"};

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-.!%*_+`'~").find(c) != std::string_view::npos;
  });
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void check_names(const std::string& path, const NameList& names, const ReportProblem& report) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const std::string mistake = header_name_mistake(name);
    if (!mistake.empty()) {
      report(path, mistake);
    } else if (!seen.insert(lower(name)).second) {
      report(path, name + " is named twice");
    }
  }
}

}  // namespace

std::string header_name_mistake(const std::string& name) {
  if (!is_token(name)) return "'" + name + "' is no name of a header field";
  if (std::find(kSecret.begin(), kSecret.end(), lower(name)) != kSecret.end()) {
    return name + " has credentials, which are never kept";
  }
  return {};
}

void check_dial_rules(const std::string& path, const Trunk& trunk, const ReportProblem& report) {
  for (std::size_t i = 0; i < trunk.rules.size(); ++i) {
    const DialRule& rule = trunk.rules[i];
    const std::string rule_path = path + ".rules[" + std::to_string(i) + "]";
    for (const auto& [option, text] :
         {std::pair{"match", &rule.match}, std::pair{"prefix", &rule.prefix}}) {
      const std::size_t plus = text->starts_with('+') ? 1 : 0;
      if (text->find_first_not_of("0123456789*#", plus) != std::string::npos) {
        report(rule_path + "." + option,
               "'" + *text + "' is no beginning of a number: digits, *, # and a leading + are");
      }
    }
    if (rule.digits_min > rule.digits_max) {
      report(rule_path + ".digits_min", "must not exceed digits_max");
    }
  }
}

void check_header_names(const Calls& calls, const ReportProblem& report) {
  check_names("calls.kept_headers", calls.kept_headers, report);
  check_names("calls.conversation_headers", calls.conversation_headers, report);
}

void check_retention_classes(const std::vector<RetentionClass>& classes,
                             const ReportProblem& report) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const RetentionClass& each = classes[i];
    const std::string path = "retention_classes[" + std::to_string(i) + "]";
    if (!is_retention_class_name(each.name)) {
      report(path + ".name",
             "'" + each.name + "': lower-case letters, digits, `-` and `_` are wanted");
    }
    if (!names.insert(each.name).second) {
      report(path + ".name", "another class is named " + each.name);
    }
    const std::uint32_t longest = std::max({each.days, each.sip_days, each.cdr_days});
    if (each.days_max != 0 && (each.days == 0 || each.days_max < longest)) {
      report(path + ".days_max", "is shorter than the class itself");
    }
    const std::uint32_t cdr_days = each.cdr_days != 0 ? each.cdr_days : each.days;
    if (each.days != 0 && cdr_days < std::max(each.days, each.sip_days)) {
      report(path + ".cdr_days",
             "the record must stay as long as media and messages that it names (0: " +
                 std::to_string(each.days) + ", as media)");
    }
  }
}

}  // namespace tapdeck::config
