#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crd/field_set.h"
#include "crd/merge_type.h"

// Values seen through their MergeType, part by part, as sigs.k8s.io/structured-merge-diff does. All pure. Absent values are null
// pointers; a JSON null is a value.
namespace berth::crd {

// The step that leads to `item` of a list of type set or map; nullopt when it has none (no key, or of a type that cannot be one):
// then `why` says so.
std::optional<std::string> list_element(const MergeType& list, const json& item, std::string* why = nullptr);

// Where `value` is not what `type` says: ".spec.image: expected string, got ...", ".spec.nope: field not declared in schema",
// ".spec.ports: duplicate entries for key [name="a"]". Bounds and enums are not looked at: validate() does.
std::vector<std::string> check_typed(const MergeType& type, const json& value);

// The paths that an applier of `value` owns: leaves, items of lists, members that have no name of their own in the schema.
FieldSet fields_of(const MergeType& type, const json& value);

struct Comparison {
  FieldSet added;
  FieldSet modified;
  FieldSet removed;
  bool same() const { return added.empty() && modified.empty() && removed.empty(); }
};
// Not both null. Parents that came or went are told like their leaves.
Comparison compare_typed(const MergeType& type, const json* before, const json* after);

// `live` with everything that `config` says. What both have keeps the order of `config`, the rest of `live` its place.
json merge_typed(const MergeType& type, const json& live, const json& config);

// `value` without the members and items that are in `paths`; what becomes empty by that goes too.
json remove_typed(const MergeType& type, const json& value, const FieldSet& paths);

// `paths` with the fields that the schema names on the way to them.
FieldSet with_named_fields(const MergeType& type, const FieldSet& paths);

}  // namespace berth::crd
