// What the option table says, as text: the reference page, the example file and `config print`.
// docs/config.md and config/tapdeck.example.yaml in the tree are exactly this output.
// Threads: any, off the hot path.  Memory: the strings returned.
#pragma once

#include <string>

#include "config/config.h"

namespace tapdeck::config {

std::string render_docs();                 // docs/config.md
std::string render_example();              // config/tapdeck.example.yaml
std::string render(const Config& config);  // YAML that loads to an equal Config

}  // namespace tapdeck::config
