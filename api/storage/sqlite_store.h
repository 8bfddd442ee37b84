#pragma once

#include <filesystem>
#include <memory>

#include "api/storage/memory_store.h"

namespace berth::storage {

// Opens or creates `file` (SQLite, WAL, synchronous=FULL, mode 0600). Its own thread writes; concurrent
// commits share one transaction. State and the newest history are kept in memory, so reads never touch the
// disk. Errors: InternalError with the file and SQLite's text (not a database, no permission, newer schema
// version).
Result<std::unique_ptr<Store>> open_sqlite_store(Executor executor, const std::filesystem::path& file,
                                                 StoreOptions options = {});

}  // namespace berth::storage
