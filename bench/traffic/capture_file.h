// Writes frames into a pcap file: little endian, microseconds, Ethernet.
// Threads: one owner.  Memory: stdio's buffer.  When the disk is full: close() says so.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "base/result.h"
#include "bench/traffic/traffic.h"

namespace tapdeck::traffic {

class CaptureFile {
 public:
  static Result<CaptureFile> create(const std::string& path);

  void put(const Frame& frame);

  // The file is whole when this gives true.
  Result<bool> close();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  CaptureFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace tapdeck::traffic
