#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "crd/compose/convert.h"

// The compose files in tests/data/compose: each directory is a project, with what the command line and the environment say beside it.
namespace berth::compose {

namespace fs = std::filesystem;

inline fs::path corpus_root() { return fs::path(BERTH_SOURCE_DIR) / "tests/data/compose"; }

inline std::vector<std::string> corpus_cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(corpus_root())) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

inline std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::string> read_lines(const fs::path& path) {
  std::vector<std::string> lines;
  std::istringstream text(read_text(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// Files in memory or in a directory, seen as /srv/NAME.
struct TestFiles {
  std::string directory;                     // "/srv/NAME"
  fs::path root;                             // where it is; empty: `texts` only
  std::map<std::string, std::string> texts;  // by path below the directory
  std::map<std::string, std::string> variables;

  std::optional<fs::path> find(const std::string& path) const {
    if (root.empty()) return std::nullopt;
    if (!path.starts_with('/')) return root / path;
    if (path.starts_with(directory + "/")) return root / path.substr(directory.size() + 1);
    return std::nullopt;
  }

  LoadRequest request() const {
    LoadRequest request;
    request.working_directory = directory;
    request.variable = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(std::string(name));
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    request.access.kind = [this](const std::string& path) {
      if (texts.contains(path)) return FileKind::File;
      const auto real = find(path);
      if (!real || !fs::exists(*real)) return FileKind::Missing;
      return fs::is_directory(*real) ? FileKind::Directory : FileKind::File;
    };
    request.access.read = [this](const std::string& path) -> Result<std::string> {
      if (const auto text = texts.find(path); text != texts.end()) return text->second;
      const auto real = find(path);
      if (!real || !fs::is_regular_file(*real)) return base::error(Reason::NotFound, path + ": No such file or directory");
      return read_text(*real);
    };
    return request;
  }
};

struct CorpusCase {
  TestFiles files;
  ConvertRequest request;
};

inline std::unique_ptr<CorpusCase> open_case(const std::string& name) {
  auto out = std::make_unique<CorpusCase>();
  out->files = {"/srv/" + name, corpus_root() / name, {}, {}};
  for (const auto& line : read_lines(out->files.root / "variables")) {
    out->files.variables[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  }
  auto& request = out->request;
  request.load = out->files.request();
  const auto flags = read_lines(out->files.root / "flags");
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const auto& flag = flags[i];
    if (flag == "--strict") request.strict = true;
    if (flag == "--generate-name") request.generate_name = true;
    if (flag == "--env-file") request.load.env_files.push_back(flags.at(i + 1));
    if (flag == "--profile") request.load.profiles.push_back(flags.at(i + 1));
    if (flag == "-f") request.load.files.push_back(flags.at(i + 1));
  }
  if (request.load.files.empty()) {
    request.load.files.push_back("compose.yaml");
    if (fs::exists(out->files.root / "compose.override.yaml")) request.load.files.push_back("compose.override.yaml");
  }
  return out;
}

}  // namespace berth::compose
