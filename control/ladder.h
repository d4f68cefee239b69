// The message ladder of `show`: who said what to whom and over which transport, as arrows between
// columns of addresses, with a line where each media stream began.  Of what a capture agent told in
// HEP, "HEP/TLS" and "HEP/WSS" say that it came to the agent encrypted (its topmost Via).
// Threads: any.  Memory: strings.
#pragma once

#include <string>
#include <vector>

#include "model/call.h"
#include "storage/message_record.h"

namespace tapdeck::control {

// Times count from `zero_us`.  Up to six addresses get columns, in order of appearance; messages
// of further ones are told as "source -> destination".
std::string render_ladder(const std::vector<storage::MessageRecord>& messages,
                          const std::vector<MediaRecord>& media,
                          std::int64_t zero_us);

// One of several calls whose messages are drawn as one ladder.  Borrows.
struct LadderLeg {
  std::string name;
  const std::vector<storage::MessageRecord>& messages;
  const std::vector<MediaRecord>& media;
};

// The same with the messages of all legs in order of time, each line behind the name of its leg,
// and up to eight columns.
std::string render_ladder(const std::vector<LadderLeg>& legs, std::int64_t zero_us);

// The first line of a message, printable and cut to `columns_max`.
std::string message_title(const storage::MessageRecord& message, std::size_t columns_max);

}  // namespace tapdeck::control
