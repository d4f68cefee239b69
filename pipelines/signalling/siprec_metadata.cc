#include "pipelines/signalling/siprec_metadata.h"

#include <algorithm>
#include <array>
#include <expat.h>
#include <memory>
#include <utility>

#include "pipelines/signalling/lexer.h"

namespace tapdeck::sip {
namespace {

enum class Element : std::uint8_t {
  kOther,
  kDataMode,
  kSipSessionId,
  kParticipant,
  kNameId,
  kName,
  kAor,
  kStream,
  kLabel,
  kSend,
  kStreamAssoc,
  kSessionAssoc,
  kDisassociateTime,
  kParticipantRef,  // a participant or stream of a participantstreamassoc, by its id
  kStreamRef,
};

struct ElementName {
  std::string_view text;
  Element element;
};

constexpr std::array kElementNames = {
    ElementName{"datamode", Element::kDataMode},
    ElementName{"sipsessionid", Element::kSipSessionId},
    ElementName{"participant", Element::kParticipant},
    ElementName{"nameid", Element::kNameId},
    ElementName{"name", Element::kName},
    ElementName{"aor", Element::kAor},
    ElementName{"stream", Element::kStream},
    ElementName{"label", Element::kLabel},
    ElementName{"send", Element::kSend},
    ElementName{"participantstreamassoc", Element::kStreamAssoc},
    ElementName{"participantsessionassoc", Element::kSessionAssoc},
    ElementName{"disassociate-time", Element::kDisassociateTime},
};

// Whatever namespace it is bound to: drafts and vendors differ there.
std::string_view without_prefix(std::string_view name) { return name.substr(name.find(':') + 1); }

Element element_of(std::string_view name) {
  const auto* const found =
      std::find_if(kElementNames.begin(), kElementNames.end(), [name](const ElementName& known) {
        return iequals(known.text, name);
      });
  return found == kElementNames.end() ? Element::kOther : found->element;
}

bool bears_text(Element element) {
  switch (element) {
    case Element::kDataMode:
    case Element::kSipSessionId:
    case Element::kName:
    case Element::kAor:
    case Element::kLabel:
    case Element::kSend:
    case Element::kParticipantRef:
    case Element::kStreamRef: return true;
    default: return false;
  }
}

// What names somebody's place in a session, or in a stream.
struct Association {
  std::string participant;
  std::vector<std::string> sends;
  bool is_over = false;
};

class MetadataReader {
 public:
  explicit MetadataReader(RecordingMetadata& metadata) : metadata_(metadata) {}

  MetadataVerdict read(std::string_view xml) {
    const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
        XML_ParserCreate(nullptr), &XML_ParserFree);
    if (parser == nullptr || xml.size() > kMetadataBytesMax) return MetadataVerdict::kBroken;
    parser_ = parser.get();
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(parser_, &MetadataReader::on_start, &MetadataReader::on_end);
    XML_SetCharacterDataHandler(parser_, &MetadataReader::on_text);
    XML_SetStartDoctypeDeclHandler(parser_, &MetadataReader::on_doctype);
    const int bytes = static_cast<int>(xml.size());
    if (XML_Parse(parser_, xml.data(), bytes, /*isFinal=*/1) != XML_STATUS_OK) {
      metadata_ = {};
      return MetadataVerdict::kBroken;
    }
    note_who_left();
    return is_cut_ ? MetadataVerdict::kCut : MetadataVerdict::kOk;
  }

 private:
  static constexpr std::size_t kNobody = SIZE_MAX;

  static void XMLCALL on_start(void* self, const XML_Char* name, const XML_Char** attributes) {
    static_cast<MetadataReader*>(self)->start(name, attributes);
  }

  static void XMLCALL on_end(void* self, const XML_Char* /*name*/) {
    static_cast<MetadataReader*>(self)->end();
  }

  static void XMLCALL on_text(void* self, const XML_Char* text, int bytes) {
    static_cast<MetadataReader*>(self)->add_text({text, static_cast<std::size_t>(bytes)});
  }

