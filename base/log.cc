#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace tapdeck {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& stderr_logger() {
  static const std::shared_ptr<spdlog::logger> kLogger = [] {
    auto created = std::make_shared<spdlog::logger>(
        "tapdeck", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    created->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
    return created;
  }();
  return *kLogger;
}

}  // namespace

void log_start(LogLevel lowest) { stderr_logger().set_level(spdlog_level(lowest)); }

void log_line(LogLevel level, std::string_view text) {
  stderr_logger().log(spdlog_level(level), "{}", spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace tapdeck
