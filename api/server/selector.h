#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crd/scheme.h"

namespace berth::api {

// ?labelSelector=: "a=b", "a==b", "a!=b", "a in (x,y)", "a notin (x)", "a", "!a", "a>1", "a<1"; a comma means and. "!=" and "notin"
// take objects without the label. Pure.
class LabelSelector {
 public:
  // Errors: BadRequest, with the words of k8s.io/apimachinery/pkg/labels.
  static Result<LabelSelector> parse(std::string_view text);
  bool matches(const Object& object) const;
  bool everything() const { return requirements_.empty(); }

  struct Requirement {
    enum class Operator { In, NotIn, Exists, Missing, Greater, Less };
    std::string key;
    Operator op = Operator::Exists;
    std::vector<std::string> values;
    std::int64_t bound = 0;  // of Greater and Less
    // `value` is null when there is no such label.
    bool met_by(const std::string* value) const;
  };

 private:
  std::vector<Requirement> requirements_;
};

// ?fieldSelector=: "a=b", "a==b", "a!=b"; a comma means and; '\' takes the meaning from ',', '=' and '\'. metadata.name and
// metadata.namespace of every kind, the fields that a definition declares selectable, and those of the core kinds. What an object
// does not have is "". Pure.
class FieldSelector {
 public:
  // Errors: BadRequest "field label not supported: ..." or "invalid selector: ...".
  static Result<FieldSelector> parse(const crd::ResourceInfo& resource, std::string_view text);
  bool matches(const Object& object) const;
  bool everything() const { return terms_.empty(); }
  // The only name that it matches; "" when it may match several.
  std::string name() const;

 private:
  struct Term {
    std::vector<std::string> path;
    std::string value;
    bool equal = true;
    std::string in_text;  // most objects do not even have this in their text and need not be parsed; "" says nothing
  };
  static std::string text_of(const Object& object, const Term& term);

  std::vector<Term> terms_;
};

}  // namespace berth::api
