// A call record made of nothing but what segments and the journal tell of a recording whose own
// record is not there: it was being made when the capture died, or went with the messages.  It says
// `interrupted`, `crash`.
//
// Threads: any.  Memory: the record.  Failing: media that cannot be read is left out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "model/call.h"
#include "storage/recording_reader.h"

namespace tapdeck::storage {

// From the start of a call; 0: for ever.
struct KeptTimes {
  std::int64_t media_us = 0;
  std::int64_t sip_us = 0;
  std::int64_t cdr_us = 0;
  bool locked = false;
  std::int64_t max_us = 0;  // however lengthened
};

using ClassTimes = std::map<std::string, KeptTimes>;  // a class that is not here: for ever

// What segments told of a recording.
struct SeenRecording {
  std::string retention_class{};
  bool had_media = false;  // whether it can be read or not
  bool readable = false;   // something of it
  // The best of its own records that was found: version, and when its segment was begun.
  std::optional<std::pair<std::uint32_t, std::int64_t>> record{};
};

// `recordings` has the rows of `uid`.
CallRecord make_rebuilt_record(const Uid& uid,
                               const SeenRecording& seen,
                               const ClassTimes& classes,
                               RecordingReader& recordings);

// The record of a call whose import was cut short, as that of a call that was interrupted: final,
// of the same version, so that the next import of it takes its place.
CallRecord make_cut_record(CallRecord call, RecordingReader& recordings);

bool is_cut_import(const CallRecord& call);

}  // namespace tapdeck::storage
