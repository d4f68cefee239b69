// What writing and reading of stored call records share: the message of model/call.proto.
// Threads: one at a time per object.  Memory: that of the largest record, up to a bound.
#pragma once

#include <call.pb.h>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tapdeck {

constexpr std::uint32_t kCallEncodingVersion = 1;

// A message whose strings and parts are used again for the next record: building one anew costs
// more than all the rest.  It keeps the largest record's memory, up to a bound.
class ReusedMessage {
 public:
  wire::CallV1& cleared() {
    if (size_ > kKeptBytesMax) {
      message_ = std::make_unique<wire::CallV1>();
    } else {
      message_->Clear();
    }
    return *message_;
  }

  void note_size(std::size_t bytes) { size_ = bytes; }

  // nullptr: not a message.
  const wire::CallV1* parse(std::string_view bytes) {
    if (bytes.size() > kBytesMax) return nullptr;
    wire::CallV1& message = cleared();
    note_size(bytes.size());
    const bool good = message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    return good ? &message : nullptr;
  }

 private:
  static constexpr std::size_t kBytesMax = 16U << 20;
  static constexpr std::size_t kKeptBytesMax = 64U << 10;

  std::unique_ptr<wire::CallV1> message_ = std::make_unique<wire::CallV1>();
  std::size_t size_ = 0;
};

}  // namespace tapdeck
