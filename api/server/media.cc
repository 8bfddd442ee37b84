#include "api/server/media.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "api/http/message.h"
#include "base/text.h"

namespace berth::api {

namespace {

// What kubectl get sends, and what nearly everybody else does.
constexpr std::string_view kKubectlTable =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
constexpr std::string_view kPlainJson[] = {"", "*/*", "application/json", "application/json, */*", "application/json, */*;q=0.8"};

struct MediaRange {
  std::string_view type;
  double quality = 1;
  std::string_view as;
  std::string_view group;
  std::string_view version;
  std::string_view stream;
  bool pretty = false;

  int exactness() const { return type == "*/*" || type == "*" ? 0 : type.ends_with("/*") ? 1 : 2; }
};

std::vector<std::string_view> split_header(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(separator, start), text.size());
    parts.push_back(base::trimmed(text.substr(start, end - start)));
    start = end + 1;
  }
  return parts;
}

MediaRange parse_range(std::string_view text) {
  const auto parts = split_header(text, ';');
  MediaRange range{.type = parts.front()};
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto equals = std::min(parts[i].find('='), parts[i].size());
    const auto name = base::trimmed(parts[i].substr(0, equals));
    const auto value = base::trimmed(parts[i].substr(std::min(equals + 1, parts[i].size())), " \t\"");
    if (name == "q") range.quality = std::atof(std::string(value).c_str());
    if (name == "as") range.as = value;
    if (name == "g") range.group = value;
    if (name == "v") range.version = value;
    if (name == "stream") range.stream = value;
    if (name == "pretty") range.pretty = value == "1";
  }
  return range;
}

std::optional<Shape> shape_of(const MediaRange& range, bool stream) {
  if (range.as.empty()) return Shape::Object;
  if (range.group != "meta.k8s.io" || (range.version != "v1" && range.version != "v1beta1")) return std::nullopt;
  if (range.as == "Table") return Shape::Table;
  if (range.as == "PartialObjectMetadata") return Shape::Metadata;
  if (range.as == "PartialObjectMetadataList" && !stream) return Shape::MetadataList;
  return std::nullopt;
}

std::optional<Accepted> accepted(const MediaRange& range, bool stream) {
  if (range.quality <= 0) return std::nullopt;
  if (!range.stream.empty() && range.stream != "watch") return std::nullopt;
  const auto is = [&range](std::string_view type) { return http::same_text(range.type, type); };
  const bool yaml = is("application/yaml");
  if (yaml ? stream : !(is("application/json") || is("application/*") || is("*/*") || is("*"))) return std::nullopt;
  const auto shape = shape_of(range, stream);
  if (!shape) return std::nullopt;
  Accepted accepted;
  accepted.media = yaml ? Media::Yaml : Media::Json;
  accepted.shape = *shape;
  accepted.pretty = range.pretty;
  if (*shape != Shape::Object) accepted.version = range.version;
  return accepted;
}

Error not_acceptable(bool stream) {
  return base::error(Reason::NotAcceptable,
                     stream ? "only the following media types are accepted: application/json;stream=watch, "
                              "application/vnd.kubernetes.protobuf;stream=watch"
                            : "only the following media types are accepted: application/json, application/yaml, "
                              "application/vnd.kubernetes.protobuf");
}

}  // namespace

Result<Accepted> negotiate_shape(std::string_view accept, bool stream) {
  if (std::find(std::begin(kPlainJson), std::end(kPlainJson), accept) != std::end(kPlainJson)) return Accepted{};
  if (accept == kKubectlTable) return Accepted{.shape = Shape::Table};
  if (base::trimmed(accept).empty()) return Accepted{};
  std::vector<MediaRange> ranges;
  for (const auto part : split_header(accept, ',')) {
    if (!part.empty()) ranges.push_back(parse_range(part));
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return a.quality != b.quality ? a.quality > b.quality : a.exactness() > b.exactness();
  });
  for (const auto& range : ranges) {
    if (auto found = accepted(range, stream)) return *found;
  }
  return not_acceptable(stream);
}

Result<Accepted> negotiate_object(std::string_view accept, bool stream) {
  if (accept.find("as=") == std::string_view::npos) return negotiate_shape(accept, stream);
  std::string plain;
  for (const auto part : split_header(accept, ',')) {
    if (parse_range(part).as.empty()) plain += (plain.empty() ? "" : ",") + std::string(part);
  }
  if (plain.empty()) return not_acceptable(stream);
  return negotiate_shape(plain, stream);
}

Result<Media> negotiate(std::string_view accept, bool stream) {
  auto accepted = negotiate_object(accept, stream);
  if (!accepted) return accepted.error();
  return accepted->media;
}

}  // namespace berth::api
