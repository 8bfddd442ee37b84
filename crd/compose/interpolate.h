#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crd/compose/node.h"

namespace berth::compose {

// nullopt: not set. A variable that is set to "" is set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Expansion {
  std::string text;
  std::vector<Span> spans;
  std::vector<std::string> unset;  // variables that were replaced by nothing, without a default that says so
};

// The compose specification's variables: $A ${A} ${A-b} ${A:-b} ${A?b} ${A:?b} ${A+b} ${A:+b}, the second word of each expanded in turn;
// $$ is a dollar sign, and so is one that begins no variable. Errors: BadRequest, what is wrong with it, without a place.
Result<Expansion> interpolate(std::string_view text, const Lookup& lookup);

}  // namespace berth::compose
