#include "controller/app/data_dir.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file_error.h"
#include "base/locked_file.h"
#include "base/state_file.h"

namespace berth::app {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestWord = 256;

// One word; "" when there is none. What cannot be read is an error: taking it for empty would make a new name or token in its place.
Result<std::string> read_word(const fs::path& path) {
  auto text = base::read_state(path);
  if (text.has_error()) return text;
  if (text->size() >= kLongestWord) return base::error(Reason::InternalError, path.string() + ": is too long for what it should hold");
  while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
  return text;
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
  if (::stat(path.c_str(), &info) != 0) return base::file_error(path, "cannot be looked at", errno);
  if (info.st_uid != ::geteuid()) {
    return base::error(Reason::Invalid, "--data-dir: " + path.string() + " belongs to another user; choose a new directory");
  }
  if (base::is_foreign_directory(path, info.st_mode)) {
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
    if (::mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST) return base::file_error(absolute, "cannot be made", errno);
    if (!fs::is_directory(absolute, ec)) return base::error(Reason::InternalError, absolute.string() + ": is not a directory");
  }
  if (auto usable = check_existing(absolute); usable.has_error()) return usable.error();
  if (::chmod(absolute.c_str(), 0700) != 0) return base::file_error(absolute, "cannot be closed to others", errno);

  auto lock = base::lock_file(absolute / "lock");
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
  auto kept = read_word(path);
  if (kept.has_error()) return kept;
  if (!kept->empty()) {
    if (::chmod(path.c_str(), 0600) != 0) return base::file_error(path, "cannot be closed to others", errno);
    return kept;
  }
  auto fresh = random_hex(32);
  if (fresh.has_error()) return fresh;
  auto written = base::write_state(path, *fresh + "\n");
  if (written.has_error()) return written.error();
  return fresh;
}

Result<std::string> DataDir::instance(const std::string& wanted) const {
  auto kept = read_word(file("instance"));
  if (kept.has_error()) return kept;
  if (!kept->empty() && (wanted.empty() || wanted == *kept)) return kept;
  if (!kept->empty()) {
    return base::error(Reason::Conflict, "--instance: this data directory belongs to instance \"" + *kept + "\", not \"" + wanted +
                                             "\"; what the old one made on the engine would be left behind");
  }
  auto name = wanted.empty() ? random_hex(5) : Result<std::string>(wanted);
  if (name.has_error()) return name;
  auto written = base::write_state(file("instance"), *name + "\n");
  if (written.has_error()) return written.error();
  return name;
}

bool DataDir::has_instance() const {
  std::error_code ec;
  return fs::exists(file("instance"), ec);
}

void DataDir::forget_instance() const {
  std::error_code ec;
  fs::remove(file("instance"), ec);
}

}  // namespace berth::app
