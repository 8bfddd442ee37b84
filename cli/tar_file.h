#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

struct archive;

namespace berth::cli {

// A tar archive (or tar.gz) that is written piece by piece.
class TarWriter {
 public:
  enum class Packing { None, Gzip };
  explicit TarWriter(Packing packing);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // A whole file of 0600. Errors: InternalError.
  Result<void> add_file(const std::string& name, std::string_view content, base::SystemTime time);
  // Begins the entry of a file, directory or symbolic link of this machine, as `name`; of a file `size` bytes follow by add_bytes().
  // Owned by root, as `docker cp` does.
  Result<void> begin(const std::filesystem::path& path, const std::string& name, std::uint64_t size);
  Result<void> add_bytes(std::string_view bytes);
  Result<void> finish();
  // What was written since the last call.
  std::string take();

 private:
  Error failure() const;
  archive* archive_;
  std::string output_;
};

struct Unpacked {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> skipped;  // devices, sockets and the like
};

// Unpacks what the archive in `fd` has below `root` ("data" or "data/...") as `name` in the directory `into`; an empty `name` puts what is
// in the directory `root` there. All names are checked before anything is written: one that is absolute, goes up, or is not below
// `root`, and a hard link to such a one, is refused. Nothing is written through a symbolic link. Errors: BadRequest (such a name, no
// archive, or `root` is no directory and `name` is empty), InternalError (a file that cannot be written).
Result<Unpacked> unpack(int fd, const std::string& root, const std::string& name, const std::filesystem::path& into);

}  // namespace berth::cli
