// Result<T>: the value, or an Error, of anything that can fail in the field (disk, NIC,
// configuration, peer). Bad packets never make one: they are ordinary events with a verdict and a
// counter.  The file that owns a foreign library translates its codes into Error; nobody else sees
// them. Threads: any.  Memory: the message of an Error is a std::string, so build errors off the
// hot path only.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace tapdeck {

enum class ErrorCode {
  kInvalidArgument,  // the caller's words are wrong (exit status 2 when it is a user)
  kNotFound,
  kAlreadyExists,
  kBusy,         // owned by somebody else, try through them or later
  kPermission,   // mode, owner or capability
  kIo,           // the disk or a device said no
  kCorrupt,      // bytes on disk are not what was written
  kUnsupported,  // this host, kernel or build lacks it
  kResources,    // memory, files, ports, space
  kCancelled,
};

// Short stable name of a code, as shown to users and in JSON.
constexpr std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kAlreadyExists: return "already_exists";
    case ErrorCode::kBusy: return "busy";
    case ErrorCode::kPermission: return "permission";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kResources: return "resources";
    case ErrorCode::kCancelled: return "cancelled";
  }
  return "unknown";
}

struct Error {
  ErrorCode code;
  std::string message;  // a whole sentence for a person: what failed, on what, and what to do where
                        // that is known
  int system_errno = 0;  // positive errno where the system gave one
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;

  // NOLINTNEXTLINE(google-explicit-constructor): `return make_error(...)` is the point of it.
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}
};

inline Error make_error(ErrorCode code, std::string message) {
  return Error{code, std::move(message), 0};
}

// Builds "what: strerror(errno)" from a positive errno value.
Error make_errno_error(ErrorCode code, std::string_view what, int errno_value);

}  // namespace tapdeck

// Hands the error of `expression` (a Result) to the caller; otherwise goes on.
#define TD_TRY(expression)                                                         \
  do {                                                                             \
    auto td_try_result = (expression);                                             \
    if (!td_try_result) return ::tapdeck::Error(std::move(td_try_result.error())); \
  } while (false)
