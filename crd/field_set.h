#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

namespace berth::crd {

// One step of a path into an object, in the words of metav1.FieldsV1: f:image is a member, k:{"name":"db"} the item of a list of
// type map, v:"a" the item of a set.
std::string field_element(std::string_view name);
// `key` holds the key fields and nothing else.
std::string key_element(const json& key);
std::string value_element(const json& scalar);
// As messages show a step: .image, [name="db"], [="a"], [3].
std::string element_text(std::string_view element);

// A set of paths into an object: what a field manager owns. A tree of steps; a node may itself be in the set (`here`), which
// FieldsV1 writes as ".". A value.
class FieldSet {
 public:
  struct Child;

  // No path at all.
  bool empty() const;
  bool here() const { return here_; }
  // Sorted by step; none is empty.
  const std::vector<Child>& children() const { return children_; }
  // nullptr when no path begins with `element`.
  const FieldSet* find(std::string_view element) const;

  void add_here() { here_ = true; }
  void drop_here() { here_ = false; }
  // Puts the paths of `paths` behind `element`; those that are there stay.
  void add(std::string element, FieldSet paths);
  // Takes away every path that begins with `element`.
  void erase(std::string_view element);

  friend FieldSet unite(const FieldSet& a, const FieldSet& b);
  friend FieldSet subtract(const FieldSet& a, const FieldSet& b);
  friend FieldSet intersect(const FieldSet& a, const FieldSet& b);
  bool operator==(const FieldSet& other) const;

  // ".spec.image", ".spec.ports[name="http"]": those of one level before those below it, as conflicts are listed.
  std::vector<std::string> paths() const;

  // The JSON text of FieldsV1, compact and canonical.
  std::string text() const;
  // Steps of a sort that is not known are left out. Errors: BadRequest.
  static Result<FieldSet> parse(std::string_view text);

 private:
  void append_text(std::string& out) const;
  void append_paths(const std::string& prefix, std::vector<std::string>& out) const;

  bool here_ = false;
  std::vector<Child> children_;
};

struct FieldSet::Child {
  std::string element;
  FieldSet set;
  bool operator==(const Child&) const = default;
};

// Paths of a or b; of a and not of b; of both. A path says nothing about the paths below it.
FieldSet unite(const FieldSet& a, const FieldSet& b);
FieldSet subtract(const FieldSet& a, const FieldSet& b);
FieldSet intersect(const FieldSet& a, const FieldSet& b);

}  // namespace berth::crd
