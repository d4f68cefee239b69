// Reads directory.yaml, every mistake at once with its file and line.  That one number belongs to
// two of a kind at the same time is a mistake, told with both lines; a number within a range or a
// prefix of another is none: the nearer one counts. Threads: any, off the hot path.  Memory: the
// document and the directory, bounded by kDirectoryFileBytesMax and kDirectoryEntryCountMax.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/directory.h"
#include "config/problem.h"

namespace tapdeck::config {

struct LoadedDirectory {
  Directory directory;  // of use only when no problem is an error
  std::string file;
  std::string text;               // of a file
  std::vector<Problem> problems;  // by line
};

// zone: of dates, an IANA name (general.timezone).
LoadedDirectory load_directory_text(const std::string& text,
                                    const std::string& file_name,
                                    const std::string& zone);

// The same from a file; an error (kNotFound, kIo, kResources) when it cannot be read.
Result<LoadedDirectory> load_directory_file(const std::string& path, const std::string& zone);

// What belongs to two entries of one kind at the same time, appended to `problems`.
void check_directory_overlaps(const Directory& directory,
                              const std::string& file,
                              std::vector<Problem>& problems);

}  // namespace tapdeck::config
