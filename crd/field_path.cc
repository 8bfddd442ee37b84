#include "crd/field_path.h"

namespace berth::crd {

std::string child(std::string_view path, std::string_view key) {
  std::string out(path);
  if (key.empty() || key.find_first_of("./[] ") != std::string_view::npos) {
    return out.append("[").append(key).append("]");
  }
  if (!out.empty()) out += '.';
  return out.append(key);
}

std::string item(std::string_view path, std::size_t index) {
  return std::string(path).append("[").append(std::to_string(index)).append("]");
}

}  // namespace berth::crd
