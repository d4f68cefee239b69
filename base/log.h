// The program's log: lines on stderr through spdlog, never from a worker.
// Threads: any but workers.  Memory: formats into spdlog's buffers.
#pragma once

#include <string_view>

namespace tapdeck {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

void log_start(LogLevel lowest);  // once, by the program; earlier lines go out at kInfo
void log_line(LogLevel level, std::string_view text);

inline void log_debug(std::string_view text) { log_line(LogLevel::kDebug, text); }

inline void log_info(std::string_view text) { log_line(LogLevel::kInfo, text); }

inline void log_warning(std::string_view text) { log_line(LogLevel::kWarning, text); }

inline void log_error(std::string_view text) { log_line(LogLevel::kError, text); }

}  // namespace tapdeck
