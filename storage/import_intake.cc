#include "storage/import_intake.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace tapdeck::storage {
namespace {

constexpr std::uint32_t kImportKeyUser = 1;  // 0 is the store's own writer
constexpr std::uint32_t kBuffersMax = 4;     // an import may wait, and locked memory is scarce

StoreOptions import_options(StoreOptions options) {
  options.staging_buffers = std::min(options.staging_buffers, kBuffersMax);
  return options;
}

}  // namespace

ImportIntake::ImportIntake(const StoreOptions& options, Parts parts)
    : parts_(std::move(parts)),
      writer_(import_options(options), parts_.keys, parts_.index, kImportKeyUser) {}

// What was not ended goes into the index all the same: the next attempt finds it there and discards
// it, as after a crash.
ImportIntake::~ImportIntake() {
  writer_.end_all();
  const auto closed = writer_.close();
  if (!closed) log_error(closed.error().message);
  const auto put = put_pending_rows();
  if (!put) log_error(put.error().message);
  parts_.on_closed();
}

}  // namespace tapdeck::storage
