#include "control/ladder.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/clock.h"
#include "control/text.h"

namespace tapdeck::control {
namespace {

constexpr std::size_t kColumnsMax = 6;
constexpr std::size_t kJoinedColumnsMax = 8;
constexpr std::size_t kTitleColumnsMax = 60;
constexpr std::size_t kOffsetColumns = 12;
constexpr std::size_t kTransportColumns = 8;
constexpr std::size_t kLaneGap = 3;

// One line of the ladder, before it is drawn.
struct Step {
  std::int64_t time_us = 0;
  Endpoint source{};
  Endpoint destination{};
  std::string transport;
  std::string title;
  std::string leg;  // padded
  bool media = false;
};

bool is_same_word(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

std::string format_offset(std::int64_t offset_us) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%+11.3f ", static_cast<double>(offset_us) / 1e6);
  return text.data();
}

// The transport that the topmost Via names, without "SIP/2.0/"; empty when there is none.
std::string_view via_transport(std::string_view message) {
  for (std::size_t at = 0; at < message.size();) {
    const std::size_t end = std::min(message.find('\n', at), message.size());
    const std::string_view line = message.substr(at, end - at);
    const std::size_t colon = line.find(':');
    const std::size_t space = line.find_first_of(" \t");
    const std::string_view name = line.substr(0, std::min({colon, space, line.size()}));
    if (colon != std::string_view::npos && (is_same_word(name, "via") || is_same_word(name, "v"))) {
      const std::size_t slash = line.find('/', line.find('/', colon) + 1);  // "SIP/2.0/TLS"
      if (slash == std::string_view::npos) return {};
      const std::string_view rest = line.substr(slash + 1);
      const std::size_t begin = std::min(rest.find_first_not_of(" \t"), rest.size());
      return rest.substr(begin, rest.find_first_of(" \t;\r", begin) - begin);
    }
    at = end + 1;
  }
  return {};
}

// A capture agent tells in the clear what may have passed it encrypted.
std::string transport_title(const storage::MessageRecord& message) {
  switch (message.transport) {
    case SignalTransport::kUdp: return "UDP";
    case SignalTransport::kTcp: return "TCP";
    case SignalTransport::kWebSocket: return "WS";
    case SignalTransport::kHep: break;
  }
  const std::string_view via = via_transport(message.bytes);
  if (is_same_word(via, "TLS")) return "HEP/TLS";
  return is_same_word(via, "WSS") ? "HEP/WSS" : "HEP";
}

std::string media_title(const MediaRecord& media) {
  return std::string(media_kind_name(media.kind)) + " " +
         (media.codec.empty() ? std::string("?") : to_printable(media.codec)) + ", " +
         std::to_string(media.packets) + " packets, " + std::to_string(media.lost) + " lost";
}

// Signalling addresses only get columns: media addresses would be a crowd.
std::vector<Endpoint> lanes_of(const std::vector<Step>& steps, std::size_t columns_max) {
  std::vector<Endpoint> lanes;
  for (const Step& step : steps) {
    if (step.media) continue;
    for (const Endpoint& endpoint : {step.source, step.destination}) {
      const bool known = std::find(lanes.begin(), lanes.end(), endpoint) != lanes.end();
      if (!known && lanes.size() < columns_max) lanes.push_back(endpoint);
    }
  }
  return lanes;
}

void add_steps(const LadderLeg& leg, std::size_t name_columns, std::vector<Step>& steps) {
  std::string name = leg.name;
  name.resize(name_columns, ' ');
  for (const auto& message : leg.messages) {
    steps.push_back({message.time_us,
                     message.source,
                     message.destination,
                     transport_title(message),
                     message_title(message, kTitleColumnsMax),
                     name,
                     false});
  }
  for (const MediaRecord& record : leg.media) {
    steps.push_back(
        {record.first_us, record.source, record.destination, {}, media_title(record), name, true});
  }
}

class Drawing {
 public:
  explicit Drawing(std::vector<Endpoint> lanes) : lanes_(std::move(lanes)) {
    std::size_t column = 0;
    for (const Endpoint& lane : lanes_) {
      const std::size_t width = std::max<std::size_t>(to_string(lane).size(), 18);
      centres_.push_back(column + width / 2);
      widths_.push_back(width);
      starts_.push_back(column);
      column += width + kLaneGap;
    }
    width_ = column;
  }

