// A SIP message as views into the caller's datagram (RFC 3261 sections 7 and 18.3).  Tolerant as a
// tap has to be: what real devices send is taken and the repair is noted; what cannot be placed in
// a dialog is rejected with its reason.
// Threads: any; a Message belongs to one thread.  Memory: parse() allocates nothing; a Message is
// about 3 KiB and borrows the bytes, which must outlive it.  Full: more than kHeadersMax header
// lines or more than kMessageBytesMax bytes is a verdict of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "pipelines/signalling/fields.h"
#include "pipelines/signalling/headers.h"

namespace tapdeck::sip {

constexpr std::string_view kSipVersion = "SIP/2.0";
constexpr std::size_t kHeadersMax = 256;
constexpr std::size_t kMessageBytesMax = 65'535;

enum class ParseVerdict : std::uint8_t {
  kOk,
  kRepaired,   // taken, with repairs(): count it, use it
  kKeepAlive,  // nothing but CR, LF, blanks or zero bytes: no message, no fault
  kNotSip,     // the first line has no SIP/x.y at all
  kBadStartLine,
  kBadVersion,  // SIP, but not SIP/2.0
  kBadStatusCode,
  kNoHeaders,
  kHeaderTooMany,
  kMissingCallId,
  kMissingCSeq,
  kMissingFrom,
  kMissingTo,
  kMissingVia,
  kBadCSeq,  // no number up to 2^32-1 and method, or a request with another method in it
  kTooLong,
  kCount
};

std::string_view verdict_name(ParseVerdict verdict);  // "ok", "missing_call_id"... a counter's name

constexpr bool is_accepted(ParseVerdict verdict) {
  return verdict == ParseVerdict::kOk || verdict == ParseVerdict::kRepaired;
}

// Bits of Message::repairs().
enum Repair : std::uint16_t {
  kRepairBareLf = 1,              // a line ended in LF alone
  kRepairLeadingSpace = 2,        // CR, LF or blanks before the start line
  kRepairNoBlankLine = 4,         // the header section ran to the end of the datagram
  kRepairBadHeaderLine = 8,       // a line without ':' or with a bad name was left out
  kRepairContentLengthLong = 16,  // Content-Length says more than there is: body kept as is
  kRepairContentLengthBad = 32,   // not a number, or several that differ: body = rest of datagram
  kRepairStartLineSpace = 64,     // more than one blank in, or blanks behind, the start line
  kRepairDuplicateHeader = 128,   // a second From, To, Call-ID or CSeq was left out of first()
};

struct Header {
  HeaderId id = HeaderId::kOther;
  std::string_view name;   // as sent
  std::string_view value;  // trimmed; may contain folds (CR LF blank)
};

class Message;
ParseVerdict parse(ByteView datagram, Message& message);

class Message {
 public:
  // Iterates over all values of a header: lines in order, list elements inside a line.
  class ValueIterator {
   public:
    ValueIterator(const Message& message, HeaderId id) : message_(message), id_(id) {}

    bool next(std::string_view& value);

   private:
    const Message& message_;
    HeaderId id_;
    std::size_t index_ = 0;
    std::string_view rest_;
  };

  [[nodiscard]] bool is_request() const { return is_request_; }

  [[nodiscard]] bool is_response() const { return !is_request_; }

  // Request: of the start line.  Response: of CSeq.
  [[nodiscard]] Method method() const { return method_; }

  [[nodiscard]] std::string_view method_token() const { return method_token_; }

  [[nodiscard]] std::string_view request_uri_text() const {
    return request_uri_;
  }  // "" in responses

  [[nodiscard]] std::optional<Uri> request_uri() const { return parse_uri(request_uri_); }

  [[nodiscard]] std::uint16_t status_code() const { return status_code_; }  // 0 in requests

  [[nodiscard]] std::string_view reason_phrase() const { return reason_phrase_; }

  [[nodiscard]] std::string_view call_id() const { return call_id_; }

  [[nodiscard]] const CSeq& cseq() const { return cseq_; }

