#include "control/connection.h"

#include <cerrno>
#include <utility>

#include "control/protocol.h"

namespace tapdeck::control {
namespace {

constexpr std::uint32_t kHandshakeTimeoutMs = 10'000;

}  // namespace

Error bad_answer() {
  return make_error(ErrorCode::kCorrupt, "the service sent an answer that cannot be read.");
}

Result<Socket> connect_to_service(const std::string& store_directory, AccessKind purpose) {
  auto socket = connect_control_socket(store_directory);
  if (!socket) return Error(socket.error());
  TD_TRY(set_time_limits(*socket, kHandshakeTimeoutMs, kHandshakeTimeoutMs));
  // A service with too many clients may have said so and closed already: its words count.
  const auto sent = send_frame(*socket, FrameType::kHello, encode_hello(purpose));
  if (!sent && sent.error().system_errno != EPIPE) return Error(sent.error());
  auto welcome = receive_frame(*socket, kAnswerBytesMax);
  if (!welcome) return Error(welcome.error());
  if (welcome->type == FrameType::kError) {
    return decode_error(welcome->payload).value_or(bad_answer());
  }
  const auto version = decode_hello(welcome->payload);
  if (welcome->type != FrameType::kWelcome || !version) return bad_answer();
  TD_TRY(set_time_limits(*socket, kAnswerTimeoutMs, kAnswerTimeoutMs));
  return std::move(*socket);
}

}  // namespace tapdeck::control
