// A recording made by hand, read back through the interface that exports use; and the WAV that came
// of it.  Threads: one.  Memory: plain vectors.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "storage/store_access.h"

namespace tapdeck::exports {

constexpr std::int64_t kT0 = 1'700'000'000'000'000;

inline std::string make_rtp(std::uint8_t type,
                            std::uint16_t sequence,
                            std::uint32_t timestamp,
                            std::uint32_t ssrc,
                            const std::string& payload) {
  std::string packet(12, '\0');
  packet[0] = static_cast<char>(0x80);
  packet[1] = static_cast<char>(type);
  store_be(packet.data() + 2, sequence);
  store_be(packet.data() + 4, timestamp);
  store_be(packet.data() + 8, ssrc);
  return packet + payload;
}

// One stream; each section holds a few records, as chunks do.
class FakeStream {
 public:
  FakeStream(std::uint8_t sender, std::uint8_t receiver, std::uint32_t ssrc = 1) {
    header_.kind = MediaKind::kAudio;
    header_.sender = sender;
    header_.receiver = receiver;
    header_.ssrc = ssrc;
    header_.base_us = kT0;
    header_.source_ip = make_ipv4(0x0a000000U + sender).bytes;
    header_.destination_ip = make_ipv4(0x0a000000U + receiver).bytes;
    header_.source_port = static_cast<std::uint16_t>(4'000 + sender);
    header_.destination_port = static_cast<std::uint16_t>(4'000 + receiver);
  }

  SectionHeader& header() { return header_; }

  FakeStream& rtp(std::int64_t after_us,
                  std::uint16_t sequence,
                  std::uint32_t timestamp,
                  const std::string& payload,
                  std::uint8_t type = 8) {
    return record(
        RecordKind::kRtp, after_us, make_rtp(type, sequence, timestamp, header_.ssrc, payload));
  }

  FakeStream& gap(std::int64_t after_us, std::uint32_t packets, GapReason reason) {
    std::string bytes(5, '\0');
    store_le(bytes.data(), packets);
    bytes[4] = static_cast<char>(reason);
    return record(RecordKind::kGap, after_us, bytes);
  }

  FakeStream& record(RecordKind kind, std::int64_t after_us, const std::string& bytes) {
    if (records_.empty() || records_.back().size() > 1'000) records_.emplace_back();
    std::array<char, kRecordHeaderBytes> head{};
    store_le(head.data(),
             static_cast<std::uint16_t>(bytes.size() | (static_cast<std::size_t>(kind) << 14)));
    store_le(head.data() + 2, static_cast<std::uint32_t>(after_us));
    records_.back().append(head.data(), head.size()).append(bytes);
    return *this;
  }

  bool give(const storage::SectionSink& sink) const {
    return std::all_of(records_.begin(), records_.end(), [&](const std::string& records) {
      return sink(header_, as_bytes(records));
    });
  }

 private:
  SectionHeader header_;
  std::vector<std::string> records_;
};

class FakeStore : public storage::StoreAccess {
 public:
  std::vector<FakeStream> streams;
  std::vector<storage::MessageRecord> messages;
  bool media_destroyed = false;
  bool messages_destroyed = false;

  Result<CallPage> find_calls(const CallQuery&) override { return CallPage{}; }

  Result<EventPage> find_events(const EventQuery&) override { return EventPage{}; }

  Result<CallRecord> get_call(const Uid&) override { return CallRecord{}; }

  Result<std::vector<CallRecord>> get_versions(const Uid&) override {
    return std::vector<CallRecord>{};
  }

  Result<void> read_media(const Uid&, const storage::SectionSink& sink) override {
    if (media_destroyed) return make_error(ErrorCode::kNotFound, "Media destroyed.");
    for (const FakeStream& stream : streams) {
      if (!stream.give(sink)) break;
    }
    return {};
  }

  Result<void> read_messages(const Uid&, const storage::MessageSink& sink) override {
    if (messages_destroyed) return make_error(ErrorCode::kNotFound, "Messages destroyed.");
    for (const storage::MessageRecord& message : messages) {
      if (!sink(message)) break;
    }
    return {};
  }

  Result<std::vector<storage::StreamDurability>> durability(const Uid&) override {
    return std::vector<storage::StreamDurability>{};
  }

  Result<storage::StoreStatistics> statistics() override { return storage::StoreStatistics{}; }

  Result<std::vector<storage::StoreFault>> check() override {
    return std::vector<storage::StoreFault>{};
  }
};

// Party 0 calls party 1; party 2 is a fork that lost.
inline CallRecord two_party_call() {
  CallRecord call;
  call.uid = make_uid(kT0 / 1'000, {1});
  call.start_us = kT0;
  call.parties.resize(3);
  for (std::uint8_t i = 0; i < 3; ++i) call.parties[i].id = i;
  call.parties[0].role = PartyRole::kCaller;
  call.parties[1].role = PartyRole::kCallee;
  call.parties[2].role = PartyRole::kFork;
  call.caller = 0;
  call.callee = 1;
  return call;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "export.XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }

  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace tapdeck::exports
