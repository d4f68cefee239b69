// A file system in user space that loses at a power cut whatever was not synced.
//
//   forgetful_disk SOURCE WORK MOUNT [CUT_AFTER [KEEP_SEED]]
//
// shows what is in SOURCE at MOUNT.  Bytes, sizes and modes of a file are durable after an fsync or
// fdatasync of it, names after an fsync of their directory, and nothing else is.  With operation
// CUT_AFTER (0: never), counting those that change or sync something, the power goes: what was
// durable then is put into WORK/after and everything asked later fails.  With KEEP_SEED some files
// and directories, chosen by chance, had reached the disk by themselves.  At the end, when it is
// unmounted, the power goes in any case; WORK/operations says how many operations there were.
//
// Threads: one.  Memory: names, and ranges that are not synced.  Contents lie twice in WORK: as
// they are, and as they are durable.
#define FUSE_USE_VERSION 31
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <fuse3/fuse.h>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Node;
using NodePtr = std::shared_ptr<Node>;
using Names = std::map<std::string, NodePtr>;

struct Node {
  std::uint64_t id = 0;
  mode_t mode = 0;
  mode_t durable_mode = 0;
  Names names{};  // of a directory
  Names durable_names{};
  std::map<off_t, off_t> dirty{};  // from, end; may overlap
  int live = -1;                   // of a file
  int durable = -1;
  nlink_t links = 1;

  ~Node() {
    if (live >= 0) close(live);
    if (durable >= 0) close(durable);
  }

  [[nodiscard]] bool is_file() const { return S_ISREG(mode); }

  [[nodiscard]] bool is_directory() const { return S_ISDIR(mode); }

  [[nodiscard]] off_t size() const {
    struct stat status {};

    return is_file() && fstat(live, &status) == 0 ? status.st_size : 0;
  }

  void mark(off_t from, off_t end) {
    if (from < end) dirty[from] = std::max(dirty[from], end);
  }
};

class Disk {
 public:
  Disk(fs::path work, std::uint64_t cut_after, std::uint32_t keep_seed)
      : work_(std::move(work)), cut_after_(cut_after), keep_(keep_seed), keeps_(keep_seed != 0) {
    fs::create_directories(work_);
    root_ = make(S_IFDIR | 0700);
  }

  NodePtr make(mode_t mode) {
    auto node = std::make_shared<Node>();
    node->id = ++ids_;
    node->mode = node->durable_mode = mode;
    if (!node->is_file()) return node;
    node->live = open_content(node->id, "live");
    node->durable = open_content(node->id, "durable");
    return node;
  }

  // All of it is durable.
  void load(const fs::path& from, Node& into) {
    for (const auto& entry : fs::directory_iterator(from)) {
      struct stat status {};

      if (lstat(entry.path().c_str(), &status) != 0) continue;
      if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
      const NodePtr node = make(status.st_mode);
      into.names[entry.path().filename()] = node;
      if (node->is_directory()) {
        load(entry.path(), *node);
        continue;
      }
      const int file = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
      copy(file, node->live, 0, status.st_size);
      if (ftruncate(node->live, status.st_size) != 0) abort();
      close(file);
      node->mark(0, status.st_size);
      sync(*node);
    }
    into.durable_names = into.names;
  }

  NodePtr find(const std::string& path) const {
    NodePtr node = root_;
    for (const fs::path& part : fs::path(path).relative_path()) {
      const auto found = node->names.find(part);
      if (found == node->names.end()) return nullptr;
      node = found->second;
    }
    return node;
  }

  NodePtr parent_of(const std::string& path) const { return find(fs::path(path).parent_path()); }

  static void sync(Node& node) {
    node.durable_mode = node.mode;
    node.durable_names = node.names;
    if (!node.is_file()) return;
    if (ftruncate(node.durable, node.size()) != 0) abort();
    for (const auto& [from, end] : node.dirty) copy(node.live, node.durable, from, end);
    node.dirty.clear();
  }

  // Before whatever changes or syncs something.  False: there is no power any more.
  bool count() {
    if (is_cut_) return false;
    if (++operations_ == cut_after_) cut();
    return !is_cut_;
  }

  [[nodiscard]] bool is_cut() const { return is_cut_; }

  void cut() {
    if (is_cut_) return;
    is_cut_ = true;
    std::ofstream(work_ / "operations") << operations_ << "\n";
    put(*root_, work_ / "after");
  }

  const fs::path& work() const { return work_; }

  const NodePtr& root() const { return root_; }

