#include "api/storage/sqlite_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "base/unique_fd.h"

namespace berth::storage {

namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t kLogHeader = 32;
constexpr std::size_t kFrameHeader = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // its last bit: numbers are summed as big-endian ones
constexpr std::uint32_t kLargestPage = 65536;
constexpr std::uint32_t kUsualPage = 4096;

std::uint32_t big_endian(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

std::uint32_t little_endian(Bytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at + 3]} << 24 | std::uint32_t{bytes[at + 2]} << 16 | std::uint32_t{bytes[at + 1]} << 8 | bytes[at];
}

struct LogSum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool operator==(const LogSum&) const = default;

  void add(Bytes bytes, bool as_big_endian) {
    const auto read = as_big_endian ? big_endian : little_endian;
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += read(bytes, at) + second;
      second += read(bytes, at + 4) + first;
    }
  }
  static LogSum stored(Bytes bytes, std::size_t at) { return {big_endian(bytes, at), big_endian(bytes, at + 4)}; }
};

// `bytes` go on to the end of the first frame's header: one that is wrong itself is taken for what that says.
struct LogHeader {
  explicit LogHeader(Bytes bytes)
      : magic(big_endian(bytes, 0)), page(big_endian(bytes, 8)), salt(LogSum::stored(bytes, 16)), sum(LogSum::stored(bytes, 24)) {
    LogSum own;
    own.add(bytes.first(24), sums_big_endian());
    good = (magic & ~1U) == kMagic && own == sum && page >= 512 && page <= kLargestPage && (page & (page - 1)) == 0;
    if (good) return;
    magic = kMagic;
    page = kUsualPage;
    salt = LogSum::stored(bytes, kLogHeader + 8);
  }
  bool sums_big_endian() const { return (magic & 1) != 0; }

  std::uint32_t magic;
  std::uint32_t page;
  LogSum salt;  // of every frame that belongs to this log, not to the one that was there before it
  LogSum sum;
  bool good = false;
};

struct LogFrame {
  LogFrame(const LogHeader& header, Bytes bytes, LogSum before)
      : ends_transaction(big_endian(bytes, 4) != 0), belongs(LogSum::stored(bytes, 8) == header.salt), sum(LogSum::stored(bytes, 16)) {
    before.add(bytes.first(8), header.sums_big_endian());
    before.add(bytes.subspan(kFrameHeader), header.sums_big_endian());
    follows = before == sum;
  }
  bool ends_transaction;
  bool belongs;
  LogSum sum;
  bool follows = false;  // it is what was written behind the frame before it
};

// All that is there; shorter at the end of the file.
Result<std::size_t> read_at(int fd, std::vector<unsigned char>& into, std::uint64_t at, const std::filesystem::path& file) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base::error(Reason::InternalError, file.string() + ": cannot be read: " + std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

Result<std::optional<std::uint64_t>> find_log_damage(const std::filesystem::path& log) {
  using Where = std::optional<std::uint64_t>;
  const UniqueFd fd(::open(log.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return Where();
  if (!fd) return base::error(Reason::InternalError, log.string() + ": cannot be read: " + std::strerror(errno));
  std::vector<unsigned char> bytes(kLogHeader + kFrameHeader);
  auto got = read_at(fd.get(), bytes, 0, log);
  if (got.has_error()) return got.error();
  if (got.value() < bytes.size()) return Where();
  const LogHeader header(bytes);

  bytes.resize(kFrameHeader + header.page);
  LogSum before = header.sum;
  Where damage = header.good ? Where() : Where(0);
  int ended = 0;  // transactions in a row of frames that follow each other, behind the damage
  for (std::uint64_t at = kLogHeader;; at += bytes.size()) {
    got = read_at(fd.get(), bytes, at, log);
    if (got.has_error()) return got.error();
    if (got.value() < bytes.size()) return Where();
    const LogFrame frame(header, bytes, before);
    before = frame.sum;
    const bool good = frame.belongs && frame.follows;
    if (!good) ended = 0;  // what a write left behind that failed, and was written over in part, does not follow
    if (!good && !damage) damage = at;
    if (damage && frame.belongs && frame.ends_transaction) ++ended;
    if (ended > 1) return damage;
  }
}

}  // namespace berth::storage
