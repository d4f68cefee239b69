#include "bench/load/fresh_process.h"

#include <array>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

namespace tapdeck::load {
namespace {

std::string receive(int socket) {
  std::array<char, 4'096> buffer{};
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

void send(int socket, const std::string& text) {
  static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
}

}  // namespace

FreshProcess::FreshProcess(Answer answer) {
  TD_ASSERT(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel_) == 0);
  child_ = ::fork();
  TD_ASSERT(child_ >= 0);
  if (child_ == 0) {
    ::close(channel_[0]);
    serve(answer);
    ::_exit(0);
  }
  ::close(channel_[1]);
}

FreshProcess::~FreshProcess() {
  ::close(channel_[0]);  // its recv() ends
  ::waitpid(child_, nullptr, 0);
}

void FreshProcess::serve(const Answer& answer) const {
  for (std::string question = receive(channel_[1]); !question.empty();
       question = receive(channel_[1])) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      send(channel_[1], answer(question));
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (pid < 0 || !WIFEXITED(status)) send(channel_[1], "?");  // it died: no figure
  }
}

std::string FreshProcess::ask(const std::string& question) {
  send(channel_[0], question);
  return receive(channel_[0]);
}

}  // namespace tapdeck::load
