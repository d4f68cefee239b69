#include "pipelines/signalling/secrets.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <immintrin.h>
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

// Which of 32 bytes are this letter, in whatever case.
__m256i letters(__m256i lowered, char letter) {
  return _mm256_cmpeq_epi8(lowered, _mm256_set1_epi8(letter));
}

__m256i bytes_like(__m256i bytes, char byte) {
  return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte));
}

__m256i all_of(__m256i a, __m256i b, __m256i c) {
  return _mm256_and_si256(a, _mm256_and_si256(b, c));
}

__m256i any_of(__m256i a, __m256i b, __m256i c, __m256i d) {
  return _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
}

// Whether one of the marks of may_hold_secrets() begins in the 32 bytes at `text`; reads 34.
bool marks_secrets(const char* text) {
  const auto load = [text](int offset) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + offset));
  };
  const __m256i first = load(0);
  const __m256i second = load(1);
  const __m256i third = load(2);
  const __m256i lower = _mm256_set1_epi8(0x20);
  const __m256i a = _mm256_or_si256(first, lower);
  const __m256i b = _mm256_or_si256(second, lower);
  const __m256i c = _mm256_or_si256(third, lower);
  const __m256i n = letters(a, 'n');
  const __m256i names = any_of(all_of(letters(a, 'k'), letters(b, 'e'), letters(c, 'y')),
                               all_of(letters(a, 's'), letters(b, 'a'), letters(c, 'l')),
                               all_of(n, letters(b, 'l'), letters(c, 'i')),
                               all_of(n, letters(b, 'c'), letters(c, 'o')));
  const __m256i ends = _mm256_or_si256(bytes_like(third, '\r'),
                                       any_of(bytes_like(third, ' '),
                                              bytes_like(third, '\t'),
                                              bytes_like(third, ':'),
                                              bytes_like(third, '=')));
  const __m256i short_names =
      _mm256_and_si256(_mm256_or_si256(letters(b, 'k'), letters(b, 'e')), ends);
  const __m256i blanks =
      any_of(bytes_like(second, ' '),
             bytes_like(second, '\t'),
             _mm256_andnot_si256(bytes_like(third, '\n'), bytes_like(second, '\r')),
             _mm256_setzero_si256());
  const __m256i lines =
      _mm256_and_si256(bytes_like(first, '\n'), _mm256_or_si256(short_names, blanks));
  const __m256i found = _mm256_or_si256(names, lines);
  return _mm256_testz_si256(found, found) == 0;
}

// False only when nothing in `text` is key material or could hide some: most messages.  Whatever
// Blanker looks for has one of these in it, in whatever case: "key", "sal", "nli" of "inline",
// "nco" of the encodings, a line whose name is "k" or "e" alone, or that begins with a blank.
bool may_hold_secrets(std::string_view text) {
  if (text.empty()) return false;
  constexpr std::size_t kStride = 32;
  constexpr std::size_t kReach = kStride + 2;
  std::size_t at = 0;
  for (; at + kReach <= text.size(); at += kStride) {
    if (marks_secrets(text.data() + at)) return true;
  }
  // The first line has no break before it, nor the end anything behind it.
  std::array<char, kReach> edge{'\n'};
  std::memcpy(edge.data() + 1, text.data(), std::min<std::size_t>(2, text.size()));
  if (marks_secrets(edge.data())) return true;
  edge.fill('\0');
  std::memcpy(edge.data(), text.data() + at, text.size() - at);
  return marks_secrets(edge.data());
}

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

  // The keys of every "inline:" anywhere, in SDP or quoted in a header, where ':' may be escaped.
  void blank_inline_keys() {
    constexpr std::string_view kInline = "inline";
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

std::size_t blank_secrets(MutableByteView message) {
  return may_hold_secrets(as_text(message)) ? Blanker(message).run() : 0;
}

}  // namespace tapdeck::sip