  static void XMLCALL on_doctype(void* self,
                                 const XML_Char* /*name*/,
                                 const XML_Char* /*system_id*/,
                                 const XML_Char* /*public_id*/,
                                 int /*has_internal_subset*/) {
    static_cast<MetadataReader*>(self)->stop();
  }

  // Some calls may still follow.
  void stop() {
    is_stopped_ = true;
    XML_StopParser(parser_, XML_FALSE);
  }

  [[nodiscard]] Element parent() const { return depth_ == 0 ? Element::kOther : path_[depth_ - 1]; }

  // The same name is a person within the metadata, and a reference within an association.
  [[nodiscard]] Element element_at(std::string_view name) const {
    const Element element = element_of(without_prefix(name));
    if (parent() != Element::kStreamAssoc) return element;
    if (element == Element::kParticipant) return Element::kParticipantRef;
    return element == Element::kStream ? Element::kStreamRef : element;
  }

  std::string attribute(const XML_Char** attributes,
                        std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      for (const XML_Char** at = attributes; at[0] != nullptr; at += 2) {
        if (iequals(without_prefix(at[0]), name)) return cut(trim(at[1]));
      }
    }
    return {};
  }

  std::string cut(std::string_view text) {
    is_cut_ = is_cut_ || text.size() > kMetadataTextMax;
    return std::string(text.substr(0, kMetadataTextMax));
  }

  void start(std::string_view name, const XML_Char** attributes) {
    if (is_stopped_) return;
    if (depth_ == kMetadataDepthMax) {
      stop();
      return;
    }
    const Element element = element_at(name);
    switch (element) {
      case Element::kParticipant:
        participant_ = find_or_add(attribute(attributes, {"participant_id", "id"}));
        if (participant_ != kNobody) {
          set_once(metadata_.participants[participant_].name, attribute(attributes, {"name"}));
        }
        break;
      case Element::kNameId:
        if (parent() == Element::kParticipant && participant_ != kNobody) {
          set_once(metadata_.participants[participant_].aor, attribute(attributes, {"aor"}));
        }
        break;
      case Element::kStream:
        add_stream({attribute(attributes, {"stream_id", "id", "streamid"}),
                    attribute(attributes, {"label"})});
        break;
      case Element::kStreamAssoc:
      case Element::kSessionAssoc:
        association_ = {attribute(attributes, {"participant_id", "participant"}), {}, false};
        break;
      default: break;
    }
    text_.clear();
    path_[depth_++] = element;
  }

  void add_text(std::string_view text) {
    if (is_stopped_ || !bears_text(parent())) return;
    // A little more than is kept: blanks around it are not part of it.
    const std::size_t room = 2 * kMetadataTextMax - std::min(text_.size(), 2 * kMetadataTextMax);
    is_cut_ = is_cut_ || text.size() > room;
    text_.append(text.substr(0, room));
  }

  void end() {
    if (is_stopped_) return;
    const Element element = path_[--depth_];
    const std::string text = bears_text(element) ? cut(trim(text_)) : std::string();
    text_.clear();
    switch (element) {
      case Element::kParticipant: participant_ = kNobody; break;
      case Element::kStreamAssoc: associate_streams(); break;
      case Element::kSessionAssoc: associate_session(); break;
      case Element::kDisassociateTime: note_end(); break;
      case Element::kDataMode: metadata_.is_partial = iequals(text, "partial"); break;
      case Element::kSipSessionId: note_session_id(text); break;
      case Element::kLabel:
        if (parent() == Element::kStream && has_stream_) {
          set_once(metadata_.streams.back().label, text);
        }
        break;
      case Element::kName:
      case Element::kAor: note_identity(element, text); break;
      case Element::kSend: note_send(text); break;
      case Element::kParticipantRef: set_once(association_.participant, text); break;
      case Element::kStreamRef: add_send(association_.sends, text); break;
      default: break;
    }
  }

  static void set_once(std::string& to, std::string_view text) {
    if (to.empty()) to = text;
  }

