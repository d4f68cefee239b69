// What the store's tests share: a temporary store on a real file system, chunks with known bytes,
// recordings read back. Threads: one test.  Memory: whatever a test reads.
#pragma once

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "storage/store.h"

namespace tapdeck::storage {

// Removed with everything in it at the end.  Under the working directory (the build tree), because
// /tmp may be a tmpfs, which takes unaligned direct writes.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : TemporaryDirectory(std::filesystem::current_path()) {}

  explicit TemporaryDirectory(const std::filesystem::path& parent) {
    std::string pattern = parent / "store-test-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }

  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr std::int64_t kTestStartMs = 1'790'000'000'000;

inline Uid test_uid(std::uint8_t number) {
  return make_uid(kTestStartMs + number, {number, 1, 2, 3, 4, 5, 6, 7, 8, number});
}

inline StoreOptions test_options(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  options.segment_bytes = 4U << 20;
  options.preallocate_bytes = 1U << 20;
  options.staging_bytes = 128U << 10;
  options.staging_buffers = 4;
  options.block_cache_bytes = 1U << 20;
  return options;
}

struct ChunkSpec {
  std::uint8_t recording = 1;
  std::uint16_t stream = 0;
  std::uint32_t sequence = 0;
  std::uint32_t packets = 80;
  std::uint32_t payload = 172;
};

inline std::unique_ptr<Chunk> make_chunk(const ChunkSpec& spec) {
  auto chunk = std::make_unique<Chunk>();
  chunk->recording = test_uid(spec.recording);
  chunk->sequence = spec.sequence;
  chunk->section.kind = MediaKind::kAudio;
  chunk->section.ssrc = 1000U + spec.stream;
  chunk->section.source_ip = make_ipv4(0xc0000201U + spec.stream).bytes;
  chunk->section.destination_ip = make_ipv4(0xc6336401U).bytes;
  chunk->section.source_port = static_cast<std::uint16_t>(4000 + spec.stream);
  chunk->section.destination_port = 5000;
  chunk->section.base_us =
      kTestStartMs * 1000 + std::int64_t{spec.sequence} * 1'600'000 + spec.stream;
  for (std::uint32_t i = 0; i < spec.packets; ++i) {
    std::uint8_t* to = chunk->append(RecordKind::kRtp, i * 20'000, spec.payload);
    for (std::uint32_t at = 0; at < spec.payload; ++at) {
      to[at] = static_cast<std::uint8_t>(spec.recording * 31 + spec.stream * 17 +
                                         spec.sequence * 7 + i * 3 + at);
    }
    ++chunk->section.packet_count;
  }
  chunk->last_us = chunk->section.base_us + std::int64_t{spec.packets - 1} * 20'000;
  return chunk;
}

inline std::string section_text(const Chunk& chunk) {
  return std::string(as_text(chunk.section_view()));
}

// Steps until it is taken, as the writer thread does.
inline void append(SegmentWriter& writer, const Chunk& chunk) {
  AppendVerdict verdict = writer.try_append(chunk);
  while (verdict == AppendVerdict::kBusy) {
    writer.step(monotonic_now_ns());
    verdict = writer.try_append(chunk);
  }
  ASSERT_EQ(verdict, AppendVerdict::kTaken);
}

inline RecordingSummary end(SegmentWriter& writer, const Uid& recording) {
  writer.end_recording(recording);
  return writer.take_summary(recording);
}

inline Result<std::vector<std::string>> read_sections(StoreAccess& access, const Uid& uid) {
  std::vector<std::string> sections;
  auto read = access.read_media(uid, [&](const SectionHeader& header, ByteView records) {
    std::string text(reinterpret_cast<const char*>(&header), sizeof header);
    text.append(as_text(records));
    sections.push_back(std::move(text));
    return true;
  });
  if (!read) return Error(read.error());
  return sections;
}

inline std::unique_ptr<Store> open_store(const StoreOptions& options) {
  auto store = Store::open(options);
  EXPECT_TRUE(store) << (store ? "" : store.error().message);
  return store ? std::move(*store) : nullptr;
}

inline std::uint64_t figure(Store& store, const std::string& name) {
  const auto statistics = store.reader()->statistics();
  EXPECT_TRUE(statistics);
  for (const auto& [key, value] : statistics->figures) {
    if (key == name) return value;
  }
  ADD_FAILURE() << "no figure " << name;
  return 0;
}

inline std::vector<std::string> segment_files(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory + "/segments")) {
    if (entry.path().extension() == ".seg") paths.push_back(entry.path());
  }
  return paths;
}

// Runs `body` in a child with an open store and kills the child with SIGKILL at its end: nothing is
// closed.
template <typename Body>
void crash_after(const StoreOptions& options, Body body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = Store::open(options);
    if (!store) _exit(1);
    body(**store);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child failed before its end";
}

}  // namespace tapdeck::storage
