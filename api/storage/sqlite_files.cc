#include "api/storage/sqlite_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "api/storage/sqlite_log.h"
#include "base/file_io.h"
#include "base/unique_fd.h"

namespace berth::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::array kBeside = {"", "-wal", "-shm", "-journal"};

Error unusable(const fs::path& file, const std::string& what) { return base::error(Reason::InternalError, file.string() + ": " + what); }

Error failed_call(const fs::path& file) {
  const int code = errno;
  auto error = unusable(file, std::strerror(code));
  if (code == ENOSPC || code == EDQUOT) error.reason = Reason::DiskPressure;
  return error;
}

std::uintmax_t size_or_zero(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  return ec ? 0 : size;
}

}  // namespace

fs::path log_file_of(const fs::path& database) { return database.string() + "-wal"; }
fs::path copy_file_of(const fs::path& database) { return database.string() + ".copying"; }
fs::path restore_mark_of(const fs::path& database) { return database.string() + ".restoring"; }

Result<void> check_files(const fs::path& database) {
  const auto log = log_file_of(database);
  const auto mark = restore_mark_of(database);
  std::error_code ec;
  if (size_or_zero(database) == 0) {
    if (fs::exists(mark, ec)) {
      return unusable(database, "is missing, because a restore did not end: repeat it, or remove " + mark.string() +
                                    " to begin with an empty store");
    }
    if (size_or_zero(log) > 0) {
      return unusable(database,
                      "is missing or empty, but its log " + log.string() +
                          " is there: the store is damaged. berthctl restore puts a backup in its place; remove the log to begin with an "
                          "empty store");
    }
    return {};
  }
  const auto damaged = find_log_damage(log);
  if (damaged.has_error()) return damaged.error();
  if (!damaged.value()) return {};
  return unusable(
      log, "is damaged in the middle: changes that were acknowledged lie behind byte " + std::to_string(*damaged.value()) +
               " and cannot be read. berthctl restore puts a backup in place of the store; remove the log to go on without all that "
               "is in it");
}

void remove_database(const fs::path& database) {
  std::error_code ec;
  for (const char* end : kBeside) fs::remove(database.string() + end, ec);
}

Result<void> copy_private(const fs::path& from, const fs::path& to) {
  const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) return failed_call(from);
  const UniqueFd target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!target) return failed_call(to);
  std::array<char, 64 * 1024> block{};
  while (true) {
    const ssize_t got = ::read(source.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed_call(from);
    if (got == 0) break;
    if (!base::write_all(target.get(), {block.data(), static_cast<std::size_t>(got)})) return failed_call(to);
  }
  if (::fsync(target.get()) != 0) return failed_call(to);
  return {};
}

}  // namespace berth::storage
