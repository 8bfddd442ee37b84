#include "api/wanted_state.h"

#include <algorithm>

#include "api/allocations.h"
#include "api/errors.h"
#include "api/object_meta.h"
#include "api/preconditions.h"
#include "crd/cause.h"
#include "crd/fields.h"
#include "crd/managed_update.h"
#include "crd/schema.h"

namespace berth::api {

namespace {

void append_causes(std::vector<Cause>& causes, std::vector<Cause> more) {
  causes.insert(causes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

void take_over_member(json& body, const json& old, const char* field) {
  body.erase(field);
  if (old.contains(field)) body[field] = old[field];
}

// What belongs to the server in metadata, as it is stored.
void take_over_metadata(json& metadata, const json& old) {
  for (const char* field : {"uid", "creationTimestamp", "generation", "resourceVersion", "deletionGracePeriodSeconds"}) {
    take_over_member(metadata, old, field);
  }
  if (!metadata.contains("deletionTimestamp") && old.contains("deletionTimestamp")) {
    metadata["deletionTimestamp"] = old["deletionTimestamp"];
  }
}

// The marks of the watched directories: berth.dev/source, berth.dev/source-*.
bool is_source_mark(std::string_view annotation) {
  return annotation.starts_with(crd::kSourceAnnotation) &&
         (annotation.size() == crd::kSourceAnnotation.size() || annotation[crd::kSourceAnnotation.size()] == '-');
}

// What a patch makes of the uid is a change; what a whole object says of it is a precondition.
std::optional<Error> check_uid_kept(const WriteContext& context, const json& metadata, const Object& old) {
  const auto uid = metadata.value("uid", "");
  if (uid.empty() || uid == old.uid()) return std::nullopt;
  return invalid(context.resource, old.name(), {crd::cause::invalid("metadata.uid", uid, "field is immutable")});
}

std::optional<Error> check_wanted(const WriteContext& context, const ObjectKey& key, WantedState& wanted, const Object& old) {
  json& metadata = wanted.body["metadata"];
  if (auto error = check_key(context.resource, metadata, key)) return error;
  if (wanted.patched) {
    if (auto error = check_uid_kept(context, metadata, old)) return error;
  }
  if (auto error = check_preconditions(context.resource, metadata, old)) return error;
  const bool free = !is_custom(context.resource) || context.status;
  if (free || !metadata.value("resourceVersion", "").empty()) return std::nullopt;
  return revision_required(context.resource, key.name);
}

Result<json> next_status(const WriteContext& context, const WantedState& wanted, const Object& old) {
  const auto& resource = context.resource;
  json body = old.body();
  take_over_member(body, wanted.body, "status");
  if (context.options.actor == Actor::User && is_custom(resource) && resource.gvk.kind == "TestEnvironment") {
    keep_allocations(body["status"], old.status());
    if (body["status"].empty()) body.erase("status");
  }
  // The rest passed when it was written.
  auto causes = crd::validate(resource.status_schema.is_null() ? resource.schema : resource.status_schema, body);
  if (!causes.empty()) return invalid(resource, old.name(), std::move(causes));
  account(context, wanted, &old.body(), body);
  return Result<json>(boost::system::in_place_value, std::move(body));
}

Result<json> next_main(const WriteContext& context, WantedState wanted, const Object& old) {
  const auto& resource = context.resource;
  const json& before = old.body()["metadata"];
  json body = std::move(wanted.body);
  json& metadata = body["metadata"];
  take_over_metadata(metadata, before);
  if (context.options.actor == Actor::User) keep_source_marks(metadata, before);
  if (resource.has_status) take_over_member(body, old.body(), "status");
  if (is_namespace(resource)) take_over_member(body, old.body(), "spec");
  auto causes = settle_finalizers(metadata, finalizers_of(before), context.options.actor);
  append_causes(causes, validate_metadata(resource, metadata));
  append_causes(causes, validate_metadata_update(metadata, before));
  append_causes(causes, validate_content(resource, body, &old.body()));
  if (!causes.empty()) return invalid(resource, old.name(), std::move(causes));
  account(context, wanted, &old.body(), body);
  return Result<json>(boost::system::in_place_value, std::move(body));
}

crd::ObjectPart part_of(const WriteContext& context) {
  if (context.status) return crd::ObjectPart::Status;
  return context.resource.has_status ? crd::ObjectPart::Main : crd::ObjectPart::Whole;
}

}  // namespace

WantedState wanted_of(Decoded decoded) {
  WantedState wanted;
  wanted.body = std::move(decoded.body);
  wanted.managed = std::move(decoded.managed);
  return wanted;
}

Result<json> next_state(const WriteContext& context, const ObjectKey& key, WantedState wanted, const Object& old) {
  if (auto error = check_wanted(context, key, wanted, old)) return *error;
  return context.status ? next_status(context, wanted, old) : next_main(context, std::move(wanted), old);
}

void account(const WriteContext& context, const WantedState& wanted, const json* old, json& body) {
  json& metadata = body["metadata"];
  if (wanted.accounted) {
    metadata.erase("managedFields");
    if (!wanted.managed.is_null() && !wanted.managed.empty()) metadata["managedFields"] = wanted.managed;
    return;
  }
  const json* stored = old ? crd::member(crd::object_at(*old, "metadata"), "managedFields") : nullptr;
  // Who writes a subresource has no say in what is tracked; nor has who makes an object.
  const bool resets = old && !context.status && crd::resets_managed_fields(wanted.managed);
  std::optional<crd::ManagedFields> entries;
  if (old && !context.status && !resets && !wanted.managed.is_null()) entries = crd::decode_managed_fields(wanted.managed);
  if (!resets && (!entries || entries->empty()) && stored) entries = crd::decode_managed_fields(*stored);
  if (!entries) entries.emplace();

  const crd::FieldWriter writer{context.options.field_manager, context.resource.gvk.api_version(), context.now};
  const crd::MergeType& type = context.resource.merge ? *context.resource.merge : *crd::deduced_merge_type();
  crd::track_update(type, part_of(context), writer, old, body, *entries);
  metadata.erase("managedFields");
  if (!entries->empty()) metadata["managedFields"] = crd::encode_managed_fields(std::move(*entries));
}

bool same_but_times(const json& body, const json& old) {
  const auto same_members = [](const json& a, const json& b, std::string_view apart) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a.items()) {
      const json* other = crd::find_member(b, key);
      if (!other || (key != apart && *other != value)) return false;
    }
    return true;
  };
  if (!same_members(body, old, "metadata") || !same_members(body["metadata"], old["metadata"], "managedFields")) return false;
  const json& entries = crd::array_at(body["metadata"], "managedFields");
  const json& before = crd::array_at(old["metadata"], "managedFields");
  // Their order depends on the times.
  const auto untimed = [](json list) {
    for (json& entry : list) entry.erase("time");
    std::sort(list.begin(), list.end());
    return list;
  };
  return entries.size() == before.size() && untimed(entries) == untimed(before);
}

void keep_source_marks(json& metadata, const json& old) {
  json annotations = json::object();
  for (const auto& [name, value] : crd::object_at(metadata, "annotations").items()) {
    if (!is_source_mark(name)) annotations[name] = value;
  }
  for (const auto& [name, value] : crd::object_at(old, "annotations").items()) {
    if (is_source_mark(name)) annotations[name] = value;
  }
  const auto given = metadata.find("annotations");
  if (given != metadata.end() ? *given == annotations : annotations.empty()) return;
  metadata.erase("annotations");
  if (!annotations.empty()) metadata["annotations"] = std::move(annotations);
}

std::vector<Cause> validate_content(const crd::ResourceInfo& resource, const json& body, const json* old) {
  auto causes = crd::validate(resource.schema, body);
  if (causes.empty() && resource.rules) causes = resource.rules(body, old);
  return causes;
}

}  // namespace berth::api
