// The retention classes every store knows: how long a recording of a class is kept.
// A class is named by its index in this table in chunks, segments and recordings, so rows are only
// ever appended.
// Threads: any.  Memory: constants.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.h"

namespace tapdeck::config {

struct RetentionClass {
  std::string_view name;
  std::uint32_t days;  // from the start of the call; 0: never expires
};

constexpr std::uint16_t kRetentionDefault = 0;   // calls of `run`
constexpr std::uint16_t kRetentionImported = 1;  // calls of `ingest`: the files are the user's

constexpr std::array<RetentionClass, 2> kRetentionClasses{{
    {"default", 90},
    {"imported", 0},
}};

static_assert(kRetentionClasses.size() <= kRetentionClassCountMax);
static_assert(kRetentionClasses[kRetentionDefault].name == "default");
static_assert(kRetentionClasses[kRetentionImported].name == "imported");

// The index of the class of that name.
constexpr std::optional<std::uint16_t> find_retention_class(std::string_view name) {
  for (std::size_t i = 0; i < kRetentionClasses.size(); ++i) {
    if (kRetentionClasses[i].name == name) return static_cast<std::uint16_t>(i);
  }
  return std::nullopt;
}

// Of all classes, by index.
inline std::vector<std::string> retention_class_names() {
  std::vector<std::string> names;
  for (const RetentionClass& row : kRetentionClasses) names.emplace_back(row.name);
  return names;
}

}  // namespace tapdeck::config
