// A client's connection to the process that owns a store: connected, greeted, with time limits.
// Threads: any.  Memory: a socket.
#pragma once

#include <string>

#include "base/result.h"
#include "control/frame_io.h"
#include "model/ledger_content.h"

namespace tapdeck::control {

// How long the service may take to read a request, and to say the next word of an answer.
constexpr std::uint32_t kAnswerTimeoutMs = 600'000;  // a check of a large store takes its time

// kNotFound: nobody serves this store (no socket, or a stale one).  kPermission: not our socket.
// kUnsupported: the service speaks another version of the protocol.  kBusy: too many clients.
// `purpose`: what is read over it for.
Result<Socket> connect_to_service(const std::string& store_directory,
                                  AccessKind purpose = AccessKind::kShow);

// The service sent something that this program does not understand.
Error bad_answer();

}  // namespace tapdeck::control
