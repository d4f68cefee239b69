// Reads capture files: pcap and pcapng of either byte order, plain or inside gzip or zstd (known by
// their first bytes, never by the file's name).
// Threads: one owner per reader.  Memory: a window of the file that grows to the largest record, at
// most kBlockBytesMax; compressed files are decompressed as they are read.
// Errors: open() tells what is no capture; later ones are verdicts, with position() and reason().
// Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "engine/capture/source.h"

namespace tapdeck::engine {

constexpr std::uint32_t kSnaplenMax = 262'144;  // captured bytes of one packet
constexpr std::uint32_t kBlockBytesMax = 16'777'216;
constexpr std::uint32_t kInterfaceCountMax = 4'096;  // of one pcapng section

enum class ReadVerdict : std::uint8_t {
  kPacket,
  kEnd,        // the file ended where a record does
  kTruncated,  // the file ended inside a record; all packets before were delivered
  kCorrupt,    // what follows position() cannot be read; all packets before were delivered
};

struct CapturedPacket {
  std::int64_t time_ns = 0;           // UTC
  std::int64_t order_ns = 0;          // where it stands among packets of other files (Lookahead)
  std::int64_t clock_ns = 0;          // the earliest time it can be, for timers (Lookahead)
  std::uint32_t original_length = 0;  // on the wire, at least bytes.size()
  std::uint32_t interface_index = 0;  // pcapng: counted over all sections of the file
  std::uint16_t link_type = 0;        // LINKTYPE_ number, as the file says
  ByteView bytes;                     // valid until the next call of next()
};

class CaptureReader {
 public:
  // kNotFound, kPermission, kIo; kInvalidArgument for an empty file or one that is no capture.
  static Result<std::unique_ptr<CaptureReader>> open(const std::string& path);

  // The same over bytes in memory, which must outlive the reader.  `name` is for messages.
  static Result<std::unique_ptr<CaptureReader>> open_memory(ByteView bytes, std::string name);

  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;
  virtual ~CaptureReader() = default;

  // The next packet.  After any other verdict than kPacket, the same verdict for ever.
  ReadVerdict next(CapturedPacket& packet);

  [[nodiscard]] const std::string& name() const { return name_; }

  // Where the record starts that could not be read: offset in the (decompressed) file.
  [[nodiscard]] std::uint64_t position() const { return record_start_; }

  // Why it stopped; empty before and at kEnd.
  [[nodiscard]] std::string_view reason() const { return reason_; }

  // Packets whose link type no decoder here understands, and the last such type.
  [[nodiscard]] std::uint64_t unknown_link_packets() const { return unknown_link_packets_; }

  [[nodiscard]] std::uint16_t last_unknown_link_type() const { return last_unknown_link_type_; }

  // Bytes of the file itself that were consumed, and its size: for progress.
  [[nodiscard]] std::uint64_t bytes_read() const { return source_->bytes_read(); }

  [[nodiscard]] std::uint64_t bytes_total() const { return source_->bytes_total(); }

 protected:
  CaptureReader(std::unique_ptr<Source> source, std::string name)
      : source_(std::move(source)), name_(std::move(name)) {}

  virtual ReadVerdict read_next(CapturedPacket& packet) = 0;

  ReadVerdict corrupt(std::string_view reason);  // `reason` is a literal

  // The record's bytes did not come: a short file, or a source that failed.
  ReadVerdict short_read();

  std::unique_ptr<Source> source_;
  std::string name_;
  std::uint64_t record_start_ = 0;
  std::string reason_;
  std::uint64_t unknown_link_packets_ = 0;
  std::uint16_t last_unknown_link_type_ = 0;
  ReadVerdict ended_ = ReadVerdict::kPacket;  // anything else: that is what next() repeats

 private:
  static Result<std::unique_ptr<CaptureReader>> open_source(std::unique_ptr<Source> source,
                                                            std::string name);
};

}  // namespace tapdeck::engine
