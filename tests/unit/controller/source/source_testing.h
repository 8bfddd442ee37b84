#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "controller/source/documents.h"
#include "controller/source/look.h"

namespace berth::source::testing {

inline std::string environment(const std::string& name, const std::string& image = "redis:7") {
  return "apiVersion: berth.dev/v1alpha1\nkind: TestEnvironment\nmetadata:\n  name: " + name +
         "\nspec:\n  services:\n  - name: a\n    image: " + image + "\n";
}

inline ContentPtr content(const std::string& file, const std::string& text) {
  return std::make_shared<FileContent>(parse_file(text, file, 1 << 20));
}

inline base::SteadyTime at(double seconds) {
  return base::SteadyTime(std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(1000 + seconds)));
}

inline ObjectKey key(const std::string& name) { return {"default", name}; }

// A look at /m (directory number 1), to be changed by the test.
inline Look look(double seconds, std::initializer_list<std::pair<std::string, std::string>> files = {}) {
  Look look;
  look.at = at(seconds);
  look.roots = {"/m"};
  look.directories["/m"] = 1;
  for (const auto& [path, text] : files) look.files[path] = {FileState::Read, content(path, text), ""};
  return look;
}

}  // namespace berth::source::testing
