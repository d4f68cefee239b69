#include "pipelines/numbers/trunks.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tapdeck::numbers {
namespace {

using Address = std::array<std::uint8_t, 16>;

Address masked(const Address& address, std::uint8_t bits) {
  Address out{};
  const std::size_t whole = bits / 8;
  std::copy_n(address.begin(), whole, out.begin());
  if (bits % 8 != 0) {
    out[whole] = static_cast<std::uint8_t>(address[whole] & (0xff00U >> (bits % 8)));
  }
  return out;
}

Side side_of(config::TrunkSide side) {
  return side == config::TrunkSide::kExternal ? Side::kExternal : Side::kInternal;
}

}  // namespace

CallRoute CallRoute::of_record(CallDirection direction, std::uint16_t trunk) {
  const CallEnd inside{kNoTrunk, Side::kInternal};
  switch (direction) {
    case CallDirection::kInbound: return {{trunk, Side::kExternal}, inside};
    case CallDirection::kOutbound: return {inside, {trunk, Side::kExternal}};
    case CallDirection::kInternal: return {{trunk, Side::kInternal}, inside};
    case CallDirection::kTransit: return {{trunk, Side::kExternal}, {kNoTrunk, Side::kExternal}};
    case CallDirection::kUnknown: break;
  }
  return {{trunk, Side::kUnknown}, {}};
}

void CallRoute::extend(const CallEnd& from, const CallEnd& to) {
  if (!known()) {
    origin = from;
    target = to;
    return;
  }
  if (to.side == Side::kExternal || (target.side == Side::kUnknown && to.side != Side::kUnknown)) {
    target = to;
  }
}

CallDirection CallRoute::direction() const {
  if (origin.side == Side::kUnknown || target.side == Side::kUnknown) {
    return CallDirection::kUnknown;
  }
  if (origin.side == Side::kExternal) {
    return target.side == Side::kExternal ? CallDirection::kTransit : CallDirection::kInbound;
  }
  return target.side == Side::kExternal ? CallDirection::kOutbound : CallDirection::kInternal;
}

std::uint16_t CallRoute::trunk() const {
  if (origin.side == Side::kExternal) return origin.trunk;
  if (target.side == Side::kExternal) return target.trunk;
  return origin.trunk != kNoTrunk ? origin.trunk : target.trunk;
}

TrunkTable::TrunkTable(const std::vector<config::Trunk>& trunks,
                       const std::vector<std::string>& internal_networks,
                       std::span<const std::string> realm_names) {
  for (std::size_t i = 0; i < trunks.size(); ++i) {
    const config::Trunk& trunk = trunks[i];
    Row row;
    row.end = {static_cast<std::uint16_t>(i), side_of(trunk.side)};
    if (!trunk.realm.empty()) {
      const auto realm = std::find(realm_names.begin(), realm_names.end(), trunk.realm);
      if (realm == realm_names.end()) continue;
      row.realm = static_cast<RealmId>(realm - realm_names.begin());
    }
    config::PortList ports = trunk.ports;
    if (ports.empty()) ports.push_back(0);
    for (const std::string& text : trunk.networks) {
      const auto network = config::parse_network(text);
      if (!network) continue;
      row.network = *network;
      for (const std::uint16_t port : ports) {
        row.port = port;
        trunks_.rows.push_back(row);
      }
    }
  }
  for (const std::string& text : internal_networks) {
    const auto network = config::parse_network(text);
    if (network) internal_.rows.push_back({*network, 0, std::nullopt, {kNoTrunk, Side::kInternal}});
  }
  trunks_.sort();
  internal_.sort();
}

void TrunkTable::Table::sort() {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    const auto key = [](const Row& row) {
      return std::tuple(128 - row.network.prefix_bits,
                        row.network.address,
                        row.port == 0,
                        !row.realm.has_value());
    };
    return key(a) < key(b);
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint8_t bits = rows[i].network.prefix_bits;
    if (lengths.empty() || lengths.back().first != bits) lengths.emplace_back(bits, i);
  }
}

const TrunkTable::Row* TrunkTable::Table::find(RealmId realm, const Endpoint& end) const {
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto [bits, begin] = lengths[i];
    const std::size_t behind = i + 1 < lengths.size() ? lengths[i + 1].second : rows.size();
    const Address wanted = masked(end.ip.bytes, bits);
    const auto last = rows.begin() + static_cast<std::ptrdiff_t>(behind);
    auto row = std::lower_bound(
        rows.begin() + static_cast<std::ptrdiff_t>(begin),
        last,
        wanted,
        [](const Row& each, const Address& key) { return each.network.address < key; });
    for (; row != last && row->network.address == wanted; ++row) {
      if (row->port != 0 && row->port != end.port) continue;
      if (row->realm && *row->realm != realm) continue;
      return &*row;
    }
  }
  return nullptr;
}

CallEnd TrunkTable::find(RealmId realm, const Endpoint& end) const {
  if (const Row* row = trunks_.find(realm, end)) return row->end;
  if (const Row* row = internal_.find(realm, end)) return row->end;
  return {};
}

}  // namespace tapdeck::numbers
