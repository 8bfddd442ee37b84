#include "api/server/patch_body.h"

#include "api/http/message.h"
#include "api/preconditions.h"
#include "base/text.h"
#include "crd/yaml.h"

namespace berth::api {

namespace {

constexpr std::string_view kJsonPatch = "application/json-patch+json";
constexpr std::string_view kMergePatch = "application/merge-patch+json";
constexpr std::string_view kStrategicMergePatch = "application/strategic-merge-patch+json";
constexpr std::string_view kApplyPatch = "application/apply-patch+yaml";

// A body that was cut off is told as it always was.
std::string why_unreadable(const std::string& message) {
  const bool cut = message.find("unexpected end of input") != std::string::npos;
  return cut ? "unexpected end of JSON input" : message;
}

std::string last_name(const std::string& path) {
  const auto dot = path.rfind('.');
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

Result<Patch> read_configuration(const std::string& body) {
  auto documents = crd::parse_yaml(body);
  if (!documents) return base::error(Reason::BadRequest, "error decoding YAML: " + documents.error().message);
  if (documents->size() != 1) {
    return base::error(Reason::BadRequest,
                       "error decoding YAML: expected one document, found " + std::to_string(documents->size()));
  }
  Patch patch;
  patch.type = PatchType::Apply;
  const auto& document = documents->front();
  for (const auto& path : document.duplicate_keys) {
    patch.problems.push_back("line " + std::to_string(document.mark_of(path).line) + ": key " + crd::dump(last_name(path)) +
                             " already set in map");
  }
  patch.body = std::move(documents->front().value);
  return patch;
}

}  // namespace

Result<PatchType> patch_type(std::string_view content_type, const crd::ResourceInfo& resource) {
  const auto type = base::trimmed(content_type.substr(0, content_type.find(';')));
  const bool custom = is_custom(resource);
  if (http::same_text(type, kJsonPatch)) return PatchType::Json;
  if (http::same_text(type, kMergePatch)) return PatchType::Merge;
  if (http::same_text(type, kApplyPatch)) return PatchType::Apply;
  if (http::same_text(type, kStrategicMergePatch) && !custom) return PatchType::StrategicMerge;
  std::string known = std::string(kJsonPatch) + ", " + std::string(kMergePatch) + ", ";
  if (!custom) known += std::string(kStrategicMergePatch) + ", ";
  return base::error(Reason::UnsupportedMediaType,
                     "the body of the request was in an unknown format - accepted media types include: " + known +
                         std::string(kApplyPatch));
}

Result<Patch> read_patch(PatchType type, const std::string& body) {
  if (type == PatchType::Apply) return read_configuration(body);
  Patch patch;
  patch.type = type;
  std::vector<std::string> duplicates;
  auto value = crd::parse_json(body, &duplicates);
  if (value.has_error()) return base::error(Reason::BadRequest, "error decoding patch: " + why_unreadable(value.error().message));
  patch.body = std::move(value.value());
  for (const auto& path : duplicates) patch.problems.push_back("duplicate field \"" + path + "\"");
  return patch;
}

}  // namespace berth::api
