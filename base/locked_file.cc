#include "base/locked_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>

#include "base/file_error.h"

namespace berth::base {

namespace {

std::string pid_in(int fd) {
  char buffer[32];
  const auto length = ::pread(fd, buffer, sizeof buffer, 0);
  std::string pid;
  for (ssize_t i = 0; i < length && std::isdigit(static_cast<unsigned char>(buffer[i])); ++i) pid += buffer[i];
  return pid;
}

}  // namespace

Result<LockedFile> lock_file(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return file_error(path, "cannot be opened", errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    LockedFile held{-1, pid_in(fd)};
    ::close(fd);
    if (code != EWOULDBLOCK) return file_error(path, "cannot be locked", code);
    return held;
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const int code = errno;
    ::close(fd);
    return file_error(path, "cannot be written", code);
  }
  return LockedFile{fd, ""};
}

bool is_foreign_directory(const std::filesystem::path& directory, mode_t mode) {
  std::error_code ec;
  const bool open_to_others = (mode & 077) != 0;
  return open_to_others && !std::filesystem::is_empty(directory, ec) && !std::filesystem::exists(directory / "lock", ec);
}

}  // namespace berth::base
