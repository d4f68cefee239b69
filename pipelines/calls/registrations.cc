#include "pipelines/calls/registrations.h"

#include <algorithm>

#include "base/hash.h"
#include "pipelines/signalling/uri.h"

namespace tapdeck::calls {
namespace {

constexpr int kDroppedAtOnce = 2;  // expired ones, for each that comes: they never pile up

}  // namespace

std::optional<Registrations::Name> Registrations::name_of(std::string_view uri) {
  const std::optional<sip::Uri> parsed = sip::parse_uri(uri);
  if (!parsed || parsed->user_number().empty()) return std::nullopt;
  Name name{parsed->user_number(), std::string(parsed->host)};
  std::transform(name.host.begin(), name.host.end(), name.host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

std::uint64_t Registrations::name_hash(RealmId realm, const Name& name) const {
  return hash_text(name.user, hash_text(name.host, seed_ ^ realm));
}

std::uint64_t Registrations::place_hash(RealmId realm,
                                        std::string_view user,
                                        const IpAddress& address) const {
  return hash_text(user, hash_bytes(address.bytes, ~seed_ ^ realm));
}

// HashIndex::kNone when there is none.
std::uint32_t Registrations::find_row(RealmId realm,
                                      const Name& name,
                                      const IpAddress& address) const {
  return by_place_.find(place_hash(realm, name.user, address), [&](std::uint32_t index) {
    const Row& row = rows_[index];
    return row.realm == realm && row.user == name.user && row.host == name.host &&
           row.device->address.ip == address;
  });
}

void Registrations::append(std::uint32_t index) {
  rows_[index].before = last_;
  rows_[index].behind = 0;
  (last_ == 0 ? first_ : rows_[last_].behind) = index;
  last_ = index;
}

void Registrations::unlink(std::uint32_t index) {
  const Row& row = rows_[index];
  (row.before == 0 ? first_ : rows_[row.before].behind) = row.behind;
  (row.behind == 0 ? last_ : rows_[row.behind].before) = row.before;
}

void Registrations::drop(std::uint32_t index) {
  Row& row = rows_[index];
  by_expiry_.erase({row.device->expires_us, index});
  by_name_.remove(row.name_hash, index);
  by_place_.remove(row.place_hash, index);
  unlink(index);
  row = Row{};
  free_.push_back(index);
}

void Registrations::drop_expired(std::int64_t now_us) {
  for (int i = 0; i < kDroppedAtOnce && !empty(); ++i) {
    const auto [expires_us, index] = *by_expiry_.begin();
    if (expires_us > now_us) return;
    drop(index);
    counters_.add(EventCount::kRegistrationExpired);
  }
}

std::uint32_t Registrations::take_row() {
  if (free_.empty()) {
    rows_.emplace_back();
    return static_cast<std::uint32_t>(rows_.size() - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  return index;
}

void Registrations::put(RealmId realm, std::string_view uri, Device device) {
  const std::optional<Name> name = name_of(uri);
  if (!name || count_max_ == 0) return;
  drop_expired(device.registered_us);
  const std::uint32_t known = find_row(realm, *name, device.address.ip);
  if (known != HashIndex::kNone) {
    drop(known);
  } else if (size() >= count_max_) {
    drop(first_);
    counters_.add(EventCount::kRegistrationEvicted);
  }
  const std::uint32_t index = take_row();
  Row& row = rows_[index];
  row.realm = realm;
  row.user = name->user;
  row.host = name->host;
  row.name_hash = name_hash(realm, *name);
  row.place_hash = place_hash(realm, name->user, device.address.ip);
  row.device = std::make_shared<const Device>(std::move(device));
  by_expiry_.insert({row.device->expires_us, index});
  by_name_.add(row.name_hash, index);
  by_place_.add(row.place_hash, index);
  append(index);
}

void Registrations::remove(RealmId realm, std::string_view uri, const IpAddress& address) {
  const std::optional<Name> name = name_of(uri);
  if (!name) return;
  const std::uint32_t known = find_row(realm, *name, address);
  if (known != HashIndex::kNone) drop(known);
}

SharedDevice Registrations::find(RealmId realm,
                                 std::string_view uri,
                                 const std::optional<IpAddress>& address,
                                 std::int64_t time_us) const {
  const std::optional<Name> name = name_of(uri);
  if (!name) return nullptr;
  const Row* best = nullptr;
  const auto offer = [&](const Row& row) {
    if (row.realm != realm || row.user != name->user || row.device->expires_us <= time_us) return;
    if (best == nullptr || row.device->registered_us > best->device->registered_us) best = &row;
  };
  if (address) {
    static_cast<void>(
        by_place_.find(place_hash(realm, name->user, *address), [&](std::uint32_t index) {
          if (rows_[index].device->address.ip == *address) offer(rows_[index]);
          return false;
        }));
  }
  if (best == nullptr) {
    static_cast<void>(by_name_.find(name_hash(realm, *name), [&](std::uint32_t index) {
      if (rows_[index].host == name->host) offer(rows_[index]);
      return false;
    }));
  }
  return best == nullptr ? nullptr : best->device;
}

}  // namespace tapdeck::calls