  void note_identity(Element element, std::string_view text) {
    if (participant_ == kNobody) return;
    if (parent() != Element::kParticipant && parent() != Element::kNameId) return;
    RecordingParticipant& person = metadata_.participants[participant_];
    set_once(element == Element::kName ? person.name : person.aor, text);
  }

  void note_send(std::string_view stream) {
    if (parent() == Element::kStreamAssoc) return add_send(association_.sends, stream);
    if (parent() != Element::kParticipant || participant_ == kNobody) return;
    metadata_.participants[participant_].tells_streams = true;
    add_send(metadata_.participants[participant_].sends, stream);
  }

  void add_send(std::vector<std::string>& to, std::string_view stream) {
    if (stream.empty() || std::find(to.begin(), to.end(), stream) != to.end()) return;
    if (to.size() == kMetadataSendsMax) {
      is_cut_ = true;
    } else {
      to.emplace_back(stream);
    }
  }

  void note_end() {
    if (parent() == Element::kStreamAssoc || parent() == Element::kSessionAssoc) {
      association_.is_over = true;
    } else if (parent() == Element::kParticipant && participant_ != kNobody) {
      left_[participant_] = true;
    }
  }

  void note_session_id(std::string_view text) {
    if (!is_session_clear_) return;
    if (!metadata_.session_id.empty() && metadata_.session_id != text) {
      metadata_.session_id.clear();
      is_session_clear_ = false;
      return;
    }
    metadata_.session_id = text;
  }

  void add_stream(RecordingStream stream) {
    has_stream_ = metadata_.streams.size() < kMetadataStreamsMax;
    if (has_stream_) {
      metadata_.streams.push_back(std::move(stream));
    } else {
      is_cut_ = true;
    }
  }

  // kNobody: there is no room.  Without an id nothing can refer to it.
  std::size_t find_or_add(std::string id) {
    std::vector<RecordingParticipant>& all = metadata_.participants;
    if (!id.empty()) {
      const auto known =
          std::find_if(all.begin(), all.end(), [&id](const RecordingParticipant& each) {
            return each.id == id;
          });
      if (known != all.end()) return static_cast<std::size_t>(known - all.begin());
    }
    if (all.size() == kMetadataParticipantsMax) {
      is_cut_ = true;
      return kNobody;
    }
    all.emplace_back().id = std::move(id);
    return all.size() - 1;
  }

  void associate_streams() {
    if (association_.participant.empty()) return;
    const std::size_t at = find_or_add(std::move(association_.participant));
    if (at == kNobody) return;
    RecordingParticipant& person = metadata_.participants[at];
    person.tells_streams = true;
    if (association_.is_over) return;
    for (const std::string& stream : association_.sends) add_send(person.sends, stream);
  }

  void associate_session() {
    if (association_.participant.empty()) return;
    const std::size_t at = find_or_add(std::move(association_.participant));
    if (at == kNobody) return;
    (association_.is_over ? left_ : stays_)[at] = true;
  }

  // Who is part of several calls has left when the last one of them is over.
  void note_who_left() {
    for (std::size_t i = 0; i < metadata_.participants.size(); ++i) {
      metadata_.participants[i].has_left = left_[i] && !stays_[i];
    }
  }

  RecordingMetadata& metadata_;
  XML_Parser parser_ = nullptr;
  std::array<Element, kMetadataDepthMax> path_{};
  std::size_t depth_ = 0;
  std::string text_;
  std::size_t participant_ = kNobody;  // that is being read
  Association association_;            // likewise
  std::array<bool, kMetadataParticipantsMax> left_{};
  std::array<bool, kMetadataParticipantsMax> stays_{};
  bool has_stream_ = false;  // the last one of `streams` is being read
  bool is_session_clear_ = true;
  bool is_cut_ = false;
  bool is_stopped_ = false;
};

}  // namespace

MetadataVerdict read_recording_metadata(std::string_view xml, RecordingMetadata& metadata) {
  metadata = {};
  // Behind a part's headers some leave another empty line, which XML forbids before its
  // declaration.
  return MetadataReader(metadata).read(trim(xml));
}

}  // namespace tapdeck::sip
