#pragma once

#include <filesystem>

#include "base/result.h"

// The files of a store: the database, the log that SQLite keeps beside it, and what is there for a while.
namespace berth::storage {

std::filesystem::path log_file_of(const std::filesystem::path& database);      // "-wal"
std::filesystem::path copy_file_of(const std::filesystem::path& database);     // ".copying": a copy that is made, to be sent or restored
std::filesystem::path restore_mark_of(const std::filesystem::path& database);  // ".restoring": there while a restore exchanges stores

// Whether what is there may be opened, without changing it. SQLite would take a lost database for a new one and drop its log, and the
// end of a damaged log for one that was never written: then what was acknowledged is missing without a word.
// Errors: InternalError with the file and what to do.
Result<void> check_files(const std::filesystem::path& database);

// The database and what SQLite keeps beside it; what is not there is no error.
void remove_database(const std::filesystem::path& database);

// Durable when it returns; `to` is new, of mode 0600. Errors: InternalError, DiskPressure.
Result<void> copy_private(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace berth::storage
