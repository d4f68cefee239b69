#include "pipelines/signalling/secrets.h"

#include <array>
#include <string_view>

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

// Attributes whose whole value is key material; compared with blanks around the name allowed.
constexpr std::array<std::string_view, 8> kSecretAttributes = {"key-salt",
                                                               "keysalt",
                                                               "master-key",
                                                               "master-salt",
                                                               "srtp-key",
                                                               "session-key",
                                                               "mikey",
                                                               "cryptokey"};

bool is_break(char c) { return c == '\r' || c == '\n'; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

class Blanker {
 public:
  explicit Blanker(MutableByteView bytes) : bytes_(bytes), text_(as_text(bytes)) {}

  std::size_t run() {
    std::size_t line_begin = 0;
    while (line_begin < text_.size() && is_space(text_[line_begin])) ++line_begin;
    while (line_begin < text_.size()) {
      const std::size_t newline = text_.find('\n', line_begin);
      const std::size_t end = newline == std::string_view::npos ? text_.size() : newline + 1;
      blank_line(line_begin, end);
      line_begin = end;
    }
    blank_inline_keys();
    return blanked_;
  }

 private:
  void blank_line(std::size_t begin, std::size_t end) {
    const std::string_view line = text_.substr(begin, end - begin);
    if (opaque_ && line.substr(0, 2) == "--") {  // the delimiter that ends an encoded part
      opaque_ = false;
      in_headers_ = true;
      start_header_section();
    } else if (opaque_) {
      blank_range(begin, end);
    } else if (in_headers_) {
      read_header_line(line);
    } else if (line.substr(0, 2) == "--") {
      in_headers_ = true;
      start_header_section();
    }
    if (!opaque_) blank_sdp_line(begin, line);
  }

  void start_header_section() {
    encoded_ = false;
    may_hold_keys_ = true;
    always_secret_ = false;
  }

  // Learns whether the body that follows hides its text from us: then all of it is blanked.
  void read_header_line(std::string_view line) {
    if (trim(line).empty()) {
      in_headers_ = false;
      opaque_ = always_secret_ || (encoded_ && may_hold_keys_);
      return;
    }
    const char initial = to_lower(line[0]);
    if (initial != 'c' && initial != 'e' && !is_space(initial)) return;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (iequals(name, "Content-Encoding") || iequals(name, "e")) {
      encoded_ = encoded_ || !iequals(value, "identity");
    } else if (iequals(name, "Content-Transfer-Encoding")) {
      encoded_ = encoded_ || iequals(value, "base64") || iequals(value, "quoted-printable");
    } else if (iequals(name, "Content-Type") || iequals(name, "c")) {
      may_hold_keys_ = istarts_with(value, "application/sdp") || istarts_with(value, "multipart");
      always_secret_ = istarts_with(value, "application/mikey");
    }
  }

  void blank_sdp_line(std::size_t begin, std::string_view line) {
    if (line.size() < 2) return;
    const char type = to_lower(line[0]);
    if (type != 'k' && type != 'a') return;
    std::size_t equals = 1;
    while (equals < line.size() && is_blank(line[equals])) ++equals;
    if (equals == line.size() || line[equals] != '=') return;
    const std::size_t value = equals + 1;
    if (type == 'k') blank_key_line(begin, line, value);
    if (type == 'a') blank_attribute(begin, line, value);
  }

  // "k=base64:KEY": the method stays; "k=prompt" has no key.
  void blank_key_line(std::size_t begin, std::string_view line, std::size_t value) {
    const std::size_t colon = line.find(':', value);
    if (colon == std::string_view::npos && iequals(trim(line.substr(value)), "prompt")) return;
    blank_to_end(begin + (colon == std::string_view::npos ? value : colon + 1));
  }

  // "a=key-mgmt:mikey PAYLOAD" and the attributes of kSecretAttributes.
  void blank_attribute(std::size_t begin, std::string_view line, std::size_t value) {
    const std::size_t colon = line.find(':', value);
    if (colon == std::string_view::npos) return;
    const std::string_view name = trim(line.substr(value, colon - value));
    if (iequals(name, "key-mgmt")) {
      std::size_t at = begin + colon + 1;
      while (at < text_.size() && is_blank(text_[at])) ++at;
      std::size_t protocol_end = at;
      while (protocol_end < text_.size() && !is_space(text_[protocol_end])) ++protocol_end;
      const bool has_data = protocol_end < text_.size() && is_blank(text_[protocol_end]);
      const bool is_folded = continues_at(protocol_end);
      blank_to_end(has_data || is_folded ? protocol_end : at);
    }
    for (const std::string_view secret : kSecretAttributes) {
      if (iequals(name, secret)) blank_to_end(begin + colon + 1);
    }
  }

  // True when a line break at `at` is followed by a continuation line.
  bool continues_at(std::size_t at) const {
    if (at < text_.size() && text_[at] == '\r') ++at;
    if (at < text_.size() && text_[at] == '\n') ++at;
    return at > 0 && at < text_.size() && text_[at - 1] == '\n' && is_blank(text_[at]);
  }

  // Behind the line break at `at` and the blanks that begin the continuation line.
  std::size_t skip_fold(std::size_t at) const {
    while (at < text_.size() && text_[at] == '\r') ++at;
    if (at < text_.size() && text_[at] == '\n') ++at;
    while (at < text_.size() && is_blank(text_[at])) ++at;
    return at;
  }

  // False only when "nli", in whatever case, stands nowhere: most messages, told without a branch
  // for each byte, so that the compiler makes vector code of it.
  [[nodiscard]] bool may_name_inline() const {
    unsigned found = 0;
    for (std::size_t at = 0; at + 2 < text_.size(); ++at) {
      const bool n = (text_[at] | 0x20) == 'n';
      const bool l = (text_[at + 1] | 0x20) == 'l';
      const bool i = (text_[at + 2] | 0x20) == 'i';
      found |= static_cast<unsigned>(n) & static_cast<unsigned>(l) & static_cast<unsigned>(i);
    }
    return found != 0;
  }

  // The keys of every "inline:" anywhere, in SDP or quoted in a header, where ':' may be escaped.
  void blank_inline_keys() {
    constexpr std::string_view kInline = "inline";
    if (!may_name_inline()) return;
    for (std::size_t at = 0; at + kInline.size() < text_.size(); ++at) {
      if (to_lower(text_[at]) != 'i' || !iequals(text_.substr(at, kInline.size()), kInline)) {
        continue;
      }
      std::size_t after = at + kInline.size();
      while (after < text_.size() && is_blank(text_[after])) ++after;
      if (after < text_.size() && text_[after] == ':') {
        blank_key(after + 1);
      } else if (iequals(text_.substr(after, 3), "%3a")) {
        blank_key(after + 3);
      }
    }
  }

  // One key, up to its '|', ';' or blank; a key folded over lines is one key.
  void blank_key(std::size_t at) {
    while (at < text_.size() && is_blank(text_[at])) ++at;
    while (at < text_.size()) {
      const char c = text_[at];
      if (is_break(c)) {
        if (!continues_at(at)) return;
        at = skip_fold(at);
        continue;
      }
      if (c == '|' || c == ';' || is_blank(c)) return;
      blank(at++);
    }
  }

  // The rest of the line and its continuation lines.
  void blank_to_end(std::size_t at) {
    for (; at < text_.size(); ++at) {
      if (is_break(text_[at])) {
        if (!continues_at(at)) return;
        at = skip_fold(at) - 1;
      } else if (!is_blank(text_[at])) {
        blank(at);
      }
    }
  }

  void blank_range(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
      if (!is_break(text_[at])) blank(at);
    }
  }

  void blank(std::size_t at) {
    bytes_[at] = static_cast<std::uint8_t>(kBlank);
    ++blanked_;
  }

  MutableByteView bytes_;
  std::string_view text_;
  std::size_t blanked_ = 0;
  bool in_headers_ = true;
  bool opaque_ = false;
  bool encoded_ = false;
  bool may_hold_keys_ = true;
  bool always_secret_ = false;
};

}  // namespace

std::size_t blank_secrets(MutableByteView message) { return Blanker(message).run(); }

}  // namespace tapdeck::sip
