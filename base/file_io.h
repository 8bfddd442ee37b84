#pragma once

#include <filesystem>
#include <string_view>

// What it takes to write a file that is there after a power loss. All of it blocks.
namespace berth::base {

// Writes all of it. False: not all, and errno says why.
bool write_all(int fd, std::string_view bytes);
// Makes the names in the directory of `file` durable. False: errno says why.
bool sync_directory_of(const std::filesystem::path& file);

}  // namespace berth::base
