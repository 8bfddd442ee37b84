#pragma once

#include <cstdint>

#include "api/storage/journal.h"
#include "api/storage/sqlite_database.h"

// What the tables of a store look like, and how those of older versions become so.
namespace berth::storage {

// Of PRAGMA user_version. A newer berthd reads every older version from 1 on; an older one refuses a newer version.
//   1: changes (revision, resource, ns, name, body), state (compacted)
//   2: changes.sum
inline constexpr std::int64_t kSchemaVersion = 2;

// Makes the tables in an empty file, or brings those of an older version up to date: each step whole or not at all.
// Errors: InternalError when it is not a store, of a newer version, or a row of an older one is no JSON; DiskPressure.
Result<void> migrate(SqliteDatabase& database);

// CRC-32 of all that a row says. SQLite does not notice when the bytes of a value change on the disk.
std::int64_t sum_of(const JournalChange& change);

// The columns revision, resource, ns, name, body from the first on.
JournalChange change_in(const SqliteStatement& row);

}  // namespace berth::storage
