// Starts and stops DPDK's environment for the one process-wide EAL.
// Threads: the main thread only.  Memory: what DPDK maps.  Errors: whole sentences; DPDK's own log
// goes to stderr, never to stdout.  An EAL that was stopped cannot be started again in the same
// process (a limit of DPDK).  Runtime files of killed processes are swept away at start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tapdeck::engine {

enum class HugepageUse : std::uint8_t { kAuto, kYes, kNo };

struct EalOptions {
  HugepageUse hugepages = HugepageUse::kAuto;
  // The least that must be free in hugepages for kAuto to take them; memory_mib_needed() in
  // engine/rings.h.
  std::uint32_t memory_mib = 512;
  // DPDK's heap without hugepages: only touched when used, but described page by page;
  // heap_mib_needed() in engine/rings.h.  0: memory_mib.
  std::uint32_t heap_mib = 0;
  std::uint16_t worker_count = 1;  // lcores 1..N beside the main lcore 0
  std::string lcores{};  // in --lcores syntax; empty: main and workers float over all allowed CPUs
  std::vector<std::string> vdevs{};  // "net_null0,..."; ports may also be created later
  std::vector<std::string> pci{};    // addresses to probe; empty: no PCI at all
  std::string file_prefix{};         // empty: one made from the process id
  std::uint32_t log_level = 4;       // RTE_LOG_WARNING; DPDK counts 1 (emergency) to 8 (debug)
};

class Eal {
 public:
  static Result<Eal> start(const EalOptions& options);

  Eal(Eal&& other) noexcept;
  Eal& operator=(Eal&&) = delete;
  ~Eal();  // stop()

  // Ends DPDK and removes its runtime files.  Idempotent.  Ports and rings must be gone before.
  void stop();

  [[nodiscard]] bool uses_hugepages() const { return hugepages_; }

  // What was chosen and why, for the log: "no hugepages: none are free (...)".
  [[nodiscard]] const std::string& explanation() const { return explanation_; }

 private:
  Eal() = default;

  bool started_ = false;
  bool hugepages_ = false;
  std::string file_prefix_{};
  std::string explanation_{};
};

}  // namespace tapdeck::engine
