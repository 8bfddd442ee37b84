#pragma once

#include "crd/scheme.h"

namespace berth::api {

// The schema of a kind as it is published (OpenAPI v3): the structural one with the standard apiVersion, kind and metadata, without
// what is berth's own (x-berth-*).
json published_schema(const crd::ResourceInfo& resource);
// The schema of a list of objects of that kind.
json list_schema(const crd::GroupVersionKind& gvk, const std::string& plural);
// Adds apiVersion, kind and metadata, which is of `meta_kind` ("ObjectMeta", "ListMeta").
void add_type_meta(json& schema, const std::string& meta_kind, const char* description);
// The schema of a virtual resource (served_resources.h), by its kind.
json review_schema(const crd::GroupVersionKind& gvk);

// `schemas` (by name) with those of meta/v1 that they refer to, directly or not.
json with_referenced(json schemas, const json& paths);

}  // namespace berth::api
