#include "control/progress.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include "base/clock.h"

namespace tapdeck::control {
namespace {

constexpr std::int64_t kRedrawNs = 100 * kNsPerMs;
constexpr std::uint64_t kBarColumns = 30;

}  // namespace

Progress::Progress(std::string label, std::uint64_t total)
    : label_(std::move(label)), total_(total), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { finish(); }

void Progress::update(std::uint64_t done) {
  if (!terminal_) return;
  const std::int64_t now_ns = monotonic_now_ns();
  if (visible_ && now_ns - drawn_ns_ < kRedrawNs) return;
  drawn_ns_ = now_ns;
  visible_ = true;
  std::fprintf(stderr, "\r\x1b[K%s", render_progress(label_, done, total_).c_str());
  std::fflush(stderr);
}

void Progress::finish() {
  if (!visible_) return;
  visible_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

std::string render_progress(const std::string& label, std::uint64_t done, std::uint64_t total) {
  if (total == 0) return label + " " + std::to_string(done);
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarColumns));
  const auto percent = static_cast<unsigned>(share * 100.0);
  return label + " [" + std::string(filled, '#') + std::string(kBarColumns - filled, '.') + "] " +
         std::to_string(percent) + "%";
}

}  // namespace tapdeck::control
