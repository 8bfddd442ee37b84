#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crd/object.h"

// The causes of k8s.io/apimachinery/pkg/util/validation/field, with its texts. Long values are cut.
namespace berth::crd::cause {

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
// "Too long: may not be more than <limit> bytes".
Cause too_long(std::string field, std::size_t limit);
// "Too many: <count>: must have at most <limit> items".
Cause too_many(std::string field, std::size_t count, std::size_t limit);

}  // namespace berth::crd::cause
