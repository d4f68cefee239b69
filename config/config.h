// The typed configuration, made from the option table in config/schema.h.
// Threads: a Config is plain data; hand copies or const references to constructors.  kLive options
// travel to running threads as a new snapshot, never by writing to a Config in use.
// Memory: strings and vectors of the struct itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/limits.h"
#include "config/ranges.h"
#include "config/schema.h"

namespace tapdeck::config {

enum class Reload : std::uint8_t { kRestart, kLive };
enum class LogChoice : std::uint8_t { kDebug, kInfo, kWarning, kError };
enum class AutoYesNo : std::uint8_t { kAuto, kYes, kNo };
enum class AutoOff : std::uint8_t { kAuto, kOff };
enum class TrunkSide : std::uint8_t { kExternal, kInternal };
enum class EventChoice : std::uint8_t { kNone, kNoOptions, kAll };
enum class PartChoice : std::uint8_t { kMedia, kSip };

using PortList = std::vector<std::uint16_t>;
using NameList = std::vector<std::string>;

// The words of an enumeration in YAML, in the order of its enumerators.
std::span<const std::string_view> words_of(LogChoice type);
std::span<const std::string_view> words_of(AutoYesNo type);
std::span<const std::string_view> words_of(AutoOff type);
std::span<const std::string_view> words_of(TrunkSide type);
std::span<const std::string_view> words_of(EventChoice type);
std::span<const std::string_view> words_of(PartChoice type);

#define TD_CONFIG_MEMBER(name, type, initial, min, max, reload, help) type name = initial;

struct Port {
  TD_CONFIG_PORT(TD_CONFIG_MEMBER)
  bool operator==(const Port&) const = default;
};

struct Realm {
  TD_CONFIG_REALM(TD_CONFIG_MEMBER)
  bool operator==(const Realm&) const = default;
};

struct DialRule {
  TD_CONFIG_DIAL_RULE(TD_CONFIG_MEMBER)
  bool operator==(const DialRule&) const = default;
};

struct Trunk {
  TD_CONFIG_TRUNK(TD_CONFIG_MEMBER)
  std::vector<DialRule> rules;  // the first that fits; at most kDialRuleCountMax
  bool operator==(const Trunk&) const = default;
};

struct RetentionClass {
  TD_CONFIG_RETENTION_CLASS(TD_CONFIG_MEMBER)
  bool operator==(const RetentionClass&) const = default;
};

struct General {
  TD_CONFIG_GENERAL(TD_CONFIG_MEMBER)
  bool operator==(const General&) const = default;
};

struct Eal {
  TD_CONFIG_EAL(TD_CONFIG_MEMBER)
  bool operator==(const Eal&) const = default;
};

struct Capture {
  TD_CONFIG_CAPTURE(TD_CONFIG_MEMBER)
  std::vector<Port> ports;  // at most kPortCountMax
  bool operator==(const Capture&) const = default;
};

struct Decode {
  TD_CONFIG_DECODE(TD_CONFIG_MEMBER)
  bool operator==(const Decode&) const = default;
};

struct Streams {
  TD_CONFIG_STREAMS(TD_CONFIG_MEMBER)
  bool operator==(const Streams&) const = default;
};

struct Calls {
  TD_CONFIG_CALLS(TD_CONFIG_MEMBER)
  bool operator==(const Calls&) const = default;
};

struct Events {
  TD_CONFIG_EVENTS(TD_CONFIG_MEMBER)
  bool operator==(const Events&) const = default;
};

struct Numbers {
  TD_CONFIG_NUMBERS(TD_CONFIG_MEMBER)
  bool operator==(const Numbers&) const = default;
};

struct Storage {
  TD_CONFIG_STORAGE(TD_CONFIG_MEMBER)
  bool operator==(const Storage&) const = default;
};

struct EarlyExpiry {
  TD_CONFIG_EARLY_EXPIRY(TD_CONFIG_MEMBER)
  bool operator==(const EarlyExpiry&) const = default;
};

struct RetentionPressure {
  TD_CONFIG_PRESSURE(TD_CONFIG_MEMBER)
  std::vector<EarlyExpiry> order;  // the first goes first; at most kEarlyExpiryCountMax
  bool operator==(const RetentionPressure&) const = default;
};

struct Policy {
  TD_CONFIG_POLICY(TD_CONFIG_MEMBER)
  bool operator==(const Policy&) const = default;
};

#undef TD_CONFIG_MEMBER

struct Config {
#define TD_CONFIG_SECTION(member, type, rows, help) type member;
  TD_CONFIG_SECTIONS(TD_CONFIG_SECTION)
#undef TD_CONFIG_SECTION
  std::vector<Realm> realms;                      // as written; realm_names() adds "default"
  std::vector<Trunk> trunks;                      // at most kTrunkCountMax
  std::vector<RetentionClass> retention_classes;  // as written; retention_classes() adds the others
  bool operator==(const Config&) const = default;
};

// What every command works with when there is no file.
Config defaults();

// "default" first, then the others in file order: a realm's number is its index here.
std::vector<std::string> realm_names(const Config& config);

// The realm number of the port: from the realm that lists it, else from its own option.
// 0 when neither is known (validate() has said so).
std::uint16_t realm_of_port(const Config& config, const Port& port);

}  // namespace tapdeck::config
