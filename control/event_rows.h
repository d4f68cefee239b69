// Events as rows of a table for a person.
// Threads: one at a time.  Memory: one page of rows.
#pragma once

#include <string>
#include <vector>

#include "control/text.h"
#include "model/event.h"

namespace tapdeck::control {

class EventTable {
 public:
  // Times are shown in `zone`, an IANA name.
  explicit EventTable(std::string zone);

  // The lines of these events, under the titles on the first call.
  std::string render(const std::vector<EventRecord>& events);

 private:
  std::string zone_;
  Table table_;
};

}  // namespace tapdeck::control
