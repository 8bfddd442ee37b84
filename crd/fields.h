#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crd/object.h"

// Reading JSON that nobody has checked yet, or whose gaps do not matter. All pure; what is not there or of another type is never an
// error. References and pointers are into the argument, or to a constant.
namespace berth::crd {

// nullptr when `value` is no object, or has no such member; null is a member.
const json* find_member(const json& value, std::string_view key);
// The same, but a null member is none: as the API reads manifests.
const json* member(const json& value, std::string_view key);

// "" / 0 / false / {} / [] when the member is absent or of another type.
std::string text_at(const json& value, std::string_view key);
std::int64_t number_at(const json& value, std::string_view key);
bool flag_at(const json& value, std::string_view key);
const json& object_at(const json& value, std::string_view key);
const json& array_at(const json& value, std::string_view key);

// The text of a value that may be either ("x-kubernetes-int-or-string"). REQUIRES: it is one of the two.
std::string int_or_string(const json& value);

}  // namespace berth::crd
