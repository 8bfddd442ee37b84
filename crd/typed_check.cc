#include <set>

#include "crd/typed_value.h"

namespace berth::crd {
namespace {

// A value as the messages of a Kubernetes API server show it.
std::string go_value(const json& value) { return "&value.valueUnstructured{Value:" + dump(value) + "}"; }

std::string go_plain(const json& value) {
  return "&{" + (value.is_string() ? value.get<std::string>() : dump(value)) + "}";
}

std::string_view go_type(const json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "bool";
  if (value.is_object()) return "map[string]interface {}";
  if (value.is_array()) return "[]interface {}";
  return value.is_number_float() ? "float64" : "int64";
}

class TypedChecker {
 public:
  std::vector<std::string> take() { return std::move(errors_); }

  void check(const MergeType& type, const json& value, const std::string& path) {
    if (value.is_null()) return;
    switch (type.shape_of(value)) {
      case MergeType::Shape::Scalar: return check_scalar(type, value, path);
      case MergeType::Shape::List: return check_list(type, value, path);
      case MergeType::Shape::Map: return check_map(type, value, path);
    }
  }

 private:
  static constexpr std::size_t kMostErrors = 50;

  void add(const std::string& path, const std::string& what) {
    if (errors_.size() < kMostErrors) errors_.push_back(path + ": " + what);
  }

  void check_scalar(const MergeType& type, const json& value, const std::string& path) {
    switch (type.scalar) {
      case MergeType::Scalar::String:
        if (!value.is_string()) add(path, "expected string, got " + go_value(value));
        return;
      case MergeType::Scalar::Number:
        if (!value.is_number()) add(path, "expected numeric (int or float), got " + std::string(go_type(value)));
        return;
      case MergeType::Scalar::Boolean:
        if (!value.is_boolean()) add(path, "expected boolean, got " + go_plain(value));
        return;
      default:
        if (value.is_structured()) add(path, "expected any scalar, got " + go_plain(value));
    }
  }

  void check_list(const MergeType& type, const json& value, const std::string& path) {
    if (!value.is_array()) return add(path, "expected list, got " + go_plain(value));
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      std::string element = "i:" + std::to_string(i);
      if (type.list != MergeType::List::Atomic) {
        std::string why;
        auto key = list_element(type, value[i], &why);
        if (!key) {
          add(path, "element " + std::to_string(i) + ": " + why);
          continue;
        }
        element = std::move(*key);
        if (!seen.insert(element).second) add(path, "duplicate entries for key " + element_text(element));
      }
      check(*type.items, value[i], path + element_text(element));
    }
  }

  void check_map(const MergeType& type, const json& value, const std::string& path) {
    if (!value.is_object()) return add(path, "expected map, got " + go_plain(value));
    for (const auto& [name, part] : value.items()) {
      const MergeType* known = type.member(name);
      const std::string below = path + "." + name;
      if (known) {
        check(*known, part, below);
      } else {
        add(below, "field not declared in schema");
      }
    }
  }

  std::vector<std::string> errors_;
};

}  // namespace

std::vector<std::string> check_typed(const MergeType& type, const json& value) {
  TypedChecker checker;
  checker.check(type, value, "");
  return checker.take();
}

}  // namespace berth::crd
