#include "bench/report/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace tapdeck::report {
namespace {

constexpr double kWidth = 760;
constexpr double kPanelHeight = 330;
constexpr double kLeft = 80;  // of the axes
constexpr double kRight = 730;
constexpr double kTop = 60;
constexpr double kBottom = 275;
constexpr double kLegendStep = 170;
constexpr double kNoteStep = 15;
constexpr std::size_t kNoteLetters = 100;  // of a line
constexpr double kRoom = 1.02;             // a line at the very edge is hard to see

// Told apart by those who see few colours, too.
constexpr std::array<const char*, 5> kColours = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#555555"};

std::string escape(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    switch (letter) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        if (static_cast<unsigned char>(letter) >= 0x20) out += letter;
    }
  }
  return out;
}

bool is_shown(const std::pair<double, double>& point) {
  return std::isfinite(point.first) && std::isfinite(point.second) && point.first >= 0 &&
         point.second >= 0;
}

struct Panel {
  double at_y;
  double x_most;
  double y_most;

  [[nodiscard]] double x(double value) const { return kLeft + (kRight - kLeft) * value / x_most; }

  [[nodiscard]] double y(double value) const {
    return at_y + kBottom - (kBottom - kTop) * value / y_most;
  }
};

std::string label(double x, double y, const char* anchor, std::string_view text) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)"
                     "\n",
                     x,
                     y,
                     anchor,
                     escape(text));
}

std::string line(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}"/>)"
                     "\n",
                     x1,
                     y1,
                     x2,
                     y2,
                     colour);
}

std::string draw_axes(const Panel& panel,
                      const Plot& plot,
                      const std::vector<double>& x_ticks,
                      const std::vector<double>& y_ticks) {
  const double bottom = panel.at_y + kBottom;
  std::string out = label(kLeft, panel.at_y + 24, "start", plot.title);
  for (const double tick : x_ticks) {
    out += line(panel.x(tick), panel.at_y + kTop, panel.x(tick), bottom, "#dddddd");
    out += label(panel.x(tick), bottom + 18, "middle", fmt::format("{:g}", tick));
  }
  for (const double tick : y_ticks) {
    out += line(kLeft, panel.y(tick), kRight, panel.y(tick), "#dddddd");
    out += label(kLeft - 8, panel.y(tick) + 4, "end", fmt::format("{:g}", tick));
  }
  out += line(kLeft, bottom, kRight, bottom, "#333333");
  out += line(kLeft, panel.at_y + kTop, kLeft, bottom, "#333333");
  out += label((kLeft + kRight) / 2, bottom + 40, "middle", plot.x_label);
  const double middle = panel.at_y + (kTop + kBottom) / 2;
  out += fmt::format(
      "<text transform=\"translate(22 {:.1f}) rotate(-90)\" "
      "text-anchor=\"middle\">{}</text>\n",
      middle,
      escape(plot.y_label));
  return out;
}

std::string draw_series(const Panel& panel, const Series& series, std::size_t number) {
  const char* colour = kColours[number % kColours.size()];
  std::string points;
  std::string marks;
  for (const auto& point : series.points) {
    if (!is_shown(point)) continue;
    const double x = panel.x(point.first);
    const double y = panel.y(point.second);
    points += fmt::format("{:.1f},{:.1f} ", x, y);
    marks += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>)"
                         "\n",
                         x,
                         y,
                         colour);
  }
  const double legend_x = kLeft + kLegendStep * static_cast<double>(number);
  const double legend_y = panel.at_y + 44;
  return fmt::format(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>)"
                     "\n",
                     points,
                     colour) +
         marks + line(legend_x, legend_y - 4, legend_x + 20, legend_y - 4, colour) +
         label(legend_x + 26, legend_y, "start", series.name);
}

std::string draw(const Plot& plot, double at_y) {
  double x_most = 0;
  double y_most = 0;
  for (const Series& series : plot.series) {
    for (const auto& point : series.points) {
      if (!is_shown(point)) continue;
      x_most = std::max(x_most, point.first);
      y_most = std::max(y_most, point.second);
    }
  }
  const std::vector<double> x_ticks = axis_ticks(x_most);
  const std::vector<double> y_ticks = axis_ticks(y_most);
  const Panel panel = {at_y, x_ticks.back() * kRoom, y_ticks.back() * kRoom};
  std::string out = draw_axes(panel, plot, x_ticks, y_ticks);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    out += draw_series(panel, plot.series[i], i);
  }
  return out;
}

// Between words, where there is one.
std::vector<std::string> in_lines(const std::vector<std::string>& notes) {
  std::vector<std::string> lines;
  for (std::string_view rest : notes) {
    while (rest.size() > kNoteLetters) {
      const std::size_t blank = rest.rfind(' ', kNoteLetters);
      const std::size_t length =
          blank == std::string_view::npos || blank == 0 ? kNoteLetters : blank;
      lines.emplace_back(rest.substr(0, length));
      rest.remove_prefix(length == blank ? blank + 1 : length);
    }
    lines.emplace_back(rest);
  }
  return lines;
}

}  // namespace

std::vector<double> axis_ticks(double most) {
  if (!(most > 0)) most = 1;
  const double power = std::pow(10.0, std::floor(std::log10(most / 4)));
  double step = power;
  for (const double factor : {2.0, 5.0}) {
    if (power * factor <= most / 4) step = power * factor;
  }
  std::vector<double> ticks = {0};
  while (ticks.back() < most * (1 - 1e-9)) {
    ticks.push_back(step * static_cast<double>(ticks.size()));
  }
  return ticks;
}

std::string to_svg(const std::vector<Plot>& plots, const std::vector<std::string>& notes) {
  const std::vector<std::string> lines = in_lines(notes);
  const double top = lines.empty() ? 0 : kNoteStep * static_cast<double>(lines.size() + 1);
  const double height = top + kPanelHeight * static_cast<double>(plots.size());
  std::string out =
      fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0:.0f}" height="{1:.0f}" )"
                  R"(viewBox="0 0 {0:.0f} {1:.0f}" font-family="sans-serif" font-size="13">)"
                  "\n"
                  R"(<rect width="100%" height="100%" fill="white"/>)"
                  "\n",
                  kWidth,
                  height);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += label(kLeft, kNoteStep * static_cast<double>(i + 1), "start", lines[i]);
  }
  for (std::size_t i = 0; i < plots.size(); ++i) {
    out += draw(plots[i], top + kPanelHeight * static_cast<double>(i));
  }
  return out + "</svg>\n";
}

}  // namespace tapdeck::report
