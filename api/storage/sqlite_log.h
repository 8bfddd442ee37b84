#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/result.h"

namespace berth::storage {

// Where a write-ahead log of SQLite (sqlite.org/fileformat2.html, "The Write-Ahead Log") is damaged in front of a transaction that had
// ended: the byte at which the first frame begins that is not what was written. nullopt: nowhere, or there is no log.
//
// SQLite reads a log up to the first frame whose checksum is wrong and takes the rest for the remains of a write that never ended. That
// is so after a power loss: berthd begins no transaction before the one before it is on the disk, so at most one is cut short. More than
// one behind the wrong frame means that the frame was good once, and acknowledged. Errors: InternalError (cannot be read).
Result<std::optional<std::uint64_t>> find_log_damage(const std::filesystem::path& log);

}  // namespace berth::storage
