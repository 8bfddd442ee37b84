#pragma once

#include <string>
#include <string_view>

#include "crd/object.h"

namespace berth::cli {

// What `wait --for` asks of an object.
struct Goal {
  enum class Kind { Condition, JsonPath, Deleted, Created };
  Kind kind = Kind::Condition;
  std::string name;            // condition type, or the path
  std::string value = "True";  // condition status, or the text at the path; "" with JsonPath: anything
  std::string str() const;     // "condition Ready", "phase Failed", "deletion"
};

// "condition=Ready", "condition=Ready=False", "phase=Failed", "jsonpath={.status.phase}=Ready", "delete", "create", or
// a phase or condition alone is refused with what would be right. Errors: BadRequest.
Result<Goal> parse_goal(std::string_view text);

// Never: the object ended or is being deleted, and waiting longer is of no use.
enum class Verdict { Met, NotYet, Never };
// Conditions about an older generation of the spec do not count.
Verdict judge(const Goal& goal, const Object& object);

}  // namespace berth::cli