 private:
  int open_content(std::uint64_t id, const char* kind) const {
    const fs::path path = work_ / (std::to_string(id) + "." + kind);
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) abort();
    return file;
  }

  static void copy(int from, int to, off_t at, off_t end) {
    std::vector<char> bytes(1U << 20);
    while (at < end) {
      const auto want = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(end - at));
      const ssize_t got = pread(from, bytes.data(), want, at);
      if (got <= 0) return;  // beyond its end
      if (pwrite(to, bytes.data(), static_cast<std::size_t>(got), at) != got) abort();
      at += got;
    }
  }

  void put(Node& node, const fs::path& to) {
    if (keeps_ && keep_() % 2 == 0) sync(node);
    if (node.is_directory()) {
      fs::create_directory(to);
      for (const auto& [name, child] : node.durable_names) put(*child, to / name);
    } else if (node.is_file()) {
      std::error_code exists;
      fs::create_hard_link(work_ / (std::to_string(node.id) + ".durable"), to, exists);
    } else {
      return;
    }
    chmod(to.c_str(), node.durable_mode & 07777);
  }

  const fs::path work_;
  const std::uint64_t cut_after_;
  std::mt19937 keep_;
  const bool keeps_;
  NodePtr root_;
  std::uint64_t ids_ = 0;
  std::uint64_t operations_ = 0;
  bool is_cut_ = false;
};

Disk& disk() { return *static_cast<Disk*>(fuse_get_context()->private_data); }

NodePtr& opened(fuse_file_info* file) { return *reinterpret_cast<NodePtr*>(file->fh); }

NodePtr node_of(const char* path, fuse_file_info* file) {
  return file != nullptr && file->fh != 0 ? opened(file) : disk().find(path);
}

std::string name_in(const char* path) { return fs::path(path).filename(); }

int get_attributes(const char* path, struct stat* status, fuse_file_info* file) {
  if (disk().is_cut()) return -EIO;
  const NodePtr node = node_of(path, file);
  if (node == nullptr) return -ENOENT;
  *status = {};
  if (node->is_file() && fstat(node->live, status) != 0) return -errno;
  status->st_ino = node->id;
  status->st_mode = node->mode;
  status->st_nlink = node->links;
  status->st_uid = getuid();
  status->st_gid = getgid();
  return 0;
}

int add(const char* path, const NodePtr& node) {
  if (!disk().count()) return -EIO;
  const NodePtr parent = disk().parent_of(path);
  if (parent == nullptr) return -ENOENT;
  return parent->names.emplace(name_in(path), node).second ? 0 : -EEXIST;
}

int make_directory(const char* path, mode_t mode) {
  return add(path, disk().make(S_IFDIR | (mode & 07777)));
}

int make_node(const char* path, mode_t mode, dev_t) { return add(path, disk().make(mode)); }

int remove_name(const char* path) {
  if (!disk().count()) return -EIO;
  const NodePtr parent = disk().parent_of(path);
  const NodePtr node = disk().find(path);
  if (node == nullptr) return -ENOENT;
  if (node->is_directory() && !node->names.empty()) return -ENOTEMPTY;
  --node->links;
  parent->names.erase(name_in(path));
  return 0;
}

int rename_node(const char* from, const char* to, unsigned flags) {
  if (!disk().count()) return -EIO;
  const NodePtr node = disk().find(from);
  const NodePtr parent = disk().parent_of(to);
  if (node == nullptr || parent == nullptr) return -ENOENT;
  const NodePtr there = disk().find(to);
  if ((flags & ~1U) != 0) return -EINVAL;
  if (there != nullptr && (flags & 1U) != 0) return -EEXIST;  // RENAME_NOREPLACE
  if (there != nullptr && there->is_directory() && !there->names.empty()) return -ENOTEMPTY;
  disk().parent_of(from)->names.erase(name_in(from));
  parent->names[name_in(to)] = node;
  return 0;
}

int link_node(const char* from, const char* to) {
  const NodePtr node = disk().find(from);
  if (node == nullptr) return -ENOENT;
  const int status = add(to, node);
  if (status == 0) ++node->links;
  return status;
}

int change_mode(const char* path, mode_t mode, fuse_file_info* file) {
  if (!disk().count()) return -EIO;
  const NodePtr node = node_of(path, file);
  if (node == nullptr) return -ENOENT;
  node->mode = (node->mode & S_IFMT) | (mode & 07777);
  return 0;
}

int change_owner(const char*, uid_t, gid_t, fuse_file_info*) { return 0; }

