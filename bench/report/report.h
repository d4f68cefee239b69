// What a measurement says, once, and in each form it is asked for: a table for people, CSV, one
// JSON object, an SVG plot (svg_plot.h).  Every report says on what host it was made and what in it
// was simulated.
//
// Threads: plain values.  Memory: strings.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bench/report/svg_plot.h"
#include "control/doctor/finding.h"

namespace tapdeck::report {

// Nothing: not measured, or not known.  A double that is no number is told as nothing, too.
using Value = std::variant<std::monostate, bool, std::uint64_t, double, std::string>;

struct Column {
  std::string key;    // in CSV and JSON, with its unit: "worker_ns"
  std::string title;  // in the table, with its unit: "worker ns"
  int decimals = 1;   // of doubles in the table; CSV and JSON have all
};

// A single figure, or a fact of the host.
struct Figure {
  Column name;
  Value value{};
};

struct Report {
  std::string bench{};                   // "worker"
  std::vector<Figure> host{};            // see host_facts.h
  std::vector<std::string> simulated{};  // whole sentences
  std::vector<Column> columns{};
  std::vector<std::vector<Value>> rows{};  // as many values as there are columns
  std::vector<Figure> results{};           // what is said of all rows together
  std::vector<std::string> wrong{};        // checks that failed: the figures are worth nothing then
  control::Findings held_back{};           // what on this host kept the figures down
  std::vector<Plot> plots{};               // for to_svg()
};

std::string to_text(const Report& report);

// Where, with what and how it was measured, for those who see a part of it alone: a line for the
// bench, one for each fact of the host, each thing simulated and each that is wrong.
std::vector<std::string> provenance(const Report& report);

// The rows under a line of keys, and above it provenance() as lines that begin with "# ".
std::string to_csv(const Report& report);

// {"bench", "host", "simulated", "rows", "results", "wrong", "held_back"} on one line; see
// docs/formats/bench.md.
std::string to_json(const Report& report);

}  // namespace tapdeck::report
