#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

namespace berth::crd {

// A structural OpenAPI v3 schema (apiextensions.k8s.io/v1) as JSON: type, properties, items,
// additionalProperties, required, enum, minimum/maximum, minLength/maxLength, pattern, minItems/maxItems,
// minProperties/maxProperties, format, nullable, default, x-kubernetes-int-or-string,
// x-kubernetes-preserve-unknown-fields, x-kubernetes-list-type/-map-keys. Metadata is not described by the
// schema: prune/default/validate leave "metadata", "apiVersion" and "kind" alone.
//
// Vendor key of ours, in memory only: "x-berth-unsupported": true marks a field that is part of the API but
// not built yet. In crd/kinds it is a description that begins with "Not supported yet.", which every API
// server accepts. validate() reports the use of such a field, whatever its value, as FieldValueNotSupported
// "<path>: not supported yet".
//
// The four steps in the order a server takes them. Pure.

// Removes what the schema does not know; returns the paths that were removed ("spec.imagge").
std::vector<std::string> prune(const json& schema, json& value);

// Fills absent or null fields that have a default, also inside list items; drops nulls of non-nullable fields
// without one.
void apply_defaults(const json& schema, json& value);

// Every violation with its path; messages are Kubernetes' ("Required value", "Unsupported value: \"x\":
// supported values: \"a\", \"b\"", "Invalid value: ...").
std::vector<Cause> validate(const json& schema, const json& value);

// Whether `schema` itself is a structural schema that this file understands; the errors otherwise. For the
// test that reads every file in crd/kinds, and at start.
std::vector<std::string> check_structural(const json& schema);

}  // namespace berth::crd
