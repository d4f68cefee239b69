// A file of annotations, CSV (RFC 4180): the header names `uid` and keys of annotations, each row
// is a call.  An empty cell says nothing about its key. Threads: any.  Memory: the rows.  Bad
// lines: one sentence for each, with its number.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/ids.h"

namespace tapdeck::control {

struct AnnotationLine {
  std::size_t line = 0;  // where it begins, from 1
  Uid uid{};
  std::vector<std::pair<std::string, std::string>> values;  // keys ascending, at least one
};

struct AnnotationFile {
  std::vector<AnnotationLine> lines;  // good ones
  std::vector<std::string> faults;    // "line 3: …"
};

AnnotationFile read_annotations(std::string_view text);

}  // namespace tapdeck::control
