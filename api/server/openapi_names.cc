#include "api/server/openapi_names.h"

#include <cctype>
#include <vector>

#include "api/server/served_resources.h"
#include "base/text.h"

namespace berth::api {

namespace {

std::vector<std::string> labels_of(std::string_view group) {
  const auto labels = base::split(group, '.');
  return {labels.begin(), labels.end()};
}

// "core", "coordination" (what Kubernetes calls coordination.k8s.io), or the whole name of any other group.
std::string short_group(const std::string& group) {
  if (group.empty()) return "core";
  return is_builtin_group(group) ? labels_of(group).front() : group;
}

// "berthDev"
std::string camel_case(const std::string& group) {
  std::string out;
  for (const auto& label : labels_of(group)) out += out.empty() ? label : capitalized(label);
  std::erase(out, '-');
  return out;
}

}  // namespace

json schema_ref(const std::string& name) { return {{"$ref", std::string(kSchemaRefs) + name}}; }

json described_ref(const std::string& name, const std::string& description) {
  return {{"description", description}, {"allOf", json::array({schema_ref(name)})}};
}

json meta_ref(std::string_view kind) { return schema_ref(std::string(kMetaPrefix) + std::string(kind)); }

std::string schema_name(const crd::GroupVersionKind& gvk) {
  std::string prefix;
  if (is_builtin_group(gvk.group)) {
    prefix = "io.k8s.api." + short_group(gvk.group) + ".";
  } else {
    for (const auto& label : labels_of(gvk.group)) prefix = label + "." + prefix;
  }
  return prefix + gvk.version + "." + gvk.kind;
}

crd::GroupVersionKind list_kind(const crd::GroupVersionKind& gvk) { return {gvk.group, gvk.version, gvk.kind + "List"}; }

json gvk_extension(const crd::GroupVersionKind& gvk) {
  return {{"group", gvk.group}, {"version", gvk.version}, {"kind", gvk.kind}};
}

std::string operation_tag(const crd::GroupVersionKind& gvk) { return camel_case(short_group(gvk.group)) + "_" + gvk.version; }

std::string operation_word(const crd::GroupVersionKind& gvk) {
  return capitalized(camel_case(short_group(gvk.group))) + capitalized(gvk.version);
}

std::string capitalized(std::string_view text) {
  std::string out(text);
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  return out;
}

}  // namespace berth::api
