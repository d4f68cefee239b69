// What each command includes first, compiled once for all of them: CLI11 is header-only and takes
// half the time of a command's compilation.  Commands name what they use all the same.
#ifndef CONTROL_CLI_PCH_CLI_H
#define CONTROL_CLI_PCH_CLI_H

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#endif  // CONTROL_CLI_PCH_CLI_H
