#include "pipelines/calls/recording_session.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <string_view>
#include <utility>

#include "model/stream.h"
#include "pipelines/calls/live_call.h"

namespace tapdeck::calls {
namespace {

constexpr std::size_t kLineBits = 32;  // of audio_lines_
// A stream that begins so long before a change of who sends its line is of that change.
constexpr std::int64_t kSenderLateUs = 1'000'000;

static_assert(kMediaLinesMax <= kLineBits && kPartiesMax <= 64);

bool is_audio(const MediaLine& line) {
  return line.kind == MediaKind::kAudio && line.is_rtp && line.enabled;
}

bool is_one_way(const MediaLine& line) {
  return line.direction == sip::Direction::kSendOnly || line.direction == sip::Direction::kInactive;
}

// Vendors leave the scheme out, or give a number alone.
PersonFacts person_of(const sip::RecordingParticipant& participant, Scratch& scratch) {
  const std::string_view aor = participant.aor;
  PersonFacts person;
  person.name = participant.name;
  person.uri = aor;
  if (aor.empty()) return person;
  std::optional<sip::Uri> uri = sip::parse_uri(aor);
  if (!uri || uri->scheme == sip::UriScheme::kOther) {
    const std::string_view scheme = aor.find('@') == std::string_view::npos ? "tel:" : "sip:";
    const auto write = [&](char* to, std::size_t capacity) {
      const std::size_t bytes = std::min(aor.size(), capacity - scheme.size());
      std::copy_n(aor.data(), bytes, std::copy(scheme.begin(), scheme.end(), to));
      return scheme.size() + bytes;
    };
    uri = sip::parse_uri(scratch.take(scheme.size() + aor.size(), write));
  }
  if (!uri) return person;
  person.number = number_of(*uri, scratch);
  person.context = context_of(*uri, scratch);
  return person;
}

}  // namespace

bool RecordingSession::goes_one_way(const SessionFacts& session) {
  return std::ranges::any_of(session.lines, is_audio) &&
         std::ranges::all_of(session.lines, [](const MediaLine& line) {
           return !is_audio(line) || is_one_way(line);
         });
}

void RecordingSession::note_lines(const SessionFacts& session) {
  for (std::size_t i = 0; i < session.lines.size() && i < kLineBits; ++i) {
    if (!is_audio(session.lines[i])) continue;
    audio_lines_ |= 1U << i;
    goes_both_ways_ = goes_both_ways_ || !is_one_way(session.lines[i]);
  }
  labels_.assign(session.labels.begin(), session.labels.end());
}

RecordingSession::Participant* RecordingSession::find(const std::string& id) {
  const auto known = std::ranges::find(participants_, id, &Participant::id);
  return id.empty() || known == participants_.end() ? nullptr : &*known;
}

// `taken`: parties that are others of the same metadata, whatever their names.
RecordingSession::Participant* RecordingSession::find_or_add(
    const sip::RecordingParticipant& person,
    const SeenMessage& message,
    PartyList& parties,
    std::uint64_t taken) {
  Participant* known = find(person.id);
  if (person.aor.empty() && person.name.empty()) return known;
  Scratch scratch;
  const PersonFacts facts = person_of(person, scratch);
  const bool is_same =
      known != nullptr && (facts.uri.empty() || parties.all()[known->party].uri == facts.uri);
  if (is_same) return known;
  const std::uint8_t party =
      parties.add_participant(facts, MessageNumbers(message).e164(facts), message.time_ns(), taken);
  if (party == kNoParty) return nullptr;
  if (known == nullptr) {
    if (participants_.size() == sip::kMetadataParticipantsMax) return nullptr;
    known = &participants_.emplace_back();
    known->id = person.id;
  } else {
    parties.set_present(known->party, false, message.time_ns());
  }
  known->party = party;
  return known;
}

void RecordingSession::take(const sip::RecordingMetadata& metadata,
                            const SeenMessage& message,
                            PartyList& parties) {
  has_metadata_ = true;
  if (!metadata.is_partial) {
    streams_.clear();
    for (Participant& known : participants_) {
      known.sends.clear();
      known.stays = false;
    }
  }
  for (const sip::RecordingStream& stream : metadata.streams) {
    if (stream.id.empty() || stream.label.empty()) continue;
    const auto known = std::ranges::find(streams_, stream.id, &sip::RecordingStream::id);
    if (known != streams_.end()) {
      known->label = stream.label;
    } else if (streams_.size() < sip::kMetadataStreamsMax) {
      streams_.push_back(stream);
    }
  }
  std::uint64_t taken = 0;
  for (const sip::RecordingParticipant& person : metadata.participants) {
    Participant* const known = find_or_add(person, message, parties, taken);
    if (known == nullptr) continue;
    taken |= std::uint64_t{1} << known->party;
    if (person.tells_streams) known->sends = person.sends;
    known->stays = !person.has_left;
    parties.set_present(known->party, known->stays, message.time_ns());
  }
  for (const Participant& known : participants_) {
    const bool is_named = (taken >> known.party & 1) != 0;
    if (!known.stays && !is_named) parties.set_present(known.party, false, message.time_ns());
  }
  std::erase_if(participants_, [](const Participant& known) { return !known.stays; });
}

const std::string* RecordingSession::label_of(const std::string& stream) const {
  const auto known = std::ranges::find(streams_, stream, &sip::RecordingStream::id);
  return known == streams_.end() ? nullptr : &known->label;
}

// kNoParty: nobody, or several.
std::uint8_t RecordingSession::sender_of(const std::string& label) const {
  std::uint8_t sender = kNoParty;
  if (label.empty()) return sender;
  for (const Participant& participant : participants_) {
    for (const std::string& stream : participant.sends) {
      const std::string* const sent = label_of(stream);
      if (sent == nullptr || *sent != label || sender == participant.party) continue;
      if (sender != kNoParty) return kNoParty;
      sender = participant.party;
    }
  }
  return sender;
}

void RecordingSession::weigh(std::int64_t time_ns) {
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const auto line = static_cast<std::uint16_t>(i);
    const std::uint8_t sender = sender_of(labels_[i]);
    const auto last = std::find_if(senders_.rbegin(),
                                   senders_.rend(),
                                   [line](const LineSender& each) { return each.line == line; });
    if (sender == (last == senders_.rend() ? kNoParty : last->party)) continue;
    if (senders_.size() < kLineSendersMax) senders_.push_back({line, sender, time_ns});
  }
}

