#include <map>

#include "crd/fields.h"
#include "crd/typed_value.h"

namespace berth::crd {
namespace {

using Shape = MergeType::Shape;
using Group = std::vector<const json*>;

bool is_bare(const json* value) { return !value || value->is_null() || value->empty(); }

void attach(Comparison& out, const std::string& element, Comparison below) {
  out.added.add(element, std::move(below.added));
  out.modified.add(element, std::move(below.modified));
  out.removed.add(element, std::move(below.removed));
}

void tell_leaf(const json* before, const json* after, Comparison& out) {
  if (!before) {
    out.added.add_here();
  } else if (!after) {
    out.removed.add_here();
  } else if (*before != *after) {
    out.modified.add_here();
  }
}

std::map<std::string, std::pair<Group, Group>> pair_items(const MergeType& type, const json* before, const json* after) {
  std::map<std::string, std::pair<Group, Group>> items;
  if (before && before->is_array()) {
    for (const json& item : *before) {
      if (auto element = list_element(type, item)) items[*element].first.push_back(&item);
    }
  }
  if (after && after->is_array()) {
    for (const json& item : *after) {
      if (auto element = list_element(type, item)) items[*element].second.push_back(&item);
    }
  }
  return items;
}

// Items that are there more than once have no parts of their own.
Comparison compare_repeated(const Group& before, const Group& after) {
  const auto same = [](const json* a, const json* b) { return *a == *b; };
  Comparison out;
  if (before.empty()) {
    out.added.add_here();
  } else if (after.empty()) {
    out.removed.add_here();
  } else if (!std::equal(before.begin(), before.end(), after.begin(), after.end(), same)) {
    out.modified.add_here();
  }
  return out;
}

void compare_list(const MergeType& type, const json* before, const json* after, Comparison& out) {
  if (type.list == MergeType::List::Atomic || (is_bare(before) && is_bare(after))) return tell_leaf(before, after, out);
  if (before && after && *before == *after) return;
  for (const auto& [element, pair] : pair_items(type, before, after)) {
    const auto& [left, right] = pair;
    if (left.size() > 1 || right.size() > 1) {
      attach(out, element, compare_repeated(left, right));
    } else {
      attach(out, element,
             compare_typed(*type.items, left.empty() ? nullptr : left.front(), right.empty() ? nullptr : right.front()));
    }
  }
}

void compare_map(const MergeType& type, const json* before, const json* after, Comparison& out) {
  if (type.map == MergeType::Map::Atomic || (is_bare(before) && is_bare(after))) return tell_leaf(before, after, out);
  const auto part = [&](const std::string& name, const json* left, const json* right) {
    const MergeType* known = type.member(name);
    Comparison below = compare_typed(known ? *known : *deduced_merge_type(), left, right);
    if (!below.same()) attach(out, field_element(name), std::move(below));
  };
  static const json kNothing = json::object();
  const json& old = before && before->is_object() ? *before : kNothing;
  const json& now = after && after->is_object() ? *after : kNothing;
  auto left = old.begin();
  auto right = now.begin();
  while (left != old.end() || right != now.end()) {
    if (right == now.end() || (left != old.end() && left.key() < right.key())) {
      part(left.key(), &*left, nullptr);
      ++left;
    } else if (left == old.end() || right.key() < left.key()) {
      part(right.key(), nullptr, &*right);
      ++right;
    } else {
      part(left.key(), &*left, &*right);
      ++left;
      ++right;
    }
  }
}

void compare_as(Shape shape, const MergeType& type, const json* before, const json* after, Comparison& out) {
  switch (shape) {
    case Shape::Scalar: return tell_leaf(before, after, out);
    case Shape::List: return compare_list(type, before, after, out);
    case Shape::Map: return compare_map(type, before, after, out);
  }
}

}  // namespace

Comparison compare_typed(const MergeType& type, const json* before, const json* after) {
  Comparison out;
  const Shape shape = type.shape_of(after ? *after : *before);
  if (before && after && type.shape_of(*before) != shape) {
    // Of another sort than it was: what was below is gone, what is below is new.
    compare_as(type.shape_of(*before), type, before, nullptr, out);
    compare_as(shape, type, nullptr, after, out);
    out.added.drop_here();
    out.removed.drop_here();
    out.modified.add_here();
    return out;
  }
  compare_as(shape, type, before, after, out);
  if (!before) out.added.add_here();
  if (!after) out.removed.add_here();
  return out;
}

}  // namespace berth::crd
