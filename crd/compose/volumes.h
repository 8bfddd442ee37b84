#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace berth::compose {

// The short form of an element of a service's `volumes`: [source:]target[:options].
struct ShortVolume {
  std::string source = {};  // "" for an anonymous volume
  std::string target = {};
  std::vector<std::string> options = {};
  bool is_bind() const { return source.starts_with('.') || source.starts_with('/') || source.starts_with('~'); }
};

ShortVolume parse_volume(std::string_view text);

}  // namespace berth::compose
