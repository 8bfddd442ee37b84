#include "controller/plan/names.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace berth::plan {

namespace {

std::string_view short_uid(std::string_view uid) { return uid.substr(0, 8); }

}  // namespace

std::string label(const engine::Labels& labels, const char* key) {
  const auto found = labels.find(key);
  return found == labels.end() ? "" : found->second;
}

std::string container_name(std::string_view environment, std::string_view service, std::string_view uid) {
  std::string name(environment);
  name.append("-").append(service).append("-").append(short_uid(uid));
  return name;
}

std::string network_name(std::string_view environment, std::string_view uid) {
  std::string name(environment);
  name.append("-").append(short_uid(uid));
  return name;
}

std::string fingerprint(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211ull;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

}  // namespace berth::plan
