// Checks of texts that the loader takes as they are: beginnings of numbers in dialling rules, names
// of SIP header fields.
// Threads: any.  Memory: strings.  Errors: told through `report` with the option's path.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.h"

namespace tapdeck::config {

using ReportProblem = std::function<void(const std::string& path, const std::string& what)>;

// `path` is that of the trunk.
void check_dial_rules(const std::string& path, const Trunk& trunk, const ReportProblem& report);

// Names that are names of directories, each once; times within their bounds.
void check_retention_classes(const std::vector<RetentionClass>& classes,
                             const ReportProblem& report);

// What is wrong with the name of a header field: no token (RFC 3261), or one that has credentials;
// empty when nothing is.
std::string header_name_mistake(const std::string& name);

// calls.kept_headers and calls.conversation_headers: tokens (RFC 3261), each once, and none that
// has credentials.
void check_header_names(const Calls& calls, const ReportProblem& report);

}  // namespace tapdeck::config
