#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "crd/object.h"
#include "crd/yaml.h"

namespace berth::source {

// What the log lines of this folder name as their component.
inline constexpr std::string_view kComponent = "source";

// One document of a file that names an object. `body` is ready to be written: namespace filled in, stamped with
// berth.dev/source and berth.dev/source-hash. Immutable, shared between threads.
struct Manifest {
  ObjectKey key;
  json body;
  std::string file;
  std::string hash;  // source_mark() of what the document says; comments and layout do not count
  crd::Mark mark;
  crd::YamlDocument document;  // its marks, for errors found later by field path; no value

  // "file:line:column" of a field path, or of its nearest known ancestor.
  std::string place(std::string_view path = "") const;
};
using ManifestPtr = std::shared_ptr<const Manifest>;

// What one version of a file says. A file with problems acts as a whole: none of its documents counts.
struct FileContent {
  std::vector<ManifestPtr> manifests;
  std::vector<std::string> problems;  // "file:line:column: what", in order
  std::string hash;                   // of its bytes
  base::SteadyTime noticed{};         // when its closing was noticed
  bool good() const { return problems.empty(); }
};
using ContentPtr = std::shared_ptr<const FileContent>;

enum class FileState {
  Read,     // `content` is what it says now
  Writing,  // somebody has it open for writing: what it said before counts
  Unreadable,
};

struct FileLook {
  FileState state = FileState::Read;
  ContentPtr content;   // Read: never null. Otherwise what it said when it was last read, may be null
  std::string problem;  // Unreadable: why, with the file's name
};

// One look at all watched directories, complete: what is not in it was not there. Paths are absolute, as a person would
// write them: the watched directory's name and the way down from it, symbolic links unresolved.
struct Look {
  base::SteadyTime at{};  // no later than its first system call
  std::vector<std::string> roots;
  std::map<std::string, FileLook> files;
  // Every directory that was read, roots included -> which one it is. Another number under the same path: it was swapped.
  std::map<std::string, std::uint64_t> directories;
  // Directories that are there and cannot be read, and links that may lead to one and lead to nothing -> why. A directory that
  // is not there, a root too, is in neither of the two.
  std::map<std::string, std::string> unreadable;

  // Whether no manifest lies in `directory` or below it.
  bool empty(const std::string& directory) const;
};
using LookPtr = std::shared_ptr<const Look>;

// "/m" -> "/m/a/b.yaml": whether `path` lies below `directory`.
bool below(std::string_view directory, std::string_view path);

}  // namespace berth::source
