#include "cli/tar_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/unique_fd.h"
#include "cli/text.h"

namespace berth::cli {

namespace {

using EntryPtr = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;
using ReadPtr = std::unique_ptr<archive, decltype(&archive_read_free)>;
using WritePtr = std::unique_ptr<archive, decltype(&archive_write_free)>;

constexpr std::size_t kBlock = 64 * 1024;

la_ssize_t collect(archive*, void* output, const void* bytes, std::size_t size) {
  static_cast<std::string*>(output)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

std::string why_of(archive* handle) {
  const char* text = archive_error_string(handle);
  return text ? text : "unknown error";
}

// The parts of a relative path; nullopt when it is absolute, goes up, or is cut by a zero byte.
std::optional<std::vector<std::string>> parts_of(const char* text) {
  if (!text || *text == '/') return std::nullopt;
  std::vector<std::string> parts;
  for (auto& part : split(text, '/')) {
    if (part == "..") return std::nullopt;
    if (!part.empty() && part != ".") parts.push_back(std::move(part));
  }
  return parts;
}

// The path of an entry below `root` with `name` in the place of that; nullopt: it is not below `root`. "" is `root` itself without a name.
std::optional<std::string> moved(const char* path, const std::string& root, const std::string& name) {
  auto parts = parts_of(path);
  if (!parts || (!root.empty() && (parts->empty() || parts->front() != root))) return std::nullopt;
  if (!root.empty()) parts->erase(parts->begin());
  if (!name.empty()) parts->insert(parts->begin(), name);
  return join(*parts, "/");
}

struct Reader {
  explicit Reader(int fd) : handle(archive_read_new(), &archive_read_free) {
    archive_read_support_format_tar(handle.get());
    good = ::lseek(fd, 0, SEEK_SET) == 0 && archive_read_open_fd(handle.get(), fd, kBlock) == ARCHIVE_OK;
  }
  // False: the end, or failed() says why.
  bool next(archive_entry*& entry) {
    if (!good) return false;
    const int code = archive_read_next_header(handle.get(), &entry);
    good = code == ARCHIVE_OK || code == ARCHIVE_WARN || code == ARCHIVE_EOF;
    return good && code != ARCHIVE_EOF;
  }
  Error failure() const { return base::error(Reason::BadRequest, "what came is no tar archive: " + why_of(handle.get())); }

  ReadPtr handle;
  bool good = false;
};

bool is_special(archive_entry* entry) {
  const auto type = archive_entry_filetype(entry);
  return !archive_entry_hardlink(entry) && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK;
}

Result<void> check_names(int fd, const std::string& root, const std::string& name) {
  Reader reader(fd);
  archive_entry* entry = nullptr;
  while (reader.next(entry)) {
    const char* path = archive_entry_pathname(entry);
    if (!moved(path, root, name)) {
      return base::error(Reason::BadRequest, "the archive is refused: its entry \"" + printable(path ? path : "") + "\" is outside of what was asked for");
    }
    const char* link = archive_entry_hardlink(entry);
    if (link && !moved(link, root, name)) {
      return base::error(Reason::BadRequest, "the archive is refused: \"" + printable(path) + "\" is a link to \"" + printable(link) + "\"");
    }
  }
  if (!reader.good) return reader.failure();
  return {};
}

Result<void> copy_content(archive* from, archive* to, const std::string& path, Unpacked& done) {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  for (;;) {
    const int code = archive_read_data_block(from, &bytes, &size, &offset);
    if (code == ARCHIVE_EOF) return {};
    if (code < ARCHIVE_WARN) return base::error(Reason::BadRequest, "the archive breaks off in " + printable(path) + ": " + why_of(from));
    if (archive_write_data_block(to, bytes, size, offset) < ARCHIVE_WARN) {
      return base::error(Reason::InternalError, printable(path) + ": " + why_of(to));
    }
    done.bytes += size;
  }
}

// The place where relative names begin, for as long as it lives.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const std::filesystem::path& into) : before_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    entered_ = before_.get() >= 0 && ::chdir(into.c_str()) == 0;
    if (!entered_) why_ = std::strerror(errno);
  }
  ~WorkingDirectory() {
    if (entered_ && ::fchdir(before_.get()) != 0) std::abort();  // nothing relative is right any more
  }
  WorkingDirectory(const WorkingDirectory&) = delete;
  WorkingDirectory& operator=(const WorkingDirectory&) = delete;
  bool entered() const { return entered_; }
  const std::string& why() const { return why_; }

