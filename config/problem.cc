#include "config/problem.h"

#include <algorithm>

namespace tapdeck::config {

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) text += ":" + std::to_string(problem.line);
  if (!text.empty()) text += ": ";
  if (!problem.is_error) text += "warning: ";
  return text + problem.message;
}

std::string to_string(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += to_string(problem);
  }
  return text;
}

bool any_error(const std::vector<Problem>& problems) {
  return std::ranges::any_of(problems, &Problem::is_error);
}

std::uint32_t line_of(const LineMap& lines, std::string path) {
  for (;;) {
    const auto found = lines.find(path);
    if (found != lines.end()) return found->second;
    const std::size_t cut = path.find_last_of(".[");
    if (cut == std::string::npos) return 0;
    path.resize(cut);
  }
}

}  // namespace tapdeck::config
