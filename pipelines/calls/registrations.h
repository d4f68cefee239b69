// Which device is behind an address of record: registrations as they were accepted, by who
// registered (user and domain of To) and from where.  A call's party is looked up by its URI and by
// the address of its signalling; what is seen last of several devices counts.
//
// Threads: the call-plane thread.  Memory: about 500 bytes each, at most `count_max`.  Full: an
// expired one goes, else the one that was refreshed least recently; counted.
// RFC 3261 section 10.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/device.h"
#include "pipelines/calls/event_options.h"
#include "pipelines/calls/hash_index.h"

namespace tapdeck::calls {

class Registrations {
 public:
  Registrations(std::uint32_t count_max, EventCounters& counters, std::uint64_t seed)
      : count_max_(count_max), counters_(counters), seed_(seed), rows_(1) {}

  Registrations(const Registrations&) = delete;
  Registrations& operator=(const Registrations&) = delete;

  // `uri` is the address of record; it does nothing for one that cannot be read.  A device that
  // registers again from the same address replaces its earlier registration.
  void put(RealmId realm, std::string_view uri, Device device);
  void remove(RealmId realm, std::string_view uri, const IpAddress& address);

  // The device of a party with this URI whose signalling comes from `address`, as far as that is
  // known, registered at `time_us`; nullptr when none is known.
  [[nodiscard]] SharedDevice find(RealmId realm,
                                  std::string_view uri,
                                  const std::optional<IpAddress>& address,
                                  std::int64_t time_us) const;

  [[nodiscard]] std::size_t size() const { return by_expiry_.size(); }

  [[nodiscard]] bool empty() const { return by_expiry_.empty(); }

 private:
  struct Row {
    RealmId realm = 0;
    std::string user;
    std::string host;  // in lower case
    SharedDevice device;
    std::uint64_t name_hash = 0;   // of realm, user, host
    std::uint64_t place_hash = 0;  // of realm, user, address
    std::uint32_t before = 0;      // neighbours in order of their refreshing; 0: none
    std::uint32_t behind = 0;
  };

  struct Name {
    std::string_view user;
    std::string host;
  };

  static std::optional<Name> name_of(std::string_view uri);

  [[nodiscard]] std::uint64_t name_hash(RealmId realm, const Name& name) const;
  [[nodiscard]] std::uint64_t place_hash(RealmId realm,
                                         std::string_view user,
                                         const IpAddress& address) const;
  [[nodiscard]] std::uint32_t find_row(RealmId realm,
                                       const Name& name,
                                       const IpAddress& address) const;
  std::uint32_t take_row();
  void append(std::uint32_t index);
  void unlink(std::uint32_t index);
  void drop(std::uint32_t index);
  void drop_expired(std::int64_t now_us);

  std::uint32_t count_max_;
  EventCounters& counters_;
  std::uint64_t seed_;
  std::vector<Row> rows_;  // the first is not used
  std::vector<std::uint32_t> free_;
  std::uint32_t first_ = 0;  // refreshed least recently
  std::uint32_t last_ = 0;
  std::set<std::pair<std::int64_t, std::uint32_t>> by_expiry_;  // one for each
  HashIndex by_name_;
  HashIndex by_place_;
};

}  // namespace tapdeck::calls
