// Has RocksDB write its manifest, the list of tables, anew: it names the first and last key of each
// table, which are numbers in the index of numbers, also of tables that are gone.
//
// RocksDB begins a new one when the old has grown beyond a bound that cannot be changed while the
// database is open, with what is valid before the change that was due.  A column family is made
// whose name is as long as the bound, and dropped, which is that change.  A bound of nothing would
// do without, but begins a new manifest with every flush and compaction: each a file more that
// needs room, and when a disk is full, one that RocksDB does not get over.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <system_error>
#include <thread>

#include "storage/call_store_internal.h"

namespace tapdeck::storage {
namespace {

using Names = std::set<std::string>;

constexpr std::string_view kFillerPrefix = "filler/";

Names manifests(const CallStore::Impl& store) {
  Names names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(store.directory, error), end; at != end;
       at.increment(error)) {
    if (error) break;
    std::string name = at->path().filename();
    if (name.starts_with("MANIFEST-")) names.insert(std::move(name));
  }
  return names;
}

rocksdb::Status drop(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* filler) {
  const rocksdb::Status dropped = db.DropColumnFamily(filler);
  return dropped.ok() ? db.DestroyColumnFamilyHandle(filler) : dropped;
}

// A filler that could not be dropped, as on a full disk, is there still: dropping it is the change
// that is wanted, and another one of its name would not be made.
rocksdb::Status make_and_drop_filler(CallStore::Impl& store) {
  rocksdb::Status status;
  if (store.filler == nullptr) {
    std::string name(kFillerPrefix);
    name.append(kManifestBytes, '-');
    status = store.db->CreateColumnFamily({}, name, &store.filler);
  }
  if (!status.ok()) return status;
  status = drop(*store.db, store.filler);
  if (status.ok()) store.filler = nullptr;
  return status;
}

}  // namespace

Result<void> renew_manifest(CallStore::Impl& store) {
  const Names before = manifests(store);
  if (before.empty()) {
    return make_error(ErrorCode::kIo, "The files of " + store.directory + " cannot be listed.");
  }
  TD_TRY(translate_unless_ok(make_and_drop_filler(store),
                             "Renewing the list of tables of the call store"));
  const auto until = std::chrono::steady_clock::now() + kWaitMax;
  while (true) {
    const Names now = manifests(store);
    const bool gone = std::none_of(
        before.begin(), before.end(), [&](const auto& one) { return now.contains(one); });
    if (gone && !now.empty()) return {};
    if (std::chrono::steady_clock::now() >= until) {
      return make_error(ErrorCode::kBusy,
                        "What was removed is still named in the list of tables of the call store. "
                        "To be asked again.");
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

Result<std::vector<std::string>> list_fillers(const std::string& directory) {
  std::vector<std::string> names;
  const rocksdb::Status listed = rocksdb::DB::ListColumnFamilies({}, directory, &names);
  TD_TRY(translate_unless_ok(listed, "Listing the column families of " + directory));
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(kFillerPrefix); });
  return names;
}

rocksdb::Status drop_fillers(CallStore::Impl& store) {
  rocksdb::Status status;
  while (status.ok() && store.columns.size() > kColumnNames.size()) {
    status = drop(*store.db, store.columns.back());
    if (status.ok()) store.columns.pop_back();
  }
  return status;
}

}  // namespace tapdeck::storage
