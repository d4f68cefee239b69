#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "config/policies_load_parts.h"
#include "config/zone_table.h"

namespace tapdeck::config {
namespace {

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array<std::string_view, 4> kTimeKeys{"days", "from", "to", "zone"};
constexpr const char* kDaysWanted =
    "days are mon, tue, wed, thu, fri, sat, sun and ranges like mon-fri";

std::optional<std::size_t> day_of(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto found = std::ranges::find(kDays, lower);
  if (found == kDays.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kDays.begin());
}

// "mon" or "fri-mon" as bits; 0: neither.
std::uint8_t days_of(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = day_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : day_of(text.substr(dash + 1));
  if (!first || !last) return 0;
  unsigned bits = 0;
  for (std::size_t day = *first;; day = (day + 1) % kDays.size()) {
    bits |= 1U << day;
    if (day == *last) return static_cast<std::uint8_t>(bits);
  }
}

// "8:30", "08:30", "24:00" as minutes of the day.
std::optional<std::uint16_t> minute_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 2 || text.size() != colon + 3) {
    return std::nullopt;
  }
  const auto hours = parse_digits(text.substr(0, colon));
  const auto minutes = parse_digits(text.substr(colon + 1));
  if (!hours || !minutes || *minutes > 59 || *hours * 60 + *minutes > 1'440) return std::nullopt;
  return static_cast<std::uint16_t>(*hours * 60 + *minutes);
}

class TimeReader {
 public:
  explicit TimeReader(PolicyReading& reading) : reading_(reading) {}

  void read(const YamlNode& node, const std::string& path, TimeWindow& window);

 private:
  void read_days(const YamlNode& node, const std::string& path, TimeWindow& window);
  void read_minute(const YamlNode& node, const std::string& path, std::uint16_t& minute);
  void read_zone(const YamlNode& node, const std::string& path, TimeWindow& window);

  PolicyReading& reading_;
};

void TimeReader::read_days(const YamlNode& node, const std::string& path, TimeWindow& window) {
  window.days = 0;
  const auto add = [&](const YamlNode& item) {
    const std::string* text = reading_.reader.text_of(item, path, "a day");
    if (text == nullptr) return;
    const std::uint8_t days = days_of(*text);
    window.days = static_cast<std::uint8_t>(window.days | days);
    if (days == 0) reading_.reader.fail(item, path + ": '" + *text + "'; " + kDaysWanted);
  };
  if (!node.is_list()) return add(node);
  if (node.items.empty()) reading_.reader.fail(node, path + ": an empty list fits nothing");
  for (const YamlNode& item : node.items) add(item);
}

void TimeReader::read_minute(const YamlNode& node, const std::string& path, std::uint16_t& minute) {
  const std::string* text = reading_.reader.text_of(node, path, "a time like 08:30");
  if (text == nullptr) return;
  const auto read = minute_of(*text);
  if (!read) {
    return reading_.reader.fail(node, path + ": '" + *text + "'; a time like 08:30 is wanted");
  }
  minute = *read;
}

void TimeReader::read_zone(const YamlNode& node, const std::string& path, TimeWindow& window) {
  const std::string* name = reading_.reader.name_of(node, path, 1, kNameBytesMax);
  if (name == nullptr) return;
  window.zone = *name;
  if (reading_.good_zones.contains(*name)) return;
  const auto table = ZoneTable::create(*name);
  if (!table) return reading_.reader.fail(node, path + ": " + table.error().message);
  reading_.good_zones.insert(*name);
}

void TimeReader::read(const YamlNode& node, const std::string& path, TimeWindow& window) {
  window.zone = reading_.options.zone;
  const auto entries = reading_.reader.entries_of(node, path, kTimeKeys, "key");
  if (entries.empty()) reading_.reader.fail(node, path + ": days, from or to are wanted");
  for (const ReadEntry& entry : entries) {
    const std::string key_path = join_path(path, entry.key);
    if (entry.key == "days") read_days(*entry.value, key_path, window);
    if (entry.key == "from") read_minute(*entry.value, key_path, window.from_minute);
    if (entry.key == "to") read_minute(*entry.value, key_path, window.to_minute);
    if (entry.key == "zone") read_zone(*entry.value, key_path, window);
  }
  if (window.from_minute == 1'440) {
    reading_.reader.fail(node, path + ".from: is 00:00 of the next day");
    window.from_minute = 0;
  }
  if (window.to_minute == 0) window.to_minute = 1'440;  // midnight, said the other way
  if (window.from_minute == window.to_minute) {
    reading_.reader.fail(node, path + ": from and to are the same; leave both out for whole days");
  }
}

}  // namespace

void read_times(PolicyReading& reading,
                const YamlNode& node,
                const std::string& path,
                std::vector<TimeWindow>& times) {
  TimeReader reader(reading);
  if (!node.is_list()) return reader.read(node, path, times.emplace_back());
  if (node.items.empty() || node.items.size() > kPolicyBlockCountMax) {
    return reading.reader.fail(
        node, path + ": 1 to " + std::to_string(kPolicyBlockCountMax) + " times are wanted");
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    reader.read(node.items[i], path + "[" + std::to_string(i) + "]", times.emplace_back());
  }
}

}  // namespace tapdeck::config
