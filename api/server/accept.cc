#include "api/server/accept.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <tuple>

#include "base/text.h"

namespace berth::api {

namespace {

int wildness(const AcceptRange& range) {
  if (range.type == "*/*" || range.type == "*") return 2;
  return range.type.ends_with("/*") ? 1 : 0;
}

AcceptRange parse_range(std::string_view text) {
  const auto parts = base::split(text, ';');
  AcceptRange range{.type = base::trimmed(parts.front())};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto equals = std::min(parts[i].find('='), parts[i].size());
    const auto name = base::trimmed(parts[i].substr(0, equals));
    const auto value = base::trimmed(parts[i].substr(std::min(equals + 1, parts[i].size())), " \t\"");
    if (name == "q") {
      range.quality = std::atof(std::string(value).c_str());
    } else {
      range.parameters.emplace_back(name, value);
    }
  }
  return range;
}

}  // namespace

std::string_view AcceptRange::parameter(std::string_view name) const {
  const auto found = std::find_if(parameters.rbegin(), parameters.rend(), [name](const auto& one) { return one.first == name; });
  return found == parameters.rend() ? std::string_view() : found->second;
}

std::vector<AcceptRange> parse_accept(std::string_view accept) {
  std::vector<AcceptRange> ranges;
  for (const auto part : base::split(accept, ',')) {
    if (!base::trimmed(part).empty()) ranges.push_back(parse_range(part));
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return std::tuple(-a.quality, wildness(a)) < std::tuple(-b.quality, wildness(b));
  });
  return ranges;
}

}  // namespace berth::api
