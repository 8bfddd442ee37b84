#include "crd/field_path.h"

namespace berth::crd {

void append_child(std::string& path, std::string_view key) {
  if (key.empty() || key.find_first_of("./[] ") != std::string_view::npos) {
    path.append("[").append(key).append("]");
    return;
  }
  if (!path.empty()) path += '.';
  path.append(key);
}

void append_item(std::string& path, std::size_t index) {
  path.append("[").append(std::to_string(index)).append("]");
}

std::string child(std::string_view path, std::string_view key) {
  std::string out(path);
  append_child(out, key);
  return out;
}

std::string item(std::string_view path, std::size_t index) {
  std::string out(path);
  append_item(out, index);
  return out;
}

}  // namespace berth::crd
