#include "api/server/media.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "api/http/message.h"
#include "base/text.h"
#include "crd/yaml.h"

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

Error unreadable(const std::string& kind, const std::string& what) {
  return base::error(Reason::BadRequest, "the object provided is unrecognized (must be of type " + kind +
                                             "): couldn't get version/kind; " + what);
}

Result<DecodedBody> decode_yaml(std::string_view body, const std::string& kind) {
  auto documents = crd::parse_yaml(body);
  if (!documents) return unreadable(kind, "yaml parse error: " + documents.error().message);
  if (documents->size() != 1) {
    return unreadable(kind, "expected one YAML document, found " + std::to_string(documents->size()));
  }
  DecodedBody decoded;
  decoded.value = std::move(documents->front().value);
  decoded.duplicates = std::move(documents->front().duplicate_keys);
  return decoded;
}

Result<DecodedBody> decode_json(std::string_view body, const std::string& kind) {
  DecodedBody decoded;
  auto value = crd::parse_json(body, &decoded.duplicates);
  if (value.has_error()) return unreadable(kind, "json parse error: " + value.error().message);
  decoded.value = std::move(value.value());
  return decoded;
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

Result<Media> body_media(std::string_view content_type) {
  const auto type = split(content_type, ';').front();
  if (http::same_text(type, "application/json")) return Media::Json;
  if (http::same_text(type, "application/yaml")) return Media::Yaml;
  return base::error(Reason::UnsupportedMediaType,
                     "the body of the request was in an unknown format - accepted media types include: "
                     "application/json, application/yaml");
}

Result<DecodedBody> decode_body(Media media, std::string_view body, const std::string& kind) {
  auto decoded = media == Media::Yaml ? decode_yaml(body, kind) : decode_json(body, kind);
  if (decoded.has_value() && !decoded->value.is_object()) return unreadable(kind, "the body is not an object");
  return decoded;
}

}  // namespace berth::api