int change_times(const char*, const timespec*, fuse_file_info*) { return 0; }

int open_node(const char* path, fuse_file_info* file) {
  if (disk().is_cut()) return -EIO;
  const NodePtr node = disk().find(path);
  if (node == nullptr) return -ENOENT;
  file->fh = reinterpret_cast<std::uint64_t>(new NodePtr(node));
  file->direct_io = node->is_file();
  return 0;
}

int create_file(const char* path, mode_t mode, fuse_file_info* file) {
  const int status = add(path, disk().make(S_IFREG | (mode & 07777)));
  return status == 0 ? open_node(path, file) : status;
}

int close_node(const char*, fuse_file_info* file) {
  delete &opened(file);
  return 0;
}

int read_file(const char*, char* to, std::size_t bytes, off_t at, fuse_file_info* file) {
  if (disk().is_cut()) return -EIO;
  const ssize_t got = pread(opened(file)->live, to, bytes, at);
  return got < 0 ? -errno : static_cast<int>(got);
}

int write_file(const char*, const char* from, std::size_t bytes, off_t at, fuse_file_info* file) {
  if (!disk().count()) return -EIO;
  Node& node = *opened(file);
  const ssize_t put = pwrite(node.live, from, bytes, at);
  if (put < 0) return -errno;
  node.mark(at, at + put);
  return static_cast<int>(put);
}

int truncate_file(const char* path, off_t size, fuse_file_info* file) {
  if (!disk().count()) return -EIO;
  const NodePtr node = node_of(path, file);
  if (node == nullptr) return -ENOENT;
  node->mark(size, node->size());
  return ftruncate(node->live, size) == 0 ? 0 : -errno;
}

int allocate(const char*, int mode, off_t at, off_t bytes, fuse_file_info* file) {
  if (!disk().count()) return -EIO;
  Node& node = *opened(file);
  if (fallocate(node.live, mode, at, bytes) != 0) return -errno;
  if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) node.mark(at, at + bytes);
  return 0;
}

int sync_node(const char*, int, fuse_file_info* file) {
  if (!disk().count()) return -EIO;
  Disk::sync(*opened(file));
  return 0;
}

int list(
    const char*, void* to, fuse_fill_dir_t fill, off_t, fuse_file_info* file, fuse_readdir_flags) {
  if (disk().is_cut()) return -EIO;
  for (const char* name : {".", ".."}) fill(to, name, nullptr, 0, fuse_fill_dir_flags{});
  for (const auto& [name, node] : opened(file)->names) {
    fill(to, name.c_str(), nullptr, 0, fuse_fill_dir_flags{});
  }
  return 0;
}

int get_space(const char*, struct statvfs* space) {
  return statvfs(disk().work().c_str(), space) == 0 ? 0 : -errno;
}

void* begin(fuse_conn_info*, fuse_config* config) {
  config->use_ino = 1;
  config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
  config->hard_remove = 1;
  config->nullpath_ok = 1;
  return fuse_get_context()->private_data;
}

void end(void* data) { static_cast<Disk*>(data)->cut(); }

fuse_operations operations() {
  fuse_operations all{};
  all.getattr = get_attributes;
  all.mkdir = make_directory;
  all.mknod = make_node;
  all.unlink = all.rmdir = remove_name;
  all.rename = rename_node;
  all.link = link_node;
  all.chmod = change_mode;
  all.chown = change_owner;
  all.utimens = change_times;
  all.open = all.opendir = open_node;
  all.create = create_file;
  all.release = all.releasedir = close_node;
  all.read = read_file;
  all.write = write_file;
  all.truncate = truncate_file;
  all.fallocate = allocate;
  all.fsync = all.fsyncdir = sync_node;
  all.readdir = list;
  all.statfs = get_space;
  all.init = begin;
  all.destroy = end;
  return all;
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  const std::uint64_t cut_after = count > 4 ? std::strtoull(words[4], nullptr, 10) : 0;
  const auto seed = static_cast<std::uint32_t>(count > 5 ? std::strtoul(words[5], nullptr, 10) : 0);
  umask(0);
  Disk all(words[2], cut_after, seed);
  all.load(words[1], *all.root());
  std::vector<std::string> options = {words[0], words[3], "-f", "-s", "-o", "fsname=forgetful"};
  std::vector<char*> arguments;
  for (std::string& option : options) arguments.push_back(option.data());
  const fuse_operations table = operations();
  return fuse_main(static_cast<int>(arguments.size()), arguments.data(), &table, &all);
}
