#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

namespace berth::cli {

// The JSONPath of printer columns and of wait --for=jsonpath: .a.b, ['a.b'], [0], [*], [?(@.type=="Ready")].
// What the path leads to, in order; empty when nothing is there or the path is none. The pointers live as long as
// `value`.
std::vector<const json*> json_path(const json& value, std::string_view path);
// The texts joined with a comma.
std::string json_path_text(const json& value, std::string_view path);

}  // namespace berth::cli
