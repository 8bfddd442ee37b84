#pragma once

#include <cstdint>
#include <functional>

#include "api/storage/journal.h"
#include "api/storage/sqlite_database.h"

// What the tables of a store look like, and how those of older versions become so.
namespace berth::storage {

// Of PRAGMA user_version. A newer berthd reads every older version from 1 on; an older one refuses a newer version.
//   1: changes (revision, resource, ns, name, body), state (compacted)
//   2: changes.sum
//   3: state.epoch, state.sum
inline constexpr std::int64_t kSchemaVersion = 3;

// Makes the tables in an empty file, or brings those of an older version up to date: each step whole or not at all.
// Errors: InternalError when it is not a store, of a newer version, or a row of an older one is no JSON; DiskPressure.
Result<void> migrate(SqliteDatabase& database);

// CRC-32 of all that a row says. SQLite does not notice when the bytes of a value change on the disk.
std::int64_t sum_of(const JournalChange& change);

// The one row of `state`.
struct StoreState {
  Revision compacted = 0;
  std::int64_t epoch = 0;  // Store::epoch(); 0 while the file has none, kEpochOfCopy while nobody has opened the copy that it is
};
inline constexpr std::int64_t kEpochOfCopy = -1;
// A store that came back from a copy goes on ahead of every revision that was given out since the copy was made, also by one that came
// back from it before: at the microseconds since 1970, which run faster than commits, and this far ahead at least. Whatever resourceVersion
// a client has from then is older than the history that is left, so it lists again.
inline constexpr Revision kRevisionLeap = 1'000'000'000;

// Errors: InternalError, also when it is not what was written; writing: DiskPressure.
Result<StoreState> read_state_of(SqliteDatabase& database);
Result<void> write_state_of(SqliteDatabase& database, const StoreState& state);
std::int64_t sum_of(const StoreState& state);

// Gives a file its epoch that has none, because it is new or a copy. The state afterwards. Errors: as above.
Result<StoreState> begin_epoch(SqliteDatabase& database);

// Every change that is kept, by rising revision. Errors: InternalError, also when a row is not what was written.
Result<void> read_changes(SqliteDatabase& database, const std::function<void(JournalChange)>& each);

// The columns revision, resource, ns, name, body from the first on.
JournalChange change_in(const SqliteStatement& row);

}  // namespace berth::storage
