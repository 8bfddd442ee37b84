#include "crd/merge_type.h"

#include "crd/fields.h"

namespace berth::crd {
namespace {

MergeTypePtr scalar_type(MergeType::Scalar scalar) {
  MergeType type;
  type.scalar = scalar;
  return std::make_shared<const MergeType>(std::move(type));
}

MergeTypePtr atomic_type() {
  static const MergeTypePtr kAtomic = [] {
    MergeType type;
    type.scalar = MergeType::Scalar::Any;
    type.list = MergeType::List::Atomic;
    type.map = MergeType::Map::Atomic;
    auto made = std::make_shared<MergeType>(std::move(type));
    made->items = MergeTypePtr(MergeTypePtr(), made.get());
    made->others = MergeTypePtr(MergeTypePtr(), made.get());
    return MergeTypePtr(std::move(made));
  }();
  return kAtomic;
}

MergeTypePtr merge_type_of(const json& schema);

void read_list(const json& schema, MergeType& type) {
  const std::string kind = text_at(schema, "x-kubernetes-list-type");
  type.list = kind == "map"   ? MergeType::List::Map
              : kind == "set" ? MergeType::List::Set
                              : MergeType::List::Atomic;
  const json* items = find_member(schema, "items");
  type.items = items ? merge_type_of(*items) : deduced_merge_type();
  if (type.list != MergeType::List::Map) return;
  for (const json& name : array_at(schema, "x-kubernetes-list-map-keys")) {
    if (!name.is_string()) continue;
    const auto& text = name.get_ref<const std::string&>();
    const json& property = object_at(object_at(object_at(schema, "items"), "properties"), text);
    const json* preset = find_member(property, "default");
    type.keys.push_back({text, preset ? *preset : json()});
  }
}

void read_map(const json& schema, MergeType& type) {
  type.map = text_at(schema, "x-kubernetes-map-type") == "atomic" ? MergeType::Map::Atomic : MergeType::Map::Granular;
  for (const auto& [name, property] : object_at(schema, "properties").items()) {
    type.fields[name] = merge_type_of(property);
  }
  const json* additional = find_member(schema, "additionalProperties");
  if (additional && additional->is_object()) {
    type.others = merge_type_of(*additional);
  } else if (flag_at(schema, "x-kubernetes-preserve-unknown-fields") || flag_at(schema, "additionalProperties")) {
    type.others = deduced_merge_type();
  }
}

MergeTypePtr merge_type_of(const json& schema) {
  if (flag_at(schema, "x-kubernetes-int-or-string")) return scalar_type(MergeType::Scalar::Any);
  const std::string kind = text_at(schema, "type");
  MergeType type;
  if (kind == "string") {
    type.scalar = MergeType::Scalar::String;
  } else if (kind == "integer" || kind == "number") {
    type.scalar = MergeType::Scalar::Number;
  } else if (kind == "boolean") {
    type.scalar = MergeType::Scalar::Boolean;
  } else if (kind == "array") {
    read_list(schema, type);
  } else if (kind == "object") {
    read_map(schema, type);
  } else {
    return deduced_merge_type();
  }
  return std::make_shared<const MergeType>(std::move(type));
}

// metav1.ObjectMeta.
MergeTypePtr metadata_type() {
  static const MergeTypePtr kMetadata = [] {
    const auto text = scalar_type(MergeType::Scalar::String);
    MergeType strings;
    strings.map = MergeType::Map::Granular;
    strings.others = text;
    MergeType finalizers;
    finalizers.list = MergeType::List::Set;
    finalizers.items = text;
    MergeType owners;
    owners.list = MergeType::List::Map;
    owners.keys = {{"uid", json()}};
    owners.items = atomic_type();
    MergeType managed;
    managed.list = MergeType::List::Atomic;
    managed.items = atomic_type();

    MergeType type;
    type.map = MergeType::Map::Granular;
    for (const char* name : {"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "creationTimestamp",
                             "deletionTimestamp"}) {
      type.fields[name] = text;
    }
    for (const char* name : {"generation", "deletionGracePeriodSeconds"}) {
      type.fields[name] = scalar_type(MergeType::Scalar::Number);
    }
    for (const char* name : {"labels", "annotations"}) type.fields[name] = std::make_shared<const MergeType>(strings);
    type.fields["finalizers"] = std::make_shared<const MergeType>(std::move(finalizers));
    type.fields["ownerReferences"] = std::make_shared<const MergeType>(std::move(owners));
    type.fields["managedFields"] = std::make_shared<const MergeType>(std::move(managed));
    return std::make_shared<const MergeType>(std::move(type));
  }();
  return kMetadata;
}

}  // namespace

const MergeType* MergeType::member(std::string_view name) const {
  const auto found = fields.find(name);
  return found != fields.end() ? found->second.get() : others.get();
}

MergeType::Shape MergeType::shape_of(const json& value) const {
  if (value.is_object() && map != Map::None) return Shape::Map;
  if (value.is_array() && list != List::None) return Shape::List;
  if (value.is_primitive() && !value.is_null() && scalar != Scalar::None) return Shape::Scalar;
  if (map != Map::None) return Shape::Map;
  return scalar != Scalar::None ? Shape::Scalar : Shape::List;
}

MergeTypePtr merge_type(const json& schema) {
  MergeType type;
  read_map(schema, type);
  type.fields["apiVersion"] = scalar_type(MergeType::Scalar::String);
  type.fields["kind"] = scalar_type(MergeType::Scalar::String);
  type.fields["metadata"] = metadata_type();
  return std::make_shared<const MergeType>(std::move(type));
}

MergeTypePtr deduced_merge_type() {
  static const MergeTypePtr kDeduced = [] {
    MergeType type;
    type.scalar = MergeType::Scalar::Any;
    type.list = MergeType::List::Atomic;
    type.map = MergeType::Map::Granular;
    auto made = std::make_shared<MergeType>(std::move(type));
    made->items = atomic_type();
    made->others = MergeTypePtr(MergeTypePtr(), made.get());
    return MergeTypePtr(std::move(made));
  }();
  return kDeduced;
}

}  // namespace berth::crd
