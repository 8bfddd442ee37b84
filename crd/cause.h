#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

// The causes of k8s.io/apimachinery/pkg/util/validation/field, with its texts. Long values are cut.
namespace berth::crd::cause {

// More causes of one kind help nobody: a list ends with and_more() instead.
inline constexpr std::size_t kMostCauses = 50;

// "Required value", or "Required value: <detail>".
Cause required(std::string field, std::string_view detail = "");
// "Invalid value: <value>: <detail>".
Cause invalid(std::string field, const json& value, std::string_view detail);
// The same with reason FieldValueTypeInvalid.
Cause type_invalid(std::string field, const json& value, std::string_view detail);
// "Unsupported value: <value>: supported values: "a", "b"".
Cause not_supported(std::string field, const json& value, const json& supported);
// "not supported yet": a field of the API that this version does not build.
Cause not_supported_yet(std::string field);
// "Duplicate value: <value>".
Cause duplicate(std::string field, const json& value);
// "Forbidden: <detail>".
Cause forbidden(std::string field, std::string_view detail);
// "Not found: <value>", or "Not found: <value>: <detail>".
Cause not_found(std::string field, const json& value, std::string_view detail = "");
// "and <count> more": stands for what is left out of a list of causes. Has no field.
Cause and_more(std::size_t count);
// "Too long: may not be more than <limit> bytes".
Cause too_long(std::string field, std::size_t limit);
// "Too many: <count>: must have at most <limit> items".
Cause too_many(std::string field, std::size_t count, std::size_t limit);

}  // namespace berth::crd::cause
