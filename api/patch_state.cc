#include "api/errors.h"
#include "api/preconditions.h"
#include "api/wanted_state.h"
#include "crd/cause.h"
#include "crd/fields.h"
#include "crd/json_patch.h"
#include "crd/managed_text.h"
#include "crd/managed_update.h"
#include "crd/strategic_merge_patch.h"
#include "crd/typed_value.h"

namespace berth::api {

namespace {

constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
constexpr std::size_t kMostAnnotationBytes = 256 * 1024;
// The manager for which an API server keeps the annotation of client-side apply in step.
constexpr std::string_view kKubectl = "kubectl";

const crd::MergeType& merge_type_of(const crd::ResourceInfo& resource) {
  return resource.merge ? *resource.merge : *crd::deduced_merge_type();
}

crd::ObjectPart applied_part(const WriteContext& context) {
  if (context.status) return crd::ObjectPart::Status;
  return context.resource.has_status ? crd::ObjectPart::Main : crd::ObjectPart::Whole;
}

// ---- merge patches

Result<json> patched_document(const crd::ResourceInfo& resource, const Patch& patch, const Object& old) {
  json document = old.body();
  crd::expand_managed_fields(document["metadata"]);
  if (patch.type == PatchType::Json) return crd::apply_json_patch(std::move(document), patch.body);
  if (!patch.body.is_object()) {
    return bad_request("error decoding patch: json: cannot unmarshal " + std::string(patch.body.type_name()) +
                       " into Go value of type map[string]interface {}");
  }
  if (patch.type == PatchType::StrategicMerge) {
    return crd::apply_strategic_merge_patch(merge_type_of(resource), std::move(document), patch.body);
  }
  document.merge_patch(patch.body);
  return Result<json>(boost::system::in_place_value, std::move(document));
}

Result<WantedState> merge_patched(const WriteContext& context, const Patch& patch, const Object& old) {
  auto document = patched_document(context.resource, patch, old);
  if (document.has_error()) return document.error();
  const bool strict = context.options.field_validation == FieldValidation::Strict;
  const std::string text = strict ? crd::dump(document.value()) : "";
  auto decoded = decode_fields(context.resource, context.resource.schema, std::move(document.value()));
  if (decoded.has_error()) return decoded.error();
  std::vector<std::string> problems;
  for (const auto& problem : patch.problems) problems.push_back((patch.type == PatchType::Json ? "json patch " : "") + problem);
  for (auto& unknown : unknown_texts(decoded->unknown)) problems.push_back(std::move(unknown));
  if (const auto error = strict_error(problems, context.options); !error.empty()) return invalid_patch(text, error);
  WantedState wanted = wanted_of(std::move(decoded.value()));
  wanted.patched = true;
  return wanted;
}

// ---- apply

std::string go_gvk(const crd::GroupVersionKind& gvk) { return gvk.group + "/" + gvk.version + ", Kind=" + gvk.kind; }

std::optional<Error> check_config(const crd::ResourceInfo& resource, const json& config) {
  if (!config.is_object()) {
    return bad_request("error decoding YAML: json: cannot unmarshal " + std::string(config.type_name()) +
                       " into Go value of type map[string]interface {}");
  }
  const auto gvk = crd::parse_api_version(crd::text_at(config, "apiVersion"), crd::text_at(config, "kind"));
  if (!(gvk == resource.gvk)) return bad_request("invalid object type: " + go_gvk(gvk));
  const json& metadata = crd::object_at(config, "metadata");
  if (crd::member(metadata, "managedFields")) return bad_request("metadata.managedFields must be nil");
  const auto errors = crd::check_typed(merge_type_of(resource), config);
  if (errors.empty()) return std::nullopt;
  std::string text = errors.size() == 1 ? errors.front() : "errors:";
  if (errors.size() > 1) {
    for (const auto& error : errors) text += "\n  " + error;
  }
  return bad_request("failed to create typed patch object (" + crd::text_at(metadata, "namespace") + "/" +
                     crd::text_at(metadata, "name") + "; " + go_gvk(gvk) + "): " + text);
}

// What of a configuration a write of this part is about.
json relevant_config(const WriteContext& context, const json& config) {
  if (!context.status) {
    json out = config;
    if (context.resource.has_status) out.erase("status");
    return out;
  }
  json out = {{"apiVersion", config["apiVersion"]}, {"kind", config["kind"]}};
  for (const char* field : {"name", "namespace", "uid", "resourceVersion"}) {
    if (const json* value = crd::find_member(crd::object_at(config, "metadata"), field)) out["metadata"][field] = *value;
  }
  if (config.contains("status")) out["status"] = config["status"];
  return out;
}

// What kubectl applied on the client before it applies on the server, where nobody changed it since.
crd::FieldSet client_applied(const WriteContext& context, const json& live) {
  const std::string text = crd::text_at(crd::object_at(crd::object_at(live, "metadata"), "annotations"), kLastApplied);
  auto last = crd::parse_json(text);
  if (text.empty() || last.has_error() || crd::text_at(last.value(), "apiVersion") != context.resource.gvk.api_version()) return {};
  return crd::agreed_fields(merge_type_of(context.resource), applied_part(context), last.value(), live);
}

void update_last_applied(const json& config, json& body) {
  json& metadata = body["metadata"];
  const json& annotations = crd::object_at(metadata, "annotations");
  if (crd::text_at(annotations, kLastApplied).empty()) return;
  json applied = config;
  json& own = applied["metadata"];
  if (const auto given = own.find("annotations"); given != own.end() && given->is_object()) {
    given->erase(kLastApplied);
    if (given->empty()) own.erase("annotations");
  }
  metadata["annotations"][kLastApplied] = crd::dump(applied) + "\n";
  std::size_t bytes = 0;
  for (const auto& [name, value] : metadata["annotations"].items()) {
    bytes += name.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (bytes > kMostAnnotationBytes) metadata["annotations"].erase(kLastApplied);
}

// A status that would change something, and is then left out because it has a subresource of its own, still counts as a change.
bool changes_status(const WriteContext& context, const json& config, const json* live) {
  const json* status = crd::find_member(config, "status");
  if (context.status || !context.resource.has_status || !live || !status) return false;
  const json& stored = crd::object_at(*live, "status");
  const crd::MergeType* type = merge_type_of(context.resource).member("status");
  return type && crd::merge_typed(*type, stored, *status) != stored;
}

Result<crd::ApplyOutcome> apply_once(const WriteContext& context, const Patch& patch, const json* live, const json& config,
                                     crd::ManagedFields& entries) {
  const crd::FieldWriter writer{context.options.field_manager, context.resource.gvk.api_version(), context.now};
  crd::ApplyRequest request{merge_type_of(context.resource), applied_part(context), writer, patch.force};
  request.stamp = changes_status(context, patch.body, live);
  auto outcome = crd::apply_config(request, live, config, entries);
  if (outcome.has_value() || outcome.error().reason != Reason::Conflict || context.options.field_manager != kKubectl || !live) {
    return outcome;
  }
  request.yields = client_applied(context, *live);
  if (request.yields.empty()) return outcome;
  return crd::apply_config(request, live, config, entries);
}

Result<WantedState> applied_state(const WriteContext& context, const Patch& patch, const Object* old) {
  const auto& resource = context.resource;
  if (auto error = check_config(resource, patch.body)) return *error;
  json live;
  if (old) {
    live = old->body();
    live["metadata"].erase("managedFields");
  }
  crd::ManagedFields entries;
  if (old) {
    const json* stored = crd::member(old->body()["metadata"], "managedFields");
    if (auto decoded = stored ? crd::decode_managed_fields(*stored) : std::nullopt) entries = std::move(*decoded);
  }
  const json config = relevant_config(context, patch.body);
  auto outcome = apply_once(context, patch, old ? &live : nullptr, config, entries);
  if (outcome.has_error()) return outcome.error();
  if (!context.status && context.options.field_manager == kKubectl) update_last_applied(config, outcome->body);

  if (!patch.problems.empty() && !strict_error(patch.problems, context.options).empty()) {
    std::string text;
    for (const auto& problem : patch.problems) text += (text.empty() ? "" : ", ") + problem;
    return bad_request("error strict decoding YAML: " + text);
  }
  auto decoded = decode_fields(resource, resource.schema, std::move(outcome->body));
  if (decoded.has_error()) return decoded.error();
  WantedState wanted = wanted_of(std::move(decoded.value()));
  wanted.managed = crd::encode_managed_fields(std::move(entries));
  wanted.accounted = true;
  wanted.restamped = changes_status(context, patch.body, old ? &live : nullptr);
  wanted.patched = old != nullptr;
  return wanted;
}

}  // namespace

Result<WantedState> patch_state(const WriteContext& context, const Patch& patch, const Object* old) {
  return patch.type == PatchType::Apply ? applied_state(context, patch, old) : merge_patched(context, patch, *old);
}

}  // namespace berth::api
