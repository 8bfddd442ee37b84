#pragma once

#include <string>
#include <string_view>

#include "crd/object.h"

namespace berth::api {

inline constexpr std::string_view kSchemaRefs = "#/components/schemas/";
inline constexpr std::string_view kMetaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1.";

// {"$ref": ...} to a schema of the document.
json schema_ref(const std::string& name);
// The same where the property has a description or default of its own, which may not stand beside "$ref".
json described_ref(const std::string& name, const std::string& description);
json meta_ref(std::string_view kind);  // "ObjectMeta"

// "dev.berth.v1alpha1.TestEnvironment", "io.k8s.api.core.v1.Namespace".
std::string schema_name(const crd::GroupVersionKind& gvk);
crd::GroupVersionKind list_kind(const crd::GroupVersionKind& gvk);  // the kind of a list of it
// x-kubernetes-group-version-kind: an object at operations, a list of one at schemas.
json gvk_extension(const crd::GroupVersionKind& gvk);

// "berthDev_v1alpha1", "core_v1"
std::string operation_tag(const crd::GroupVersionKind& gvk);
// The middle of an operationId: "BerthDevV1alpha1", "CoreV1".
std::string operation_word(const crd::GroupVersionKind& gvk);
std::string capitalized(std::string_view text);

}  // namespace berth::api
