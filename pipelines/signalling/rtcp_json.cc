#include "pipelines/signalling/rtcp_json.h"

#include <charconv>
#include <cstring>
#include <optional>

#include "base/bytes.h"

namespace tapdeck::sip {
namespace {

constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;
constexpr std::size_t kSenderReportBytes = 28;
constexpr std::size_t kReceiverReportBytes = 8;
constexpr std::size_t kBlockBytes = 24;

// Of an integer, maybe negative, or of the whole part of a fraction: the low 32 bits.
std::optional<std::uint32_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc()) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

// Reads the names and values of one object, whatever is nested in it, and fills in the report.
class ReportReader {
 public:
  explicit ReportReader(RetoldRtcp& out) : out_(out) { out_.fill(0); }

  std::size_t run(std::string_view json) {
    for (std::size_t at = 0; at < json.size();) {
      const char c = json[at];
      if (c == '{' || c == '[') {
        open(c);
        ++at;
      } else if (c == '}' || c == ']') {
        if (--depth_ <= 0) break;
        ++at;
      } else if (c == '"') {
        const std::size_t end = end_of_string(json, at + 1);
        take(json.substr(at + 1, end - at - 1), is_name(json, end));
        at = end + 1;
      } else {
        const std::size_t end = std::min(json.find_first_of(",{}[]\": \t\r\n", at), json.size());
        if (end > at) take(json.substr(at, end - at), false);
        at = end > at ? end : at + 1;
      }
    }
    return finish();
  }

 private:
  enum class Section : std::uint8_t { kOther, kSender, kBlocks };

  // Where the quote that ends a string stands, or the end of all.
  static std::size_t end_of_string(std::string_view json, std::size_t at) {
    while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
    return std::min(at, json.size());
  }

  // A string is a name when a colon follows.
  static bool is_name(std::string_view json, std::size_t quote) {
    const std::size_t next = json.find_first_not_of(" \t\r\n", std::min(quote + 1, json.size()));
    return next != std::string_view::npos && json[next] == ':';
  }

  void open(char bracket) {
    ++depth_;
    if (section_ == Section::kBlocks && depth_ == 3 && bracket == '{') {
      block_ = blocks_ < kRetoldBlocksMax ? blocks_++ : kRetoldBlocksMax;
    }
  }

  void take(std::string_view text, bool is_name) {
    if (!is_name) return take_value(text);
    name_ = text;
    if (depth_ != 1) return;
    section_ = text == "sender_information" ? Section::kSender
               : text == "report_blocks"    ? Section::kBlocks
                                            : Section::kOther;
  }

  void take_value(std::string_view text) {
    const std::optional<std::uint32_t> value = number_in(text);
    if (!value) return;
    if (depth_ == 1 && name_ == "ssrc") {
      ssrc_ = *value;
    } else if (depth_ == 2 && section_ == Section::kSender) {
      take_sender(*value);
    } else if (depth_ == 3 && section_ == Section::kBlocks && block_ < kRetoldBlocksMax) {
      take_block(*value);
    }
  }

  void take_sender(std::uint32_t value) {
    const std::size_t at = name_ == "ntp_timestamp_sec"    ? 8
                           : name_ == "ntp_timestamp_usec" ? 12  // the low word, whatever it says
                           : name_ == "rtp_timestamp"      ? 16
                           : name_ == "packets"            ? 20
                           : name_ == "octets"             ? 24
                                                           : 0;
    if (at == 0) return;
    store_be(out_.data() + at, value);
    is_sender_ = is_sender_ || value != 0;
  }

  void take_block(std::uint32_t value) {
    std::uint8_t* const block = out_.data() + kSenderReportBytes + block_ * kBlockBytes;
    if (name_ == "source_ssrc") {
      store_be(block, value);
    } else if (name_ == "fraction_lost") {
      block[4] = static_cast<std::uint8_t>(std::min<std::uint32_t>(value, 255));
    } else if (name_ == "packets_lost") {
      block[5] = static_cast<std::uint8_t>(value >> 16);
      store_be(block + 6, static_cast<std::uint16_t>(value));
    } else if (name_ == "highest_seq_no") {
      store_be(block + 8, value);
    } else if (name_ == "ia_jitter") {
      store_be(block + 12, value);
    } else if (name_ == "lsr") {
      store_be(block + 16, value);
    } else if (name_ == "dlsr") {
      store_be(block + 20, value);
    }
  }

  // Agents write a block of zeroes where there was none.
  std::size_t finish() {
    if (!ssrc_) return 0;
    const std::size_t head = is_sender_ ? kSenderReportBytes : kReceiverReportBytes;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < blocks_; ++i) {
      const std::uint8_t* const block = out_.data() + kSenderReportBytes + i * kBlockBytes;
      if (load_be<std::uint32_t>(block) == 0) continue;
      std::memmove(out_.data() + head + kept++ * kBlockBytes, block, kBlockBytes);
    }
    if (!is_sender_ && kept == 0) return 0;
    const std::size_t length = head + kept * kBlockBytes;
    out_[0] = static_cast<std::uint8_t>(0x80U | kept);
    out_[1] = is_sender_ ? kSenderReport : kReceiverReport;
    store_be(out_.data() + 2, static_cast<std::uint16_t>(length / 4 - 1));
    store_be(out_.data() + 4, *ssrc_);
    return length;
  }

  RetoldRtcp& out_;
  int depth_ = 0;
  Section section_ = Section::kOther;
  std::string_view name_;
  std::optional<std::uint32_t> ssrc_;
  bool is_sender_ = false;
  std::size_t blocks_ = 0;
  std::size_t block_ = kRetoldBlocksMax;  // the one that is being read
};

}  // namespace

std::size_t rtcp_of_json(std::string_view json, RetoldRtcp& out) {
  return ReportReader(out).run(json);
}

}  // namespace tapdeck::sip
