// The control socket of a running service: STORE/control.sock (mode 0600), through which commands
// read the store that this process owns, and `ingest` writes into it.  start() replaces the stale
// socket of a crashed owner, so it must only be called by who holds the store's lock. Threads:
// start() and stop() by the owner; one accept thread and one thread per client inside, which call
// the callbacks; each client gets its own reader.  Memory: one page of calls or one section per
// client; a slow client blocks only its own thread and is dropped after send_timeout_ms.  Full: a
// client beyond clients_max is told "busy" and closed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "control/import_sink.h"
#include "control/retention_codec.h"
#include "model/ledger_content.h"
#include "model/pause.h"
#include "storage/store_access.h"

namespace tapdeck::control {

struct ServerOptions {
  std::string store_directory;  // the socket is store_directory/control.sock
  std::uint32_t clients_max = 32;
  std::uint32_t send_timeout_ms = 30'000;   // a client that takes nothing for this long is dropped
  std::uint32_t idle_timeout_ms = 300'000;  // a client that asks nothing for this long is dropped
};

// Who is connected, as the kernel says (SO_PEERCRED at accept).
struct ClientInfo {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::int64_t connected_us = 0;           // UTC
  AccessKind purpose = AccessKind::kShow;  // of what it reads, as it said itself
};

struct ServerCallbacks {
  // One per client, on its thread; what it gives out is given to that client.
  std::function<std::unique_ptr<storage::StoreAccess>(const ClientInfo& client)> open_reader;
  std::function<std::string()> stats_json;   // one JSON object: counters of the service
  std::function<std::string()> status_json;  // one JSON object with a boolean member "healthy"
  // Begins an import under a retention class, on the client's thread; kBusy: there is one already.
  std::function<Result<std::unique_ptr<ImportSink>>(const std::string& retention_class)>
      open_import{};
  // Pauses recordings, or lets them go on; on the client's thread.
  std::function<Result<PauseAnswer>(const PauseOrder& order, const LedgerActor& actor)>
      order_pause{};
  // Holds, expiry, erasure, annotation, journal; JSON (control/retention_json.h); on the client's
  // thread.
  std::function<Result<std::string>(const RetentionRequest& request, const LedgerActor& actor)>
      administer{};
};

class Server {
 public:
  // kIo, kPermission or kResources when the socket cannot be made.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, ServerCallbacks callbacks);
  virtual ~Server() = default;  // stops

  // Closes every connection, joins all threads and removes the socket.  Idempotent.
  virtual void stop() = 0;

  // Clients served at this moment.
  [[nodiscard]] virtual std::vector<ClientInfo> clients() const = 0;
};

}  // namespace tapdeck::control