  [[nodiscard]] std::string titles(std::size_t name_columns) const {
    std::string line(width_, ' ');
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const std::string name = to_string(lanes_[i]);
      line.replace(starts_[i] + (widths_[i] - name.size()) / 2, name.size(), name);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return std::string(kOffsetColumns + kTransportColumns + name_columns, ' ') + line + "\n";
  }

  [[nodiscard]] std::string step(const Step& step, std::int64_t zero_us) const {
    std::string line(width_, ' ');
    for (const std::size_t centre : centres_) line[centre] = '|';
    const std::size_t from = lane_index(step.source);
    const std::size_t to = lane_index(step.destination);
    std::string title = step.title;
    if (step.media || from >= lanes_.size() || to >= lanes_.size()) {
      title = to_string(step.source) + (step.media ? " => " : " -> ") +
              to_string(step.destination) + "  " + title;
    } else if (from == to) {
      line[centres_[from]] = '@';
    } else {
      draw_arrow(line, centres_[from], centres_[to]);
    }
    std::string transport = step.transport;
    transport.resize(kTransportColumns, ' ');
    return format_offset(step.time_us - zero_us) + transport + step.leg + line + title + "\n";
  }

 private:
  [[nodiscard]] std::size_t lane_index(const Endpoint& endpoint) const {
    return static_cast<std::size_t>(std::find(lanes_.begin(), lanes_.end(), endpoint) -
                                    lanes_.begin());
  }

  static void draw_arrow(std::string& line, std::size_t from, std::size_t to) {
    const std::size_t left = std::min(from, to);
    const std::size_t right = std::max(from, to);
    for (std::size_t at = left + 1; at < right; ++at) line[at] = '-';
    if (from < to) {
      line[right - 1] = '>';
    } else {
      line[left + 1] = '<';
    }
  }

  std::vector<Endpoint> lanes_;
  std::vector<std::size_t> centres_;
  std::vector<std::size_t> widths_;
  std::vector<std::size_t> starts_;
  std::size_t width_ = 0;
};

}  // namespace

std::string message_title(const storage::MessageRecord& message, std::size_t columns_max) {
  const std::string& bytes = message.bytes;
  const std::string_view first_line =
      std::string_view(bytes).substr(0, std::min(bytes.find_first_of("\r\n"), bytes.size()));
  std::string title = to_printable(first_line.substr(0, columns_max));
  if (first_line.size() > columns_max) title += "...";
  return title;
}

std::string render_ladder(const std::vector<storage::MessageRecord>& messages,
                          const std::vector<MediaRecord>& media,
                          std::int64_t zero_us) {
  return render_ladder({LadderLeg{{}, messages, media}}, zero_us);
}

std::string render_ladder(const std::vector<LadderLeg>& legs, std::int64_t zero_us) {
  std::size_t name_columns = 0;
  for (const LadderLeg& leg : legs) name_columns = std::max(name_columns, leg.name.size());
  if (name_columns > 0) ++name_columns;
  std::vector<Step> steps;
  for (const LadderLeg& leg : legs) add_steps(leg, name_columns, steps);
  std::stable_sort(steps.begin(), steps.end(), [](const Step& left, const Step& right) {
    return left.time_us < right.time_us;
  });
  const std::vector<Endpoint> lanes =
      lanes_of(steps, legs.size() > 1 ? kJoinedColumnsMax : kColumnsMax);
  const Drawing drawing(lanes);
  std::string out = lanes.empty() ? std::string() : drawing.titles(name_columns);
  for (const Step& step : steps) out += drawing.step(step, zero_us);
  return out;
}

}  // namespace tapdeck::control
