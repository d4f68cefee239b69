// Line plots as one SVG file that any browser shows: panels below each other, each with its axes,
// a grid and a legend.  Nothing in it is loaded from elsewhere.
//
// Threads: plain values.  Memory: strings.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tapdeck::report {

struct Series {
  std::string name{};
  std::vector<std::pair<double, double>> points{};  // in the order in which they are joined
};

struct Plot {
  std::string title{};
  std::string x_label{};  // with its unit
  std::string y_label{};
  std::vector<Series> series{};
};

// Both axes begin at 0: values below it, or that are no numbers, are left out.  `notes` stand above
// the panels, each in as many lines as it takes.
std::string to_svg(const std::vector<Plot>& plots, const std::vector<std::string>& notes = {});

// Steps of 1, 2 or 5 times a power of ten from 0 until at least `most`, some four to ten of them.
std::vector<double> axis_ticks(double most);

}  // namespace tapdeck::report
