#include "crd/compose/volumes.h"

namespace berth::compose {

ShortVolume parse_volume(std::string_view text) {
  ShortVolume out;
  const auto first = text.find(':');
  if (first == std::string_view::npos) {
    out.target = text;
    return out;
  }
  out.source = text.substr(0, first);
  const auto second = text.find(':', first + 1);
  out.target = text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
  while (out.target.size() > 1 && out.target.ends_with('/')) out.target.pop_back();
  if (second == std::string_view::npos) return out;
  std::string_view rest = text.substr(second + 1);
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    if (comma > 0) out.options.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

}  // namespace berth::compose
