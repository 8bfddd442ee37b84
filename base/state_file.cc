#include "base/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/file_io.h"
#include "base/unique_fd.h"

namespace berth::base {

namespace {

Error failed(const std::string& what, const std::filesystem::path& file, int code) {
  return error(Reason::InternalError, "cannot " + what + " " + file.string() + ": " + std::strerror(code));
}

}  // namespace

Result<std::string> read_state(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return std::string();
    return failed("read", file, errno);
  }
  std::string text;
  std::array<char, 16384> block{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", file, errno);
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

Result<void> write_state(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path draft = file.string() + ".new";
  {
    const UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd) return failed("write", draft, errno);
    ::fchmod(fd.get(), 0600);  // a draft that was left behind keeps its own mode
    if (!write_all(fd.get(), text) || ::fsync(fd.get()) != 0) return failed("write", draft, errno);
  }
  if (::rename(draft.c_str(), file.c_str()) != 0) return failed("replace", file, errno);
  if (!sync_directory_of(file)) return failed("write the directory of", file, errno);
  return {};
}

}  // namespace berth::base
