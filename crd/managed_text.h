#pragma once

#include <string>

#include "crd/object.h"

// metadata.managedFields in memory: fieldsV1 is kept as its JSON text, a string, because it is long, looked at seldom and the same in
// thousands of objects but for its tree of maps. On the wire and on disk it is the object that FieldsV1 says.
namespace berth::crd {

// From the wire's form to the one in memory. What is no list of objects is left as it is.
void compact_managed_fields(json& metadata);
// And back, for those who hand metadata on as JSON; the same of a whole object.
void expand_managed_fields(json& metadata);
json wire_form(json body);

// The compact JSON of an object as it goes over the wire; `body` has managedFields in either form.
std::string wire_text(const json& body);
// The same of its metadata alone, an object.
std::string wire_metadata_text(const json& metadata);
// What wire_text() was given. The sets of managers, half of what there is, are not looked into. Throws json::parse_error.
json parse_wire_text(const std::string& text);

}  // namespace berth::crd
