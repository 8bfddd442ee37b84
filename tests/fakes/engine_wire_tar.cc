#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <memory>
#include <set>

#include "tests/fakes/engine_wire_codec.h"

namespace berth::fakes {

namespace {

using ReaderPtr = std::unique_ptr<archive, decltype(&archive_read_free)>;

Error no_archive(archive* reader) {
  const char* text = archive_error_string(reader);
  return base::error(Reason::EngineError, std::string("Error processing tar file: ") + (text ? text : "unexpected EOF"));
}

// What every image has.
bool is_common_directory(const std::string& path) {
  static const std::set<std::string> paths = {"/",     "/bin", "/etc", "/home", "/opt",     "/root",    "/run",
                                              "/srv",  "/tmp", "/usr", "/var",  "/usr/bin", "/usr/lib", "/usr/local",
                                              "/var/lib", "/var/log"};
  return paths.contains(path);
}

}  // namespace

std::string clean_path(std::string path) {
  if (!path.starts_with('/')) path.insert(0, "/");
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

bool is_there(const std::map<std::string, engine::FileToCopy>& files, const std::string& path) {
  if (is_common_directory(path)) return true;
  for (const auto& [name, file] : files) {
    if (name == path || name.starts_with(path + "/")) return true;
  }
  return false;
}

Result<std::vector<engine::FileToCopy>> read_tar(const std::string& bytes, const std::string& root) {
  const ReaderPtr reader(archive_read_new(), &archive_read_free);
  archive_read_support_format_tar(reader.get());
  archive_read_support_filter_all(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) return no_archive(reader.get());
  std::vector<engine::FileToCopy> files;
  archive_entry* entry = nullptr;
  while (true) {
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) return files;
    if (code != ARCHIVE_OK) return no_archive(reader.get());
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    engine::FileToCopy file;
    file.path = (root.ends_with('/') ? root : root + "/") + archive_entry_pathname(entry);
    file.mode = archive_entry_perm(entry);
    file.uid = static_cast<std::uint32_t>(archive_entry_uid(entry));
    file.gid = static_cast<std::uint32_t>(archive_entry_gid(entry));
    std::array<char, 16384> part{};
    while (true) {
      const auto size = archive_read_data(reader.get(), part.data(), part.size());
      if (size < 0) return no_archive(reader.get());
      if (size == 0) break;
      file.content.append(part.data(), static_cast<std::size_t>(size));
    }
    files.push_back(std::move(file));
  }
}

}  // namespace berth::fakes
