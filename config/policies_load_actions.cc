#include <algorithm>
#include <array>
#include <optional>

#include "config/policies_load_parts.h"
#include "config/suggest.h"
#include "config/texts.h"

namespace tapdeck::config {
namespace {

constexpr std::array<std::string_view, 10> kActions{"record",
                                                    "log",
                                                    "class",
                                                    "keep",
                                                    "early_media",
                                                    "unbound",
                                                    "sample",
                                                    "mask_dtmf",
                                                    "priority",
                                                    "pause"};
constexpr std::array<std::string_view, 3> kPauseKeys{"dtmf", "header", "limit_s"};
constexpr std::array<std::string_view, 2> kDtmfKeys{"pause", "resume"};
constexpr std::array<std::string_view, 3> kPauseHeaderKeys{"name", "pause", "resume"};

// "12.5" or "12.5%" as parts of a million, to four places behind the point.
std::optional<std::uint32_t> parse_percent(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const std::size_t point = text.find('.');
  const auto whole = parse_digits(text.substr(0, point));
  if (!whole || *whole > 100) return std::nullopt;
  std::string places(point == std::string_view::npos ? "" : text.substr(point + 1));
  if (places.size() > 4 || (point != std::string_view::npos && places.empty())) {
    return std::nullopt;
  }
  places.resize(4, '0');
  const auto part = parse_digits(places);
  if (!part || *whole * 10'000 + *part > kSampleAll) return std::nullopt;
  return static_cast<std::uint32_t>(*whole * 10'000 + *part);
}

class ActionReader {
 public:
  ActionReader(PolicyReading& reading, PolicyActions& actions)
      : reader_(reading.reader), options_(reading.options), actions_(actions) {}

  void read(const ReadEntry& entry, const std::string& path);

 private:
  template <typename Choice>
  void read_word(const YamlNode& node, const std::string& path, Choice& choice) {
    const auto word = reader_.word_of(node, path, words_of(choice));
    if (word) choice = static_cast<Choice>(*word);
  }

  void read_class(const YamlNode& node, const std::string& path);
  void read_keep(const YamlNode& node, const std::string& path);
  void read_sample(const YamlNode& node, const std::string& path);
  void read_pause(const YamlNode& node, const std::string& path);
  void read_dtmf(const YamlNode& node, const std::string& path);
  void read_header(const YamlNode& node, const std::string& path);

  YamlReader& reader_;
  const PolicyLoadOptions& options_;
  PolicyActions& actions_;
};

void ActionReader::read_class(const YamlNode& node, const std::string& path) {
  const std::string* name = reader_.text_of(node, path, "a retention class");
  if (name == nullptr) return;
  const auto& known = options_.class_names;
  const auto found = std::ranges::find(known, *name);
  if (found != known.end()) {
    actions_.retention_class = static_cast<std::uint16_t>(found - known.begin());
    return;
  }
  const std::vector<std::string_view> words(known.begin(), known.end());
  const std::string_view nearest = nearest_word(*name, words);
  reader_.fail(node,
               path + ": there is no retention class '" + *name + "'" +
                   (nearest.empty() ? "; " + one_of(words) + " is wanted"
                                    : "; did you mean " + std::string(nearest) + "?"));
}

void ActionReader::read_keep(const YamlNode& node, const std::string& path) {
  const std::string* text = reader_.text_of(node, path, "raw");
  if (text == nullptr || *text == "raw") return;
  if (*text == "opus" || *text == "both") {
    return reader_.fail(node,
                        path + ": '" + *text +
                            "' is not possible yet: recordings are kept as they were received, "
                            "which is `raw`");
  }
  reader_.fail(node, path + ": '" + *text + "'; raw is wanted");
}

void ActionReader::read_sample(const YamlNode& node, const std::string& path) {
  const std::string* text = reader_.text_of(node, path, "a percentage");
  if (text == nullptr) return;
  const auto ppm = parse_percent(*text);
  if (ppm) {
    actions_.sample_ppm = *ppm;
    return;
  }
  reader_.fail(node,
               path + ": '" + *text +
                   "' is no percentage: 0 to 100 with up to four places behind the point is "
                   "wanted");
}

void ActionReader::read_dtmf(const YamlNode& node, const std::string& path) {
  PauseTriggers& pause = actions_.pause;
  for (const ReadEntry& entry : reader_.entries_of(node, path, kDtmfKeys, "key")) {
    const std::string key_path = join_path(path, entry.key);
    const std::string* code = reader_.name_of(*entry.value, key_path, 1, kPauseCodeBytesMax);
    if (code == nullptr) continue;
    if (code->find_first_not_of("0123456789*#ABCD") != std::string::npos) {
      reader_.fail(*entry.value,
                   key_path + ": '" + *code + "' is no DTMF code: 0 to 9, *, # and A to D are");
      continue;
    }
    (entry.key == "pause" ? pause.dtmf_pause : pause.dtmf_resume) = *code;
  }
  if (pause.dtmf_pause.empty()) return reader_.fail(node, path + ".pause: missing");
  if (pause.dtmf_resume.empty()) return;
  if (pause.dtmf_pause.ends_with(pause.dtmf_resume) ||
      pause.dtmf_resume.ends_with(pause.dtmf_pause)) {
    reader_.fail(node, path + ": one code ends in the other, so that dialling it means both");
  }
}

void ActionReader::read_header(const YamlNode& node, const std::string& path) {
  PauseTriggers& pause = actions_.pause;
  for (const ReadEntry& entry : reader_.entries_of(node, path, kPauseHeaderKeys, "key")) {
    const std::string key_path = join_path(path, entry.key);
    const std::string* text = reader_.name_of(*entry.value, key_path, 1, kNameBytesMax);
    if (text == nullptr) continue;
    if (entry.key == "pause") pause.header_pause = *text;
    if (entry.key == "resume") pause.header_resume = *text;
    if (entry.key != "name") continue;
    const std::string mistake = header_name_mistake(*text);
    if (!mistake.empty()) reader_.fail(*entry.value, key_path + ": " + mistake);
    pause.header_name = *text;
  }
  if (pause.header_name.empty()) reader_.fail(node, path + ".name: missing");
  if (pause.header_pause.empty()) reader_.fail(node, path + ".pause: missing");
  if (!pause.header_pause.empty() && pause.header_pause == pause.header_resume) {
    reader_.fail(node, path + ": the same value cannot pause and resume");
  }
}

void ActionReader::read_pause(const YamlNode& node, const std::string& path) {
  const auto entries = reader_.entries_of(node, path, kPauseKeys, "key");
  for (const ReadEntry& entry : entries) {
    const std::string key_path = join_path(path, entry.key);
    if (entry.key == "dtmf") read_dtmf(*entry.value, key_path);
    if (entry.key == "header") read_header(*entry.value, key_path);
    if (entry.key != "limit_s") continue;
    const auto limit_s = reader_.number_of(*entry.value, key_path, 1, kPauseSecondsMax);
    if (limit_s) actions_.pause.limit_s = *limit_s;
  }
  if (entries.empty()) reader_.fail(node, path + ": dtmf, header or limit_s is wanted");
}

void ActionReader::read(const ReadEntry& entry, const std::string& path) {
  const YamlNode& node = *entry.value;
  if (entry.key == "record") read_word(node, path, actions_.record);
  if (entry.key == "log") read_word(node, path, actions_.log);
  if (entry.key == "class") read_class(node, path);
  if (entry.key == "keep") read_keep(node, path);
  if (entry.key == "early_media") read_word(node, path, actions_.early_media);
  if (entry.key == "unbound") read_word(node, path, actions_.unbound);
  if (entry.key == "sample") read_sample(node, path);
  if (entry.key == "pause") read_pause(node, path);
  if (entry.key == "priority") {
    const auto priority = reader_.number_of(node, path, 0, UINT8_MAX);
    if (priority) actions_.priority = static_cast<std::uint8_t>(*priority);
  }
  if (entry.key == "mask_dtmf") {
    if (const auto mask = reader_.truth_of(node, path)) actions_.mask_dtmf = *mask;
  }
}

}  // namespace

std::vector<std::string_view> action_names() { return {kActions.begin(), kActions.end()}; }

void read_actions(PolicyReading& reading,
                  const std::vector<ReadEntry>& entries,
                  const std::string& path,
                  PolicyActions& actions) {
  ActionReader reader(reading, actions);
  std::uint32_t log_line = 0;
  for (const ReadEntry& entry : entries) {
    if (entry.key == "log") log_line = entry.line;
    reader.read(entry, join_path(path, entry.key));
  }
  if (actions.log == LogDetail::kNone && actions.record != RecordChoice::kNone) {
    reading.reader.fail(log_line,
                        join_path(path, "log") +
                            ": none goes with `record: none` only: nothing would lead to the "
                            "recording");
  }
}

}  // namespace tapdeck::config
