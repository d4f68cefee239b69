// Where SIP messages begin and end in a byte stream: by Content-Length (RFC 3261 18.3), with CRLF
// keep-alives between them (RFC 5626 4.4.1).  What is no message is passed over up to the next
// start line that a header follows.
// Threads: a StreamFramer belongs to one thread.  Memory: none; it looks at the caller's buffer.
// Full: a message longer than kMessageBytesMax is an item of its own, and no more than that many
// bytes are ever asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tapdeck::sip {

// What may stand between messages.
constexpr bool is_filler(char c) { return c == '\r' || c == '\n' || c == '\0'; }

enum class StartVerdict : std::uint8_t { kNo, kYes, kMaybe };  // kMaybe: too short to tell

// Whether `text` begins with a SIP start line, with a header behind it.
StartVerdict begins_message(std::string_view text);

enum class StreamItem : std::uint8_t {
  kNeedMore,   // nothing is complete; ask again when there is more behind the same bytes
  kMessage,    // start line to end of body
  kKeepAlive,  // a run of CR, LF or NUL
  kGarbage,    // up to what may be a start line
  kTooLong,    // the part of a message by which its excess was seen; its rest is garbage
};

struct StreamStep {
  StreamItem item = StreamItem::kNeedMore;
  std::size_t length = 0;       // bytes that it takes off the front
  bool without_length = false;  // kMessage: its body ends where the next message begins, or where
                                // the bytes at hand end
};

class StreamFramer {
 public:
  // What stands at the front of `buffered`.  After kNeedMore the same bytes must come again, with
  // more behind them; after everything else, what follows the item.
  StreamStep next(std::string_view buffered);

  void reset() { *this = {}; }

 private:
  StreamStep finish(StreamStep step);
  StreamStep measure(std::string_view buffered);

  std::size_t scanned_ = 0;  // no header section ends before this
  std::size_t needed_ = 0;   // length of the message at the front, once it is known
};

}  // namespace tapdeck::sip
