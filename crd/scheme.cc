#include "crd/scheme.h"

#include <stdexcept>

#include "crd/core_kinds.h"
#include "crd/fields.h"
#include "crd/formats.h"
#include "crd/schema.h"
#include "crd/test_environment.h"
#include "crd/yaml.h"

namespace berth::crd {

std::vector<std::string_view> embedded_kinds();  // made by cmake/embed.cmake from crd/kinds

namespace {

bool answers_to(const ResourceInfo& info, const std::string& name) {
  const auto& [group, version, kind] = info.gvk;
  return name == info.plural || name == info.singular || name == lower_case(kind) ||
         name == info.group_resource() || name == info.singular + "." + group ||
         name == info.plural + "." + version + "." + group ||
         std::find(info.short_names.begin(), info.short_names.end(), name) != info.short_names.end();
}

// What berth adds to a kind beyond its CustomResourceDefinition.
void add_behaviour(ResourceInfo& info, const FieldPolicy& policy) {
  if (info.gvk.kind != "TestEnvironment") return;
  info.finalizers = {std::string(kEngineFinalizer)};
  info.rules = [policy](const json& object, const json* old) {
    std::vector<Cause> causes = test_environment_rules(object, old);
    return causes.empty() ? policy_causes(object, old, policy) : causes;
  };
  info.subresources = {{"attach", info.gvk.kind, {"create"}}, {"log", info.gvk.kind, {"get"}}};
}

ResourceInfo parse_embedded(std::string_view text, const FieldPolicy& policy) {
  auto documents = parse_yaml(text, "embedded kind");
  if (!documents.has_value()) throw std::logic_error(documents.error().message);
  if (documents->size() != 1) throw std::logic_error("embedded kind: must be one document");
  auto info = parse_custom_resource_definition(documents->front().value);
  if (!info.has_value()) throw std::logic_error("embedded kind: " + info.error().message);
  add_behaviour(*info, policy);
  return std::move(*info);
}

}  // namespace

bool ResourceInfo::allows(std::string_view verb) const {
  return verbs.empty() || std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

Scheme Scheme::builtin(FieldPolicy policy) {
  Scheme scheme;
  for (std::string_view text : embedded_kinds()) scheme.add(parse_embedded(text, policy));
  for (ResourceInfo& info : core_kinds()) scheme.add(std::move(info));
  return scheme;
}

void Scheme::add(ResourceInfo info) {
  if (!info.merge) info.merge = merge_type(info.schema);
  if (info.status_schema.is_null()) {
    json properties = json::object();
    if (const json* status = find_member(object_at(info.schema, "properties"), "status")) properties["status"] = *status;
    info.status_schema = {{"type", "object"}, {"properties", std::move(properties)}};
  }
  resources_.push_back(std::move(info));
}

const ResourceInfo* Scheme::find(std::string_view group, std::string_view version,
                                 std::string_view plural) const {
  for (const ResourceInfo& info : resources_) {
    if (info.gvk.group == group && info.gvk.version == version && info.plural == plural) return &info;
  }
  return nullptr;
}

const ResourceInfo* Scheme::find_kind(const GroupVersionKind& gvk) const {
  for (const ResourceInfo& info : resources_) {
    if (info.gvk == gvk) return &info;
  }
  return nullptr;
}

const ResourceInfo* Scheme::find_name(std::string_view name) const {
  const std::string wanted = lower_case(name);
  for (const ResourceInfo& info : resources_) {
    if (answers_to(info, wanted)) return &info;
  }
  return nullptr;
}

}  // namespace berth::crd
