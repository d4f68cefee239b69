// Whose address an end of a call has, by longest prefix, and the direction that follows.
//
// Threads: any after its making.  Memory: one row for each network and port of the configuration;
// none per lookup.  Unknown addresses: no trunk, no side.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/networks.h"
#include "model/call.h"
#include "model/ids.h"

namespace tapdeck::numbers {

constexpr std::uint16_t kNoTrunk = 0xffff;

enum class Side : std::uint8_t { kUnknown, kInternal, kExternal };

// One end of a call.
struct CallEnd {
  std::uint16_t trunk = kNoTrunk;  // index in the configuration
  Side side = Side::kUnknown;

  bool operator==(const CallEnd&) const = default;
};

// What the ends of a call say of it.  A call that passes several hops begins where its first INVITE
// came from and ends where the last one of another operator went, or else the first.
struct CallRoute {
  CallEnd origin;
  CallEnd target;

  // Such that direction() and trunk() are these.
  static CallRoute of_record(CallDirection direction, std::uint16_t trunk);

  // One more INVITE of the same call was seen between these ends.
  void extend(const CallEnd& from, const CallEnd& to);

  // external -> internal: inbound; internal -> external: outbound; internal -> internal: internal;
  // external -> external: transit; unknown where a side is.
  [[nodiscard]] CallDirection direction() const;

  // Of the external end, the origin's first; without one, of the internal end likewise.
  [[nodiscard]] std::uint16_t trunk() const;

  [[nodiscard]] bool known() const { return origin != CallEnd{} || target != CallEnd{}; }
};

class TrunkTable {
 public:
  // A valid configuration: what validate() would complain of is left out.
  TrunkTable(const std::vector<config::Trunk>& trunks,
             const std::vector<std::string>& internal_networks,
             std::span<const std::string> realm_names);

  // Trunks first, by longest prefix; of equal ones that which names the port, then the realm.
  [[nodiscard]] CallEnd find(RealmId realm, const Endpoint& end) const;

  [[nodiscard]] bool empty() const { return trunks_.rows.empty() && internal_.rows.empty(); }

 private:
  struct Row {
    config::Network network;
    std::uint16_t port = 0;        // 0: any
    std::optional<RealmId> realm;  // nullopt: any
    CallEnd end;
  };

  // By length of prefix, the longest first, then by address.
  struct Table {
    std::vector<Row> rows;
    std::vector<std::pair<std::uint8_t, std::size_t>> lengths;  // prefix bits, where they begin

    void sort();
    [[nodiscard]] const Row* find(RealmId realm, const Endpoint& end) const;
  };

  Table trunks_;
  Table internal_;
};

}  // namespace tapdeck::numbers
