#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crd/compose/interpolate.h"
#include "crd/compose/report.h"

namespace berth::compose {

enum class FileKind { Missing, File, Directory, Other };

// How files are looked at. Paths are as the compose files and flags give them, joined to their directory.
struct FileAccess {
  std::function<Result<std::string>(const std::string& path)> read;
  std::function<FileKind(const std::string& path)> kind;
};

struct LoadRequest {
  std::vector<std::string> files;      // compose files, merged in this order
  std::vector<std::string> env_files;  // instead of the .env beside the first file
  std::vector<std::string> profiles;   // "*": all; those of COMPOSE_PROFILES when there is none
  std::string project_name;            // "": COMPOSE_PROJECT_NAME, `name` of the files, the directory's name
  std::string working_directory;       // absolute
  Lookup variable;                     // of the surroundings
  FileAccess access;
};

// A project as its files say it together: interpolated, extended, merged, includes put in, in long form. Services of other profiles
// are left out.
struct Project {
  std::string name;
  Node root;
  std::vector<Lookup> variables;  // by file: what its ${NAME} came from
  std::string directory;
};

// False: `report` has failed.
bool load_project(const LoadRequest& request, Report& report, Project& project);

}  // namespace berth::compose
