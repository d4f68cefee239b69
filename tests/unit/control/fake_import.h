// An import sink that writes down what it is told.
// Threads: the server's; read by the test when the import is over.  Memory: what it was told.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "control/import_sink.h"
#include "model/ids.h"

namespace tapdeck::control::testing {

struct ImportLog {
  std::vector<std::string> told;
  std::vector<Chunk> chunks;
  std::vector<CallRecord> calls;
  Uid present{};  // presence_of() these
  std::optional<Uid> erased;
  bool disk_is_full = false;   // finish() fails
  bool refuses_calls = false;  // add_call() fails
  std::atomic<int> ended{0};   // sinks destroyed
};

class FakeImport final : public ImportSink {
 public:
  explicit FakeImport(ImportLog& log) : log_(log) {}

  ~FakeImport() override { ++log_.ended; }

  FakeImport(const FakeImport&) = delete;
  FakeImport& operator=(const FakeImport&) = delete;

  Result<storage::Presence> presence_of(const Uid& uid) override {
    log_.told.push_back("ask " + to_string(uid));
    if (uid == log_.erased) return storage::Presence::kErased;
    return uid == log_.present ? storage::Presence::kPresent : storage::Presence::kAbsent;
  }

  Result<void> add_chunk(Chunk& chunk) override {
    log_.told.push_back("chunk " + std::to_string(chunk.sequence));
    log_.chunks.push_back(chunk);
    return {};
  }

  Result<void> add_messages(const Uid& /*recording*/, std::string records) override {
    log_.told.push_back("messages " + records);
    return {};
  }

  Result<void> add_call(CallRecord call) override {
    if (log_.refuses_calls) return make_error(ErrorCode::kInvalidArgument, "not this call");
    log_.told.push_back("call " + to_string(call.uid));
    log_.calls.push_back(std::move(call));
    return {};
  }

  Result<void> shred(const Uid& recording, storage::ShredParts parts) override {
    log_.told.push_back("shred " + to_string(recording) + " " +
                        std::to_string(static_cast<int>(parts)));
    return {};
  }

  Result<void> shred_media(const Uid& recording, const MediaSpan& span, CutCause cause) override {
    log_.told.push_back("shred " + to_string(recording) + " from " + std::to_string(span.from_us) +
                        " to " + std::to_string(span.to_us) +
                        (cause == CutCause::kPause ? " for a pause" : ""));
    return {};
  }

  Result<void> note_pause(const PauseTold& told) override {
    log_.told.push_back("pause " + to_string(told.uid) + " " +
                        std::to_string(static_cast<int>(told.change)));
    return {};
  }

  Result<void> add_event(EventRecord event) override {
    log_.told.push_back("event " + event.call_id);
    return {};
  }

  void tick() override { log_.told.emplace_back("tick"); }

  Result<void> finish() override {
    log_.told.emplace_back("finish");
    if (log_.disk_is_full) return make_error(ErrorCode::kIo, "the disk is full");
    return {};
  }

 private:
  ImportLog& log_;
};

}  // namespace tapdeck::control::testing
