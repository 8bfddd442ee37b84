#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/scheme.h"

namespace berth::api {

// ?labelSelector=: "a=b", "a==b", "a!=b", "a in (x,y)", "a notin (x)", "a", "!a"; a comma means and. Pure.
class LabelSelector {
 public:
  // Errors: BadRequest "unable to parse requirement: ...".
  static Result<LabelSelector> parse(std::string_view text);
  bool matches(const Object& object) const;
  bool everything() const { return requirements_.empty(); }

 private:
  struct Requirement {
    std::string key;
    enum class Operator { In, NotIn, Exists, Missing } op = Operator::Exists;
    std::vector<std::string> values;
  };
  static Result<Requirement> parse_requirement(std::string_view text);
  std::vector<Requirement> requirements_;
};

// ?fieldSelector=: "a=b", "a==b", "a!=b"; a comma means and. metadata.name and metadata.namespace of every kind; Events know
// involvedObject.*, reason, type, source and reportingComponent too, Namespaces name and status.phase. Pure.
class FieldSelector {
 public:
  // Errors: BadRequest "field label not supported: ..." or "invalid selector: ...".
  static Result<FieldSelector> parse(const crd::ResourceInfo& resource, std::string_view text);
  bool matches(const Object& object) const;
  bool everything() const { return terms_.empty(); }

 private:
  struct Term {
    std::vector<std::string> path;
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace berth::api
