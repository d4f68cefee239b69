#include "engine/decode/link_types.h"

#include "tests/unit/engine/decode/tunnel_case.h"

namespace tapdeck::engine {
namespace {

using namespace testing;

struct LinkCase {
  const char* what;
  LinkType type;
  Bytes frame;
  PacketClass expected = PacketClass::kSip;  // kSip: the packet says hello
};

Decoded decode_as(LinkType type, const Bytes& frame, std::size_t original_length = 0) {
  const Bytes exact(frame.begin(), frame.end());
  Decoded out;
  decode({exact, static_cast<std::uint32_t>(original_length), static_cast<std::uint16_t>(type)},
         {},
         out);
  EXPECT_TRUE(!out.is_udp || out.payload.size() <= out.payload_length);
  return out;
}

void expect_link(const LinkCase& row) {
  SCOPED_TRACE(row.what);
  const Decoded out = decode_as(row.type, row.frame);
  ASSERT_NO_FATAL_FAILURE(expect_class(out, row.expected));
  if (row.expected != PacketClass::kSip) return;
  EXPECT_EQ(to_string(out.destination), "10.0.1.7:5004");
  EXPECT_EQ(out.payload_length, 5U);
  for (std::size_t size = 0; size < row.frame.size(); ++size) {
    const Bytes cut(row.frame.begin(), row.frame.begin() + static_cast<std::ptrdiff_t>(size));
    const Decoded part = decode_as(row.type, cut, row.frame.size());
    EXPECT_TRUE(part.is_udp || part.packet_class == PacketClass::kTruncated) << size;
  }
}

const Bytes kSnap{0xaa, 0xaa, 3, 0, 0, 0, 8, 0};

// A header of 24 bytes, with `more` behind it, around SNAP and hello.
Bytes wifi(std::uint8_t kind, std::uint8_t flags, const Bytes& more = {}) {
  Bytes header(24, 2);
  header[0] = kind;
  header[1] = flags;
  header[22] = 0x10;  // first fragment of a frame with a number
  return wrap(wrap(header, more), wrap(kSnap, hello_packet()));
}

// Version, padding, length, words of what is present, fields.
Bytes radiotap(const Bytes& words, const Bytes& fields, const Bytes& frame) {
  const auto size = static_cast<std::uint8_t>(4 + words.size() + fields.size());
  return wrap(wrap(wrap({0, 0, size, 0}, words), fields), frame);
}

Bytes nflog(bool is_little, std::uint16_t type, const Bytes& value) {
  const std::size_t size = 4 + value.size();
  Bytes out = is_little ? Bytes{low(size), high(size), low(type), high(type)}
                        : Bytes{high(size), low(size), high(type), low(type)};
  out = wrap(out, value);
  out.resize((out.size() + 3) & ~std::size_t{3});
  return out;
}

TEST(DecodeLinkTypes, PointToPoint) {
  const Bytes packet = hello_packet();
  const LinkCase table[] = {
      {"PPP", LinkType::kPpp, wrap({0, 0x21}, packet)},
      {"PPP with address and control", LinkType::kPpp, wrap({0xff, 3, 0, 0x21}, packet)},
      {"PPP with a compressed protocol", LinkType::kPpp, wrap({0x21}, packet)},
      {"link control", LinkType::kPpp, {0xff, 3, 0xc0, 0x21, 9, 0}, PacketClass::kOtherPpp},
      {"serial PPP", LinkType::kPppSerial, wrap({0xff, 3, 0, 0x21}, packet)},
      {"serial, Cisco's", LinkType::kPppSerial, wrap({0x0f, 0, 8, 0}, packet)},
      {"serial, nothing", LinkType::kPppSerial, {}, PacketClass::kMalformedLink},
      {"PPPoE", LinkType::kPppEthernet, pppoe(wrap({0, 0x21}, packet))},
      {"Cisco's HDLC", LinkType::kCiscoHdlc, wrap({0x8f, 0, 8, 0}, packet)},
      {"Cisco's keep-alive",
       LinkType::kCiscoHdlc,
       {0x8f, 0, 0x80, 0x35, 0, 0},
       PacketClass::kOtherEthertype},
      {"Cisco's, short", LinkType::kCiscoHdlc, {0x0f, 0, 8}, PacketClass::kMalformedLink},
      {"PPP with a direction", LinkType::kPppDirected, wrap({1, 0xff, 3, 0, 0x21}, packet)},
      {"a direction alone", LinkType::kPppDirected, {1}, PacketClass::kMalformedTunnel},
  };
  for (const LinkCase& row : table) expect_link(row);
}

TEST(DecodeLinkTypes, Llc) {
  const Bytes inner = wrap(kSnap, hello_packet());
  const auto size = static_cast<std::uint16_t>(inner.size());
  Bytes foreign = inner;
  foreign[3] = 8;
  Bytes cooked(16, 0);
  cooked[15] = 4;
  const LinkCase table[] = {
      {"802.3", LinkType::kEthernet, wrap(ethernet(size, inner), {0, 0, 0})},
      {"802.3 behind a tag", LinkType::kEthernet, ethernet(0x8100, vlan(7, size, inner))},
      {"cooked", LinkType::kLinuxCooked, wrap(cooked, inner)},
      {"another organisation",
       LinkType::kEthernet,
       ethernet(size, foreign),
       PacketClass::kOtherEthertype},
      {"a spanning tree",
       LinkType::kEthernet,
       ethernet(7, {0x42, 0x42, 3, 0, 0, 0, 0}),
       PacketClass::kOtherEthertype},
      {"SNAP in SNAP",
       LinkType::kEthernet,
       ethernet(9, {0xaa, 0xaa, 3, 0, 0, 0, 0, 5, 1}),
       PacketClass::kOtherEthertype},
  };
  for (const LinkCase& row : table) expect_link(row);
}

TEST(DecodeLinkTypes, Ieee80211) {
  const Bytes data = wifi(0x08, 1);
  const LinkCase table[] = {
      {"data", LinkType::kIeee80211, data},
      {"data, with a check sequence", LinkType::kIeee80211, wrap(data, {1, 2, 3, 4})},
      {"quality of service", LinkType::kIeee80211, wifi(0x88, 2, {0, 0})},
      {"with HT control", LinkType::kIeee80211, wifi(0x88, 0x82, {0, 0, 0, 0, 0, 0})},
      {"four addresses", LinkType::kIeee80211, wifi(0x88, 3, Bytes(8, 0))},
      {"a beacon", LinkType::kIeee80211, wifi(0x80, 0), PacketClass::kOtherEthertype},
      {"no data", LinkType::kIeee80211, wifi(0x48, 1), PacketClass::kOtherEthertype},
      {"protected", LinkType::kIeee80211, wifi(0x08, 0x41), PacketClass::kOtherEthertype},
      {"a fragment", LinkType::kIeee80211, wifi(0x08, 5), PacketClass::kOtherEthertype},
      {"an aggregate",
       LinkType::kIeee80211,
       wifi(0x88, 1, {0x80, 0}),
       PacketClass::kOtherEthertype},
      {"short", LinkType::kIeee80211, Bytes(23, 8), PacketClass::kMalformedLink},
      {"with radiotap", LinkType::kRadiotap, radiotap({0, 0, 0, 0}, {}, data)},
      {"with flags", LinkType::kRadiotap, radiotap({2, 0, 0, 0}, {0x10}, data)},
      {"with three words",
       LinkType::kRadiotap,
       radiotap({2, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0}, {0}, data)},
      {"padded",
       LinkType::kRadiotap,
       radiotap({3, 0, 0, 0}, {1, 2, 3, 4, 5, 6, 7, 8, 0x20}, wifi(0x88, 1, {0, 0, 0, 0}))},
      {"wrong check sequence",
       LinkType::kRadiotap,
       radiotap({2, 0, 0, 0}, {0x50}, data),
       PacketClass::kMalformedLink},
      {"flags that are not there",
       LinkType::kRadiotap,
       radiotap({2, 0, 0, 0}, {}, data),
       PacketClass::kMalformedLink},
      {"words without end",
       LinkType::kRadiotap,
       radiotap({2, 0, 0, 0x80}, {}, data),
       PacketClass::kMalformedLink},
      {"a length of less",
       LinkType::kRadiotap,
       wrap({0, 0, 7, 0, 0, 0, 0, 0}, data),
       PacketClass::kMalformedLink},
  };
  for (const LinkCase& row : table) expect_link(row);
}

TEST(DecodeLinkTypes, PacketFilters) {
  const Bytes head{2, 0, 0, 5};
  const Bytes packet = hello_packet();
  Bytes pflog(64, 0);
  pflog[0] = 61;
  const LinkCase table[] = {
      {"NFLOG",
       LinkType::kNflog,
       wrap(wrap(head, nflog(true, 10, {'a', 0})), nflog(true, 9, packet))},
      {"NFLOG of a big-endian host",
       LinkType::kNflog,
       wrap(wrap(head, nflog(false, 1, {0, 0, 0, 1})), nflog(false, 9, packet))},
      {"NFLOG without a packet",
       LinkType::kNflog,
       wrap(head, nflog(true, 10, {'a', 0})),
       PacketClass::kMalformedLink},
      {"NFLOG, a length of nothing",
       LinkType::kNflog,
       wrap(head, {0, 0, 9, 0}),
       PacketClass::kMalformedLink},
      {"NFLOG without end",
       LinkType::kNflog,
       wrap(head, Bytes(200, 4)),
       PacketClass::kMalformedLink},
      {"PFLOG", LinkType::kPflog, wrap(pflog, packet)},
      {"PFLOG, nothing", LinkType::kPflog, {0, 2}, PacketClass::kMalformedLink},
  };
  for (const LinkCase& row : table) expect_link(row);
}

}  // namespace
}  // namespace tapdeck::engine
