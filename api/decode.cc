#include "api/decode.h"

#include "api/errors.h"
#include "api/object_meta.h"
#include "crd/cause.h"
#include "crd/fields.h"
#include "crd/schema.h"

namespace berth::api {

namespace {

// Long bodies are cut: an error is for a person.
std::string excerpt(const json& body) {
  auto text = crd::dump(body);
  if (text.size() > 200) text = text.substr(0, 200) + " ...";
  return text;
}

Error unrecognized(const crd::ResourceInfo& resource, const json& body, const std::string& why) {
  return bad_request("the object provided is unrecognized (must be of type " + resource.gvk.kind +
                     "): " + why + " in '" + excerpt(body) + "'");
}

std::optional<Error> check_type(const crd::ResourceInfo& resource, json& body) {
  const bool core = resource.gvk.group.empty();
  if (core && crd::text_at(body, "kind").empty()) body["kind"] = resource.gvk.kind;
  if (core && crd::text_at(body, "apiVersion").empty()) body["apiVersion"] = resource.gvk.api_version();
  const auto kind = crd::text_at(body, "kind");
  const auto version = crd::text_at(body, "apiVersion");
  if (kind.empty()) return unrecognized(resource, body, "Object 'Kind' is missing");
  if (version.empty()) return unrecognized(resource, body, "Object 'apiVersion' is missing");
  if (version != resource.gvk.api_version()) {
    return bad_request("the API version in the data (" + version +
                       ") does not match the expected API version (" + resource.gvk.api_version() + ")");
  }
  if (kind != resource.gvk.kind) {
    const auto given = crd::parse_api_version(version, kind);
    const auto metadata = body.find("metadata");
    const auto name = metadata != body.end() && metadata->is_object() ? crd::text_at(*metadata, "name") : "";
    return invalid(group_kind(given), name,
                   {crd::cause::invalid("kind", kind, "must be " + resource.gvk.kind)});
  }
  return std::nullopt;
}

std::optional<Error> report_unknown(const crd::ResourceInfo& resource,
                                    const std::vector<std::string>& unknown, const WriteOptions& options) {
  std::string list;
  std::size_t told = 0;
  for (const auto& path : unknown) {
    const bool last = told++ == crd::cause::kMostCauses;
    const std::string text = last ? "and " + std::to_string(unknown.size() - crd::cause::kMostCauses) + " more"
                                  : "unknown field \"" + path + "\"";
    if (options.field_validation == FieldValidation::Warn && options.warnings)
      options.warnings->push_back(text);
    list += (list.empty() ? "" : ", ") + text;
    if (last) break;
  }
  if (list.empty() || options.field_validation != FieldValidation::Strict) return std::nullopt;
  return bad_request(resource.gvk.kind + " in version \"" + resource.gvk.version +
                     "\" cannot be handled as a " + resource.gvk.kind + ": strict decoding error: " + list);
}

}  // namespace

Result<json> decode(const crd::ResourceInfo& resource, json body, const WriteOptions& options) {
  if (!body.is_object()) {
    return bad_request("the object provided is unrecognized (must be of type " + resource.gvk.kind +
                       "): couldn't get version/kind; json parse error: expected an object, not " +
                       body.type_name());
  }
  if (auto error = check_type(resource, body)) return *error;

  json& metadata = body["metadata"];
  if (metadata.is_null()) metadata = json::object();
  if (!metadata.is_object()) return bad_request("metadata: must be an object");
  auto unknown = prune_metadata(metadata);
  const auto generate = metadata.find("generateName");
  if (generate != metadata.end() && !generate->is_string())
    return bad_request("metadata.generateName: must be a string");
  for (auto& path : crd::prune(resource.schema, body)) unknown.push_back(std::move(path));
  crd::apply_defaults(resource.schema, body);
  if (resource.prepare) {
    if (auto prepared = resource.prepare(body); prepared.has_error()) return prepared.error();
  }
  if (auto error = report_unknown(resource, unknown, options)) return *error;

  // Checks the types of metadata, on a copy without the revision: what that has to be depends on the
  // operation.
  json probe = {{"apiVersion", body["apiVersion"]}, {"kind", body["kind"]}, {"metadata", metadata}};
  const auto revision = probe["metadata"].find("resourceVersion");
  if (revision != probe["metadata"].end()) {
    if (!revision->is_string()) return bad_request("metadata.resourceVersion: must be a string");
    probe["metadata"].erase("resourceVersion");
  }
  if (auto object = Object::make(std::move(probe)); object.has_error()) return object.error();
  return Result<json>(boost::system::in_place_value, std::move(body));
}

}  // namespace berth::api
