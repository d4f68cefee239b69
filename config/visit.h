// Walks the option table: calls a visitor with each section, or with each option's row and value.
// Threads: any.  Memory: none.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "config/config.h"

namespace tapdeck::config {

struct OptionInfo {
  std::string_view name;
  std::int64_t min;
  std::int64_t max;
  Reload reload;
  std::string_view help;
};

struct SectionInfo {
  std::string_view name;
  std::string_view help;
};

#define TD_CONFIG_VISIT(name, type, initial, min, max, reload, help) \
  visitor(OptionInfo{#name, min, max, Reload::reload, help}, object.name);

// visitor(const OptionInfo&, value) for each row of the object's section, in order.
template <typename Object, typename Visitor>
requires std::same_as<std::remove_const_t<Object>, Port>

void visit_options(Object& object, Visitor&& visitor) { TD_CONFIG_PORT(TD_CONFIG_VISIT) }

template <typename Object, typename Visitor>
requires std::same_as<std::remove_const_t<Object>, RetentionClass>

void visit_options(Object& object, Visitor&& visitor) { TD_CONFIG_RETENTION_CLASS(TD_CONFIG_VISIT) }

template <typename Object, typename Visitor>
requires std::same_as<std::remove_const_t<Object>, EarlyExpiry>

void visit_options(Object& object, Visitor&& visitor) { TD_CONFIG_EARLY_EXPIRY(TD_CONFIG_VISIT) }

template <typename Object, typename Visitor>
requires std::same_as<std::remove_const_t<Object>, Trunk>

void visit_options(Object& object, Visitor&& visitor) { TD_CONFIG_TRUNK(TD_CONFIG_VISIT) }

template <typename Object, typename Visitor>
requires std::same_as<std::remove_const_t<Object>, DialRule>

void visit_options(Object& object, Visitor&& visitor) { TD_CONFIG_DIAL_RULE(TD_CONFIG_VISIT) }

template <typename Object, typename Visitor>
requires std::same_as<std::remove_const_t<Object>, Realm>

void visit_options(Object& object, Visitor&& visitor){TD_CONFIG_REALM(TD_CONFIG_VISIT)}
#define TD_CONFIG_VISIT_SECTION(member, section_type, rows, section_help) \
  template <typename Object, typename Visitor>                            \
  requires std::same_as<std::remove_const_t<Object>, section_type>        \
  void visit_options(Object& object, Visitor&& visitor) { rows(TD_CONFIG_VISIT) }
TD_CONFIG_SECTIONS(TD_CONFIG_VISIT_SECTION)
#undef TD_CONFIG_VISIT_SECTION
#undef TD_CONFIG_VISIT

    // visitor(const SectionInfo&, section) for each section, in order.
    template <typename AnyConfig, typename Visitor>
    void visit_sections(AnyConfig& config, Visitor&& visitor) {
#define TD_CONFIG_VISIT_SECTION(member, section_type, rows, section_help) \
  visitor(SectionInfo{#member, section_help}, config.member);
  TD_CONFIG_SECTIONS(TD_CONFIG_VISIT_SECTION)
#undef TD_CONFIG_VISIT_SECTION
}

}  // namespace tapdeck::config
