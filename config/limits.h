// Compile-time maxima of everything the configuration can size, and the relations between them.
// The option table (config/schema.h) takes its bounds from here, so that a value that passes the
// loader always fits the tables, indices and record fields that are sized by these constants.
// Threads: any.  Memory: none.
#pragma once

#include <cstdint>

namespace tapdeck::config {

// The port that records of imported files name: no configured port may have this name.
constexpr const char* kImportPort = "ingest";

constexpr std::uint32_t kWorkerCountMax = 64;
constexpr std::uint32_t kPortCountMax = 16;
constexpr std::uint32_t kQueueCountMax = 64;  // receive queues of one port
constexpr std::uint32_t kDescriptorCountMin = 64;
constexpr std::uint32_t kDescriptorCountMax = 32'768;
constexpr std::uint32_t kMtuMin = 1'280;
constexpr std::uint32_t kMtuMax = 9'000;
constexpr std::uint32_t kSipPortCountMax = 16;
constexpr std::uint32_t kRealmCountMax = 256;
constexpr std::uint32_t kRangesPerListMax = 256;    // of one realm
constexpr std::uint32_t kVniRangeCountMax = 1'024;  // of all realms
constexpr std::uint32_t kDecodeDepthMax = 64;
constexpr std::uint32_t kTunnelPortCountMax = 8;  // of each kind
constexpr std::uint32_t kFragmentPacketsMax = 1'048'576;
constexpr std::uint32_t kFragmentMibMax = 4'096;
constexpr std::uint32_t kTcpConnectionsMax = 8'388'608;
constexpr std::uint32_t kTcpMibMax = 65'536;
constexpr std::uint32_t kNameBytesMax = 64;  // nodes, ports, realms, trunks, networks
constexpr std::uint32_t kPathBytesMax = 4'000;

constexpr std::uint32_t kStreamCountMax = 4'194'304;
constexpr std::uint32_t kChunkCountMax = 8'388'608;
constexpr std::uint32_t kMessageBufferCountMax = 4'194'304;
constexpr std::uint32_t kCallCountMax = 2'000'000;
constexpr std::uint32_t kEventsPendingMax = 1'048'576;
constexpr std::uint32_t kEventsStoredMax = 2'000'000'000;
constexpr std::uint32_t kRegistrationCountMax = 4'194'304;
constexpr std::uint32_t kTrunkCountMax = 4'096;
constexpr std::uint32_t kNetworkCountMax = 1'024;  // of one trunk
constexpr std::uint32_t kDialRuleCountMax = 256;   // of one trunk
constexpr std::uint32_t kDialTextMax = 24;         // characters of a number in a rule
constexpr std::uint32_t kNumberCacheEntriesMax = 16'777'216;
constexpr std::uint32_t kHeaderNameCountMax = 16;
constexpr std::uint32_t kConversationHeaderCountMax = 4;
constexpr std::uint32_t kConversationLegsMax = 1'024;

// One worker keeps this many chunks on their way (rings, aged partial ones) beside the open ones.
constexpr std::uint32_t kChunksInFlightPerWorker = 64;

constexpr std::uint32_t kSegmentMibMin = 16;
constexpr std::uint32_t kSegmentMibMax = 16'384;
constexpr std::uint32_t kStagingKibMin = 64;
constexpr std::uint32_t kStagingKibMax = 16'384;
constexpr std::uint32_t kStagingBufferCountMax = 1'024;
constexpr std::uint32_t kOpenSegmentsMax = 1'024;

// Windows (UTC days of call start) of one class that can be open at once: today's, yesterday's for
// calls across midnight, and one for a clock that was set.
constexpr std::uint32_t kOpenWindowsPerClass = 3;
constexpr std::uint32_t kRetentionClassCountMax = 64;
constexpr std::uint32_t kEarlyExpiryCountMax = 2 * kRetentionClassCountMax;
constexpr std::uint32_t kRetentionDaysMax = 36'500;
constexpr std::uint32_t kRetentionBasisBytesMax = 1'024;

// policies.yaml and the files it names.
constexpr std::uint32_t kPolicyFileBytesMax = 16'777'216;
constexpr std::uint32_t kPolicyListFileBytesMax = 67'108'864;
constexpr std::uint32_t kPolicyRuleCountMax = 65'536;
constexpr std::uint32_t kPolicyListCountMax = 1'024;
constexpr std::uint32_t kPolicyNumberCountMax = 2'000'000;  // of all lists
constexpr std::uint32_t kPolicyValueCountMax = 10'000;      // of one key of one rule
constexpr std::uint32_t kPolicyBlockCountMax = 64;          // under one `not`
constexpr std::uint32_t kPolicyPatternBytesMax = 512;
constexpr std::uint32_t kPolicyNumberBytesMax = 36;  // of a number in a pattern
constexpr std::uint32_t kPolicyHeaderCountMax = 64;  // header fields in one map
constexpr std::uint32_t kPauseCodeBytesMax = 8;
constexpr std::uint32_t kPauseSecondsMax = 86'400;

// directory.yaml.
constexpr std::uint32_t kDirectoryFileBytesMax = 67'108'864;
constexpr std::uint32_t kDirectoryEntryCountMax = 200'000;     // of each kind
constexpr std::uint32_t kDirectoryNumberCountMax = 2'000'000;  // of all of them

// A file with more than this is no configuration.
constexpr std::uint32_t kConfigFileBytesMax = 1'048'576;
constexpr std::uint32_t kYamlNodesMax = 4'000'000;  // values of one file, copies by alias included
constexpr std::uint32_t kYamlDepthMax = 64;
constexpr std::uint32_t kProblemsMax = 10'000;  // told of one file

static_assert(kWorkerCountMax <= kPortCountMax * kQueueCountMax);
static_assert(kWorkerCountMax <= 0xffff, "Chunk::worker is 16 bits");
static_assert(kPortCountMax <= 0xff, "ports are numbered in 8 bits");
static_assert(kRealmCountMax <= 0xffff, "SectionHeader::realm is 16 bits");
static_assert(kTrunkCountMax < 0xffff, "trunks are numbered in 16 bits, the last is none");
static_assert(kRetentionClassCountMax <= 0xffff, "Chunk::retention_class is 16 bits");
static_assert(kChunkCountMax >= kStreamCountMax + kWorkerCountMax * kChunksInFlightPerWorker,
              "every stream must be able to hold an open chunk");
static_assert(kOpenSegmentsMax >= kRetentionClassCountMax * kOpenWindowsPerClass,
              "every class must be able to keep its windows open");
static_assert(kStagingBufferCountMax >= kOpenSegmentsMax, "an open segment holds a staging buffer");
static_assert(kStagingKibMax <= kSegmentMibMin * 1'024, "a staging buffer fits in a segment");

}  // namespace tapdeck::config
