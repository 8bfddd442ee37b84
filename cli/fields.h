#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "crd/object.h"

namespace berth::cli {

// Reading JSON that somebody else wrote: nothing here throws, whatever the types are.

// The value at the end of the path; a null when any step is missing or is no object.
const json& at(const json& value, std::initializer_list<std::string_view> path);
// "" for null, strings as they are, everything else as JSON.
std::string text(const json& value);
inline std::string text_at(const json& value, std::initializer_list<std::string_view> path) {
  return text(at(value, path));
}
// `fallback` when it is no integer.
std::int64_t number_at(const json& value, std::initializer_list<std::string_view> path, std::int64_t fallback = 0);
// An array to loop over: the value itself, or an empty array when it is none.
const json& items(const json& value);

}  // namespace berth::cli
