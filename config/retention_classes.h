// How long what belongs to a call is kept: the classes that always are, and those of the
// configuration.  A class is its name on disk; its index holds for one run of the program.
// Threads: any.  Memory: the returned values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace tapdeck::config {

constexpr std::uint16_t kRetentionDefault = 0;   // calls for which no rule names another
constexpr std::uint16_t kRetentionImported = 1;  // calls of `ingest`: the files are the user's

// "default" (90 days) and "imported" (for ever) first, as the configuration has them where it names
// them, then its other classes in its order.  0 days: for ever; sip_days and cdr_days are filled
// in.
std::vector<RetentionClass> retention_classes(const Config& config);

// Of all classes, by index.
std::vector<std::string> retention_class_names(const Config& config);

// The index of the class of that name.
std::optional<std::uint16_t> find_retention_class(const Config& config, std::string_view name);

// Names of directories on disk: lower-case letters, digits, `-` and `_`.
bool is_retention_class_name(std::string_view name);

}  // namespace tapdeck::config
