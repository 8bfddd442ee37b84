#include "crd/field_set.h"

#include <algorithm>
#include <cmath>

namespace berth::crd {
namespace {

// 1.0 and 1 are the same key.
json canonical_scalar(const json& value) {
  if (!value.is_number_float()) return value;
  const double number = value.get<double>();
  if (std::trunc(number) != number || std::abs(number) > 9007199254740992.0) return value;
  return static_cast<std::int64_t>(number);
}

bool before_element(const FieldSet::Child& child, std::string_view element) { return child.element < element; }

template <class Children>
auto find_element(Children& children, std::string_view element) {
  const auto found = std::lower_bound(children.begin(), children.end(), element, before_element);
  return found != children.end() && found->element == element ? found : children.end();
}

}  // namespace

std::string field_element(std::string_view name) {
  std::string element;
  element.reserve(name.size() + 2);
  element.append("f:").append(name);
  return element;
}

std::string key_element(const json& key) {
  json canonical = json::object();
  for (const auto& [name, value] : key.items()) canonical[name] = canonical_scalar(value);
  return "k:" + dump(canonical);
}

std::string value_element(const json& scalar) { return "v:" + dump(canonical_scalar(scalar)); }

std::string element_text(std::string_view element) {
  const std::string_view rest = element.substr(std::min<std::size_t>(2, element.size()));
  if (element.starts_with("f:")) return "." + std::string(rest);
  if (element.starts_with("v:")) return "[=" + std::string(rest) + "]";
  if (!element.starts_with("k:")) return "[" + std::string(rest) + "]";
  const json key = json::parse(rest, nullptr, false);
  std::string text;
  if (key.is_object()) {
    for (const auto& [name, value] : key.items()) text += (text.empty() ? "" : ",") + name + "=" + dump(value);
  }
  return "[" + text + "]";
}

bool FieldSet::empty() const { return !here_ && children_.empty(); }

const FieldSet* FieldSet::find(std::string_view element) const {
  const auto found = find_element(children_, element);
  return found == children_.end() ? nullptr : &found->set;
}

void FieldSet::add(std::string element, FieldSet paths) {
  if (paths.empty()) return;
  if (children_.empty() || children_.back().element < element) {
    children_.push_back({std::move(element), std::move(paths)});
    return;
  }
  const auto place = std::lower_bound(children_.begin(), children_.end(), element, before_element);
  if (place->element == element) {
    place->set = unite(place->set, paths);
  } else {
    children_.insert(place, {std::move(element), std::move(paths)});
  }
}

void FieldSet::erase(std::string_view element) {
  const auto found = find_element(children_, element);
  if (found != children_.end()) children_.erase(found);
}

FieldSet unite(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.here_ = a.here_ || b.here_;
  auto left = a.children_.begin();
  auto right = b.children_.begin();
  while (left != a.children_.end() || right != b.children_.end()) {
    if (right == b.children_.end() || (left != a.children_.end() && left->element < right->element)) {
      out.children_.push_back(*left++);
    } else if (left == a.children_.end() || right->element < left->element) {
      out.children_.push_back(*right++);
    } else {
      out.children_.push_back({left->element, unite(left->set, right->set)});
      ++left;
      ++right;
    }
  }
  return out;
}

FieldSet subtract(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.here_ = a.here_ && !b.here_;
  for (const auto& child : a.children_) {
    const FieldSet* taken = b.find(child.element);
    FieldSet rest = taken ? subtract(child.set, *taken) : child.set;
    if (!rest.empty()) out.children_.push_back({child.element, std::move(rest)});
  }
  return out;
}

FieldSet intersect(const FieldSet& a, const FieldSet& b) {
  FieldSet out;
  out.here_ = a.here_ && b.here_;
  for (const auto& child : a.children_) {
    const FieldSet* other = b.find(child.element);
    if (!other) continue;
    FieldSet common = intersect(child.set, *other);
    if (!common.empty()) out.children_.push_back({child.element, std::move(common)});
  }
  return out;
}

bool FieldSet::operator==(const FieldSet& other) const {
  return here_ == other.here_ && children_ == other.children_;
}

std::vector<std::string> FieldSet::paths() const {
  std::vector<std::string> out;
  append_paths("", out);
  return out;
}

void FieldSet::append_paths(const std::string& prefix, std::vector<std::string>& out) const {
  for (const auto& child : children_) {
    if (child.set.here_) out.push_back(prefix + element_text(child.element));
  }
  for (const auto& child : children_) {
    if (!child.set.children_.empty()) child.set.append_paths(prefix + element_text(child.element), out);
  }
}

}  // namespace berth::crd
