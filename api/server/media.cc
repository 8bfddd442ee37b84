#include "api/server/media.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "api/http/message.h"
#include "api/server/accept.h"
#include "base/text.h"

namespace berth::api {

namespace {

// What kubectl get sends, and what nearly everybody else does.
constexpr std::string_view kKubectlTable =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
constexpr std::string_view kPlainJson[] = {"", "*/*", "application/json", "application/json, */*", "application/json, */*;q=0.8"};

std::optional<Shape> shape_of(const AcceptRange& range, bool stream) {
  const auto as = range.parameter("as");
  const auto version = range.parameter("v");
  if (as.empty()) return Shape::Object;
  if (range.parameter("g") != "meta.k8s.io" || (version != "v1" && version != "v1beta1")) return std::nullopt;
  if (as == "Table") return Shape::Table;
  if (as == "PartialObjectMetadata") return Shape::Metadata;
  if (as == "PartialObjectMetadataList" && !stream) return Shape::MetadataList;
  return std::nullopt;
}

std::optional<Accepted> accepted(const AcceptRange& range, bool stream) {
  if (range.quality <= 0) return std::nullopt;
  if (const auto kind = range.parameter("stream"); !kind.empty() && kind != "watch") return std::nullopt;
  const auto is = [&range](std::string_view type) { return http::same_text(range.type, type); };
  const bool yaml = is("application/yaml");
  if (yaml ? stream : !(is("application/json") || is("application/*") || is("*/*") || is("*"))) return std::nullopt;
  const auto shape = shape_of(range, stream);
  if (!shape) return std::nullopt;
  Accepted accepted;
  accepted.media = yaml ? Media::Yaml : Media::Json;
  accepted.shape = *shape;
  accepted.pretty = range.parameter("pretty") == "1";
  if (*shape != Shape::Object) accepted.version = range.parameter("v");
  return accepted;
}

Error not_acceptable(bool stream) {
  return base::error(Reason::NotAcceptable,
                     stream ? "only the following media types are accepted: application/json;stream=watch, "
                              "application/vnd.kubernetes.protobuf;stream=watch"
                            : "only the following media types are accepted: application/json, application/yaml, "
                              "application/vnd.kubernetes.protobuf");
}

Result<Accepted> first_accepted(const std::vector<AcceptRange>& ranges, bool stream) {
  for (const auto& range : ranges) {
    if (auto found = accepted(range, stream)) return *found;
  }
  return not_acceptable(stream);
}

}  // namespace

Result<Accepted> negotiate_shape(std::string_view accept, bool stream) {
  if (std::find(std::begin(kPlainJson), std::end(kPlainJson), accept) != std::end(kPlainJson)) return Accepted{};
  if (accept == kKubectlTable) return Accepted{.shape = Shape::Table};
  if (base::trimmed(accept).empty()) return Accepted{};
  return first_accepted(parse_accept(accept), stream);
}

Result<Accepted> negotiate_object(std::string_view accept, bool stream) {
  if (accept.find("as=") == std::string_view::npos) return negotiate_shape(accept, stream);
  auto ranges = parse_accept(accept);
  std::erase_if(ranges, [](const AcceptRange& range) { return !range.parameter("as").empty(); });
  return first_accepted(ranges, stream);
}

Result<Media> negotiate(std::string_view accept, bool stream) {
  auto accepted = negotiate_object(accept, stream);
  if (!accepted) return accepted.error();
  return accepted->media;
}

}  // namespace berth::api
