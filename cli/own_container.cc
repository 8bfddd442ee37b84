#include "cli/own_container.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

namespace berth::cli {

namespace {

constexpr std::size_t kIdLength = 64;
constexpr std::size_t kShortIdLength = 12;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// 64 hexadecimal digits that begin at `from` and end there.
std::optional<std::string> id_at(std::string_view text, std::size_t from) {
  const auto id = text.substr(from, kIdLength);
  if (id.size() < kIdLength || !std::all_of(id.begin(), id.end(), is_hex)) return std::nullopt;
  if (from + kIdLength < text.size() && is_hex(text[from + kIdLength])) return std::nullopt;
  return std::string(id);
}

std::optional<std::string> id_after(std::string_view text, std::string_view word) {
  for (auto found = text.find(word); found != std::string_view::npos; found = text.find(word, found + 1)) {
    if (auto id = id_at(text, found + word.size())) return id;
  }
  return std::nullopt;
}

std::optional<std::string> id_in_mountinfo(std::string_view mountinfo) {
  while (!mountinfo.empty()) {
    const auto end = mountinfo.find('\n');
    const auto line = mountinfo.substr(0, end);
    mountinfo.remove_prefix(end == std::string_view::npos ? mountinfo.size() : end + 1);
    for (const std::string_view mounted : {" /etc/hostname ", " /etc/hosts ", " /etc/resolv.conf "}) {
      if (line.find(mounted) == std::string_view::npos) continue;
      if (auto id = id_after(line, "/containers/")) return id;
    }
  }
  return std::nullopt;
}

std::string read_whole(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::optional<std::string> container_id_from(std::string_view mountinfo, std::string_view cgroup,
                                             std::string_view hostname) {
  if (auto id = id_in_mountinfo(mountinfo)) return id;
  for (const std::string_view word : {"/docker/", "docker-", "/libpod-"}) {
    if (auto id = id_after(cgroup, word)) return id;
  }
  if (hostname.size() == kShortIdLength && std::all_of(hostname.begin(), hostname.end(), is_hex)) {
    return std::string(hostname);
  }
  return std::nullopt;
}

std::optional<std::string> own_container_id() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) name[0] = '\0';
  return container_id_from(read_whole("/proc/self/mountinfo"), read_whole("/proc/self/cgroup"), name.data());
}

}  // namespace berth::cli