  [[nodiscard]] std::string_view from_tag() const { return from_tag_; }  // "" when absent

  [[nodiscard]] std::string_view to_tag() const { return to_tag_; }

  [[nodiscard]] std::string_view body() const { return body_; }  // cut at Content-Length

  [[nodiscard]] std::uint16_t repairs() const { return repairs_; }

  [[nodiscard]] std::size_t bytes_used() const { return bytes_used_; }  // of the datagram

  [[nodiscard]] std::size_t header_count() const { return header_count_; }

  [[nodiscard]] Header header(std::size_t index) const;  // index < header_count()

  // First line with this id (all of it, not its first list element); empty when there is none.
  [[nodiscard]] std::optional<std::string_view> first(HeaderId id) const;
  [[nodiscard]] std::optional<std::string_view> first_named(std::string_view name) const;

  [[nodiscard]] bool has(HeaderId id) const { return has_any(header_bit(id)); }

  [[nodiscard]] bool has_any(std::uint64_t header_bits) const {
    return (present_ & header_bits) != 0;
  }

  [[nodiscard]] ValueIterator values(HeaderId id) const { return {*this, id}; }

  // True when one of the values, up to its ';', is `token`: has_token(kSupported, "100rel").
  [[nodiscard]] bool has_token(HeaderId id, std::string_view token) const;

  // Typed first values (fields.h); nothing when the header is absent or unreadable.
  [[nodiscard]] std::optional<Via> top_via() const;

  [[nodiscard]] std::optional<NameAddr> from() const;
  [[nodiscard]] std::optional<NameAddr> to() const;

  // First value of kReferTo, kReferredBy, kPAssertedIdentity, kPPreferredIdentity, kRemotePartyId,
  // kDiversion, kHistoryInfo, kRoute, kRecordRoute...
  [[nodiscard]] std::optional<NameAddr> name_addr(HeaderId id) const;
  [[nodiscard]] std::optional<Contact> contact() const;
  [[nodiscard]] std::optional<ContentType> content_type() const;
  [[nodiscard]] std::optional<Reason> reason() const;  // the Q.850 one when there are several
  [[nodiscard]] std::optional<Replaces> replaces() const;
  [[nodiscard]] std::optional<SessionExpires> session_expires() const;
  [[nodiscard]] std::optional<std::uint32_t> max_forwards() const;
  [[nodiscard]] std::optional<std::uint32_t> expires() const;
  [[nodiscard]] std::optional<std::uint32_t> rseq() const;
  [[nodiscard]] std::optional<RAck> rack() const;
  [[nodiscard]] std::string_view user_agent() const;  // User-Agent, else Server, else ""
  [[nodiscard]] bool has_credentials() const;         // Authorization or Proxy-Authorization

 private:
  friend class MessageParser;
  friend ParseVerdict parse(ByteView datagram, Message& message);

  struct Slot {
    std::uint16_t name_offset;
    std::uint16_t name_length;
    std::uint16_t value_offset;
    std::uint16_t value_length;
    HeaderId id;
  };

  [[nodiscard]] std::size_t first_at(HeaderId id) const {
    return first_index_[static_cast<std::size_t>(id)];
  }

  std::string_view text_;
  std::uint64_t present_ = 0;   // header_bit() of each that there is
  std::uint64_t repeated_ = 0;  // in several lines
  std::array<std::uint8_t, static_cast<std::size_t>(HeaderId::kCount)>
      first_index_;  // of each that is present; the rest is never read
  bool is_request_ = false;
  Method method_ = Method::kOther;
  std::uint16_t status_code_ = 0;
  std::uint16_t repairs_ = 0;
  std::string_view method_token_;
  std::string_view request_uri_;
  std::string_view reason_phrase_;
  std::string_view call_id_;
  std::string_view from_tag_;
  std::string_view to_tag_;
  std::string_view body_;
  CSeq cseq_;
  std::size_t bytes_used_ = 0;
  std::size_t header_count_ = 0;
  std::array<Slot, kHeadersMax> headers_;  // the first header_count_; the rest is never read
};

}  // namespace tapdeck::sip
