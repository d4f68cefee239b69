#include "config/directory.h"

namespace tapdeck::config {

std::string_view section_of(DirectoryKind kind) {
  static constexpr std::array<std::string_view, kDirectoryKindCount> kSections{
      "agents", "teams", "clients", "marketing_channels", "campaigns"};
  return kSections[static_cast<std::size_t>(kind)];
}

}  // namespace tapdeck::config
