#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

namespace berth::cli {

// A Kubernetes label selector: "a=b,c!=d,e in (x,y),f notin (z),g,!h".
class Selector {
 public:
  // Errors: BadRequest with the part that is wrong. "" selects everything.
  static Result<Selector> parse(std::string_view text);
  bool matches(const Object& object) const;

 private:
  enum class Operator { In, NotIn, Exists, Absent };
  struct Requirement {
    std::string key;
    Operator op = Operator::Exists;
    std::vector<std::string> values;
  };
  static Result<Requirement> parse_requirement(std::string_view text);
  std::vector<Requirement> requirements_;
};

}  // namespace berth::cli
