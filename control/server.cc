#include "control/server.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <exception>
#include <list>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "control/frame_io.h"
#include "control/request_handler.h"

namespace tapdeck::control {
namespace {

constexpr int kRetryAcceptMs = 200;  // out of descriptors or memory: some client may leave

struct Client {
  Socket socket;
  ClientInfo info;
  std::thread thread;
  std::atomic<bool> done{false};
};

class ThreadedServer final : public Server {
 public:
  ThreadedServer(ServerOptions options, ServerCallbacks callbacks, Socket listener, Socket wake)
      : options_(std::move(options)),
        callbacks_(std::move(callbacks)),
        listener_(std::move(listener)),
        wake_(std::move(wake)) {
    acceptor_ = std::thread([this] { accept_clients(); });
  }

  ~ThreadedServer() override { stop(); }

  ThreadedServer(const ThreadedServer&) = delete;
  ThreadedServer& operator=(const ThreadedServer&) = delete;

  void stop() override {
    if (stopping_.exchange(true)) return;
    // The name goes first: whoever looks now finds no service, rather than one that hangs up.
    ::unlink((options_.store_directory + "/control.sock").c_str());
    wake_acceptor();
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (Client& client : clients_) ::shutdown(client.socket.fd(), SHUT_RDWR);
    }
    // The acceptor is gone, so nobody else changes the list.
    for (Client& client : clients_) client.thread.join();
    const std::lock_guard lock(mutex_);
    clients_.clear();
    listener_.close();
  }

  [[nodiscard]] std::vector<ClientInfo> clients() const override {
    const std::lock_guard lock(mutex_);
    std::vector<ClientInfo> infos;
    for (const Client& client : clients_) {
      if (!client.done) infos.push_back(client.info);
    }
    return infos;
  }

 private:
  void wake_acceptor() const {
    const std::uint64_t one = 1;
    // An eventfd takes eight bytes or, when its counter is full, is awake already.
    if (::write(wake_.fd(), &one, sizeof one) != sizeof one) return;
  }

  void accept_clients() {
    std::array<pollfd, 2> waits{pollfd{listener_.fd(), POLLIN, 0}, pollfd{wake_.fd(), POLLIN, 0}};
    while (!stopping_) {
      if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
        log_error("control socket: poll failed; no more commands are served");
        return;
      }
      if ((waits[1].revents & POLLIN) != 0) drain_wake();
      reap_clients();
      if (!stopping_ && (waits[0].revents & POLLIN) != 0) accept_client();
    }
  }

  void drain_wake() const {
    std::uint64_t count = 0;
    if (::read(wake_.fd(), &count, sizeof count) != sizeof count) return;
  }

  // Only this thread adds and removes clients, so joining needs no lock.
  void reap_clients() {
    for (auto client = clients_.begin(); client != clients_.end();) {
      if (!client->done) {
        ++client;
        continue;
      }
      client->thread.join();
      const std::lock_guard lock(mutex_);
      client = clients_.erase(client);
    }
  }

  void accept_client() {
    Socket socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        pollfd wait{wake_.fd(), POLLIN, 0};
        ::poll(&wait, 1, kRetryAcceptMs);
      }
      return;
    }
    if (!set_time_limits(socket, options_.send_timeout_ms, options_.idle_timeout_ms)) return;
    if (clients_.size() >= options_.clients_max) {
      // A hundred bytes into an empty socket buffer: this cannot block.
      const auto told = send_frame(
          socket,
          FrameType::kError,
          encode_error(make_error(ErrorCode::kBusy, "The service has too many clients already.")));
      if (!told) return;
      return;
    }
    start_client(std::move(socket));
  }

  void start_client(Socket socket) {
    ClientInfo info;
    ucred peer{};
    socklen_t size = sizeof peer;
    // Nobody is served whom the journal could not name.
    if (::getsockopt(socket.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
    info = {peer.pid, peer.uid, peer.gid, 0};
    info.connected_us = wall_now_ns() / kNsPerUs;
    Client* client = nullptr;
    {
      const std::lock_guard lock(mutex_);
      client = &clients_.emplace_back();
      client->socket = std::move(socket);
      client->info = info;
    }
    try {
      client->thread = std::thread([this, client] { run_client(*client); });
    } catch (const std::exception& error) {
      log_warning(std::string("control socket: cannot start a thread: ") + error.what());
      const std::lock_guard lock(mutex_);
      clients_.pop_back();
    }
  }

  // On the client's thread.  Whatever fails here must not take the capture with it.
  void run_client(Client& client) const {
    try {
      serve_client(client.socket, client.info, callbacks_);
    } catch (const std::exception& error) {
      log_warning(std::string("control socket: a request failed: ") + error.what());
    }
    ::shutdown(client.socket.fd(), SHUT_RDWR);
    client.done = true;
    wake_acceptor();
  }

  const ServerOptions options_;
  const ServerCallbacks callbacks_;
  Socket listener_;
  Socket wake_;  // an eventfd
  std::thread acceptor_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // clients_: changed by the acceptor under it, read by anyone under it
  std::list<Client> clients_;  // addresses stay while others come and go
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, ServerCallbacks callbacks) {
  Socket wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake.is_open()) {
    return make_errno_error(ErrorCode::kResources, "cannot make an eventfd", errno);
  }
  auto listener = listen_control_socket(options.store_directory);
  if (!listener) return Error(listener.error());
  std::unique_ptr<Server> server = std::make_unique<ThreadedServer>(
      std::move(options), std::move(callbacks), std::move(*listener), std::move(wake));
  return server;
}

}  // namespace tapdeck::control
