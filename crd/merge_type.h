#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

namespace berth::crd {

struct MergeType;
using MergeTypePtr = std::shared_ptr<const MergeType>;

// One field of the key of a list of type map.
struct MergeKey {
  std::string name;
  json preset;  // null when an item must say it
};

// What a structural schema says about merging: the parts of a value that have owners of their own. Immutable, shared between
// threads.
struct MergeType {
  enum class Scalar { None, String, Number, Boolean, Any };
  enum class List { None, Atomic, Set, Map };
  enum class Map { None, Atomic, Granular };
  // How a value here is to be read: by its own type where the schema allows several.
  enum class Shape { Scalar, List, Map };

  Scalar scalar = Scalar::None;
  List list = List::None;
  Map map = Map::None;
  std::vector<MergeKey> keys;  // of List::Map
  MergeTypePtr items;          // of a list; never null there
  std::map<std::string, MergeTypePtr, std::less<>> fields;
  MergeTypePtr others;  // of members that `fields` does not name; null: there must be none

  bool declares(std::string_view name) const { return fields.find(name) != fields.end(); }
  // nullptr when there must be no such member.
  const MergeType* member(std::string_view name) const;
  Shape shape_of(const json& value) const;
};

// The type of the objects of a kind, from its openAPIV3Schema; apiVersion, kind and metadata are what they are for every kind.
MergeTypePtr merge_type(const json& schema);
// The type of anything: maps are granular, lists are atomic.
MergeTypePtr deduced_merge_type();

}  // namespace berth::crd
