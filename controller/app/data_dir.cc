#include "controller/app/data_dir.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "controller/app/locked_file.h"

namespace berth::app {

namespace {

namespace fs = std::filesystem;

Error failed(const fs::path& path, const std::string& what, int code) {
  return base::error(Reason::InternalError, path.string() + ": " + what + ": " + std::strerror(code));
}

struct Descriptor {
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int fd = -1;
};

// "" when there is none. What cannot be read is an error: taking it for empty would make a new name or token in its place.
Result<std::string> read_file(const fs::path& path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    if (errno == ENOENT) return std::string();
    return failed(path, "cannot be read", errno);
  }
  char buffer[256];
  const auto length = ::pread(file.fd, buffer, sizeof buffer, 0);
  if (length < 0) return failed(path, "cannot be read", errno);
  if (length == sizeof buffer) return base::error(Reason::InternalError, path.string() + ": is too long for what it should hold");
  std::string text(buffer, static_cast<std::size_t>(length));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

Result<void> sync_directory(const fs::path& path) {
  Descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.fd < 0 || ::fsync(directory.fd) != 0) return failed(path, "cannot be written", errno);
  return {};
}

// Complete or not at all, also when the machine stops in the middle.
Result<void> write_file(const fs::path& path, const std::string& text) {
  auto fresh = path;
  fresh += ".new";
  Descriptor file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (file.fd < 0) return failed(fresh, "cannot be made", errno);
  ::fchmod(file.fd, 0600);
  const auto line = text + "\n";
  if (::write(file.fd, line.data(), line.size()) != static_cast<ssize_t>(line.size()) || ::fsync(file.fd) != 0) {
    return failed(fresh, "cannot be written", errno);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed(path, "cannot be replaced", errno);
  return sync_directory(path.parent_path());
}

Result<std::string> random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (::getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(bytes)) {
    return base::error(Reason::InternalError, "the system gives no random bytes");
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : raw) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

// A directory that was there before must be berth's already, or hold nothing: closing somebody's /tmp to others breaks the machine.
Result<void> check_existing(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return failed(path, "cannot be looked at", errno);
  if (info.st_uid != ::geteuid()) {
    return base::error(Reason::Invalid, "--data-dir: " + path.string() + " belongs to another user; choose a new directory");
  }
  std::error_code ec;
  const bool open_to_others = (info.st_mode & 077) != 0;
  if (open_to_others && !fs::is_empty(path, ec) && !fs::exists(path / "lock", ec)) {
    return base::error(Reason::Invalid, "--data-dir: " + path.string() +
                                            " holds other files and is open to others; choose an empty or a new directory");
  }
  return {};
}

}  // namespace

Result<DataDir> DataDir::open(const fs::path& path) {
  std::error_code ec;
  const auto absolute = fs::absolute(path, ec);
  if (!fs::is_directory(absolute, ec)) {
    fs::create_directories(absolute.parent_path(), ec);
    if (::mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST) return failed(absolute, "cannot be made", errno);
    if (!fs::is_directory(absolute, ec)) return base::error(Reason::InternalError, absolute.string() + ": is not a directory");
  }
  if (auto usable = check_existing(absolute); usable.has_error()) return usable.error();
  if (::chmod(absolute.c_str(), 0700) != 0) return failed(absolute, "cannot be closed to others", errno);

  auto lock = lock_file(absolute / "lock");
  if (lock.has_error()) return lock.error();
  if (lock->fd < 0) {
    return base::error(Reason::Conflict, "another berthd" + lock->holder() + " uses the data directory " + absolute.string() +
                                             "; stop it or choose another --data-dir");
  }
  return DataDir(absolute, lock->fd);
}

DataDir::DataDir(DataDir&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
  if (lock_ >= 0) ::close(lock_);
}

Result<std::string> DataDir::admin_token() const {
  const auto path = file("admin.token");
  auto kept = read_file(path);
  if (kept.has_error()) return kept;
  if (!kept->empty()) {
    if (::chmod(path.c_str(), 0600) != 0) return failed(path, "cannot be closed to others", errno);
    return kept;
  }
  auto fresh = random_hex(32);
  if (fresh.has_error()) return fresh;
  auto written = write_file(path, *fresh);
  if (written.has_error()) return written.error();
  return fresh;
}

Result<std::string> DataDir::instance(const std::string& wanted) const {
  auto kept = read_file(file("instance"));
  if (kept.has_error()) return kept;
  if (!kept->empty() && (wanted.empty() || wanted == *kept)) return kept;
  if (!kept->empty()) {
    return base::error(Reason::Conflict, "--instance: this data directory belongs to instance \"" + *kept + "\", not \"" + wanted +
                                             "\"; what the old one made on the engine would be left behind");
  }
  auto name = wanted.empty() ? random_hex(5) : Result<std::string>(wanted);
  if (name.has_error()) return name;
  auto written = write_file(file("instance"), *name);
  if (written.has_error()) return written.error();
  return name;
}

}  // namespace berth::app
