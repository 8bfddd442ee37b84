#include "controller/source/file_names.h"

#include <array>
#include <cstdio>

namespace berth::source {

bool ignored_name(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.front() == '#' || name.back() == '~') return true;
  return name == "4913" || name.ends_with(".swp") || name.ends_with(".swx") || name.ends_with(".tmp");
}

std::string path_in(const std::string& directory, const std::string& name) {
  return directory == "/" ? "/" + name : directory + "/" + name;
}

bool manifest_name(std::string_view name) {
  if (ignored_name(name)) return false;
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

std::string content_hash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

std::string source_mark(std::string_view content_hash, std::string_view ns, std::string_view name) {
  const std::string key = std::string(ns) + "/" + std::string(name);
  return std::string(content_hash) + "-" + source::content_hash(key).substr(0, 8);
}

bool is_source_mark(std::string_view mark, std::string_view ns, std::string_view name) {
  const auto dash = mark.find('-');
  return dash != std::string_view::npos && mark == source_mark(mark.substr(0, dash), ns, name);
}

}  // namespace berth::source
