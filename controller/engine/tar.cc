#include "controller/engine/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

namespace berth::engine {

namespace {

using ArchivePtr = std::unique_ptr<archive, decltype(&archive_write_free)>;
using EntryPtr = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    if (!segment.empty() && segment != ".") segments.emplace_back(segment);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return segments;
}

std::string join(const std::vector<std::string>& segments) {
  std::string path;
  for (const auto& segment : segments) path += (path.empty() ? "" : "/") + segment;
  return path;
}

bool is_file_path(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/') || path.find('\0') != std::string_view::npos)
    return false;
  const auto segments = segments_of(path);
  for (const auto& segment : segments) {
    if (segment == "..") return false;
  }
  return !segments.empty() && path.substr(path.rfind('/')) != "/.";
}

la_ssize_t append(archive*, void* output, const void* bytes, std::size_t size) {
  static_cast<std::string*>(output)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

bool add(archive* tar, const std::string& path, unsigned type, const FileToCopy& file,
         base::SystemTime mtime) {
  const EntryPtr entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), file.mode & 07777);
  archive_entry_set_uid(entry.get(), file.uid);
  archive_entry_set_gid(entry.get(), file.gid);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
  archive_entry_set_mtime(entry.get(), std::chrono::system_clock::to_time_t(mtime), 0);
  if (archive_write_header(tar, entry.get()) != ARCHIVE_OK) return false;
  const auto written = archive_write_data(tar, file.content.data(), file.content.size());
  return written == static_cast<la_ssize_t>(file.content.size());
}

}  // namespace

std::vector<std::string> parents_of(std::string_view path) {
  auto segments = segments_of(path);
  std::vector<std::string> parents;
  while (segments.size() > 1) {
    segments.pop_back();
    parents.push_back("/" + join(segments));
  }
  return parents;
}

Result<std::string> make_tar(const std::vector<std::string>& directories,
                             const std::vector<FileToCopy>& files, base::SystemTime mtime) {
  for (const auto& file : files) {
    if (!is_file_path(file.path)) {
      return base::error(Reason::InvalidSpec, "\"" + file.path + "\" is not an absolute path of a file");
    }
  }
  std::string output;
  const ArchivePtr tar(archive_write_new(), &archive_write_free);
  archive_write_set_format_pax_restricted(tar.get());
  archive_write_set_bytes_per_block(tar.get(), 0);
  bool good = archive_write_open(tar.get(), &output, nullptr, &append, nullptr) == ARCHIVE_OK;
  FileToCopy directory;
  directory.mode = 0755;
  for (const auto& path : directories) {
    good = good && add(tar.get(), join(segments_of(path)) + "/", AE_IFDIR, directory, mtime);
  }
  for (const auto& file : files)
    good = good && add(tar.get(), join(segments_of(file.path)), AE_IFREG, file, mtime);
  good = good && archive_write_close(tar.get()) == ARCHIVE_OK;
  if (!good) {
    const char* text = archive_error_string(tar.get());
    return base::error(Reason::InternalError, std::string("tar: ") + (text ? text : "unknown error"));
  }
  return output;
}

}  // namespace berth::engine
