#pragma once

#include <cstdint>
#include <filesystem>

#include "api/storage/store.h"

namespace berth::storage {

class SqliteDatabase;

// Copies the store that `database` is: read through and checked, one file, marked so that whoever opens it gets a new epoch and a
// revision far ahead. Blocks. Errors: DiskPressure, InternalError (damaged as well); then nothing is left.
Result<StoreCopy> make_copy(SqliteDatabase& database);

struct Restored {
  Revision revision = 0;  // of the copy
  std::uint64_t objects = 0;
  std::filesystem::path before;  // where the store is now that was there; "" when there was none
};

// Puts `copy`, which is left as it is, in the place of the store `file`; nobody may have that open. It may be of an older schema, and a
// store that was never copied, as the one that another restore put aside. What was there is kept beside it. Blocks.
// Errors: AlreadyExists (there is a store, and `replace` is not set), InternalError (no store, damaged, of a newer version, cannot be
// read or written), DiskPressure. After an error the old store is where it was.
Result<Restored> restore_copy(const std::filesystem::path& copy, const std::filesystem::path& file, bool replace);

}  // namespace berth::storage
