#include "config/config.h"

#include <algorithm>
#include <array>

namespace tapdeck::config {

std::span<const std::string_view> words_of(LogChoice) {
  static constexpr std::array<std::string_view, 4> kWords{"debug", "info", "warning", "error"};
  return kWords;
}

std::span<const std::string_view> words_of(AutoYesNo) {
  static constexpr std::array<std::string_view, 3> kWords{"auto", "yes", "no"};
  return kWords;
}

std::span<const std::string_view> words_of(AutoOff) {
  static constexpr std::array<std::string_view, 2> kWords{"auto", "off"};
  return kWords;
}

std::span<const std::string_view> words_of(TrunkSide) {
  static constexpr std::array<std::string_view, 2> kWords{"external", "internal"};
  return kWords;
}

std::span<const std::string_view> words_of(EventChoice) {
  static constexpr std::array<std::string_view, 3> kWords{"none", "without_options", "all"};
  return kWords;
}

std::span<const std::string_view> words_of(PartChoice) {
  static constexpr std::array<std::string_view, 2> kWords{"media", "sip"};
  return kWords;
}

Config defaults() { return {}; }

std::vector<std::string> realm_names(const Config& config) {
  std::vector<std::string> names{"default"};
  for (const Realm& realm : config.realms) {
    if (realm.name != "default") names.push_back(realm.name);
  }
  return names;
}

std::uint16_t realm_of_port(const Config& config, const Port& port) {
  std::string_view name = port.realm;
  for (const Realm& realm : config.realms) {
    if (std::ranges::find(realm.ports, port.name) != realm.ports.end()) name = realm.name;
  }
  const std::vector<std::string> names = realm_names(config);
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? std::uint16_t{0}
                              : static_cast<std::uint16_t>(found - names.begin());
}

}  // namespace tapdeck::config