 private:
  UniqueFd before_;
  bool entered_ = false;
  std::string why_;
};

Result<void> write_entry(archive* from, archive* disk, archive_entry* entry, const std::string& path, Unpacked& done) {
  if (archive_write_header(disk, entry) < ARCHIVE_WARN) return base::error(Reason::InternalError, printable(path) + ": " + why_of(disk));
  if (archive_entry_size(entry) > 0) {
    auto copied = copy_content(from, disk, path, done);
    if (copied.has_error()) return copied;
  }
  if (archive_write_finish_entry(disk) < ARCHIVE_WARN) return base::error(Reason::InternalError, printable(path) + ": " + why_of(disk));
  if (archive_entry_filetype(entry) != AE_IFDIR) ++done.files;
  return {};
}

}  // namespace

TarWriter::TarWriter(Packing packing) : archive_(archive_write_new()) {
  archive_write_set_format_pax_restricted(archive_);
  // Names are bytes, whatever the locale.
  archive_write_set_format_option(archive_, "pax", "hdrcharset", "BINARY");
  if (packing == Packing::Gzip) archive_write_add_filter_gzip(archive_);
  archive_write_set_bytes_per_block(archive_, 0);
  archive_write_open(archive_, &output_, nullptr, &collect, nullptr);
}

TarWriter::~TarWriter() { archive_write_free(archive_); }

Error TarWriter::failure() const { return base::error(Reason::InternalError, "tar: " + why_of(archive_)); }

Result<void> TarWriter::add_file(const std::string& name, std::string_view content, base::SystemTime time) {
  const EntryPtr entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  archive_entry_set_mtime(entry.get(), std::chrono::system_clock::to_time_t(time), 0);
  if (archive_write_header(archive_, entry.get()) < ARCHIVE_WARN) return failure();
  return add_bytes(content);
}

Result<void> TarWriter::begin(const std::filesystem::path& path, const std::string& name, std::uint64_t size) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return base::error(Reason::NotFound, path.string() + ": " + std::strerror(errno));
  // What was named by a link is what the link leads to; links below it stay links.
  std::error_code ec;
  const EntryPtr entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_perm(entry.get(), info.st_mode & 07777);
  archive_entry_set_mtime(entry.get(), info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  if (S_ISLNK(info.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFLNK);
    archive_entry_set_symlink(entry.get(), std::filesystem::read_symlink(path, ec).c_str());
    if (ec) return base::error(Reason::NotFound, path.string() + ": " + ec.message());
  } else if (S_ISDIR(info.st_mode)) {
    archive_entry_set_filetype(entry.get(), AE_IFDIR);
  } else {
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  }
  if (archive_write_header(archive_, entry.get()) < ARCHIVE_WARN) return failure();
  return {};
}

Result<void> TarWriter::add_bytes(std::string_view bytes) {
  const auto written = archive_write_data(archive_, bytes.data(), bytes.size());
  if (written != static_cast<la_ssize_t>(bytes.size())) return failure();
  return {};
}

Result<void> TarWriter::finish() {
  if (archive_write_close(archive_) != ARCHIVE_OK) return failure();
  return {};
}

std::string TarWriter::take() { return std::exchange(output_, std::string()); }

Result<Unpacked> unpack(int fd, const std::string& root, const std::string& name, const std::filesystem::path& into) {
  auto checked = check_names(fd, root, name);
  if (checked.has_error()) return checked.error();
  const WorkingDirectory directory(into);
  if (!directory.entered()) return base::error(Reason::NotFound, into.string() + ": " + directory.why());
  const WritePtr disk(archive_write_disk_new(), &archive_write_free);
  archive_write_disk_set_options(disk.get(), ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                                                 ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
  Unpacked done;
  Reader reader(fd);
  archive_entry* entry = nullptr;
  while (reader.next(entry)) {
    const auto path = moved(archive_entry_pathname(entry), root, name).value_or("");
    if (path.empty() && archive_entry_filetype(entry) == AE_IFDIR) continue;
    if (path.empty()) return base::error(Reason::BadRequest, printable(root) + " is no directory: there is nothing in it to unpack");
    if (is_special(entry)) {
      done.skipped.push_back(path);
      continue;
    }
    if (const char* link = archive_entry_hardlink(entry)) {
      const auto target = moved(link, root, name).value_or("");
      archive_entry_copy_hardlink(entry, target.c_str());
    }
    archive_entry_copy_pathname(entry, path.c_str());
    auto written = write_entry(reader.handle.get(), disk.get(), entry, path, done);
    if (written.has_error()) return written.error();
  }
  if (!reader.good) return reader.failure();
  if (archive_write_close(disk.get()) < ARCHIVE_WARN) return base::error(Reason::InternalError, why_of(disk.get()));
  return done;
}

}  // namespace berth::cli
