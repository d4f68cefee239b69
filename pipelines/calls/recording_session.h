// A call that records another one (SIPREC, RFC 7866): who is recorded, and whose voice is in which
// m-line.  One party, the source, sends all of it; each m-line is one speaker's, or a mix. Metadata
// (RFC 7865) names the speakers; without any, several m-lines that go one way only from the first
// offer on are speakers without names.
//
// Threads: the call-plane thread.  Memory: few calls have one; bounded by what the metadata reader
// takes and by kLineSendersMax.  Full: who comes later is no party, and his voice the source's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/call.h"
#include "pipelines/calls/message_facts.h"
#include "pipelines/calls/message_numbers.h"
#include "pipelines/calls/parties.h"
#include "pipelines/signalling/siprec_metadata.h"

namespace tapdeck::calls {

struct LiveCall;

constexpr std::size_t kLineSendersMax = 256;

class RecordingSession {
 public:
  // True when `session` has audio, and all of it goes away from who offers it, or nowhere yet.
  static bool goes_one_way(const SessionFacts& session);

  explicit RecordingSession(std::uint8_t source) : source_(source) {}

  [[nodiscard]] std::uint8_t source() const { return source_; }

  // What the source offers.
  void note_lines(const SessionFacts& session);

  // Participants become parties of the call, or are told to have left it.
  void take(const sip::RecordingMetadata& metadata, const SeenMessage& message, PartyList& parties);

  // Who sends which m-line from now on.
  void weigh(std::int64_t time_ns);

  // Of a row of media that the source sends with this m-line: whose voice it is.
  void name_speaker(std::uint16_t media_index, MediaRecord& row) const;

 private:
  struct Participant {
    std::string id;
    std::uint8_t party = 0;
    std::vector<std::string> sends;
    bool stays = false;
  };

  struct LineSender {
    std::uint16_t line = 0;
    std::uint8_t party = 0;  // kNoParty: nobody alone
    std::int64_t from_ns = 0;
  };

  Participant* find(const std::string& id);
  Participant* find_or_add(const sip::RecordingParticipant& person,
                           const SeenMessage& message,
                           PartyList& parties,
                           std::uint64_t taken);
  [[nodiscard]] const std::string* label_of(const std::string& stream) const;
  [[nodiscard]] std::uint8_t sender_of(const std::string& label) const;
  [[nodiscard]] std::uint8_t sender_at(std::uint16_t line, std::int64_t time_us) const;
  [[nodiscard]] std::uint8_t place_of(std::uint16_t line, std::uint8_t party) const;

  std::uint8_t source_;
  bool has_metadata_ = false;
  bool goes_both_ways_ = false;      // some line was offered to
  std::uint32_t audio_lines_ = 0;    // a bit for each that was ever in use
  std::vector<std::string> labels_;  // by m-line
  std::vector<sip::RecordingStream> streams_;
  std::vector<Participant> participants_;
  std::vector<LineSender> senders_;  // by time
};

// Of a request, which may begin one or change it.
void follow_recording(LiveCall& state, const SeenMessage& message, std::uint8_t requester);

}  // namespace tapdeck::calls
