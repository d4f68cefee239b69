// The SIP parser against libosip2: on the messages of TAPDECK_CORPUS, and on seeded mutations of
// messages, both must read the same start line, Call-ID, CSeq, tags, branch and body.  A difference
// must be one of the classes below, each of which is proven from the bytes; any other is a failure.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pipelines/signalling/message.h"
#include "tests/differential/osip_reader.h"

namespace tapdeck::differential {
namespace {

namespace fs = std::filesystem;
using sip::HeaderId;
using sip::ParseVerdict;

struct Ours {
  ParseVerdict verdict = ParseVerdict::kNotSip;
  sip::Message message;
  SipFacts facts;
};

// The message borrows `text`.
void read_ours(const std::string& text, Ours& ours) {
  const sip::Message& message = ours.message;
  ours.facts = {};
  ours.verdict = sip::parse(as_bytes(text), ours.message);
  if (!sip::is_accepted(ours.verdict)) return;
  SipFacts& facts = ours.facts;
  facts.accepted = true;
  if (message.is_request()) facts.method = message.method_token();
  facts.status = message.status_code();
  facts.call_id = message.call_id();
  facts.cseq_number = std::to_string(message.cseq().number);
  facts.cseq_method = message.cseq().method_token;
  facts.from_tag = message.from_tag();
  facts.to_tag = message.to_tag();
  facts.has_from = message.has(HeaderId::kFrom);
  facts.has_to = message.has(HeaderId::kTo);
  facts.has_via = message.has(HeaderId::kVia);
  if (const auto via = message.top_via()) facts.branch = via->branch;
  facts.body = message.body();
}

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// Without leading zeros, which say nothing.
std::string number(const std::string& text) {
  return text.substr(std::min(text.find_first_not_of('0'), text.empty() ? 0 : text.size() - 1));
}

// What both say of a message that both take; a body that was cut into parts is not compared.
bool agree(const SipFacts& ours, SipFacts theirs) {
  if (!theirs.body) theirs.body = ours.body;
  if (all_digits(theirs.cseq_number)) theirs.cseq_number = number(theirs.cseq_number);
  return ours == theirs;
}

// Up to the first empty line, whatever ends lines.
std::string_view header_section(const std::string& text) {
  const std::size_t end = std::min({text.find("\r\n\r\n"), text.find("\n\n"), text.size()});
  return std::string_view(text).substr(0, end);
}

// libosip2 takes CR alone for the end of a line and NUL for the end of a text; here both are bytes
// like others.
std::string class_of_bytes(const std::string& text) {
  const std::string_view headers = header_section(text);
  if (headers.find('\0') != std::string_view::npos) return "NUL ends a text to osip";
  for (std::size_t at = headers.find('\r'); at < headers.size(); at = headers.find('\r', at + 1)) {
    if (at + 1 < headers.size() && headers[at + 1] != '\n') return "bare CR ends a line to osip";
  }
  return {};
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 2'000)) {
    if (c == '\n')
      out += "\\n\n";
    else if (c == '\r')
      out += "\\r";
    else if (c < ' ')
      out += "\\x" + std::to_string(static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

// What a message may be reduced to and still place the same call.
struct Keep {
  bool request_uri = false;
  bool other_headers = false;
  bool addresses = false;  // of From and To; the tags always
  bool via = false;        // all of it; the topmost branch always
  bool identity = true;    // Call-ID and CSeq as written, else "x" and plain
};

std::string reduced(const Ours& ours, const Keep& keep) {
  const sip::Message& message = ours.message;
  std::string text =
      message.is_request()
          ? ours.facts.method + " " +
                (keep.request_uri ? std::string(message.request_uri_text()) : "sip:x@x") +
                " SIP/2.0\r\n"
          : "SIP/2.0 " + std::to_string(ours.facts.status) + " x\r\n";
  const auto end = [&](const char* name, HeaderId id, const std::string& tag) {
    text += std::string(name) + ": " +
            (keep.addresses ? std::string(*message.first(id))
                            : "<sip:x@x>" + (tag.empty() ? "" : ";tag=" + tag)) +
            "\r\n";
  };
  end("From", HeaderId::kFrom, ours.facts.from_tag);
  end("To", HeaderId::kTo, ours.facts.to_tag);
  const std::string branch = ours.facts.branch.empty() ? "" : ";branch=" + ours.facts.branch;
  text += "Via: " +
          (keep.via ? std::string(*message.first(HeaderId::kVia)) : "SIP/2.0/UDP x" + branch) +
          "\r\n";
  text += "Call-ID: " +
          (keep.identity ? std::string(*message.first(HeaderId::kCallId)) : std::string("x")) +
          "\r\nCSeq: " +
          (keep.identity ? std::string(*message.first(HeaderId::kCSeq))
                         : ours.facts.cseq_number + " " + ours.facts.cseq_method) +
          "\r\n";
  constexpr HeaderId kPlaced[] = {HeaderId::kFrom,
                                  HeaderId::kTo,
                                  HeaderId::kVia,
                                  HeaderId::kCallId,
                                  HeaderId::kCSeq,
                                  HeaderId::kContentLength};
  for (std::size_t i = 0; keep.other_headers && i < message.header_count(); ++i) {
    const sip::Header header = message.header(i);
    if (std::ranges::find(kPlaced, header.id) != std::end(kPlaced)) continue;
    text += std::string(header.name) + ": " + std::string(header.value) + "\r\n";
  }
  if (!keep.other_headers) text += "Content-Type: x/x\r\n";
  return text + "Content-Length: " + std::to_string(message.body().size()) + "\r\n\r\n" +
         std::string(message.body());
}

bool agrees_reduced(const Ours& ours, const Keep& keep) {
  SipFacts facts = ours.facts;
  if (!keep.identity) facts.call_id = "x";
  return agree(facts, read_by_osip(reduced(ours, keep)));
}

// A repair explains that libosip2 refuses the message, or the one fact that was repaired.
std::string class_of_repaired(const Ours& ours, SipFacts theirs) {
  if (!theirs.accepted) {
    if (agrees_reduced(ours, {})) return "repaired here, refused by osip";
    return agrees_reduced(ours, {.identity = false}) ? "Call-ID or CSeq of a form that osip refuses"
                                                     : "";
  }
  if ((ours.message.repairs() & sip::kRepairBadHeaderLine) != 0) {
    theirs.from_tag = ours.facts.from_tag;
    theirs.to_tag = ours.facts.to_tag;
    theirs.branch = ours.facts.branch;
    theirs.has_from = theirs.has_to = theirs.has_via = true;  // an empty one is none to osip
    if (agree(ours.facts, theirs)) return "a line that is no header, behind From, To or Via";
  }
  constexpr unsigned kLengths = sip::kRepairContentLengthLong | sip::kRepairContentLengthBad;
  if ((ours.message.repairs() & kLengths) != 0 || !ours.message.has(HeaderId::kContentType)) {
    theirs.body.reset();
    if (agree(ours.facts, theirs)) return "body whose length was repaired, or that has no type";
  }
  return {};
}

// Why libosip2 refuses, or reads otherwise, what is taken here: what it is asked must then be the
// same once the part that it minds is replaced by a plain one.
std::string class_of_taken(const Ours& ours, const SipFacts& theirs) {
  for (const std::string* value : {&ours.facts.branch, &ours.facts.from_tag, &ours.facts.to_tag}) {
    if (!value->empty() && !sip::is_token(*value)) return "branch or tag that is no token";
  }
  if (theirs.accepted && !ours.message.top_via()) {
    SipFacts without_branch = theirs;
    without_branch.branch.clear();
    if (agree(ours.facts, without_branch)) return "topmost Via that cannot be read here";
  }
  if (ours.verdict == ParseVerdict::kRepaired) return class_of_repaired(ours, theirs);
  if (theirs.accepted) {
    SipFacts without_body = theirs;
    without_body.body.reset();
    if (!ours.message.has(HeaderId::kContentType) && agree(ours.facts, without_body)) {
      return "osip keeps no body without Content-Type";
    }
  }
  if (agrees_reduced(ours, {.request_uri = true, .addresses = true, .via = true})) {
    return "a header that is not read here";
  }
  if (agrees_reduced(ours, {.addresses = true, .via = true})) return "Request-URI";
  if (agrees_reduced(ours, {.via = true})) return "address in From or To";
  if (agrees_reduced(ours, {})) return "sent-by or a further value of Via";
  if (agrees_reduced(ours, {.identity = false}))
    return "Call-ID or CSeq of a form that osip refuses";
  return {};
}

// Why a message is refused here that libosip2 takes.
std::string class_of_refused(const std::string& text, const Ours& ours, const SipFacts& theirs) {
  const std::string start = text.substr(0, text.find_first_of("\r\n"));
  const std::string sip_number = number(theirs.cseq_number);
  switch (ours.verdict) {
    case ParseVerdict::kNoHeaders:
      return theirs.call_id.empty() && !theirs.has_via ? "no header at all" : "";
    case ParseVerdict::kNotSip:
      return start.find("SIP/") == std::string::npos ? "start line in two lines" : "";
    case ParseVerdict::kMissingCallId: return theirs.call_id.empty() ? "no Call-ID" : "";
    case ParseVerdict::kMissingCSeq: return theirs.cseq_method.empty() ? "no CSeq" : "";
    case ParseVerdict::kMissingFrom: return theirs.has_from ? "" : "no From";
    case ParseVerdict::kMissingTo: return theirs.has_to ? "" : "no To";
    case ParseVerdict::kMissingVia: return theirs.has_via ? "" : "no Via";
    case ParseVerdict::kBadCSeq:
      if (!theirs.method.empty() && theirs.method != theirs.cseq_method) {
        return "CSeq of another method";
      }
      if (!sip::is_token(theirs.cseq_method)) return "CSeq's method is no token";
      return !all_digits(sip_number) || sip_number.size() > 10 || std::stoull(sip_number) >> 32 != 0
                 ? "CSeq is no number of 32 bits"
                 : "";
    case ParseVerdict::kBadVersion:
      return start.starts_with("SIP/2.0 ") || start.ends_with(" SIP/2.0") ? "" : "version";
    case ParseVerdict::kBadStatusCode:
      return theirs.method.empty() ? "status of other than 3 digits" : "";
    case ParseVerdict::kBadStartLine:
      return std::any_of(theirs.method.begin(),
                         theirs.method.end(),
                         [](char c) { return !sip::is_token_char(c); })
                 ? "method is no token"
                 : "";
    case ParseVerdict::kTooLong:
      return text.size() > sip::kMessageBytesMax ? "longer than a datagram" : "";
    default: return {};
  }
}

class Comparison {
 public:
  // Fails the test on a difference that no class explains.
  void compare(const std::string& text, const std::string& name) {
    static Ours ours;
    read_ours(text, ours);
    const SipFacts theirs = read_by_osip(text);
    ++messages_;
    if (!ours.facts.accepted && !theirs.accepted) return;
    if (ours.facts.accepted && theirs.accepted && agree(ours.facts, theirs)) {
      ++equal_;
      return;
    }
    std::string reason = class_of_bytes(text);
    if (reason.empty()) {
      reason =
          ours.facts.accepted ? class_of_taken(ours, theirs) : class_of_refused(text, ours, theirs);
    }
    ++classes_[reason];
    if (!reason.empty() || ++unexplained_ > 5) return;
    ADD_FAILURE() << name << ": here " << sip::verdict_name(ours.verdict) << ", by libosip2 "
                  << (theirs.accepted ? "taken" : "refused") << "\n"
                  << escaped(text);
  }

  ~Comparison() {
    for (const auto& [reason, count] : classes_) {
      std::printf("%8d  %s\n", count, reason.empty() ? "UNEXPLAINED" : reason.c_str());
    }
    std::printf("%8d  messages, %d taken by both and equal\n", messages_, equal_);
    EXPECT_EQ(classes_.contains(""), false);
  }

  [[nodiscard]] int equal() const { return equal_; }

 private:
  int messages_ = 0;
  int equal_ = 0;
  int unexplained_ = 0;
  std::map<std::string, int> classes_;
};

TEST(SipParser, ReadsCorpusMessagesAsLibosip2Does) {
  const char* corpus = std::getenv("TAPDECK_CORPUS");
  if (corpus == nullptr) GTEST_SKIP() << "TAPDECK_CORPUS is not set: no messages of others";
  Comparison comparison;
  for (const char* folder : {"torture", "fuzz", "messages"}) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(corpus) / folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      comparison.compare(text, entry.path().string());
    }
  }
  EXPECT_GT(comparison.equal(), 80);
}

constexpr const char* kMessages[] = {
    "INVITE sip:+4930123456@example.com;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1;rport, SIP/2.0/TCP "
    "[2001:db8::1];branch=z9hG4bKa2\r\n"
    "Max-Forwards: 70\r\nFrom: \"A \\\"B\\\", C\" <sip:+4989@example.com>;tag=a-1\r\n"
    "To: Bob <sip:bob@example.com>\r\nCall-ID: 1j9FpLxk3uxtm8tn@example.com\r\nCSeq: 4711 "
    "INVITE\r\n"
    "Contact: <sip:a@192.0.2.1>;expires=3600\r\nContent-Type: application/sdp\r\n"
    "Content-Length: 12\r\n\r\nv=0\r\ns=-\r\nx=",
    "SIP/2.0 183 Session Progress\r\nv: SIP/2.0/UDP host.example.com:5070 ; branch = z9hG4bKb2\r\n"
    "f: sip:alice@example.com;tag=f1\r\nt: <sip:bob@example.com>;tag=t1\r\ni: call@host\r\n"
    "CSeq:\t1\r\n INVITE\r\nl: 0\r\n\r\n",
    "BYE sip:bob@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/UDP a.example.com;branch=z9hG4bKc3\r\n"
    "Via: SIP/2.0/UDP b.example.com;branch=z9hG4bKc4\r\nFrom: <sip:alice@example.com>;tag=1\r\n"
    "To: <sip:bob@example.com>;tag=2\r\nCall-ID: x\r\nCSeq: 2 BYE\r\n"
    "Reason: Q.850;cause=16;text=\"Normal\"\r\nContent-Length: 0\r\n\r\n",
};

// What devices and attackers do to a message.
std::string mutated(std::string text, std::mt19937& random) {
  constexpr std::string_view kBytes = "\r\n \t:;,=<>\"\\@%/()[]?*0a\x01\x7f\xc3";
  constexpr const char* kLines[] = {"Via: SIP/2.0/UDP z.example.com;branch=z9hG4bKz\r\n",
                                    "From: <sip:z@z>;tag=z\r\n",
                                    "To: <sip:z@z>;tag=z\r\n",
                                    "Call-ID: z\r\n",
                                    "CSeq: 9 ACK\r\n",
                                    "Content-Length: 3\r\n",
                                    "X-Other: \"<>;,\r\n"};
  const auto pick = [&](std::size_t count) { return std::size_t{random()} % count; };
  for (std::size_t edits = 1 + pick(3); edits > 0 && !text.empty(); --edits) {
    const std::size_t at = pick(text.size());
    const std::size_t line = text.rfind("\r\n", at);
    const std::size_t begin = line == std::string::npos ? 0 : line + 2;
    const std::size_t end = std::min(text.find("\r\n", begin), text.size() - 2) + 2;
    switch (pick(8)) {
      case 0: text[at] = kBytes[pick(kBytes.size())]; break;
      case 1: text.insert(at, 1, kBytes[pick(kBytes.size())]); break;
      case 2: text.erase(at, 1 + pick(4)); break;
      case 3: text.erase(begin, end > begin ? end - begin : 0); break;
      case 4: text.insert(begin, kLines[pick(std::size(kLines))]); break;
      case 5: text.insert(begin, text.substr(begin, end > begin ? end - begin : 0)); break;
      case 6: text.resize(at); break;
      default: text[at] = static_cast<char>(text[at] ^ 0x20); break;
    }
  }
  return text;
}

TEST(SipParser, ReadsMutatedMessagesAsLibosip2Does) {
  constexpr int kMutations = 20'000;
  std::mt19937 random(20'261'125);
  Comparison comparison;
  for (const char* message : kMessages) comparison.compare(message, "as written");
  EXPECT_EQ(comparison.equal(), std::ssize(kMessages));
  for (int i = 0; i < kMutations; ++i) {
    const std::string text = mutated(kMessages[random() % std::size(kMessages)], random);
    comparison.compare(text, "mutation " + std::to_string(i));
  }
  EXPECT_GT(comparison.equal(), kMutations / 5);
}

}  // namespace
}  // namespace tapdeck::differential
