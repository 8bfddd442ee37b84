#include "controller/source/file_reader.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/unique_fd.h"

namespace berth::source {

namespace {

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

Stamp make_stamp(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

Error failed(const std::string& path, int code) {
  const Reason reason = code == ENOENT || code == ENOTDIR ? Reason::NotFound
                        : code == EACCES || code == EPERM ? Reason::Forbidden
                                                          : Reason::InternalError;
  return base::error(reason, path + ": cannot be read: " + std::strerror(code));
}

Error not_regular(const std::string& path) {
  return base::error(Reason::BadRequest, path + ": is not a regular file; it is not read");
}

// Whether leases on this file are up to this kernel alone. Where a server has a say (NFS, SMB), a refusal tells nothing of
// writers; where others write past this kernel (FUSE, virtiofs), a grant tells nothing.
bool leases_tell(int fd) {
  constexpr std::uint32_t kXfs = 0x58465342;
  constexpr std::uint32_t kZfs = 0x2fc12fc1;
  constexpr std::uint32_t kBcachefs = 0xca451a4e;
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return false;
  switch (static_cast<std::uint32_t>(status.f_type)) {
    case EXT4_SUPER_MAGIC:  // and ext2, ext3
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case kXfs:
    case kZfs:
    case kBcachefs: return true;
    default: return false;
  }
}

}  // namespace

Result<Stamp> stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return failed(path, errno);
  if (!S_ISREG(status.st_mode)) return not_regular(path);
  return make_stamp(status);
}

std::optional<bool> being_written(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  // The signal that tells of a writer who came meanwhile must not be SIGIO, which kills.
  if (!fd || !leases_tell(fd.get()) || ::fcntl(fd.get(), F_SETSIG, SIGURG) != 0) return std::nullopt;
  if (::fcntl(fd.get(), F_SETLEASE, F_RDLCK) == 0) {
    ::fcntl(fd.get(), F_SETLEASE, F_UNLCK);
    return false;
  }
  return errno == EAGAIN ? std::optional<bool>(true) : std::nullopt;
}

Result<FileText> read_file(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return failed(path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return failed(path, errno);
  if (!S_ISREG(status.st_mode)) return not_regular(path);
  const Error large = base::error(Reason::RequestEntityTooLarge,
                                  path + ": is larger than a manifest may be (" + std::to_string(limit) + " bytes)");
  if (status.st_size > static_cast<std::int64_t>(limit)) return large;

  FileText file;
  file.stamp = make_stamp(status);
  std::size_t used = 0;
  file.text.resize(static_cast<std::size_t>(status.st_size) + 1);
  for (;;) {
    if (used == file.text.size()) file.text.resize(2 * used);
    const ssize_t got = ::read(fd.get(), file.text.data() + used, file.text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > limit) return large;
  }
  file.text.resize(used);
  if (::fstat(fd.get(), &status) != 0) return failed(path, errno);
  file.steady = make_stamp(status) == file.stamp;
  return file;
}

}  // namespace berth::source
