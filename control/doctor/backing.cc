#include "control/doctor/backing.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace tapdeck::control {
namespace {

namespace fs = std::filesystem;

constexpr int kDepthMax = 8;
constexpr std::array<std::string_view, 3> kMemory = {"tmpfs", "ramfs", "rootfs"};

struct Mount {
  std::string device;  // "8:1"
  std::string point;
  std::string filesystem;
  std::string source;
  std::string options;
};

bool is_octal(char digit) { return digit >= '0' && digit <= '7'; }

// "\040" is a blank.
std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      out +=
          static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + text[i + 3] - '0');
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// proc(5): ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAG...] - FILESYSTEM SOURCE OPTIONS
std::optional<Mount> parse_mount(const std::string& line) {
  std::istringstream words(line);
  std::string ignored;
  std::string point;
  Mount mount;
  words >> ignored >> ignored >> mount.device >> ignored >> point;
  while (words >> ignored && ignored != "-") {
  }
  if (!(words >> mount.filesystem >> mount.source >> mount.options)) return std::nullopt;
  mount.point = unescape(point);
  mount.source = unescape(mount.source);
  return mount;
}

bool is_below(const std::string& path, const std::string& point) {
  if (point == "/") return true;
  return path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
}

// The last of those with the longest mount point hides the others.
std::optional<Mount> mount_of(const std::string& path, const HostFiles& host) {
  std::error_code error;
  const std::string real = fs::weakly_canonical(path, error).string();
  std::istringstream lines(host.text("/proc/self/mountinfo").value_or(""));
  std::optional<Mount> best;
  for (std::string line; std::getline(lines, line);) {
    auto mount = parse_mount(line);
    if (!mount || !is_below(error ? path : real, mount->point)) continue;
    if (!best || mount->point.size() >= best->point.size()) best = std::move(mount);
  }
  return best;
}

std::string option_of(const std::string& options, std::string_view name) {
  std::istringstream all(options);
  for (std::string one; std::getline(all, one, ',');) {
    if (one.starts_with(name)) return unescape(one.substr(name.size()));
  }
  return "";
}

bool is_memory_device(const std::string& name) {
  return name.starts_with("zram") ||
         (name.size() > 3 && name.starts_with("ram") && name[3] >= '0' && name[3] <= '9');
}

class Chain {
 public:
  explicit Chain(const HostFiles& host) : host_(host) {}

  void follow_path(const std::string& path, Backing& out, int depth = 0) {
    const auto mount = depth < kDepthMax ? mount_of(path, host_) : std::nullopt;
    if (!mount) return;
    out.chain += mount->filesystem;
    if (std::find(kMemory.begin(), kMemory.end(), mount->filesystem) != kMemory.end()) {
      out.in_memory = true;
      return;
    }
    if (mount->filesystem == "overlay") {
      const std::string upper = option_of(mount->options, "upperdir=");
      std::error_code error;
      // In a container it is a path of the host's.
      if (upper.empty() || (!fs::exists(upper, error) && !is_mounted(upper))) return;
      out.chain += ", its upper folder " + upper + ": ";
      return follow_path(upper, out, depth + 1);
    }
    out.chain += " on " + mount->source;
    follow_device(mount->device, out, depth + 1);
  }

 private:
  // Whether a mount of its own holds it, not only the root.
  bool is_mounted(const std::string& path) const {
    const auto mount = mount_of(path, host_);
    return mount && mount->point != "/";
  }

  void follow_device(const std::string& number, Backing& out, int depth) {
    if (depth >= kDepthMax) return;
    const std::string device = "/sys/dev/block/" + number;
    if (is_memory_device(host_.link_name(device))) {
      out.in_memory = true;
      out.chain += " (memory)";
      return;
    }
    for (const char* at : {"/loop/backing_file", "/../loop/backing_file"}) {  // itself, a partition
      if (const auto file = host_.text(device + at)) {
        out.chain += ", its file " + *file + ": ";
        return follow_path(*file, out, depth + 1);
      }
    }
    for (const std::string& below : host_.names(device + "/slaves")) {  // LVM, dm-crypt, RAID
      const auto its_number = host_.text(device + "/slaves/" + below + "/dev");
      if (!its_number) continue;
      out.chain += " on " + below;
      follow_device(*its_number, out, depth + 1);
    }
  }

  const HostFiles& host_;
};

}  // namespace

Backing backing_of(const std::string& path, const HostFiles& host) {
  Backing out;
  Chain(host).follow_path(path, out);
  out.filesystem = out.chain.substr(0, out.chain.find_first_of(", "));
  return out;
}

}  // namespace tapdeck::control
