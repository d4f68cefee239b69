#include "bench/report/svg_plot.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace tapdeck::report {
namespace {

// Every element is closed, in order, and no text holds a bare '<' or '&'.
bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      const std::string entity = xml.substr(at, xml.find(';', at) - at + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;") {
        return false;
      }
    }
    if (xml[at] != '<') {
      ++at;
      continue;
    }
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos) return false;
    if (tag.front() == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end + 1;
  }
  return open.empty();
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(SvgPlot, NotesStandAboveThePanelsInLinesThatFit) {
  const std::vector<Plot> plots = {{"t", "x", "y", {}}};
  const std::string words = std::string(60, 'a') + " " + std::string(60, 'b');
  const std::string svg = to_svg(plots, {"host & build", words, std::string(150, 'c')});
  EXPECT_TRUE(is_well_formed(svg)) << svg;
  EXPECT_NE(svg.find(">host &amp; build<"), std::string::npos);
  EXPECT_NE(svg.find(">" + std::string(60, 'b') + "<"), std::string::npos) << "broken at the blank";
  EXPECT_NE(svg.find(">" + std::string(100, 'c') + "<"), std::string::npos);
  EXPECT_NE(svg.find(">" + std::string(50, 'c') + "<"), std::string::npos);
  EXPECT_NE(svg.find("height=\"420\""), std::string::npos) << "five lines and a panel";
  EXPECT_NE(to_svg(plots).find("height=\"330\""), std::string::npos);
}

TEST(SvgPlot, IsWellFormedWhateverTheNames) {
  const std::string svg = to_svg({{"Loss < 1 & \"more\"",
                                   "offered, Mpps",
                                   "<%>",
                                   {{"a & b", {{0, 0}, {1, 2}, {3, 100}}}, {"none\x01", {}}}},
                                  {"empty", "", "", {}}});
  EXPECT_TRUE(is_well_formed(svg)) << svg;
  EXPECT_EQ(count(svg, "<circle"), 3U);
  EXPECT_EQ(count(svg, "<polyline"), 2U);
  EXPECT_NE(svg.find("Loss &lt; 1 &amp; &quot;more&quot;"), std::string::npos);
}

TEST(SvgPlot, LeavesOutWhatCannotBeDrawn) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const double endless = std::numeric_limits<double>::infinity();
  const std::string svg =
      to_svg({{"t", "x", "y", {{"s", {{nothing, 1}, {1, endless}, {-1, 1}, {2, 2}}}}}});
  EXPECT_EQ(count(svg, "<circle"), 1U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(SvgPlot, TicksCoverTheGreatestValue) {
  for (const double most : {1e-6, 0.03, 0.4, 1.0, 3.0, 7.5, 10.0, 99.0, 14'880'952.0}) {
    const std::vector<double> ticks = axis_ticks(most);
    EXPECT_EQ(ticks.front(), 0);
    EXPECT_GE(ticks.back(), most * 0.999999);
    EXPECT_GE(ticks.size(), 4U) << most;
    EXPECT_LE(ticks.size(), 12U) << most;
  }
  EXPECT_EQ(axis_ticks(4), (std::vector<double>{0, 1, 2, 3, 4}));
  EXPECT_GT(axis_ticks(0).back(), 0);  // nothing measured: an axis all the same
  EXPECT_GT(axis_ticks(std::numeric_limits<double>::quiet_NaN()).back(), 0);
}

}  // namespace
}  // namespace tapdeck::report
