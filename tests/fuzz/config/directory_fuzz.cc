// Any text as directory.yaml: reading ends, and where it finds no mistake a number that is listed
// has an owner when it is listed, and never two exact ones.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/assert.h"
#include "config/directory_load.h"
#include "pipelines/policy/directory_lookup.h"

using namespace tapdeck;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  config::LoadedDirectory loaded = config::load_directory_text(text, "d", "Europe/Berlin");
  for (const config::Problem& problem : loaded.problems) TD_ASSERT(!problem.message.empty());
  if (config::any_error(loaded.problems)) return 0;
  const policy::DirectoryLookup lookup(std::move(loaded.directory), 1);
  for (std::size_t kind = 0; kind < config::kDirectoryKindCount; ++kind) {
    for (const config::DirectoryEntry& entry : lookup.directory().entries[kind]) {
      TD_ASSERT(entry.from_us < entry.to_us);
      for (const config::NumberPattern& number : entry.numbers) {
        const auto owners = lookup.find({number.text, {}}, entry.from_us);
        TD_ASSERT(owners[kind] != nullptr);
        if (number.form == config::NumberForm::kExact) TD_ASSERT(owners[kind] == &entry);
      }
    }
  }
  return 0;
}
