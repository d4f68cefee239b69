#include "base/result.h"

#include <cstring>

namespace tapdeck {

Error make_errno_error(ErrorCode code, std::string_view what, int errno_value) {
  char buffer[128];
  const char* text = ::strerror_r(errno_value, buffer, sizeof buffer);
  return Error{code, std::string(what) + ": " + text, errno_value};
}

}  // namespace tapdeck
