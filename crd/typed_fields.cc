#include <map>

#include "crd/fields.h"
#include "crd/typed_value.h"

namespace berth::crd {
namespace {

std::optional<std::string> refuse(std::string* why, std::string text) {
  if (why) *why = std::move(text);
  return std::nullopt;
}

std::string quoted_names(const std::vector<MergeKey>& keys) {
  std::string names;
  for (const MergeKey& key : keys) names += (names.empty() ? "" : " ") + dump(key.name);
  return "[" + names + "]";
}

std::optional<std::string> keyed_element(const MergeType& list, const json& item, std::string* why) {
  if (item.is_null()) return refuse(why, "associative list with keys may not have a null element");
  if (!item.is_object()) return refuse(why, "associative list with keys may not have non-map elements");
  json key = json::object();
  for (const MergeKey& part : list.keys) {
    if (const json* given = find_member(item, part.name)) {
      key[part.name] = *given;
    } else if (!part.preset.is_null()) {
      key[part.name] = part.preset;
    }
  }
  if (key.empty()) {
    return refuse(why, "associative list with keys has an element that omits all key fields " + quoted_names(list.keys) +
                           " (and doesn't have default values for any key fields)");
  }
  return key_element(key);
}

FieldSet list_fields(const MergeType& type, const json& value) {
  std::map<std::string, const json*> items;  // null: it is there more than once
  for (const json& item : value) {
    auto element = list_element(type, item);
    if (!element) continue;
    const auto [place, fresh] = items.try_emplace(std::move(*element), &item);
    if (!fresh) place->second = nullptr;
  }
  FieldSet out;
  for (const auto& [element, item] : items) {
    FieldSet below = item ? fields_of(*type.items, *item) : FieldSet();
    below.add_here();
    out.add(element, std::move(below));
  }
  return out;
}

FieldSet map_fields(const MergeType& type, const json& value) {
  FieldSet out;
  for (const auto& [name, part] : value.items()) {
    const MergeType* known = type.member(name);
    FieldSet below = fields_of(known ? *known : *deduced_merge_type(), part);
    const bool bare = part.is_null() || (part.is_object() && part.empty());
    if (bare || !type.declares(name)) below.add_here();
    out.add(field_element(name), std::move(below));
  }
  return out;
}

}  // namespace

std::optional<std::string> list_element(const MergeType& list, const json& item, std::string* why) {
  if (list.list == MergeType::List::Map) return keyed_element(list, item, why);
  if (list.list != MergeType::List::Set) return refuse(why, "invalid indexing of non-associative list");
  if (item.is_null()) return refuse(why, "associative list without keys has an element that's an explicit null");
  if (item.is_object()) return refuse(why, "associative list without keys has an element that's a map type");
  if (item.is_array()) return refuse(why, "not supported: associative list with lists as elements");
  return value_element(item);
}

FieldSet fields_of(const MergeType& type, const json& value) {
  FieldSet leaf;
  leaf.add_here();
  switch (type.shape_of(value)) {
    case MergeType::Shape::Scalar: return leaf;
    case MergeType::Shape::List:
      if (type.list == MergeType::List::Atomic) return leaf;
      return value.is_array() ? list_fields(type, value) : FieldSet();
    case MergeType::Shape::Map:
      if (type.map == MergeType::Map::Atomic) return leaf;
      return value.is_object() ? map_fields(type, value) : FieldSet();
  }
  return leaf;
}

FieldSet with_named_fields(const MergeType& type, const FieldSet& paths) {
  FieldSet out;
  if (paths.here()) out.add_here();
  for (const auto& child : paths.children()) {
    const bool field = child.element.starts_with("f:");
    const std::string_view name = std::string_view(child.element).substr(2);
    const MergeType* below = field ? type.member(name) : type.items.get();
    FieldSet inner = with_named_fields(below ? *below : *deduced_merge_type(), child.set);
    if (field && type.declares(name)) inner.add_here();
    out.add(child.element, std::move(inner));
  }
  return out;
}

}  // namespace berth::crd
