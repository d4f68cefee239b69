#include "config/changes.h"

#include <type_traits>

#include "config/visit.h"

namespace tapdeck::config {
namespace {

// `mine` and `theirs` are the same section of two configurations.
template <typename Section>
void compare(std::string_view name, Section& mine, const Section& theirs, Changes& changes) {
  visit_options(mine, [&](const OptionInfo& info, auto& value) {
    using Value = std::remove_reference_t<decltype(value)>;
    visit_options(theirs, [&](const OptionInfo& other, const auto& wanted) {
      if constexpr (std::is_same_v<Value, std::remove_cvref_t<decltype(wanted)>>) {
        if (other.name != info.name || value == wanted) return;
        const bool live = info.reload == Reload::kLive;
        (live ? changes.taken : changes.need_restart)
            .push_back(std::string(name) + "." + std::string(info.name));
        if (live) value = wanted;
      }
    });
  });
}

}  // namespace

Changes take_over(Config& current, const Config& loaded) {
  Changes changes;
  visit_sections(current, [&](const SectionInfo& info, auto& mine) {
    using Section = std::remove_reference_t<decltype(mine)>;
    visit_sections(loaded, [&](const SectionInfo& /*other*/, const auto& theirs) {
      if constexpr (std::is_same_v<Section, std::remove_cvref_t<decltype(theirs)>>) {
        compare(info.name, mine, theirs, changes);
      }
    });
  });
  if (current.capture.ports != loaded.capture.ports) {
    changes.need_restart.emplace_back("capture.ports");
  }
  if (current.retention_pressure.order != loaded.retention_pressure.order) {
    changes.need_restart.emplace_back("retention_pressure.order");
  }
  if (current.realms != loaded.realms) changes.need_restart.emplace_back("realms");
  if (current.trunks != loaded.trunks) changes.need_restart.emplace_back("trunks");
  if (current.retention_classes != loaded.retention_classes) {
    changes.need_restart.emplace_back("retention_classes");
  }
  return changes;
}

}  // namespace tapdeck::config
