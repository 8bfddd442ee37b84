#include "api/decode.h"

#include "api/errors.h"
#include "api/object_meta.h"
#include "api/preconditions.h"
#include "crd/cause.h"
#include "crd/fields.h"
#include "crd/managed_text.h"
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
  const bool core = !is_custom(resource);
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

// The managedFields that a client sends, in memory's form; null when there are none or they cannot be read, as for those who do not know
// them.
Result<json> take_managed_fields(json& metadata) {
  json taken;
  const auto found = metadata.find("managedFields");
  if (found == metadata.end()) return Result<json>(boost::system::in_place_value, std::move(taken));
  taken = std::move(*found);
  metadata.erase(found);
  if (taken.is_null()) return Result<json>(boost::system::in_place_value, std::move(taken));
  if (!taken.is_array()) return bad_request("metadata.managedFields: must be a list");
  for (const json& entry : taken) {
    if (!entry.is_object()) return bad_request("metadata.managedFields: must be a list of objects");
    const json* fields = crd::member(entry, "fieldsV1");
    if (fields && !fields->is_object()) return Result<json>(boost::system::in_place_value, nullptr);
  }
  json holder = {{"managedFields", std::move(taken)}};
  crd::compact_managed_fields(holder);
  return Result<json>(boost::system::in_place_value, std::move(holder["managedFields"]));
}

}  // namespace

Result<Decoded> decode_fields(const crd::ResourceInfo& resource, const json& schema, json body) {
  if (!body.is_object()) {
    return bad_request("the object provided is unrecognized (must be of type " + resource.gvk.kind +
                       "): couldn't get version/kind; json parse error: expected an object, not " +
                       body.type_name());
  }
  if (auto error = check_type(resource, body)) return *error;

  json& metadata = body["metadata"];
  if (metadata.is_null()) metadata = json::object();
  if (!metadata.is_object()) return bad_request("metadata: must be an object");
  auto managed = take_managed_fields(metadata);
  if (managed.has_error()) return managed.error();
  Decoded out;
  out.unknown = prune_metadata(metadata);
  const auto generate = metadata.find("generateName");
  if (generate != metadata.end() && !generate->is_string())
    return bad_request("metadata.generateName: must be a string");
  for (auto& path : crd::prune(schema, body)) out.unknown.push_back(std::move(path));
  crd::apply_defaults(schema, body);
  if (resource.prepare) {
    if (auto prepared = resource.prepare(body); prepared.has_error()) return prepared.error();
  }

  // Checks the types of metadata, on a copy without the revision: what that has to be depends on the
  // operation.
  json probe = {{"apiVersion", body["apiVersion"]}, {"kind", body["kind"]}, {"metadata", metadata}};
  const auto revision = probe["metadata"].find("resourceVersion");
  if (revision != probe["metadata"].end()) {
    if (!revision->is_string()) return bad_request("metadata.resourceVersion: must be a string");
    probe["metadata"].erase("resourceVersion");
  }
  if (auto object = Object::make(std::move(probe)); object.has_error()) return object.error();
  out.body = std::move(body);
  out.managed = std::move(managed.value());
  return out;
}

std::vector<std::string> unknown_texts(const std::vector<std::string>& unknown) {
  std::vector<std::string> texts;
  for (const auto& path : unknown) {
    if (texts.size() == crd::cause::kMostCauses) {
      texts.push_back("and " + std::to_string(unknown.size() - crd::cause::kMostCauses) + " more");
      break;
    }
    texts.push_back("unknown field \"" + path + "\"");
  }
  return texts;
}

std::string strict_error(const std::vector<std::string>& texts, const WriteOptions& options) {
  if (options.field_validation == FieldValidation::Warn && options.warnings) {
    options.warnings->insert(options.warnings->end(), texts.begin(), texts.end());
  }
  if (options.field_validation != FieldValidation::Strict) return "";
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "strict decoding error: " : ", ") + text;
  return list;
}

Result<Decoded> decode(const crd::ResourceInfo& resource, json body, const WriteOptions& options) {
  auto decoded = decode_fields(resource, resource.schema, std::move(body));
  if (decoded.has_error()) return decoded;
  const auto strict = strict_error(unknown_texts(decoded->unknown), options);
  if (strict.empty()) return decoded;
  return bad_request(resource.gvk.kind + " in version \"" + resource.gvk.version + "\" cannot be handled as a " +
                     resource.gvk.kind + ": " + strict);
}

}  // namespace berth::api
