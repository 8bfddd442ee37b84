#include "api/server/media.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "api/http/message.h"
#include "base/text.h"

namespace berth::api {

namespace {

struct MediaRange {
  std::string_view type;
  std::vector<std::string_view> parameters;
  double quality = 1;
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(separator, start), text.size());
    parts.push_back(base::trimmed(text.substr(start, end - start)));
    start = end + 1;
  }
  return parts;
}

MediaRange parse_range(std::string_view text) {
  const auto parts = split(text, ';');
  MediaRange range{parts.front(), {}, 1};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].starts_with("q=")) {
      range.quality = std::atof(std::string(parts[i].substr(2)).c_str());
    } else {
      range.parameters.push_back(parts[i]);
    }
  }
  return range;
}

// Parameters that ask for another representation (as=Table) make a range one that berth does not write.
bool asks_for_objects(const MediaRange& range) {
  return std::none_of(range.parameters.begin(), range.parameters.end(),
                      [](std::string_view parameter) { return parameter.starts_with("as="); });
}

std::optional<Media> media_of(const MediaRange& range, bool stream) {
  if (range.quality <= 0 || !asks_for_objects(range)) return std::nullopt;
  const auto is = [&range](std::string_view type) { return http::same_text(range.type, type); };
  if (is("application/json") || is("application/*") || is("*/*")) return Media::Json;
  if (is("application/yaml") && !stream) return Media::Yaml;
  return std::nullopt;
}

}  // namespace

Result<Media> negotiate(std::string_view accept, bool stream) {
  if (base::trimmed(accept).empty()) return Media::Json;
  std::vector<MediaRange> ranges;
  for (const auto part : split(accept, ',')) {
    if (!part.empty()) ranges.push_back(parse_range(part));
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const auto& a, const auto& b) { return a.quality > b.quality; });
  for (const auto& range : ranges) {
    if (const auto media = media_of(range, stream)) return *media;
  }
  return base::error(Reason::NotAcceptable,
                     stream ? "only the following media types are accepted: application/json;stream=watch"
                            : "only the following media types are accepted: application/json, application/yaml");
}

}  // namespace berth::api
