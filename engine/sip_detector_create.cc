// Making a SipDetector, apart from its hot path because it allocates.
#include <array>
#include <string>
#include <utility>

#include <hs/hs.h>

#include "engine/sip_detector.h"

namespace tapdeck::engine {
namespace {

struct Pattern {
  const char* expression;
  unsigned flags;
  Signalling kind;
};

constexpr unsigned kCaseless = HS_FLAG_CASELESS;

// A request line may be longer than what was captured or is looked at: a method before a SIP URI is
// enough.  WebSocket is asked for, or agreed to, in headers of any order.
constexpr std::array kPatterns = {
    Pattern{R"(^SIP/2\.0 [1-7][0-9][0-9])", 0, Signalling::kSip},
    Pattern{R"(^[A-Za-z][\w.!+-]{2,19} [^\r\n]+ SIP/2\.0\s*\n)", 0, Signalling::kSip},
    Pattern{R"(^[A-Z][\w.!+-]{2,19} sips?:)", kCaseless, Signalling::kSip},
    Pattern{R"(^HEP3)", 0, Signalling::kHep},
    Pattern{R"(^GET [^\r\n]+ HTTP/1\.1\r\n(.*\n)?sec-websocket-protocol:[^\r\n]*\bsip\b)",
            kCaseless | HS_FLAG_DOTALL,
            Signalling::kWebSocket},
    Pattern{R"(^HTTP/1\.1 101 .*\nsec-websocket-protocol:[^\r\n]*\bsip\b)",
            kCaseless | HS_FLAG_DOTALL,
            Signalling::kWebSocket},
};

Result<hs_database*> compile() {
  std::array<const char*, kPatterns.size()> expressions{};
  std::array<unsigned, kPatterns.size()> flags{};
  std::array<unsigned, kPatterns.size()> ids{};
  for (std::size_t i = 0; i < kPatterns.size(); ++i) {
    expressions[i] = kPatterns[i].expression;
    flags[i] = kPatterns[i].flags | HS_FLAG_SINGLEMATCH;
    ids[i] = static_cast<unsigned>(kPatterns[i].kind);
  }
  hs_database* database = nullptr;
  hs_compile_error* error = nullptr;
  const hs_error_t status = ::hs_compile_multi(expressions.data(),
                                               flags.data(),
                                               ids.data(),
                                               kPatterns.size(),
                                               HS_MODE_BLOCK,
                                               nullptr,
                                               &database,
                                               &error);
  if (status == HS_SUCCESS) return database;
  std::string why = error == nullptr ? "out of memory" : error->message;
  ::hs_free_compile_error(error);
  return make_error(ErrorCode::kResources, "The patterns of SIP could not be compiled: " + why);
}

bool begins_method(unsigned byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

}  // namespace

Result<SipDetector> SipDetector::create() {
  SipDetector detector;
  for (unsigned byte = 0; byte < detector.may_begin_.size(); ++byte) {
    detector.may_begin_[byte] = begins_method(byte);
  }
  const Result<hs_database*> database = compile();
  if (!database) return database.error();
  detector.database_ = *database;
  if (::hs_alloc_scratch(detector.database_, &detector.scratch_) != HS_SUCCESS) {
    return make_error(ErrorCode::kResources, "No memory for the scratch of Hyperscan.");
  }
  return detector;
}

SipDetector::SipDetector(SipDetector&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      scratch_(std::exchange(other.scratch_, nullptr)),
      may_begin_(other.may_begin_) {}

SipDetector::~SipDetector() {
  ::hs_free_scratch(scratch_);
  ::hs_free_database(database_);
}

}  // namespace tapdeck::engine
