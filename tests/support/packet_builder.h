// Builds frames for tests: Ethernet with tags, Linux cooked, IPv4, IPv6, UDP, RTP, RTCP, SIP.
//   PacketBuilder().vlan(7).ipv4("192.0.2.1", "192.0.2.2").udp(4000, 5000).rtp({.sequence = 1})
// Each call appends one layer; bytes() closes the lengths.  Header only, without DPDK.
// Threads: any.  Memory: a std::vector per packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "model/ids.h"

namespace tapdeck::testing {

struct RtpFields {
  std::uint8_t payload_type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0x11223344;
  bool marker = false;
  std::size_t payload_bytes = 160;
};

class PacketBuilder {
 public:
  // Ethernet is the default link layer; these replace it, before any other call.
  PacketBuilder& raw_ip() {
    link_ = Link::kNone;
    return *this;
  }

  PacketBuilder& linux_cooked() {
    link_ = Link::kCooked;
    return *this;
  }

  PacketBuilder& linux_cooked2() {
    link_ = Link::kCooked2;
    return *this;
  }

  PacketBuilder& vlan(std::uint16_t id, std::uint16_t type = 0x8100) {
    tags_.push_back({type, id});
    return *this;
  }

  PacketBuilder& ipv4(std::string_view source, std::string_view destination) {
    begin_link(0x0800);
    ip_at_ = bytes_.size();
    is_v4_ = true;
    append({0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0});
    append_ip(source, 12);
    append_ip(destination, 12);
    return *this;
  }

  PacketBuilder& ipv6(std::string_view source,
                      std::string_view destination,
                      std::uint8_t next_header = 17) {
    begin_link(0x86dd);
    ip_at_ = bytes_.size();
    is_v4_ = false;
    append({0x60, 0, 0, 0, 0, 0, next_header, 64});
    append_ip(source, 0);
    append_ip(destination, 0);
    return *this;
  }

  // IPv4 only, after ipv4().
  PacketBuilder& protocol(std::uint8_t number) {
    bytes_[ip_at_ + 9] = number;
    return *this;
  }

  // In units of 8 bytes; IPv4 only, after ipv4().
  PacketBuilder& fragment(std::uint16_t offset, bool more) {
    const auto field = static_cast<std::uint16_t>(offset | (more ? 0x2000 : 0));
    store_be(bytes_.data() + ip_at_ + 6, field);
    return *this;
  }

  PacketBuilder& udp(std::uint16_t source, std::uint16_t destination) {
    udp_at_ = bytes_.size();
    append_be(source);
    append_be(destination);
    append_be(std::uint16_t{0});
    append_be(std::uint16_t{0});
    return *this;
  }

  PacketBuilder& rtp(const RtpFields& fields) {
    append({0x80, static_cast<std::uint8_t>(fields.payload_type | (fields.marker ? 0x80 : 0))});
    append_be(fields.sequence);
    append_be(fields.timestamp);
    append_be(fields.ssrc);
    bytes_.insert(bytes_.end(), fields.payload_bytes, 0xd5);
    return *this;
  }

  // A sender report with one block about `about`.
  PacketBuilder& rtcp_sender_report(std::uint32_t ssrc,
                                    std::uint32_t about,
                                    std::uint8_t fraction_lost,
                                    std::uint32_t jitter) {
    append({0x81, 200, 0, 12});
    append_be(ssrc);
    bytes_.insert(bytes_.end(), 20, 0);
    append_be(about);
    append({fraction_lost, 0, 0, 0, 0, 0, 0, 0});
    append_be(jitter);
    bytes_.insert(bytes_.end(), 8, 0);
    return *this;
  }

  PacketBuilder& text(std::string_view payload) {
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    return *this;
  }

  PacketBuilder& append(std::initializer_list<std::uint8_t> payload) {
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    return *this;
  }

  // The frame, with IP and UDP lengths filled in; checksums stay zero, as on a sending host.
  [[nodiscard]] std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> out = bytes_;
    if (ip_at_ != kAbsent) {
      const std::size_t length = out.size() - ip_at_;
      if (is_v4_) {
        store_be(out.data() + ip_at_ + 2, static_cast<std::uint16_t>(length));
      } else {
        store_be(out.data() + ip_at_ + 4, static_cast<std::uint16_t>(length - 40));
      }
    }
    if (udp_at_ != kAbsent) {
      store_be(out.data() + udp_at_ + 4, static_cast<std::uint16_t>(out.size() - udp_at_));
    }
    return out;
  }

 private:
  enum class Link : std::uint8_t { kEthernet, kCooked, kCooked2, kNone };

  struct Tag {
    std::uint16_t type;
    std::uint16_t id;
  };

  static constexpr std::size_t kAbsent = ~std::size_t{0};

  template <std::unsigned_integral T>
  void append_be(T value) {
    bytes_.resize(bytes_.size() + sizeof value);
    store_be(bytes_.data() + bytes_.size() - sizeof value, value);
  }

  void append_ip(std::string_view text, std::size_t from) {
    const std::optional<IpAddress> address = parse_ip(text);
    TD_ASSERT(address.has_value());
    bytes_.insert(bytes_.end(),
                  address->bytes.begin() + static_cast<std::ptrdiff_t>(from),
                  address->bytes.end());
  }

  void begin_link(std::uint16_t ethertype) {
    const std::uint16_t first = tags_.empty() ? ethertype : tags_.front().type;
    switch (link_) {
      case Link::kEthernet:
        append({2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1});
        append_be(first);
        break;
      case Link::kCooked:
        bytes_.insert(bytes_.end(), 14, 0);
        append_be(first);
        break;
      case Link::kCooked2:
        append_be(first);
        bytes_.insert(bytes_.end(), 18, 0);
        break;
      case Link::kNone: return;
    }
    for (std::size_t i = 0; i < tags_.size(); ++i) {
      append_be(tags_[i].id);
      append_be(i + 1 < tags_.size() ? tags_[i + 1].type : ethertype);
    }
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<Tag> tags_;
  Link link_ = Link::kEthernet;
  bool is_v4_ = true;
  std::size_t ip_at_ = kAbsent;
  std::size_t udp_at_ = kAbsent;
};

}  // namespace tapdeck::testing