// A row has one sender: who began it.  Metadata may come after the media.
std::uint8_t RecordingSession::sender_at(std::uint16_t line, std::int64_t time_us) const {
  std::uint8_t sender = kNoParty;
  bool is_first = true;
  for (const LineSender& each : senders_) {
    if (each.line != line) continue;
    if (is_first || each.from_ns / 1000 <= time_us + kSenderLateUs) sender = each.party;
    is_first = false;
  }
  return sender;
}

// Among the speakers, from 1, in the order of their first lines.
std::uint8_t RecordingSession::place_of(std::uint16_t line, std::uint8_t party) const {
  std::uint16_t first = line;
  for (const LineSender& each : senders_) {
    const bool is_audio_line = each.line < kLineBits && (audio_lines_ >> each.line & 1) != 0;
    if (party != kNoParty && each.party == party && is_audio_line) {
      first = std::min(first, each.line);
    }
  }
  const std::uint32_t before = audio_lines_ & ((1U << first) - 1);
  return static_cast<std::uint8_t>(std::popcount(before) + 1);
}

void RecordingSession::name_speaker(std::uint16_t media_index, MediaRecord& row) const {
  if (row.party != source_ || media_index >= kLineBits) return;
  const std::uint8_t party = sender_at(media_index, row.first_us);
  const bool is_audio_line = (audio_lines_ >> media_index & 1) != 0;
  const bool are_apart = has_metadata_ || (std::popcount(audio_lines_) > 1 && !goes_both_ways_);
  if (is_audio_line && are_apart) row.speaker = place_of(media_index, party);
  if (party != kNoParty) row.party = party;
}

void follow_recording(LiveCall& state, const SeenMessage& message, std::uint8_t requester) {
  const MessageFacts& facts = message.facts;
  auto& recording = state.recording_session;
  if (recording == nullptr) {
    // Later, one way is a hold.
    const bool begins = facts.session && !state.established && requester == kCallerParty &&
                        RecordingSession::goes_one_way(*facts.session);
    if (!begins && facts.metadata == nullptr) return;
    recording = std::make_unique<RecordingSession>(requester);
  }
  if (recording->source() != requester) return;
  if (facts.session) recording->note_lines(*facts.session);
  if (facts.metadata != nullptr) recording->take(*facts.metadata, message, state.parties);
  recording->weigh(message.time_ns());
}

}  // namespace tapdeck::calls
