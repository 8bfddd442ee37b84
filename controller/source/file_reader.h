#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace berth::source {

// Tells versions of a file apart without reading them.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const Stamp&) const = default;
};

struct FileText {
  std::string text;
  Stamp stamp;
  bool steady = true;  // false: it changed while it was read
};

// Where `path` leads, links followed. Errors: NotFound (nothing there, a link to nothing), BadRequest "path: not a regular
// file", Forbidden or InternalError with the system's text.
Result<Stamp> stamp_of(const std::string& path);
// Whether somebody has the regular file `path` open for writing. nullopt: the system does not say (somebody else's file and no
// CAP_LEASE, a filesystem that other machines may write to). It asks for a lease and gives it back at once: who opens the file
// in that moment waits for microseconds.
std::optional<bool> being_written(const std::string& path);
// Reads a regular file; never blocks on a fifo or a device. Errors: as stamp_of(), RequestEntityTooLarge.
Result<FileText> read_file(const std::string& path, std::size_t limit);

}  // namespace berth::source
