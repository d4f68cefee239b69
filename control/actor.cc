#include "control/actor.h"

#include <cerrno>
#include <pwd.h>
#include <string>
#include <unistd.h>

namespace tapdeck::control {
namespace {

constexpr std::size_t kEntryBytes = 1U << 10;
constexpr std::size_t kEntryBytesMax = 1U << 20;

std::string name_of(uid_t user) {
  for (std::string buffer(kEntryBytes, '\0'); buffer.size() <= kEntryBytesMax;
       buffer.resize(buffer.size() * 2)) {
    passwd entry{};
    passwd* found = nullptr;
    const int error = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) break;
    return std::string(found->pw_name).substr(0, kLedgerNameBytesMax);
  }
  return {};
}

}  // namespace

LedgerActor actor_of(pid_t process, uid_t user, gid_t group) {
  return {user, group, static_cast<std::uint32_t>(process), name_of(user)};
}

LedgerActor own_actor() { return actor_of(::getpid(), ::getuid(), ::getgid()); }

}  // namespace tapdeck::control
