#include "controller/app/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

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

std::string read_small(int fd) {
  char buffer[256];
  const auto length = ::pread(fd, buffer, sizeof buffer, 0);
  std::string text(buffer, length > 0 ? static_cast<std::size_t>(length) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

Result<std::string> read_file(const fs::path& path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) {
    if (errno == ENOENT) return std::string();
    return failed(path, "cannot be read", errno);
  }
  return read_small(file.fd);
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
  return {};
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

}  // namespace

Result<DataDir> DataDir::open(const fs::path& path) {
  std::error_code ec;
  const auto absolute = fs::absolute(path, ec);
  if (!fs::is_directory(absolute, ec)) {
    fs::create_directories(absolute.parent_path(), ec);
    if (::mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST) return failed(absolute, "cannot be made", errno);
    if (!fs::is_directory(absolute, ec)) return base::error(Reason::InternalError, absolute.string() + ": is not a directory");
  }
  if (::chmod(absolute.c_str(), 0700) != 0) return failed(absolute, "cannot be closed to others", errno);

  const auto lock_file = absolute / "lock";
  Descriptor lock{::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (lock.fd < 0) return failed(lock_file, "cannot be opened", errno);
  if (::flock(lock.fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed(lock_file, "cannot be locked", errno);
    const auto pid = read_small(lock.fd);
    return base::error(Reason::Conflict, "another berthd" + (pid.empty() ? std::string() : " (pid " + pid + ")") +
                                             " uses the data directory " + absolute.string() +
                                             "; stop it or choose another --data-dir");
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.fd, 0) != 0 || ::pwrite(lock.fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return failed(lock_file, "cannot be written", errno);
  }
  return DataDir(absolute, std::exchange(lock.fd, -1));
}

DataDir::DataDir(DataDir&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
  if (lock_ >= 0) ::close(lock_);
}

Result<std::string> DataDir::admin_token() const {
  auto kept = read_file(file("admin.token"));
  if (kept.has_error() || !kept->empty()) return kept;
  auto fresh = random_hex(32);
  if (fresh.has_error()) return fresh;
  auto written = write_file(file("admin.token"), *fresh);
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
